package server

import (
	"context"
	"runtime"
	"sync"
	"time"
)

const (
	// refusalsPerCore is how many refusals a core gives in a second. Each takes the program and its client about 100
	// µs, so they take the machine a twentieth of its time.
	refusalsPerCore = 500
	// longestRefusal is how old a request is at most when its refusal is let go: who has waited for a turn isn't held
	// back on top of it.
	longestRefusal = 2 * time.Second
)

// pacer spreads refusals out. Whoever is told at once to come again comes again at once, unless told otherwise by a
// program that listens; thousands who do so take the machine from those who are served, and then there is less room for
// the next. A few are told at once.
type pacer struct {
	interval time.Duration // between two

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

// wait returns when a request that began at a moment may be told that it's refused, or ctx ends.
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
