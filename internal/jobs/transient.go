package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/minicompete/minicompete/internal/compete"
)

// transientPatience is how long a job waits for the database or the registrar without using up attempts. An outage
// longer than that is one in which the queue, in the same database, stands still anyway; a job that alone finds the
// database away for so long has a fault of its own.
const transientPatience = time.Hour

// isTransient reports whether an error comes from an outage or overload, and not from the job itself.
func isTransient(err error) bool {
	return errors.Is(err, compete.ErrDatabase) || errors.Is(err, compete.ErrBusy) || errors.Is(err, compete.ErrStopping)
}

// outcome is what a worker returns to River for an error: a job that was told to stop, or found the database or the
// registrar away, is put back without having used up an attempt.
func (c *Client) outcome(ctx context.Context, job *rivertype.JobRow, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err() // by this error River knows that it was the one to stop the job
	case isTransient(err) && time.Since(job.CreatedAt) < transientPatience:
		return river.JobSnooze(c.config.Backoff)
	}
	return err
}

// failure is an item that can't be done, and why.
type failure[T any] struct {
	item T
	err  error
}

// isolateFailures does f for all items at once and, when that fails, for each on its own, so that only those fail that
// can't be done. It stops at a transient error, which concerns them all.
func isolateFailures[T any](ctx context.Context, items []T, f func([]T) error) (failures []failure[T], err error) {
	err = guarded(items, f)
	if err == nil || isTransient(err) || ctx.Err() != nil {
		return nil, err
	}
	if len(items) == 1 {
		return []failure[T]{{items[0], err}}, nil
	}
	for _, item := range items {
		if err := guarded([]T{item}, f); isTransient(err) || ctx.Err() != nil {
			return failures, errors.Join(err, ctx.Err())
		} else if err != nil {
			failures = append(failures, failure[T]{item, err})
		}
	}
	return failures, nil
}

// guarded turns a panic of f into its error, so that it strikes the one item it is about.
func guarded[T any](items []T, f func([]T) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f(items)
}
