package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

// Accounts runs the jobs about accounts; *compete.Accounts implements it. Its methods can be repeated.
type Accounts interface {
	WriteAccountMail(ctx context.Context, j compete.AccountMailJob) error
}

// Erasure deletes accounts; *compete.Erasure implements it. Its methods can be repeated.
type Erasure interface {
	Finish(ctx context.Context, j compete.EraseJob) error
	// EraseUnused deletes accounts that have been unused for the given time, and returns their number.
	EraseUnused(ctx context.Context, age time.Duration) (int, error)
}

// Applications runs the sweep of undecided applications; *compete.Applications implements it.
type Applications interface {
	// TellUndecided tells organizers how many applications were undecided at the start, and returns the number of
	// messages. It can be repeated.
	TellUndecided(ctx context.Context) (told int, err error)
}

// Draws runs the sweep of lotteries; *compete.Draws implements it.
type Draws interface {
	// Advance takes lotteries as far as they can go, and returns the competitions that are ready for the registrar. It
	// can be repeated.
	Advance(ctx context.Context) (ready []string, err error)
}

// Teams runs the sweep of teams with too few members; *compete.Teams implements it.
type Teams interface {
	// Deadlines does what is due before and at deadlines. It can be repeated.
	Deadlines(ctx context.Context) error
}

// workers lists the worker of each kind of job. Jobs of any other kind are discarded when they come up.
func (c *Client) workers() *river.Workers {
	all := river.NewWorkers()
	add(all, c, c.notify)
	add(all, c, c.settle)
	add(all, c, c.release)
	add(all, c, c.findReminders)
	add(all, c, c.remind)
	add(all, c, c.remindJointly)
	add(all, c, c.endMove)
	add(all, c, c.tellMove)
	add(all, c, c.refreshFilling)
	add(all, c, c.cleanUp)
	add(all, c, (&mailer{client: c}).send)
	add(all, c, payload(c.config.Accounts.WriteAccountMail))
	add(all, c, payload(c.config.Erasure.Finish))
	return all
}

func add[T compete.Job](all *river.Workers, c *Client, work func(context.Context, *river.Job[T]) error) {
	river.AddWorker(all, &worker[T]{client: c, work: work})
}

// payload makes a worker from a function that only needs the job's payload.
func payload[T compete.Job](work func(context.Context, T) error) func(context.Context, *river.Job[T]) error {
	return func(ctx context.Context, job *river.Job[T]) error { return work(ctx, job.Args) }
}

// worker runs jobs of one kind, according to their options.
type worker[T compete.Job] struct {
	river.WorkerDefaults[T]
	client *Client
	work   func(context.Context, *river.Job[T]) error
}

// Timeout implements river.Worker.
func (w *worker[T]) Timeout(job *river.Job[T]) time.Duration { return job.Args.Options().Timeout }

// Work implements river.Worker.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	if options := job.Args.Options(); options.Yields {
		w.client.rush.pass(ctx, w.client.stopping, job.CreatedAt.Add(options.Delay+maxYield))
	}
	return w.client.outcome(ctx, job.JobRow, w.work(ctx, job))
}
