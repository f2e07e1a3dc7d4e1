package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"minicompete/internal/compete"
)

func testReminders(t *testing.T, f *fixture) {
	organizer := f.addUser(t, compete.RoleOrganizer)
	t.Run("who starts when", func(t *testing.T) { testStartingBetween(t, f, organizer) })
	t.Run("whom to remind", func(t *testing.T) { testReminderTargets(t, f, organizer) })
}

func testStartingBetween(t *testing.T, f *fixture, organizer compete.User) {
	from, to := f.now, f.ago(-24*time.Hour)
	add := func(start time.Time, status compete.CompetitionStatus) compete.Competition {
		return f.addCompetition(t, organizer, func(c *compete.Competition) { c.StartDate, c.Status = &start, status })
	}
	var expected []compete.Competition
	for _, start := range []time.Time{to, from.Add(time.Hour), from.Add(time.Microsecond), from.Add(time.Hour)} {
		c := add(start, compete.StatusPublished)
		expected = append(expected, c.Summary())
	}
	add(from, compete.StatusPublished)
	add(to.Add(time.Microsecond), compete.StatusPublished)
	add(from.Add(time.Hour), compete.StatusDraft)
	add(from.Add(time.Hour), compete.StatusCancelled)
	f.addCompetition(t, organizer, func(c *compete.Competition) { c.StartDate = nil })
	var got []compete.Competition
	after := ""
	for {
		page, err := f.StartingBetween(t.Context(), from, to, after, 3)
		must(t, err)
		if len(page) == 0 {
			break
		}
		got, after = append(got, page...), page[len(page)-1].ID
	}
	want(t, "competitions", got, expected)
}

func testReminderTargets(t *testing.T, f *fixture, organizer compete.User) {
	c, queue := f.addQueue(t, organizer, 31) // each fifth is confirmed: 0, 5, …, 30
	var expected []compete.Target
	for i := 0; i < len(queue); i += 5 {
		expected = append(expected, compete.Target{
			Notice: notice(queue[i], compete.MessageReminder), Registration: queue[i], Competition: c.Summary(),
			Participant: compete.Participant{ID: queue[i].UserID, Name: "Ada", Email: queue[i].UserID + "@example.com"},
		})
	}
	for _, limit := range []int{1, 3, 7, 100} {
		want(t, fmt.Sprintf("targets by %d", limit), f.remindAll(t, c.ID, limit), expected)
	}
	// Who was reminded of this start isn't, who was of another is.
	reminder := f.message(queue[5], compete.MessageReminder)
	reminder.StartDate = c.StartDate
	other := f.message(queue[10], compete.MessageReminder)
	other.StartDate = f.agoPointer(-49 * time.Hour)
	f.wantDelivered(t, nil, []compete.Message{reminder, other}, 2)
	want(t, "targets after a reminder", f.remindAll(t, c.ID, 3), slices.Delete(slices.Clone(expected), 1, 2))

	// Nobody reminds whose account is disabled.
	f.exec(t, `UPDATE users SET disabled_at = created_at WHERE id = $1`, queue[15].UserID)
	want(t, "targets beside a disabled account", f.remindAll(t, c.ID, 3), append(expected[:1:1], expected[2], expected[4], expected[5], expected[6]))

	undated := f.addCompetition(t, organizer, func(c *compete.Competition) { c.StartDate = nil })
	f.addRegistration(t, undated.ID, compete.RegistrationConfirmed, nil)
	for _, id := range []string{undated.ID, newID(), "nonsense"} {
		if got := f.remindAll(t, id, 3); len(got) != 0 {
			t.Errorf("competition %q has %d to remind", id, len(got))
		}
	}
}

func (f *fixture) remindAll(t *testing.T, competitionID string, limit int) []compete.Target {
	t.Helper()
	var all []compete.Target
	var after int64
	for {
		targets, next, err := f.ReminderTargets(t.Context(), competitionID, after, limit)
		must(t, err)
		all = append(all, targets...)
		if next == 0 {
			return all
		}
		if len(targets) > limit || next <= after {
			t.Fatalf("a page of %d with limit %d, from seq %d to %d", len(targets), limit, after, next)
		}
		after = next
	}
}

func testHousekeeping(t *testing.T, f *fixture) {
	t.Run("filling", func(t *testing.T) { testFilling(t, f) })
	t.Run("clean-up", func(t *testing.T) { testCleanUp(t, f) })
}

