package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

func (c *Client) settle(ctx context.Context, job *river.Job[compete.SettleJob]) error {
	return c.throughRegistrar(ctx, job.Args.CompetitionID, c.config.Registrar.Settle)
}

func (c *Client) release(ctx context.Context, job *river.Job[compete.ReleaseJob]) error {
	return c.throughRegistrar(ctx, job.Args.CompetitionID, c.config.Registrar.Release)
}

// throughRegistrar does page after page through the registrar. When its time slice is over or the process stops, the
// job goes back to the queue; finished pages are committed, and the next run continues after them.
func (c *Client) throughRegistrar(
	ctx context.Context, competitionID string, page func(ctx context.Context, competitionID string) (bool, error),
) error {
	err := c.inPages(ctx, competitionID, time.Now().Add(timeSlice), page)
	if errors.Is(err, errMorePages) {
		return river.JobSnooze(0) // at once, after the jobs already waiting
	}
	return err
}

var errMorePages = errors.New("there are more pages to do")

// inPages does page after page through the registrar, pausing after each for a share of the time that it took. It fails
// with errMorePages at the end of its time, or when the process stops.
func (c *Client) inPages(
	ctx context.Context, competitionID string, end time.Time,
	page func(ctx context.Context, competitionID string) (bool, error),
) error {
	for {
		start := time.Now()
		more, err := page(ctx, competitionID)
		switch {
		case errors.Is(err, compete.ErrCompetitionMissing):
			return nil // nothing left to do
		case err != nil, !more:
			return err
		case c.stopping.Err() != nil || time.Now().After(end):
			return errMorePages
		}
		rest(ctx, c.rush.share(time.Since(start), time.Now()))
	}
}
