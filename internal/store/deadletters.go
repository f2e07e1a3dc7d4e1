package store

import (
	"context"
	"errors"
	"time"

	"minicompete/internal/compete"
)

var _ compete.DeadLetters = (*Store)(nil)

// FailedJobs implements compete.DeadLetters.
func (s *Store) FailedJobs(ctx context.Context, cursor compete.Cursor, limit int) (compete.Page[compete.FailedJob], error) {
	var st statement
	st.add(`SELECT ` + failedJobColumns + ` FROM failed_jobs`)
	if !cursor.IsZero() {
		st.add(` WHERE (failed_at, id) < (%s, %s)`, cursorTime(cursor), cursor.ID)
	}
	st.add(` ORDER BY failed_at DESC, id DESC LIMIT %s`, limit+1)
	jobs, err := list(ctx, s.reader, scanFailedJob, st.text.String(), st.args...)
	return page(jobs, limit, "failed", func(j compete.FailedJob) (int64, string) { return j.FailedAt.UnixMicro(), j.ID }), err
}

// RetryFailedJob implements compete.DeadLetters.
func (s *Store) RetryFailedJob(ctx context.Context, id string, now time.Time) (compete.FailedJob, error) {
	if !compete.ValidID(id) {
		return compete.FailedJob{}, compete.ErrFailedJobMissing
	}
	if s.Requeue == nil {
		return compete.FailedJob{}, errors.New("store: no queue is set")
	}
	var job compete.FailedJob
	err := s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := change(ctx, tx, `UPDATE failed_jobs SET retried_at = $2 WHERE id = $1 AND retried_at IS NULL`, id, compete.UTC(now))
		if err != nil {
			return err
		}
		if job, err = one(ctx, tx, compete.ErrFailedJobMissing, scanFailedJob, `SELECT `+failedJobColumns+` FROM failed_jobs WHERE id = $1`, id); err != nil {
			return err
		}
		if n == 0 {
			return compete.ErrFailedJobRetried
		}
		// What it names may be swept up again.
		if _, err := change(ctx, tx, `DELETE FROM failed_notices WHERE failed_job_id = $1`, id); err != nil {
			return err
		}
		return failure(s.Requeue(ctx, tx.sql, job))
	})
	if err != nil {
		return compete.FailedJob{}, err
	}
	return job, nil
}
