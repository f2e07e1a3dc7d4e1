package store_test

import (
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func notice(r compete.Registration, kind compete.MessageKind) compete.Notice {
	return compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: kind}
}

func (f *fixture) message(r compete.Registration, kind compete.MessageKind) compete.Message {
	m := compete.Message{
		ID: newID(), UserID: r.UserID, RegistrationID: r.ID, Seq: r.Seq, Kind: kind,
		To: "a@example.com", Subject: string(kind), Body: "b", SentAt: f.now,
	}
	if kind == compete.MessageReminder {
		m.StartDate = f.agoPointer(-48 * time.Hour)
	}
	return m
}

func TestNotices(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		t.Run("targets", func(t *testing.T) { testTargets(t, f, organizer) })
		t.Run("deliver", func(t *testing.T) { testDeliver(t, f, organizer) })
		t.Run("deliver leaves out what is over", func(t *testing.T) { testDeliverLate(t, f, organizer) })
	})
}

func testTargets(t *testing.T, f *fixture, organizer compete.User) {
	one, queue := f.addQueue(t, organizer, 9)
	two, another := f.addQueue(t, organizer, 4)
	var notices []compete.Notice
	var expected []compete.Target
	add := func(c compete.Competition, r compete.Registration, kind compete.MessageKind) {
		notices = append(notices, notice(r, kind))
		expected = append(expected, compete.Target{
			Notice: notice(r, kind), Registration: r, Competition: c.Summary(),
			Participant: compete.Participant{ID: r.UserID, Name: "Ada", Email: r.UserID + "@example.com"},
		})
	}
	for _, i := range []int{8, 3, 6, 2, 1} { // 3, 6, 1 and 8 wait, among others
		add(one, queue[i], compete.MessageWaitlisted)
	}
	add(two, another[3], compete.MessageWaitlisted)
	must(t, f.FollowTimeZone(t.Context(), another[3].UserID, "Asia/Tokyo"))
	expected[len(expected)-1].TimeZone = "Asia/Tokyo"
	add(one, queue[0], compete.MessageConfirmed)
	add(one, queue[0], compete.MessageReminder) // two notices about one registration
	notices = append(notices,
		// with another seq
		compete.Notice{RegistrationID: queue[4].ID, Seq: queue[4].Seq + 1, Kind: compete.MessageConfirmed},
		compete.Notice{RegistrationID: newID(), Seq: 1}, compete.Notice{RegistrationID: "nonsense", Seq: 1})
	got, err := f.Targets(t.Context(), notices)
	must(t, err)
	want(t, "targets", got, expected)
	got, err = f.Targets(t.Context(), nil)
	must(t, err)
	if len(got) != 0 {
		t.Errorf("no notices have %d targets", len(got))
	}
}

func testDeliver(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, nil)
	pending := f.addRegistration(t, c.ID, compete.RegistrationPending, nil)
	reused := f.addRegistration(t, c.ID, compete.RegistrationPending, nil)
	waiting := f.addRegistration(t, c.ID, compete.RegistrationWaitlisted, nil)
	stale := notice(reused, compete.MessageConfirmed)
	stale.Seq--
	confirm := []compete.Notice{
		notice(pending, compete.MessageConfirmed), stale,
		notice(waiting, compete.MessageConfirmed),
	}
	messages := []compete.Message{
		f.message(pending, compete.MessageConfirmed),
		f.message(waiting, compete.MessageWaitlisted), f.message(pending, compete.MessageReminder),
	}
	f.wantDelivered(t, confirm, messages, 3)
	for _, r := range []*compete.Registration{&pending, &reused, &waiting} {
		if r == &pending {
			r.Status, r.UpdatedAt = compete.RegistrationConfirmed, compete.UTC(f.now)
		}
		got, err := f.RegistrationOf(t.Context(), r.UserID, c.ID)
		must(t, err)
		got.Position = 0
		want(t, "registration", got, *r)
	}
	// The job runs again, with the same messages but new ids.
	f.wantDelivered(t, confirm, messages, 0)
	for i := range messages {
		messages[i].ID = newID()
	}
	f.wantDelivered(t, confirm, messages, 0)
	// A moved competition sends another reminder.
	moved := f.message(pending, compete.MessageReminder)
	moved.StartDate = f.agoPointer(-72 * time.Hour)
	f.wantDelivered(t, nil, []compete.Message{moved, moved}, 1)
	f.wantDelivered(t, nil, nil, 0)
	// A message that can't be stored leaves nothing behind.
	bad := f.message(reused, compete.MessageConfirmed)
	bad.UserID = newID()
	_, err := f.Deliver(t.Context(), []compete.Notice{notice(reused, compete.MessageConfirmed)},
		[]compete.Message{f.message(reused, compete.MessagePromoted), bad}, f.now)
	wantError(t, "a message to nobody", err, compete.ErrConstraint)
	f.wantUnread(t, compete.User{ID: reused.UserID}, 0)
	got, err := f.RegistrationOf(t.Context(), reused.UserID, c.ID)
	must(t, err)
	want(t, "status beside a message to nobody", got.Status, compete.RegistrationPending)
}

func (f *fixture) wantDelivered(t *testing.T, confirm []compete.Notice, messages []compete.Message, n int) {
	t.Helper()
	got, err := f.Deliver(t.Context(), confirm, messages, f.now)
	must(t, err)
	want(t, "new messages", got, n)
}

