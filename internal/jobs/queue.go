package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/minicompete/minicompete/internal/compete"
)

// EnqueueTx adds jobs to the queue as part of a transaction: they run once it has committed, and never if it doesn't.
//
// While a transaction is open, only River's methods with the suffix Tx may be called: on SQLite, any other would wait
// for the one connection, which the transaction holds.
func (c *Client) EnqueueTx(ctx context.Context, tx *sql.Tx, jobs []compete.Job) error {
	params := make([]river.InsertManyParams, 0, len(jobs))
	for _, job := range jobs {
		params = append(params, river.InsertManyParams{Args: job, InsertOpts: insertOptions(job)})
	}
	return c.insert(ctx, tx, params)
}

// enqueueOnceTx adds a NotifyJob for each notice, unless one already waits, runs or has failed for good.
func (c *Client) enqueueOnceTx(ctx context.Context, tx *sql.Tx, notices []compete.Notice) error {
	params := make([]river.InsertManyParams, 0, len(notices))
	for _, notice := range notices {
		params = append(params, river.InsertManyParams{
			Args: compete.NotifyJob{Notices: []compete.Notice{notice}},
			InsertOpts: &river.InsertOpts{
				Queue:      compete.QueueRegistration,
				UniqueOpts: uniqueJob(rivertype.JobStateDiscarded),
			},
		})
	}
	return c.insert(ctx, tx, params)
}

func (c *Client) insert(ctx context.Context, tx *sql.Tx, params []river.InsertManyParams) error {
	if len(params) == 0 {
		return nil
	}
	if _, err := c.river.InsertManyTx(ctx, tx, params); err != nil {
		return fmt.Errorf("enqueue jobs: %w", err)
	}
	return nil
}

// insertOptions converts a job's options to River's.
func insertOptions(job compete.Job) *river.InsertOpts {
	options := job.Options()
	insert := &river.InsertOpts{Queue: options.Queue, Priority: options.Priority}
	if options.Delay > 0 {
		insert.ScheduledAt = time.Now().Add(options.Delay)
	}
	if options.Once {
		insert.UniqueOpts = uniqueJob()
	}
	return insert
}

// uniqueJob skips a job while another with the same payload is pending or running, or is in one of the further states.
func uniqueJob(further ...rivertype.JobState) river.UniqueOpts {
	return river.UniqueOpts{ByArgs: true, ByState: append([]rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}, further...)}
}

// inTx runs f in a new transaction. It fails with compete.ErrDatabase if that can't begin or commit.
func (c *Client) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := c.config.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w: %w", compete.ErrDatabase, err)
	}
	//nolint:errcheck // after a commit there is nothing to roll back, and before one the error at hand counts
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w: %w", compete.ErrDatabase, err)
	}
	return nil
}

// replace completes a job and enqueues its remainder in one transaction, so that a kill in between neither loses nor
// repeats work.
func replace[T river.JobArgs](ctx context.Context, c *Client, job *river.Job[T], enqueue func(*sql.Tx) error) error {
	return c.inTx(ctx, func(tx *sql.Tx) error {
		if err := enqueue(tx); err != nil {
			return err
		}
		if _, err := river.JobCompleteTx[riverdriver.Driver[*sql.Tx]](ctx, tx, job); err != nil {
			return fmt.Errorf("complete job %d: %w", job.ID, err)
		}
		return nil
	})
}
