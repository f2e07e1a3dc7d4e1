package jobs

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

// endMove runs a MoveJob.
func (c *Client) endMove(ctx context.Context, job *river.Job[compete.MoveJob]) error {
	return c.config.Store.EndMove(ctx, job.Args.CompetitionID, job.Args.MoveID)
}

// tellMove runs a TellMoveJob page by page.
func (c *Client) tellMove(ctx context.Context, job *river.Job[compete.TellMoveJob]) error {
	return inPages(ctx, c, job, func(args *compete.TellMoveJob) (last bool, err error) {
		targets, next, err := c.config.Store.MoveTargets(ctx, *args, c.config.PageSize)
		if err != nil {
			return false, fmt.Errorf("find who to notify of a move: %w", err)
		}
		args.AfterSeq = next
		return next == 0, c.tellPage(ctx, targets)
	})
}