func testFilling(t *testing.T, f *fixture) {
	organizer := f.addUser(t, compete.RoleOrganizer)
	var names []string
	byName := map[string]string{}
	for _, name := range []string{"quiet", "slow", "fast"} {
		c := f.addCompetition(t, organizer, nil)
		names, byName[name] = append(names, c.ID), c.ID
	}
	take := func(name string, taken int, ago time.Duration) {
		t.Helper()
		must(t, f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) error {
			return tx.Write(t.Context(), compete.LedgerChanges{SeatsTaken: map[string]int{byName[name]: taken}, Now: f.ago(ago)})
		}))
	}
	take("fast", 5, 0)
	take("fast", 5, time.Minute)
	take("fast", 4, time.Minute)
	take("slow", 3, 58*time.Minute)
	take("slow", 90, 2*time.Hour)
	f.wantFilling(t, names, 0, 3, 14)
	f.now = f.ago(-5 * time.Minute)
	f.wantFilling(t, names, 0, 0, 14)
	f.now = f.ago(-time.Hour)
	f.wantFilling(t, names, 0, 0, 0)
	var left int
	must(t, f.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM seats_taken`).Scan(&left))
	want(t, "minutes that are kept", left, 0)
	f.exec(t, `DELETE FROM batches`) // of these transactions: the clean-up counts its own
}

func (f *fixture) wantFilling(t *testing.T, ids []string, expected ...int) {
	t.Helper()
	must(t, f.RefreshFilling(t.Context(), f.now))
	for i, id := range ids {
		var got int
		must(t, f.Reader().QueryRowContext(t.Context(), `SELECT filling FROM competitions WHERE id = $1`, id).Scan(&got))
		want(t, fmt.Sprintf("filling of competition %d", i), got, expected[i])
	}
}

func testCleanUp(t *testing.T, f *fixture) {
	const many = 1203 // more than two pages
	u := f.addUser(t, compete.RoleOrganizer)
	day, hour := 24*time.Hour, time.Hour
	// Of each kind: many that are to go, and some that are to stay.
	tx, err := f.Writer().BeginTx(t.Context(), nil)
	must(t, err)
	prepare := func(text string) func(args ...any) { // a statement is read once, which costs SQLite more than a row
		stmt, err := tx.PrepareContext(t.Context(), text)
		must(t, err)
		return func(args ...any) {
			if _, err := stmt.ExecContext(t.Context(), args...); err != nil {
				t.Fatal(err)
			}
		}
	}
	addKey := prepare(`INSERT INTO idempotency_keys (user_id, key, request_hash, status, body, expires_at) VALUES ($1, $2, 'h', 201, $3, $4)`)
	addFailedJob := prepare(`INSERT INTO failed_jobs (id, job_id, queue, kind, payload, error, attempts, failed_at) VALUES ($1, $2, 'q', 'k', '{}', 'e', 3, $3)`)
	addBatch := prepare(`INSERT INTO batches (id, committed_at) VALUES ($1, $2)`)
	addSession := prepare(`INSERT INTO sessions (id, user_id, created_at, expires_at, ended_at) VALUES ($1, $2, $3, $4, $5)`)
	for i := range many + 3 {
		age := func(limit time.Duration) time.Time {
			if i < many {
				return compete.UTC(f.ago(limit + time.Duration(i%5)*time.Microsecond))
			}
			return compete.UTC(f.ago(limit - time.Microsecond))
		}
		addKey(u.ID, fmt.Sprintf("key-%05d", i), []byte("{}"), age(0))
		addFailedJob(newID(), i+1, age(30*day))
		addBatch(newID(), age(hour))
		expires, ended := age(7*day), (*time.Time)(nil)
		if i%2 == 0 || i == many+2 {
			over := compete.UTC(f.ago(8 * day))
			ended = &over
		}
		if i == many+2 { // it ended long ago, and its token has not expired
			expires = f.ago(-day)
		}
		addSession(newID(), u.ID, compete.UTC(expires), compete.UTC(expires), ended)
	}
	prepare(`INSERT INTO failed_notices (registration_id, seq, failed_job_id) SELECT id, 1, id FROM failed_jobs`)()
	must(t, tx.Commit())
	ages := compete.CleanUpAges{FailedJobs: 30 * day, Sessions: 7 * day}
	got, err := f.CleanUp(t.Context(), ages, f.now)
	must(t, err)
	want(t, "deleted", got, compete.CleanUpReport{IdempotencyKeys: many, FailedJobs: many, Sessions: many, Batches: many})
	for _, table := range []string{"idempotency_keys", "failed_jobs", "failed_notices", "batches", "sessions"} {
		var left int
		must(t, f.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&left))
		want(t, "left in "+table, left, 3)
	}
	got, err = f.CleanUp(t.Context(), ages, f.now)
	must(t, err)
	want(t, "deleted again", got, compete.CleanUpReport{})
}
