package app

import (
	"context"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/recent"
	"github.com/minicompete/minicompete/internal/web"
)

const (
	// probeTimeout is how long a component may take to answer before it counts as down.
	probeTimeout = 2 * time.Second
	// probeLife is how long a result is reused: health checks are public, and shouldn't cost the database more than one
	// query a second.
	probeLife = time.Second
)

// probe checks the health of a component that the program depends on.
type probe struct {
	name   string
	needed bool // the program can't serve without it
	ask    func(context.Context) error
}

// health caches the last results for a moment.
type health struct {
	probes []probe
	checks recent.Value[[]api.Check]
}

func newHealth(a *App) *health {
	h := &health{probes: []probe{
		{name: "database", needed: true, ask: a.store.Ping},
		{name: "queue", needed: true, ask: a.jobs.Ping},
		{name: "redis"},
	}}
	if r := a.store.DB().Replica(); r != nil {
		h.probes = append(h.probes, probe{name: "replica", ask: r.Check})
	}
	if a.redis != nil {
		h.probes[2].ask = func(ctx context.Context) error { return a.redis.Ping(ctx).Err() }
	}
	return h
}

func (h *health) forAPI(ctx context.Context) []api.Check {
	return h.checks.Get(probeLife, func() []api.Check { return h.ask(ctx) })
}

func (h *health) ask(ctx context.Context) []api.Check {
	checks := make([]api.Check, len(h.probes))
	// A client that disconnects must not affect the result of others sharing it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	var asking sync.WaitGroup
	for i, p := range h.probes {
		asking.Go(func() { checks[i] = p.check(ctx) })
	}
	asking.Wait()
	return checks
}

func (p probe) check(ctx context.Context) api.Check {
	check := api.Check{Name: p.name, Needed: p.needed, Status: api.CheckOff}
	if p.ask == nil {
		return check
	}
	start := time.Now()
	check.Status = api.CheckUp
	if err := p.ask(ctx); err != nil {
		check.Status = api.CheckDown
	}
	check.Latency = time.Since(start)
	return check
}

// forWeb omits components that aren't set up.
func (h *health) forWeb(ctx context.Context) []web.Check {
	var checks []web.Check
	for _, c := range h.forAPI(ctx) {
		if c.Status != api.CheckOff {
			checks = append(checks, web.Check{Name: c.Name, OK: c.Status == api.CheckUp, Latency: c.Latency})
		}
	}
	return checks
}