func testDeliverLate(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, nil)
	cancelled := f.addRegistration(t, c.ID, compete.RegistrationCancelled, nil)
	for kind, n := range map[compete.MessageKind]int{
		compete.MessageConfirmed: 0, compete.MessagePromoted: 0, compete.MessageCancelled: 1,
		compete.MessageCompetitionCancelled: 1, compete.MessageWaitlisted: 1,
	} {
		again := f.message(cancelled, kind)
		again.Seq++
		f.wantDelivered(t, nil, []compete.Message{again}, 0) // its registration has another seq
		f.wantDelivered(t, []compete.Notice{notice(cancelled, kind)}, []compete.Message{f.message(cancelled, kind)}, n)
	}
	got, err := f.RegistrationOf(t.Context(), cancelled.UserID, c.ID)
	must(t, err)
	want(t, "status", got.Status, compete.RegistrationCancelled)
}

func TestNoticeRuns(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		_, queue := f.addQueue(t, organizer, 6)
		_, other := f.addQueue(t, organizer, 2)
		run := func(r compete.Registration, first, last int64, kind compete.MessageKind) compete.NoticeRun {
			return compete.NoticeRun{CompetitionID: r.CompetitionID, First: first, Last: last, Kind: kind}
		}
		got, err := f.NoticesOf(t.Context(), []compete.NoticeRun{
			run(queue[0], 2, 4, compete.MessageConfirmed), run(other[0], 2, 9, compete.MessageWaitlisted),
			{CompetitionID: "\x00", First: 1, Last: 9},
		})
		must(t, err)
		want(t, "notices", got, []compete.Notice{
			notice(queue[1], compete.MessageConfirmed), notice(queue[2], compete.MessageConfirmed),
			notice(queue[3], compete.MessageConfirmed),
			notice(other[1], compete.MessageWaitlisted),
		})
	})
}

func TestStalePending(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), nil)
		add := func(status compete.RegistrationStatus, age time.Duration, promoted *time.Time) compete.Registration {
			return f.addRegistration(t, c.ID, status,
				func(r *compete.Registration) { r.UpdatedAt, r.PromotedAt = f.ago(age), promoted })
		}
		add(compete.RegistrationPending, 5*time.Second, nil) // not older than that
		add(compete.RegistrationConfirmed, time.Hour, nil)
		add(compete.RegistrationWaitlisted, time.Hour, nil)
		add(compete.RegistrationCancelled, time.Hour, nil)
		second := add(compete.RegistrationPending, 6*time.Second, nil)
		first := add(compete.RegistrationPending, time.Minute, f.agoPointer(time.Minute))
		dead := add(compete.RegistrationPending, time.Hour, nil)
		before := f.ago(5 * time.Second)
		failed := f.failedJob(t,
			compete.NotifyJob{Notices: []compete.Notice{
				notice(dead, compete.MessageConfirmed),
				{RegistrationID: second.ID, Seq: second.Seq + 1},
			}})
		must(t, f.SaveFailedJob(t.Context(), failed))

		firstNotice, secondNotice, deadNotice := notice(first, compete.MessagePromoted),
			notice(second, compete.MessageConfirmed), notice(dead, compete.MessageConfirmed)
		f.wantStale(t, before, 10, firstNotice, secondNotice)
		f.wantStale(t, before, 1, firstNotice)
		if _, err := f.RetryFailedJob(t.Context(), failed.ID, f.now); err != nil {
			t.Fatal(err)
		}
		f.wantStale(t, before, 10, deadNotice, firstNotice, secondNotice)
	})
}

func (f *fixture) wantStale(t *testing.T, before time.Time, limit int, expected ...compete.Notice) {
	t.Helper()
	got, err := f.StalePending(t.Context(), before, limit)
	must(t, err)
	want(t, "stale", got, expected)
}

// TestConfirmedMeanwhile writes what a registrar read before registrations were confirmed: they stay confirmed, also
// where a captain hands over, unless they have got a new place.
func TestConfirmedMeanwhile(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), nil)
		all := make([]compete.Registration, 4)
		var confirm []compete.Notice
		for i := range all {
			all[i] = f.addRegistration(t, c.ID, compete.RegistrationPending, nil)
			confirm = append(confirm, notice(all[i], compete.MessageConfirmed))
		}
		_, err := f.Deliver(t.Context(), confirm, nil, f.now)
		must(t, err)
		all[0].Looking = true
		all[1].Seq, all[2].Seq = all[2].Seq, all[1].Seq
		must(t, f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) error {
			state, err := tx.Read(t.Context(), compete.LedgerQuery{CompetitionIDs: []string{c.ID}})
			if err != nil {
				return err
			}
			all[3].Seq = state.Competitions[0].NextSeq
			state.Competitions[0].NextSeq++
			return tx.Write(t.Context(), compete.LedgerChanges{
				Competitions: state.Competitions, Updated: all, Now: f.now,
				HandOvers: []compete.HandOver{{From: all[1].ID, To: all[2].ID}},
			})
		}))
		for i, expected := range []compete.RegistrationStatus{
			compete.RegistrationConfirmed, compete.RegistrationConfirmed, compete.RegistrationConfirmed,
			compete.RegistrationPending,
		} {
			got, err := f.ParticipantRegistration(t.Context(), all[i].ID)
			must(t, err)
			if got.Status != expected || got.Seq != all[i].Seq || got.Looking != all[i].Looking {
				t.Errorf("registration %d became %s with place %d, want %s with %d", i, got.Status, got.Seq, expected,
					all[i].Seq)
			}
		}
	})
}
