package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

// refreshFillingJob updates the counts behind the sort order "filling", and normalizes texts written by external tools.
type refreshFillingJob struct{}

// Kind names the job.
func (refreshFillingJob) Kind() string { return "refresh_filling" }

// Options implements compete.Job.
func (refreshFillingJob) Options() compete.JobOptions {
	return compete.JobOptions{Queue: compete.QueueMaintenance, Once: true}
}

func (c *Client) refreshFilling(ctx context.Context, _ *river.Job[refreshFillingJob]) error {
	if err := c.config.Store.RefreshFilling(ctx, compete.UTC(c.config.Clock())); err != nil {
		return fmt.Errorf("refresh the counts of seats taken: %w", err)
	}
	if err := c.config.Store.TidyTexts(ctx); err != nil {
		return fmt.Errorf("bring texts into form: %w", err)
	}
	return nil
}

// cleanUpJob deletes old data.
type cleanUpJob struct{}

// Kind names the job.
func (cleanUpJob) Kind() string { return "clean_up" }

// Options implements compete.Job. The timeout is long: after a long pause, the first clean-up may have millions of rows
// to delete, in pages.
func (cleanUpJob) Options() compete.JobOptions {
	return compete.JobOptions{Queue: compete.QueueMaintenance, Once: true, Timeout: 10 * time.Minute}
}

func (c *Client) cleanUp(ctx context.Context, _ *river.Job[cleanUpJob]) error {
	config := c.config
	pause := func() { c.rush.pass(ctx, c.stopping, time.Now().Add(maxYield)) }
	report, err := config.Store.CleanUp(ctx, config.CleanUpAges, compete.UTC(config.Clock()), pause)
	if err != nil {
		return fmt.Errorf("clean up: %w", err)
	}
	wrong, err := config.Store.Recount(ctx, pause)
	if err != nil {
		return fmt.Errorf("recount registrations: %w", err)
	}
	if wrong > 0 {
		config.Logger.WarnContext(ctx,
			"counts of registrations were wrong and are right again; does another program write registrations?",
			"counts", wrong)
	}
	unused := 0
	if age := config.CleanUpAges.UnusedAccounts; age > 0 {
		if unused, err = config.Erasure.EraseUnused(ctx, age); err != nil {
			return fmt.Errorf("delete unused accounts: %w", err)
		}
	}
	config.Logger.InfoContext(ctx, "cleaned up",
		"idempotency_keys", report.IdempotencyKeys, "contents", report.Contents, "failed_jobs", report.FailedJobs,
		"sessions", report.Sessions, "batches", report.Batches, "links", report.Links, "messages", report.Messages,
		"addresses", report.Addresses, "registrations", report.Registrations, "answers", report.Answers,
		"preparations", report.Preparations, "accounts", unused, "audit", report.Audit)
	return nil
}
