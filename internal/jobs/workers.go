package jobs

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

// Accounts does the jobs about accounts; *compete.Accounts is one. What it does may be done again.
type Accounts interface {
	WriteAccountMail(ctx context.Context, j compete.AccountMailJob) error
}

// Erasure deletes accounts; *compete.Erasure is one. What it does may be done again.
type Erasure interface {
	Finish(ctx context.Context, j compete.EraseJob) error
	// EraseUnused deletes accounts that nobody has used for so long, and returns how many.
	EraseUnused(ctx context.Context, age time.Duration) (int, error)
}

// workers lists what does each kind of job. A kind without a line here is discarded when it comes up.
func (c *Client) workers() *river.Workers {
	all := river.NewWorkers()
	add(all, c, c.notify)
	add(all, c, c.settle)
	add(all, c, c.findReminders)
	add(all, c, c.remind)
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

// payload makes a worker of what needs to know nothing of a job but its payload.
func payload[T compete.Job](work func(context.Context, T) error) func(context.Context, *river.Job[T]) error {
	return func(ctx context.Context, job *river.Job[T]) error { return work(ctx, job.Args) }
}

// worker does jobs of one kind, as their options say.
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
