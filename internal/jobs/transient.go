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

// transientPatience is how long a job waits for the database or the registrar without using up attempts. In a longer
// outage, the queue, which is in the same database, doesn't run anyway; if only this job finds the database unavailable
// for so long, the job itself is at fault.
const transientPatience = time.Hour

// isTransient reports whether an error is caused by an outage or overload rather than by the job.
func isTransient(err error) bool {
	return errors.Is(err, compete.ErrDatabase) || errors.Is(err, compete.ErrBusy) || errors.Is(err, compete.ErrStopping)
}

// outcome converts a job's error to a worker's return value for River: a job that was stopped, or found the database or
// the registrar unavailable, is put back without using up an attempt.
func (c *Client) outcome(ctx context.Context, job *rivertype.JobRow, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err() // tells River that it stopped the job itself
	case isTransient(err) && time.Since(job.CreatedAt) < transientPatience:
		return river.JobSnooze(c.config.Backoff)
	}
	return err
}

// failure is an item that can't be processed, and the reason.
type failure[T any] struct {
	item T
	err  error
}

// isolateFailures calls f for all items at once and, if that fails, for each separately, so that only the faulty ones
// fail. It stops at a transient error, which affects all of them.
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

// guarded converts a panic of f to an error, so that it only affects the item it is about.
func guarded[T any](items []T, f func([]T) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f(items)
}
