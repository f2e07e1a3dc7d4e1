package store

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

const (
	cleanUpPage = 500       // rows deleted per transaction, so as not to block the one writer
	batchAge    = time.Hour // outcomes of COMMITs are looked up within seconds
	linkAge     = time.Hour // requests count for an hour; a link expires at least an hour after its request
)

// Backlog measures how far background work is behind: the number of failed jobs that weren't retried, and the time of
// the oldest registration that waits for confirmation without being named by a failed job (zero if there is none).
func (s *Store) Backlog(ctx context.Context) (failedJobs int, oldestPending time.Time, err error) {
	failed, err := sqldb.List(ctx, s.reader, sqldb.ScanInt, `SELECT count(*) FROM failed_jobs WHERE retried_at IS NULL`)
	if err != nil {
		return 0, time.Time{}, err
	}
	oldest, err := sqldb.List(ctx, s.reader, sqldb.ScanTime, `SELECT r.updated_at FROM registrations r
		WHERE r.status = 'PENDING' AND NOT EXISTS (SELECT 1 FROM failed_notices f WHERE f.registration_id = r.id
		AND f.seq = r.seq)
		ORDER BY r.updated_at LIMIT 1`)
	if err != nil || len(oldest) == 0 {
		return failed[0], time.Time{}, err
	}
	return failed[0], oldest[0], nil
}

// cleaner deletes what has been kept long enough. It pauses before each page.
type cleaner struct {
	*Store
	pause func()
}

// CleanUp implements compete.WorkStore.
func (s *Store) CleanUp(
	ctx context.Context, ages compete.CleanUpAges, now time.Time, pause func(),
) (compete.CleanUpReport, error) {
	if pause == nil {
		pause = func() {}
	}
	return cleaner{s, pause}.cleanUp(ctx, ages, compete.UTC(now))
}

func (s cleaner) cleanUp(
	ctx context.Context, ages compete.CleanUpAges, now time.Time,
) (report compete.CleanUpReport, err error) {
	if err := s.keepUses(ctx, now.Add(-ages.Sessions)); err != nil {
		return report, err
	}
	for _, part := range []struct {
		deleted *int
		before  any    // a time, or the first id of one
		text    string // deletes up to $2 rows from before $1
	}{
		{&report.IdempotencyKeys, now, `DELETE FROM idempotency_keys WHERE (user_id, key) IN (
			SELECT user_id, key FROM idempotency_keys WHERE expires_at <= $1 LIMIT $2)`},
		{&report.Contents, now.Add(-2 * compete.IdempotencyTTL), `DELETE FROM earlier_contents
			WHERE (competition_id, version) IN (
			SELECT competition_id, version FROM earlier_contents WHERE replaced_at <= $1 LIMIT $2)`},
		{&report.FailedJobs, now.Add(-ages.FailedJobs), `DELETE FROM failed_jobs WHERE id IN (
			SELECT id FROM failed_jobs WHERE failed_at <= $1 LIMIT $2)`},
		{&report.Sessions, now.Add(-ages.Sessions), `DELETE FROM sessions WHERE id IN (
			SELECT id FROM sessions WHERE expires_at <= $1 LIMIT $2)`},
		{&report.Links, now.Add(-linkAge), `DELETE FROM account_links WHERE id IN (
			SELECT id FROM account_links WHERE expires_at <= $1 LIMIT $2)`},
		{&report.Batches, now.Add(-batchAge), `DELETE FROM batches WHERE id IN (
			SELECT id FROM batches WHERE committed_at <= $1 LIMIT $2)`},
		{
			&report.Audit, auditFloor(now.Add(-max(ages.Audit, compete.MinAuditAge))).String(),
			`DELETE FROM audit WHERE id IN (
			SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2)`,
		},
	} {
		n, err := s.deletePages(ctx, part.text, part.before)
		*part.deleted += n
		if err != nil {
			return report, err
		}
	}
	if report.Preparations, err = s.cleanPreparations(ctx, now); err != nil {
		return report, err
	}
	if report.Audit > 0 {
		err = s.Record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditLogShortened, Via: compete.ViaJob,
			After: compete.AuditFields("records", report.Audit),
		})
	}
	if err == nil {
		err = s.retain(ctx, ages, now, &report)
	}
	return report, err
}

// retain deletes data whose retention period is over. An age of 0 keeps it forever; competitions have their own for
// sensitive answers.
func (s cleaner) retain(
	ctx context.Context, ages compete.CleanUpAges, now time.Time, report *compete.CleanUpReport,
) (err error) {
	if report.Answers, err = s.forgetSensitive(ctx, now); err != nil {
		return err
	}
	if ages.Messages > 0 {
		report.Messages, err = s.cleanPages(ctx, `SELECT m.id FROM messages m WHERE m.sent_at <= $1 LIMIT $2`,
			`DELETE FROM messages WHERE id {any $1 uuid}`, now.Add(-ages.Messages))
	}
	if err == nil && ages.Addresses > 0 {
		report.Addresses, err = s.forgetAddresses(ctx, now.Add(-ages.Addresses))
	}
	if err == nil && ages.Registrations > 0 {
		report.Registrations, err = s.anonymize(ctx, now.Add(-ages.Registrations))
	}
	return err
}

// forgetAddresses deletes the network addresses of logins and audit records from before a given time.
func (s cleaner) forgetAddresses(ctx context.Context, before time.Time) (int, error) {
	sessions, err := s.cleanPages(ctx, `SELECT s.id FROM sessions s WHERE coalesce(s.last_used_at, s.created_at) <= $1
		AND s.network <> '' LIMIT $2`,
		`UPDATE sessions SET network = '' WHERE id {any $1 uuid}`, before)
	if err != nil {
		return sessions, err
	}
	records, err := s.cleanPages(ctx, `SELECT a.id FROM audit a WHERE a.id < $1 AND a.address <> ''
		ORDER BY a.id LIMIT $2`,
		`UPDATE audit SET address = '' WHERE id {any $1 uuid}`, auditFloor(before).String())
	return sessions + records, err
}

func (s cleaner) deletePages(ctx context.Context, text string, before any) (deleted int, err error) {
	for {
		s.pause()
		n, err := sqldb.Change(ctx, s.writer, text, before, cleanUpPage)
		deleted += int(n)
		if err != nil || n < cleanUpPage {
			return deleted, err
		}
	}
}
