package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestCleanUp(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		const many = 1203 // more than two pages
		u := f.addUser(t, compete.RoleOrganizer)
		day, hour := 24*time.Hour, time.Hour
		// Of each kind, many to be deleted and some to be kept.
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
		addKey := prepare(`INSERT INTO idempotency_keys (user_id, key, request_hash, body, expires_at)
			VALUES ($1, $2, 'h', $3, $4)`)
		addFailedJob := prepare(`INSERT INTO failed_jobs (id, job_id, queue, kind, payload, error, attempts, failed_at)
			VALUES ($1, $2, 'q', 'k', '{}', 'e', 3, $3)`)
		addBatch := prepare(`INSERT INTO batches (id, committed_at) VALUES ($1, $2)`)
		addSession := prepare(`INSERT INTO sessions (id, user_id, created_at, expires_at, ended_at)
			VALUES ($1, $2, $3, $4, $5)`)
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
			if i == many+2 { // it ended long ago, but its token hasn't expired
				expires = f.ago(-day)
			}
			addSession(newID(), u.ID, compete.UTC(expires), compete.UTC(expires), ended)
		}
		prepare(`INSERT INTO failed_notices (registration_id, seq, failed_job_id) SELECT id, 1, id FROM failed_jobs`)()
		must(t, tx.Commit())
		ages := compete.CleanUpAges{FailedJobs: 30 * day, Sessions: 7 * day}
		pauses := 0
		got, err := f.CleanUp(t.Context(), ages, f.now, func() { pauses++ })
		must(t, err)
		if pages := 4 * 3; pauses < pages { // three of each kind
			t.Errorf("%d pauses before %d pages", pauses, pages)
		}
		want(t, "deleted", got, compete.CleanUpReport{
			IdempotencyKeys: many, FailedJobs: many,
			Sessions: many, Batches: many,
		})
		for _, table := range []string{"idempotency_keys", "failed_jobs", "failed_notices", "batches", "sessions"} {
			var left int
			must(t, f.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM `+table).Scan(&left))
			want(t, "left in "+table, left, 3)
		}
		got, err = f.CleanUp(t.Context(), ages, f.now, nil)
		must(t, err)
		want(t, "deleted again", got, compete.CleanUpReport{})
	})
}
