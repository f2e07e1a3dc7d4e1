package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.FailedJobStore = (*Store)(nil)

// failedJobRow are the columns of a failed job; queries use the alias f.
var failedJobRow = sqldb.Columns[compete.FailedJob]{
	{Name: "id", Field: func(j *compete.FailedJob) any { return &j.ID }},
	{Name: "job_id", Field: func(j *compete.FailedJob) any { return &j.JobID }},
	{Name: "queue", Field: func(j *compete.FailedJob) any { return &j.Queue }},
	{Name: "kind", Field: func(j *compete.FailedJob) any { return &j.Kind }},
	{
		Name:  "payload",
		Field: func(j *compete.FailedJob) any { return (*[]byte)(&j.Payload) },
		Value: func(j *compete.FailedJob) any { return string(j.Payload) },
	},
	{Name: "error", Field: func(j *compete.FailedJob) any { return &j.Error }},
	{Name: "attempts", Field: func(j *compete.FailedJob) any { return &j.Attempts }},
	{Name: "failed_at", Field: func(j *compete.FailedJob) any { return &j.FailedAt }},
	{Name: "retried_at", Field: func(j *compete.FailedJob) any { return &j.RetriedAt }},
}

// maxErrorLength is how many bytes of a failed job's error are stored.
const maxErrorLength = 10_000

// FailedJobs implements compete.FailedJobStore.
func (s *Store) FailedJobs(
	ctx context.Context, cursor compete.Cursor, limit int,
) (compete.Page[compete.FailedJob], error) {
	var st statement
	st.Add(`SELECT ` + failedJobRow.Select("f") + ` FROM failed_jobs f`)
	if !cursor.IsZero() {
		st.Add(` WHERE (f.failed_at, f.id) < (%s, %s)`, cursor.Time(), cursor.ID)
	}
	st.Add(` ORDER BY f.failed_at DESC, f.id DESC LIMIT %s`, limit+1)
	jobs, err := sqldb.List(ctx, s.reader, failedJobRow.Scan, st.Text(), st.Args()...)
	return page(jobs, limit, "failed",
		func(j compete.FailedJob) (int64, string) { return j.FailedAt.UnixMicro(), j.ID }), err
}

// OpenFailedJobs implements compete.FailedJobStore.
func (s *Store) OpenFailedJobs(ctx context.Context, most int) (int, error) {
	return sqldb.One(ctx, s.reader, nil, sqldb.ScanInt, `SELECT count(*) FROM (
		SELECT 1 FROM failed_jobs f WHERE f.retried_at IS NULL LIMIT $1) f`, most)
}

// RetryFailedJob implements compete.FailedJobStore.
func (s *Store) RetryFailedJob(ctx context.Context, id string, now time.Time) (compete.FailedJob, error) {
	if !compete.ValidID(id) {
		return compete.FailedJob{}, compete.ErrFailedJobMissing
	}
	var job compete.FailedJob
	err := s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `UPDATE failed_jobs SET retried_at = $2 WHERE id = $1 AND retried_at IS NULL`,
			id, compete.UTC(now))
		if err != nil {
			return err
		}
		text := `SELECT ` + failedJobRow.Select("f") + ` FROM failed_jobs f WHERE f.id = $1`
		if job, err = sqldb.One(ctx, tx, compete.ErrFailedJobMissing, failedJobRow.Scan, text, id); err != nil {
			return err
		}
		if n == 0 {
			return compete.ErrFailedJobRetried
		}
		// The sweep may pick up its notices again.
		if _, err := sqldb.Change(ctx, tx, `DELETE FROM failed_notices WHERE failed_job_id = $1`, id); err != nil {
			return err
		}
		if err := tx.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditJobRetried, SubjectID: id, After: compete.AuditFields("kind", job.Kind),
		}); err != nil {
			return err
		}
		pipeline := tx.Pipeline()
		addQueued(pipeline, []compete.QueuedJob{s.jobs.Again(job)})
		return pipeline.Run(ctx)
	})
	if err != nil {
		return compete.FailedJob{}, err
	}
	return job, nil
}

var insertFailedNotices = sqldb.NewBulk("registration_id uuid, seq bigint, failed_job_id uuid",
	`INSERT INTO failed_notices (registration_id, seq, failed_job_id) {select v.registration_id, v.seq, v.failed_job_id}
		ON CONFLICT DO NOTHING`)

// SaveFailedJob implements compete.WorkStore.
func (s *Store) SaveFailedJob(ctx context.Context, j compete.FailedJob) error {
	j.Error = strings.ReplaceAll(strings.ToValidUTF8(j.Error[:min(len(j.Error), maxErrorLength)], ""), "\x00", "")
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, failedJobRow.Insert("failed_jobs")+` ON CONFLICT (job_id) DO NOTHING`,
			failedJobRow.Values(&j)...)
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Bulk(ctx, insertFailedNotices, failedNotices(j))
		return err
	})
}

// failedNotices returns the registrations that a failed job names, which StalePending then skips. An undecodable
// payload, possibly the cause of the failure, names none.
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
