package server

import (
	"context"
	"runtime"
	"sync"
	"time"
)

const (
	// refusalsPerCore is the number of refusals per core and second. Each takes the program and its client about 100
	// µs, so together they use a twentieth of the machine.
	refusalsPerCore = 500
	// longestRefusal is the maximum age of a request at its refusal: requests that already waited for a turn aren't
	// delayed further.
	longestRefusal = 2 * time.Second
)

// pacer spreads refusals out over time. Clients that are refused at once retry at once, unless they honor the header;
// thousands of them take processor time from the requests being served, which leaves even less room for the next. A few
// are refused without delay.
type pacer struct {
	interval time.Duration // between two refusals

	mu   sync.Mutex
	next time.Time
}

func newPacer() *pacer {
	return &pacer{interval: time.Second / time.Duration(refusalsPerCore*runtime.GOMAXPROCS(0))}
}

// hold returns how long the next refusal has to wait.
func (p *pacer) hold(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next.Before(now) {
		p.next = now
	}
	held := p.next.Sub(now)
	if held >= longestRefusal {
		return longestRefusal
	}
	p.next = p.next.Add(p.interval)
	return held
}

// wait returns when a request that began at the given time may be refused, or when ctx ends.
func (p *pacer) wait(ctx context.Context, began time.Time) {
	now := time.Now()
	held := min(p.hold(now), longestRefusal-now.Sub(began))
	if held < time.Millisecond {
		return
	}
	timer := time.NewTimer(held)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
