package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"minicompete/internal/compete"
)

const (
	cleanUpPage    = 500       // rows deleted in one transaction, so that the one writer stays free
	batchAge       = time.Hour // the outcome of a COMMIT is looked up within seconds
	linkAge        = time.Hour // requests count for an hour; a link ends an hour after its request or later
	maxErrorLength = 10_000    // bytes of a dead letter's error
)

// Backlog tells how far the work in the background is behind: how many dead letters were not sent again, and since when the oldest
// registration waits for its confirmation that no dead letter names (zero: none does).
func (s *Store) Backlog(ctx context.Context) (deadLetters int, oldestPending time.Time, err error) {
	letters, err := list(ctx, s.reader, scanInt, `SELECT count(*) FROM failed_jobs WHERE retried_at IS NULL`)
	if err != nil {
		return 0, time.Time{}, err
	}
	oldest, err := list(ctx, s.reader, scanTime, `SELECT r.updated_at FROM registrations r
		WHERE r.status = 'PENDING' AND NOT EXISTS (SELECT 1 FROM failed_notices f WHERE f.registration_id = r.id AND f.seq = r.seq)
		ORDER BY r.updated_at LIMIT 1`)
	if err != nil || len(oldest) == 0 {
		return letters[0], time.Time{}, err
	}
	return letters[0], oldest[0], nil
}

// CleanUp implements compete.WorkStore.
func (s *Store) CleanUp(ctx context.Context, ages compete.CleanUpAges, now time.Time) (report compete.CleanUpReport, err error) {
	now = compete.UTC(now)
	for _, part := range []struct {
		deleted *int
		before  time.Time
		text    string // deletes up to $2 rows from before $1
	}{
		{&report.IdempotencyKeys, now, `DELETE FROM idempotency_keys WHERE (user_id, key) IN (
			SELECT user_id, key FROM idempotency_keys WHERE expires_at <= $1 LIMIT $2)`},
		{&report.FailedJobs, now.Add(-ages.FailedJobs), `DELETE FROM failed_jobs WHERE id IN (
			SELECT id FROM failed_jobs WHERE failed_at <= $1 LIMIT $2)`},
		{&report.Sessions, now.Add(-ages.Sessions), `DELETE FROM sessions WHERE id IN (
			SELECT id FROM sessions WHERE expires_at <= $1 LIMIT $2)`},
		{&report.Links, now.Add(-linkAge), `DELETE FROM account_links WHERE id IN (
			SELECT id FROM account_links WHERE expires_at <= $1 LIMIT $2)`},
		{&report.Batches, now.Add(-batchAge), `DELETE FROM batches WHERE id IN (
			SELECT id FROM batches WHERE committed_at <= $1 LIMIT $2)`},
	} {
		n, err := s.deletePages(ctx, part.text, part.before)
		*part.deleted += n
		if err != nil {
			return report, err
		}
	}
	return report, nil
}

func (s *Store) deletePages(ctx context.Context, text string, before time.Time) (deleted int, err error) {
	for {
		n, err := change(ctx, s.writer, text, before, cleanUpPage)
		deleted += int(n)
		if err != nil || n < cleanUpPage {
			return deleted, err
		}
	}
}

var insertFailedNotices = newBulk("registration_id uuid, seq bigint, failed_job_id uuid",
	`INSERT INTO failed_notices (registration_id, seq, failed_job_id) {select v.registration_id, v.seq, v.failed_job_id} ON CONFLICT DO NOTHING`)

// SaveFailedJob implements compete.WorkStore.
func (s *Store) SaveFailedJob(ctx context.Context, j compete.FailedJob) error {
	reason := strings.ReplaceAll(strings.ToValidUTF8(j.Error[:min(len(j.Error), maxErrorLength)], ""), "\x00", "")
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := change(ctx, tx, `INSERT INTO failed_jobs (`+failedJobColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (job_id) DO NOTHING`,
			j.ID, j.JobID, j.Queue, j.Kind, string(j.Payload), reason, j.Attempts, compete.UTC(j.FailedAt), utc(j.RetriedAt))
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.bulk(ctx, insertFailedNotices, failedNotices(j))
		return err
	})
}

// failedNotices are the registrations that a dead letter names, for StalePending to leave alone. A payload that cannot be read,
// which may be why the job failed, names none.
func failedNotices(j compete.FailedJob) [][]any {
	var job compete.NotifyJob
	if j.Kind != job.Kind() || json.Unmarshal(j.Payload, &job) != nil {
		return nil
	}
	var rows [][]any
	for _, n := range job.Notices {
		if compete.ValidID(n.RegistrationID) && n.Kind != compete.MessageChanged { // which confirms nothing
			rows = append(rows, []any{n.RegistrationID, n.Seq, j.ID})
		}
	}
	return rows
}
