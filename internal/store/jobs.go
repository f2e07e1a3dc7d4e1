package store

import (
	"context"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// insertJobs adds jobs to River's table, as its clients in other languages do, by a statement that is prepared once and
// batched with others: River's own is parsed anew for each of the registrar's batches, which took a twelfth of each
// commit.
var insertJobs = sqldb.NewBulk("args text, kind text, queue text, priority integer, max_attempts integer", `
	INSERT INTO river_job (args, kind, queue, priority, max_attempts, created_at, scheduled_at)
	{select jsonb(v.args), v.kind, v.queue, v.priority, v.max_attempts, {now}, {now}}`)

// insertDelayedJobs is insertJobs for jobs that aren't due yet.
var insertDelayedJobs = sqldb.NewBulk(
	"args text, kind text, queue text, priority integer, max_attempts integer, seconds integer", `
	INSERT INTO river_job (args, kind, queue, priority, max_attempts, state, created_at, scheduled_at)
	{select jsonb(v.args), v.kind, v.queue, v.priority, v.max_attempts, 'scheduled', {now}, {in v.seconds}}`)

// enqueue adds jobs to the queue. They run after the transaction has committed, and never if it doesn't.
func (s *Store) enqueue(ctx context.Context, tx Tx, jobs []compete.Job) error {
	pipeline := tx.Pipeline()
	if err := s.addJobs(pipeline, jobs); err != nil {
		return err
	}
	return pipeline.Run(ctx)
}

// addJobs is enqueue, as a step of a pipeline.
func (s *Store) addJobs(t *sqldb.Pipeline, jobs []compete.Job) error {
	queued := make([]compete.QueuedJob, 0, len(jobs))
	for _, job := range jobs {
		encoded, err := s.jobs.Encode(job)
		if err != nil {
			return err
		}
		queued = append(queued, encoded)
	}
	addQueued(t, queued)
	return nil
}

func addQueued(t *sqldb.Pipeline, jobs []compete.QueuedJob) {
	rows := make([][]any, 0, len(jobs))
	var delayed [][]any
	for _, job := range jobs {
		row := []any{string(job.Payload), job.Kind, job.Queue, job.Priority, job.MaxAttempts}
		if job.Delay > 0 {
			delayed = append(delayed, append(row, int(job.Delay.Seconds())))
			continue
		}
		rows = append(rows, row)
	}
	t.Bulk(insertJobs, rows, nil)
	t.Bulk(insertDelayedJobs, delayed, nil)
}
