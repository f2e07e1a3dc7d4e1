package server

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRefusalsAreSpreadOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pacer{interval: 10 * time.Millisecond}
		refuse := func(ctx context.Context) time.Duration {
			began := time.Now()
			p.wait(ctx, began)
			return time.Since(began)
		}
		if took := refuse(t.Context()); took != 0 {
			t.Errorf("one alone took %v", took)
		}
		time.Sleep(longestRefusal)

		const many = 250 // more than fit into longestRefusal
		var (
			all  sync.WaitGroup
			mu   sync.Mutex
			held [many]int // number delayed by each count of intervals
		)
		for range many {
			all.Go(func() {
				took := refuse(t.Context())
				mu.Lock()
				defer mu.Unlock()
				held[took/p.interval]++
			})
		}
		all.Wait()
		for i, n := range held {
			want := 1
			switch {
			case i == 200:
				want = 50
			case i > 200:
				want = 0
			}
			if n != want {
				t.Errorf("%d were held for %v, want %d", n, time.Duration(i)*p.interval, want)
			}
		}

		time.Sleep(longestRefusal)
		for range 100 { // the next one would be delayed for a second
			p.hold(time.Now())
		}
		waited, half := time.Now(), 500*time.Millisecond
		if p.wait(t.Context(), waited.Add(half-longestRefusal)); time.Since(waited) != half {
			t.Errorf("one that had waited already was held for %v, want %v", time.Since(waited), half)
		}
		if p.wait(t.Context(), waited.Add(-time.Hour)); time.Since(waited) != half {
			t.Errorf("one that had waited for long was held until %v, want no longer", time.Since(waited))
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		if took := refuse(gone); took != 0 {
			t.Errorf("one that is gone took %v", took)
		}
	})
}
