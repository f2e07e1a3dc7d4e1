package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/outage"
)

const (
	// pendingSweepInterval is how often, and pendingAge how old: with both, a registration whose confirmation was lost
	// with a killed process is confirmed within 10 s, where River would need a minute.
	pendingSweepInterval = 5 * time.Second
	pendingAge           = 5 * time.Second

	// offerSweepInterval is how often offers whose time is over are looked for. With compete.OfferGrace, a seat passes
	// on within half a minute.
	offerSweepInterval = 10 * time.Second

	// discardedSweepInterval is that of River's own look for jobs left behind by a killed process, which discards some
	// of them.
	discardedSweepInterval = 30 * time.Second

	// auditSweepInterval is how often the audit log gets what the registrar has left for it. A rush isn't held up by
	// that for auditYield: who reads the log moves it there before.
	auditSweepInterval = 2 * time.Second
	auditYield         = 20 * time.Second
)

// startSweeps runs what can't be a job, because it makes up for jobs that were lost. Every process that works jobs does
// it.
func (c *Client) startSweeps() {
	discarded := discardedSweep{client: c}
	c.sweeps.Go(func() {
		c.every(pendingSweepInterval, "confirm registrations that were left pending",
			c.sweepPending)
	})
	c.sweeps.Go(func() { c.every(offerSweepInterval, "expire offers", c.sweepOffers) })
	c.sweeps.Go(func() { c.every(discardedSweepInterval, "save failed jobs", discarded.run) })
	c.sweeps.Go(func() { c.every(auditSweepInterval, "move records to the audit log", c.sweepAudit) })
}

// every runs f now and after each interval until Stop. A row of failures is logged once.
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

// sweepAudit moves to the audit log what the registrar has left for it.
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

// sweepOffers has the registrar expire offers whose time is over, in pages. What became due while no process ran is
// made up for.
func (c *Client) sweepOffers(ctx context.Context) error {
	for {
		ids, err := c.config.Store.OffersOver(ctx, c.config.Clock().Add(-compete.OfferGrace), c.config.PageSize)
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

// sweepPending confirms registrations that have been PENDING for longer than pendingAge. Those that can't be confirmed
// become jobs, and so, in the end, failed jobs, which the next sweep leaves out.
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
