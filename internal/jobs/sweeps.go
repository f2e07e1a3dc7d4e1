package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"minicompete/internal/compete"
)

const (
	// pendingSweepInterval is how often, and pendingAge how old: with both, a registration whose confirmation was lost with a
	// killed process is confirmed within 10 s, where River would need a minute.
	pendingSweepInterval = 5 * time.Second
	pendingAge           = 5 * time.Second

	// discardedSweepInterval is that of River's own look for jobs left behind by a killed process, which discards some of them.
	discardedSweepInterval = 30 * time.Second
)

// startSweeps runs what can't be a job, because it makes up for jobs that were lost. Every process that works jobs does it.
func (c *Client) startSweeps() {
	discarded := discardedSweep{client: c}
	c.sweeps.Go(func() { c.every(pendingSweepInterval, "confirm registrations that were left pending", c.sweepPending) })
	c.sweeps.Go(func() { c.every(discardedSweepInterval, "save failed jobs", discarded.run) })
}

// every runs f now and after each interval until Stop. A row of failures is logged once.
func (c *Client) every(interval time.Duration, what string, f func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	failing := false
	for {
		err := f(c.stopping)
		if err != nil && !failing && c.stopping.Err() == nil {
			c.config.Logger.WarnContext(c.stopping, "could not "+what+"; trying again", "error", errorText(err))
		}
		failing = err != nil
		select {
		case <-ticker.C:
		case <-c.stopping.Done():
			return
		}
	}
}

// sweepPending confirms registrations that have been PENDING for longer than pendingAge. Those that can't be confirmed become
// jobs, and so, in the end, dead letters, which the next sweep leaves out.
func (c *Client) sweepPending(ctx context.Context) error {
	for {
		before := compete.UTC(c.config.Clock()).Add(-pendingAge)
		notices, err := c.config.Store.StalePending(ctx, before, c.config.PageSize)
		if err != nil {
			return fmt.Errorf("find pending registrations: %w", err)
		}
		failures, err := c.deliverer.deliver(ctx, notices)
		if err != nil {
			return err
		}
		failed := make([]compete.Notice, 0, len(failures))
		for _, f := range failures {
			failed = append(failed, f.item)
		}
		if err := c.inTx(ctx, func(tx *sql.Tx) error { return c.enqueueOnceTx(ctx, tx, failed) }); err != nil {
			return err
		}
		if len(notices) < c.config.PageSize || len(failures) == len(notices) {
			return nil
		}
	}
}
