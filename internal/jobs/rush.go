package jobs

import (
	"context"
	"time"
)

// Confirmations cost about as much as registrations do. In a rush they wait, so that the registrar has the machine: who
// registers waits for the seat, and knows of it at once; the message may come a moment later.
const (
	// rushCalm is how long after the last batch of a rush it counts as over; longer than a commit takes under load.
	rushCalm = 500 * time.Millisecond
	// maxYield bounds how long confirmations wait after their registrations, however long the rush.
	maxYield = 3 * time.Second
)

// Registrar is what jobs need of this process's registrar.
type Registrar interface {
	// Settle does one page of a SettleJob, and reports whether there is more.
	Settle(ctx context.Context, competitionID string) (more bool, err error)
	// ExpireOffers cancels those among the registrations that are offers whose time is over, and returns how many there
	// were.
	ExpireOffers(ctx context.Context, registrationIDs []string) (expired int, err error)
	// LastBatch and LastRush are when it last decided a batch that asks for messages, and one with so many that people
	// are rushing in. They are long ago when it never did.
	LastBatch() time.Time
	LastRush() time.Time
}

// rush tells how busy the registrar is.
type rush struct{ registrar Registrar }

// idle reports whether nothing was registered for a while.
func (r rush) idle(now time.Time) bool { return now.Sub(r.registrar.LastBatch()) > rushCalm }

// calmIn is how long confirmations that must not wait beyond deadline wait from now on; not positive when they don't.
func (r rush) calmIn(now, deadline time.Time) time.Duration {
	return min(r.registrar.LastRush().Add(rushCalm).Sub(now), deadline.Sub(now))
}

// pass waits until the rush is over, but not beyond the deadline, and not when either context ends.
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

// gate lets in as many at a time as it has room for.
type gate chan struct{}

// through runs f inside the gate and then, unless the registrar is idle, rests inside it for as long as f took (within
// bounds), so that at least half of the writer's time stays with those who wait for an answer. A busy writer makes f
// slow, and the rest long.
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
	rest(ctx, time.Since(start))
	return nil
}

// maxRest bounds a rest, so that a slow disk doesn't make the queue crawl.
const maxRest = 100 * time.Millisecond

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(min(d, maxRest))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
