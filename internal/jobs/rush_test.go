package jobs

import (
	"context"
	"errors"
	"testing"
	"time"
)

// busyRegistrar was last busy at the given times.
type busyRegistrar struct {
	Registrar
	batch, rush time.Time
}

// LastBatch implements Registrar.
func (b *busyRegistrar) LastBatch() time.Time { return b.batch }

// LastRush implements Registrar.
func (b *busyRegistrar) LastRush() time.Time { return b.rush }

func TestDeliveriesRestWhileTheRegistrarIsBusy(t *testing.T) {
	const work = 20 * time.Millisecond
	g := make(gate, 1)
	later := time.Now().Add(time.Hour) // longer than the test
	busy := rush{&busyRegistrar{batch: later}}
	for _, tc := range []struct {
		registrar rush
		least     time.Duration
	}{{busy, work + work/4}, {rush{&busyRegistrar{batch: later, rush: later}}, 2 * work}} {
		start := time.Now()
		if err := g.through(t.Context(), tc.registrar, func() error { time.Sleep(work); return nil }); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d < tc.least {
			t.Errorf("beside a busy registrar the gate was taken for %v, want %v with a rest", d, tc.least)
		}
	}
	g <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.through(ctx, busy, func() error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting at a full gate with a cancelled context gave %v", err)
	}
}

func TestConfirmationsWaitForTheEndOfARushWithinBounds(t *testing.T) {
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	registrar := &busyRegistrar{}
	r := rush{registrar}
	if !r.idle(at) {
		t.Error("a registrar that has decided nothing isn't idle")
	}
	registrar.batch = at
	if r.idle(at.Add(rushCalm)) || !r.idle(at.Add(rushCalm+1)) {
		t.Errorf("the registrar is idle at another time than %v after its batch", rushCalm)
	}
	if wait := r.calmIn(at, at.Add(time.Hour)); wait > 0 {
		t.Errorf("confirmations wait %v though there is no rush", wait)
	}
	registrar.batch, registrar.rush = at.Add(time.Second), at
	for _, c := range []struct{ now, deadline, want time.Duration }{
		{0, time.Hour, rushCalm},
		{rushCalm / 4, time.Hour, rushCalm * 3 / 4},
		{0, time.Millisecond, time.Millisecond},
		{rushCalm, time.Hour, 0},
	} {
		if got := r.calmIn(at.Add(c.now), at.Add(c.deadline)); got != c.want {
			t.Errorf("%v after the batch, with a deadline at %v, confirmations wait %v, want %v", c.now,
				c.deadline, got, c.want)
		}
	}

	// Stopping doesn't wait for the end of a rush; these jobs would wait for an hour.
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	registrar.rush = time.Now().Add(time.Hour)
	r.pass(ended, t.Context(), time.Now().Add(time.Hour))
	r.pass(t.Context(), ended, time.Now().Add(time.Hour))
	r.pass(t.Context(), t.Context(), time.Now().Add(10*time.Millisecond))
}
