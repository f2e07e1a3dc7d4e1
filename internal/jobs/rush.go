package jobs

import (
	"context"
	"time"
)

// Confirmations cost about as much as registrations do. In a rush they wait, so that the registrar has the machine to
// itself: people are waiting for their seats, and learn about them immediately; the message may arrive a moment later.
const (
	// rushCalm is how long after the last batch of a rush it is considered over; longer than a commit takes under load.
	rushCalm = 500 * time.Millisecond
	// maxYield bounds how long confirmations wait after their registrations, and each page of a clean-up or a recount
	// before it begins, however long the rush lasts.
	maxYield = 3 * time.Second
)

// Registrar is the interface to the registrar of this process.
type Registrar interface {
	// Settle does one page of a SettleJob, and reports whether there is more to do.
	Settle(ctx context.Context, competitionID string) (more bool, err error)
	// Release does one page of a ReleaseJob, and reports whether there is more to do.
	Release(ctx context.Context, competitionID string) (more bool, err error)
	// Draw does one page of a lottery, and reports whether there is more to do.
	Draw(ctx context.Context, competitionID string) (more bool, err error)
	// ExpireOffers cancels those registrations that are expired offers, and returns their number.
	ExpireOffers(ctx context.Context, registrationIDs []string) (expired int, err error)
	// LastBatch and LastRush return when the registrar last decided a batch that asks for messages, and one large
	// enough to be a rush. If there was none, they return a time long ago.
	LastBatch() time.Time
	LastRush() time.Time
}

// rush tells how busy the registrar is.
type rush struct{ registrar Registrar }

// idle reports whether there were no registrations for a while.
func (r rush) idle(now time.Time) bool { return now.Sub(r.registrar.LastBatch()) > rushCalm }

// calmIn returns how long confirmations with the given deadline have to wait from now on; not positive if they don't.
func (r rush) calmIn(now, deadline time.Time) time.Duration {
	return min(r.registrar.LastRush().Add(rushCalm).Sub(now), deadline.Sub(now))
}

// share returns how long to pause after having the writer for a time, so that people who wait for an answer come first:
// as long in a rush, and a quarter of that while some register.
func (r rush) share(took time.Duration, now time.Time) time.Duration {
	if now.Sub(r.registrar.LastRush()) < rushCalm {
		return took
	}
	return took / 4
}

// pass waits until the rush is over, the deadline has passed, or either context ends.
func (r rush) pass(ctx, stopping context.Context, deadline time.Time) {
	for ctx.Err() == nil && stopping.Err() == nil {
		wait := r.calmIn(time.Now(), deadline)
		if wait <= 0 {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-stopping.Done():
		}
		timer.Stop()
	}
}

// gate limits concurrency to its capacity.
type gate chan struct{}

// through runs f inside the gate and then, unless the registrar is idle, pauses inside it for a share of the time that
// f took. A busy writer makes f slow, and so the pause long.
func (g gate) through(ctx context.Context, registrar rush, f func() error) error {
	select {
	case g <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-g }()
	start := time.Now()
	if err := f(); err != nil || registrar.idle(time.Now()) {
		return err
	}
	rest(ctx, registrar.share(time.Since(start), time.Now()))
	return nil
}

// maxRest bounds a pause, so that a slow disk doesn't bring the queue to a crawl.
const maxRest = 100 * time.Millisecond

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(min(d, maxRest))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
