package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/outage"
)

const (
	// pendingSweepInterval is the interval of the sweep, and pendingAge the age of the registrations that it confirms.
	// With both, a registration whose confirmation was lost with a killed process is confirmed within 10 s, where River
	// would need a minute.
	pendingSweepInterval = 5 * time.Second
	pendingAge           = 5 * time.Second

	// offerSweepInterval is how often expired offers are looked for. With compete.ArrivalGrace, a seat is passed on
	// within half a minute.
	offerSweepInterval = 10 * time.Second

	// undecidedSweepInterval is how soon after the start an organizer is told about undecided applications.
	undecidedSweepInterval = time.Minute

	// drawSweepInterval is how soon a lottery goes on: after the deadline, and after its source of randomness has
	// spoken.
	drawSweepInterval = 5 * time.Second

	// teamSweepInterval is how soon after the deadline incomplete teams are dropped, and captains are warned.
	teamSweepInterval = 5 * time.Second

	// strandedSweepInterval is how soon somebody else leads a team whose captain's account is disabled, where no job
	// did that because nobody else was in it then.
	strandedSweepInterval = time.Minute

	// discardedSweepInterval is the interval at which River itself looks for jobs of killed processes, some of which it
	// discards.
	discardedSweepInterval = 30 * time.Second

	// auditSweepInterval is how often the registrar's pending audit records are moved to the audit log. In a rush the
	// sweep waits for up to auditYield; reading the audit log moves them first in any case.
	auditSweepInterval = 2 * time.Second
	auditYield         = 20 * time.Second
)

// startSweeps starts the work that can't be done by jobs, because it makes up for lost ones. Every process that works
// jobs runs it.
func (c *Client) startSweeps() {
	discarded := discardedSweep{client: c}
	c.sweeps.Go(func() {
		c.every(pendingSweepInterval, "confirm registrations that were left pending",
			c.sweepPending)
	})
	c.sweeps.Go(func() { c.every(offerSweepInterval, "expire offers", c.sweepOffers) })
	c.sweeps.Go(func() {
		const what = "tell organizers about undecided applications"
		c.every(undecidedSweepInterval, what, func(ctx context.Context) error {
			_, err := c.config.Applications.TellUndecided(ctx)
			return err
		})
	})
	c.sweeps.Go(func() { c.every(drawSweepInterval, "draw lotteries", c.sweepDraws) })
	c.sweeps.Go(func() { c.every(teamSweepInterval, "look after incomplete teams", c.config.Teams.Deadlines) })
	c.sweeps.Go(func() { c.every(strandedSweepInterval, "find new captains", c.sweepStranded) })
	c.sweeps.Go(func() { c.every(discardedSweepInterval, "save failed jobs", discarded.run) })
	c.sweeps.Go(func() { c.every(auditSweepInterval, "move records to the audit log", c.sweepAudit) })
}

// every runs f now and then at each interval, until Stop. Consecutive failures are logged once.
func (c *Client) every(interval time.Duration, what string, f func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	outage := outage.Report{Logger: c.config.Logger, Away: "could not " + what + "; trying again"}
	for {
		err := f(c.stopping)
		if err != nil {
			err = errors.New(errorText(err))
		}
		if c.stopping.Err() == nil {
			outage.Note(err)
		}
		select {
		case <-ticker.C:
		case <-c.stopping.Done():
			return
		}
	}
}

// sweepAudit moves the registrar's pending audit records to the audit log.
func (c *Client) sweepAudit(ctx context.Context) error {
	c.rush.pass(ctx, c.stopping, time.Now().Add(auditYield))
	for moved := 1; moved > 0; {
		err := c.deliverer.writer.through(ctx, c.rush, func() (err error) {
			moved, err = c.config.Store.ExpandAudit(ctx, 1)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepOffers makes the registrar expire offers, in pages. It includes offers that ended while no process was running.
func (c *Client) sweepOffers(ctx context.Context) error {
	for {
		ids, err := c.config.Store.OffersOver(ctx, c.config.Clock().Add(-compete.ArrivalGrace), c.config.PageSize)
		if err != nil {
			return fmt.Errorf("find offers that are over: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		expired, err := c.config.Registrar.ExpireOffers(ctx, ids)
		if err != nil || expired == 0 || len(ids) < c.config.PageSize {
			return err
		}
	}
}

// sweepDraws takes lotteries further, and makes the registrar assign the seats of those that are drawn. A lottery that
// was interrupted goes on where it stopped.
func (c *Client) sweepDraws(ctx context.Context) error {
	ready, err := c.config.Draws.Advance(ctx)
	for _, id := range ready {
		failure := c.inPages(ctx, id, time.Now().Add(timeSlice), c.config.Registrar.Draw)
		if !errors.Is(failure, errMorePages) {
			err = errors.Join(err, failure)
		}
	}
	return err
}

// sweepStranded has the captain's role passed on where a captain's account is disabled.
func (c *Client) sweepStranded(ctx context.Context) error {
	ids, err := c.config.Store.Stranded(ctx, c.config.PageSize)
	if err != nil {
		return fmt.Errorf("find teams without an active captain: %w", err)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		failure := c.inPages(ctx, id, time.Now().Add(timeSlice), c.config.Registrar.Settle)
		if !errors.Is(failure, errMorePages) {
			err = errors.Join(err, failure)
		}
	}
	return err
}

// sweepPending confirms registrations that have been PENDING for longer than pendingAge. Those that can't be confirmed
// become jobs and eventually failed jobs, which the next sweep skips.
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
