package store_test

import (
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestOutgoing(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		t.Run("a job goes with each message", func(t *testing.T) { testMailJobs(t, f, organizer) })
		t.Run("what a mail needs to know", func(t *testing.T) { testOutgoingMessage(t, f, organizer) })
		t.Run("what was written before", func(t *testing.T) { testEarlierMessages(t, f) })
		t.Run("what was taken", func(t *testing.T) { testMailsTaken(t, f, organizer) })
	})
}

func testMailJobs(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, nil)
	first, second := f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil),
		f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil)
	deliver := func(f *fixture, written int, messages ...compete.Message) []queued {
		t.Helper()
		jobs := f.enqueued(t)
		f.wantDelivered(t, nil, messages, written)
		return jobs()
	}
	if jobs := deliver(f, 1, f.message(first, compete.MessageConfirmed)); len(jobs) != 0 {
		t.Errorf("without mail there are the jobs %+v", jobs)
	}
	again, other := f.message(first, compete.MessageConfirmed), f.message(second, compete.MessageConfirmed)
	other.Details = []byte(`{"title":"Spring Cup"}`)
	want(t, "jobs", deliver(f.mailing(), 1, again, other), inQueue(t,
		compete.MailJob{
			MessageID: other.ID, UserID: other.UserID, About: compete.MessageConfirmed,
			Details: other.Details,
		},
	))
}

func testOutgoingMessage(t *testing.T, f *fixture, organizer compete.User) {
	r := f.addRegistration(t, f.addCompetition(t, organizer, nil).ID, compete.RegistrationConfirmed, nil)
	message := f.message(r, compete.MessageConfirmed)
	f.wantDelivered(t, nil, []compete.Message{message}, 1)
	o, err := f.Outgoing(t.Context(), message.ID)
	must(t, err)
	if o.ID != message.ID || o.To != message.To || o.Subject != message.Subject || o.Body != message.Body ||
		o.Name != "Ada" ||
		o.DeliveredAt != nil || o.RemindersOff || o.Disabled || o.Link != nil || o.Verified {
		t.Errorf("got %+v of the message %+v", o, message)
	}
	for later, verified := range map[time.Duration]bool{-time.Second: true, time.Second: false} {
		r := f.addRegistration(t, r.CompetitionID, compete.RegistrationConfirmed, nil)
		owner, err := f.User(t.Context(), r.UserID)
		must(t, err)
		message := f.message(r, compete.MessageConfirmed)
		message.To = owner.Email
		f.wantDelivered(t, nil, []compete.Message{message}, 1)
		verifiedAt := message.SentAt.Add(later)
		l := f.link(compete.LinkVerify, owner.Email)
		l.UserID, l.TokenHash = owner.ID, compete.HashToken(l.ID)
		l.ExpiresAt = verifiedAt.Add(time.Hour)
		must(t, f.SaveLink(t.Context(), l))
		_, err = f.UseVerifyLink(t.Context(), l, verifiedAt)
		must(t, err)
		if o, err = f.Outgoing(t.Context(), message.ID); err != nil || o.Verified != verified {
			t.Errorf("written at %v, the address confirmed at %v: %+v, %v", message.SentAt, verifiedAt, o, err)
		}
	}
	must(t, f.SetReminders(t.Context(), r.UserID, false, f.now))
	if o, err = f.Outgoing(t.Context(), message.ID); err != nil || !o.RemindersOff {
		t.Errorf("of a user without reminders: %+v, %v", o, err)
	}
	f.exec(t, `UPDATE users SET disabled_at = created_at WHERE id = $1`, r.UserID)
	if o, err = f.Outgoing(t.Context(), message.ID); err != nil || !o.Disabled {
		t.Errorf("of a disabled account: %+v, %v", o, err)
	}
	for _, id := range append([]string{newID()}, notIDs...) {
		_, err := f.Outgoing(t.Context(), id)
		wantError(t, "a message that is missing", err, compete.ErrMessageMissing)
	}

	user := f.addUser(t, compete.RoleParticipant)
	l := f.link(compete.LinkVerify, user.Email)
	l.UserID = user.ID
	must(t, f.RequestLink(t.Context(), l))
	l.TokenHash = compete.HashToken(l.ID)
	carrier := f.accountMessage(user, compete.MessageVerifyEmail, l.ID)
	must(t, f.WriteLink(t.Context(), l, carrier))
	o, err = f.Outgoing(t.Context(), carrier.ID)
	must(t, err)
	l = storedLink(l)
	want(t, "link", o.Link, &l)
	if _, err := f.UseVerifyLink(t.Context(), l, f.now); err != nil {
		t.Fatal(err)
	}
	o, err = f.Outgoing(t.Context(), carrier.ID)
	must(t, err)
	if o.Link != nil {
		t.Errorf("a mail still carries the used link %+v", o.Link)
	}
}

// testEarlierMessages counts one user's messages within a period, up to a maximum; messages with a link don't count,
// and for security messages only others of that kind do.
func testEarlierMessages(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	save := func(of compete.User, kind compete.MessageKind, age time.Duration) compete.Message {
		m := f.accountMessage(of, kind, "")
		m.SentAt = f.ago(age)
		must(t, f.SaveMessage(t.Context(), m))
		return m
	}
	save(f.addUser(t, compete.RoleParticipant), compete.MessageOrganizerApproved, time.Minute)
	save(user, compete.MessageOrganizerApproved, 2*time.Hour)
	exactly := save(user, compete.MessageOrganizerApproved, time.Hour)
	save(user, compete.MessageSecurity, 30*time.Minute)
	save(user, compete.MessageOrganizerDeclined, 20*time.Minute)
	l := f.link(compete.LinkVerify, user.Email)
	l.UserID = user.ID
	must(t, f.RequestLink(t.Context(), l))
	l.TokenHash = compete.HashToken(l.ID)
	carrier := f.accountMessage(user, compete.MessageVerifyEmail, l.ID)
	carrier.SentAt = f.ago(10 * time.Minute)
	must(t, f.WriteLink(t.Context(), l, carrier))
	notice, last := save(user, compete.MessageSecurity, time.Second), save(user, compete.MessageOrganizerApproved, 0)
	for name, tc := range map[string]struct {
		m          compete.Message
		since      time.Duration
		most, want int
	}{
		"all within the hour": {last, time.Hour, 10, 4}, "up to so many": {last, time.Hour, 2, 2},
		"of a shorter time": {last, time.Minute, 10, 1},
		"security messages": {notice, time.Hour, 10, 1}, "none before the first": {exactly, time.Hour, 10, 0},
	} {
		got, err := f.EarlierMessages(t.Context(), tc.m, f.ago(tc.since), tc.most)
		must(t, err)
		want(t, name, got, tc.want)
	}
}

func testMailsTaken(t *testing.T, f *fixture, organizer compete.User) {
	c := f.addCompetition(t, organizer, nil)
	var messages []compete.Message
	for range 3 {
		messages = append(messages, f.message(f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil),
			compete.MessageConfirmed))
	}
	f.wantDelivered(t, nil, messages, 3)
	must(t, f.MailsTaken(t.Context(), []string{messages[0].ID, messages[1].ID, newID(), "nonsense"}, f.now))
	must(t, f.MailsTaken(t.Context(), []string{messages[1].ID}, f.now.Add(time.Hour)))
	must(t, f.MailsTaken(t.Context(), nil, f.now))
	first := compete.UTC(f.now)
	for i, at := range []*time.Time{&first, &first, nil} {
		o, err := f.Outgoing(t.Context(), messages[i].ID)
		must(t, err)
		want(t, "taken at", o.DeliveredAt, at)
	}
}
