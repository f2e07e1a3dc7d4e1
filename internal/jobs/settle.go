package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

// settle runs a SettleJob: page after page through the registrar, pausing after each for as long as it took. When its
// time slice is over or the process stops, it goes back to the queue; finished pages are committed, and the next run
// continues after them.
func (c *Client) settle(ctx context.Context, job *river.Job[compete.SettleJob]) error {
	for end := time.Now().Add(timeSlice); ; {
		start := time.Now()
		more, err := c.config.Registrar.Settle(ctx, job.Args.CompetitionID)
		switch {
		case errors.Is(err, compete.ErrCompetitionMissing):
			return nil // nothing left to settle
		case err != nil, !more:
			return err
		case c.stopping.Err() != nil || time.Now().After(end):
			return river.JobSnooze(0) // at once, after the jobs already waiting
		}
		rest(ctx, time.Since(start))
	}
}
