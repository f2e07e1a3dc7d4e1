package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivertype"

	"minicompete/internal/compete"
)

// EnqueueTx adds jobs to the queue as part of a transaction: they run once it has committed, and never if it doesn't.
// A RemindJob that is waiting or running already isn't added again.
//
// Only River's calls with Tx may be used while a transaction is open: on SQLite it holds the one connection that any
// other call would wait for.
func (c *Client) EnqueueTx(ctx context.Context, tx *sql.Tx, jobs []compete.Job) error {
	params := make([]river.InsertManyParams, 0, len(jobs))
	for _, job := range jobs {
		options, err := insertOptions(job)
		if err != nil {
			return err
		}
		params = append(params, river.InsertManyParams{Args: job, InsertOpts: options})
	}
	return c.insert(ctx, tx, params)
}

// Queued says how the queue keeps jobs, for the store to add them along with the change that needs them. A RemindJob has no such form.
func (c *Client) Queued(jobs []compete.Job) ([]compete.QueuedJob, error) {
	queued := make([]compete.QueuedJob, 0, len(jobs))
	for _, job := range jobs {
		options, err := insertOptions(job)
		if err != nil {
			return nil, err
		}
		if options.UniqueOpts.ByState != nil {
			return nil, fmt.Errorf("a job of kind %q is added once only, by EnqueueTx", job.Kind())
		}
		payload, err := json.Marshal(job)
		if err != nil {
			return nil, fmt.Errorf("encode a job of kind %q: %w", job.Kind(), err)
		}
		queued = append(queued, compete.QueuedJob{
			Kind: job.Kind(), Queue: options.Queue, Payload: payload,
			Priority: cmp.Or(options.Priority, river.PriorityDefault), MaxAttempts: c.config.MaxAttempts, Delay: delay(job),
		})
	}
	c.rush.watch(jobs, time.Now())
	return queued, nil
}

// RequeueTx sends a dead letter again, as a new job with all its attempts, as part of a transaction.
func (c *Client) RequeueTx(ctx context.Context, tx *sql.Tx, letter compete.FailedJob) error {
	return c.insert(ctx, tx, []river.InsertManyParams{{
		Args:       payload{kind: letter.Kind, json: letter.Payload},
		InsertOpts: &river.InsertOpts{Queue: letter.Queue},
	}})
}

// enqueueOnceTx adds a NotifyJob for each notice, unless there is one already that waits, runs or has failed for good.
func (c *Client) enqueueOnceTx(ctx context.Context, tx *sql.Tx, notices []compete.Notice) error {
	params := make([]river.InsertManyParams, 0, len(notices))
	for _, notice := range notices {
		params = append(params, river.InsertManyParams{
			Args:       compete.NotifyJob{Notices: []compete.Notice{notice}},
			InsertOpts: &river.InsertOpts{Queue: compete.QueueRegistration, UniqueOpts: once(rivertype.JobStateDiscarded)},
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

// insertOptions says where a job goes. Settling is never left out as a duplicate: a run that has just seen the last page
// doesn't do what a later change asks for.
func insertOptions(job compete.Job) (*river.InsertOpts, error) {
	switch job := job.(type) {
	case compete.NotifyJob:
		return &river.InsertOpts{Queue: compete.QueueRegistration}, nil
	case compete.SettleJob:
		return &river.InsertOpts{Queue: compete.QueueMaintenance}, nil
	case compete.MailJob:
		return &river.InsertOpts{Queue: compete.QueueMail, Priority: mailPriority(job.About)}, nil
	case compete.AccountMailJob:
		return &river.InsertOpts{Queue: compete.QueueMail, Priority: prioritySoon}, nil
	case compete.RemindJob:
		return &river.InsertOpts{Queue: compete.QueueReminder, UniqueOpts: once()}, nil
	case compete.MoveJob, compete.TellMoveJob:
		return &river.InsertOpts{Queue: compete.QueueReminder}, nil
	}
	return nil, fmt.Errorf("no queue for jobs of kind %q", job.Kind())
}

// delay is how long a job waits before it is due.
func delay(job compete.Job) time.Duration {
	if _, ok := job.(compete.MoveJob); ok {
		return compete.MoveWindow
	}
	return 0
}

// once leaves a job out while another with the same payload is under way, or is in one of the further states.
func once(further ...rivertype.JobState) river.UniqueOpts {
	return river.UniqueOpts{ByArgs: true, ByState: append([]rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}, further...)}
}

// payload is a job as it stands in a dead letter.
type payload struct {
	kind string
	json json.RawMessage
}

// Kind implements river.JobArgs.
func (p payload) Kind() string { return p.kind }

// MarshalJSON gives the payload back as it was.
func (p payload) MarshalJSON() ([]byte, error) { return p.json, nil }

// inTx runs f in a transaction of its own.
func (c *Client) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := c.config.DB.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back, and before one the error at hand counts
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// replace completes a job and enqueues what is left of it, both or neither, so that a kill in between doesn't do either twice.
func replace[T river.JobArgs](ctx context.Context, c *Client, job *river.Job[T], enqueue func(*sql.Tx) error) error {
	return c.inTx(ctx, func(tx *sql.Tx) error {
		if err := enqueue(tx); err != nil {
			return err
		}
		// The driver named here only says that transactions are *sql.Tx; the client's own does the work.
		if _, err := river.JobCompleteTx[*riverdatabasesql.Driver](ctx, tx, job); err != nil {
			return fmt.Errorf("complete job %d: %w", job.ID, err)
		}
		return nil
	})
}
