package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

// settle works a SettleJob: page after page through the registrar, resting after each for as long as it took. When its
// time slice of time is over or the process stops, it goes back to the queue; the pages done are committed, and the
// next run goes on after them.
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
			return river.JobSnooze(0) // at once, behind those that wait
		}
		rest(ctx, time.Since(start))
	}
}
