package app

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"minicompete/internal/api"
	"minicompete/internal/telemetry"
)

// openTelemetry sets up what shows the process from outside, before the parts that it watches.
func (a *App) openTelemetry(ctx context.Context) (err error) {
	if a.config.MetricsAddr != "" {
		a.metrics = telemetry.NewMetrics(a.config.Version)
	}
	a.traces, err = telemetry.NewTraces(ctx, telemetry.TracesConfig{Endpoint: string(a.config.OTLPEndpoint), Version: a.config.Version, Logger: a.log})
	return err
}

// addGauges shows what is read at each scrape, once every part is there.
func (a *App) addGauges() {
	if a.metrics == nil {
		return
	}
	a.metrics.AddPool("writer", a.store.Writer())
	a.metrics.AddPool("reader", a.store.Reader())
	a.metrics.AddGauge("registrar_queue_depth", "Commands that wait for the registrar.", func() float64 { return float64(a.registrar.QueueDepth()) })
	a.metrics.AddGauge("open_streams", "Streams of server-sent events that are open.", func() float64 { return float64(a.hub.Pages()) })
	backlog := &backlog{read: a.store.Backlog, clock: a.config.Clock}
	a.metrics.AddGauge("dead_letters", "Dead letters that were not sent again, in the whole database; NaN while that cannot be read.",
		func() float64 { letters, _ := backlog.now(); return letters })
	a.metrics.AddGauge("oldest_pending_seconds", "Age of the oldest registration that waits for its confirmation, in the whole database, those named by a dead letter left out; "+
		"0 when none waits, NaN while that cannot be read.", func() float64 { _, age := backlog.now(); return age })
}

// backlogLife is how long a reading counts: two gauges, or two scrapers, are to cost one.
const backlogLife = time.Second

// backlog reads how far the work in the background is behind.
type backlog struct {
	read  func(context.Context) (deadLetters int, oldestPending time.Time, err error)
	clock func() time.Time

	mu           sync.Mutex
	at           time.Time
	letters, age float64
}

func (b *backlog) now() (letters, age float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.at) < backlogLife {
		return b.letters, b.age
	}
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	n, oldest, err := b.read(ctx)
	b.letters, b.age = float64(n), 0
	switch {
	case err != nil:
		b.letters, b.age = math.NaN(), math.NaN()
	case !oldest.IsZero():
		b.age = max(0, b.clock().Sub(oldest).Seconds())
	}
	b.at = time.Now()
	return b.letters, b.age
}

// lastTraces is how long a stop waits for a receiver of traces.
const lastTraces = 2 * time.Second

// sendTraces sends what is left. A receiver that is away is no reason for the stop to fail: telemetry has told of it.
func (a *App) sendTraces() {
	ctx, cancel := context.WithTimeout(context.Background(), lastTraces)
	defer cancel()
	if err := a.traces.Stop(ctx); err != nil {
		a.log.Warn("could not send the last traces", "error", err)
	}
}

// ready tells whether what the program cannot serve without is there.
func (h *health) ready(ctx context.Context) error {
	var down []error
	for _, check := range h.forAPI(ctx) {
		if check.Needed && check.Status == api.CheckDown {
			down = append(down, errors.New(check.Name+" is down"))
		}
	}
	return errors.Join(down...)
}
