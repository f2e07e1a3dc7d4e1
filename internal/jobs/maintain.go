package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"minicompete/internal/compete"
)

// refreshFillingJob brings the counts behind the sort "filling" up to date.
type refreshFillingJob struct{}

// Kind names the job.
func (refreshFillingJob) Kind() string { return "refresh_filling" }

func (c *Client) refreshFilling(ctx context.Context, job *river.Job[refreshFillingJob]) error {
	if err := c.config.Store.RefreshFilling(ctx, compete.UTC(c.config.Clock())); err != nil {
		return c.outcome(ctx, job.JobRow, fmt.Errorf("refresh the counts of seats taken: %w", err))
	}
	return nil
}

// cleanUpJob deletes what is old.
type cleanUpJob struct{}

// Kind names the job.
func (cleanUpJob) Kind() string { return "clean_up" }

type cleaner struct {
	river.WorkerDefaults[cleanUpJob]
	client *Client
}

// Timeout is longer than that of other jobs: the first clean-up after a long time may have millions of rows to delete, in pages.
func (*cleaner) Timeout(*river.Job[cleanUpJob]) time.Duration { return 10 * time.Minute }

// Work implements river.Worker.
func (w *cleaner) Work(ctx context.Context, job *river.Job[cleanUpJob]) error {
	config := w.client.config
	report, err := config.Store.CleanUp(ctx, config.CleanUpAges, compete.UTC(config.Clock()))
	if err != nil {
		return w.client.outcome(ctx, job.JobRow, fmt.Errorf("clean up: %w", err))
	}
	config.Logger.InfoContext(ctx, "cleaned up", "idempotency_keys", report.IdempotencyKeys, "failed_jobs", report.FailedJobs,
		"sessions", report.Sessions, "batches", report.Batches, "links", report.Links)
	return nil
}
