package app

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/recent"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/telemetry"
)

// openTelemetry sets up metrics and tracing, before the parts that they observe.
func (a *App) openTelemetry(ctx context.Context) (err error) {
	if a.config.MetricsAddr != "" {
		a.metrics = telemetry.NewMetrics(a.config.Version)
	}
	a.traces, err = telemetry.NewTraces(ctx,
		telemetry.TracesConfig{Endpoint: string(a.config.OTLPEndpoint), Version: a.config.Version, Logger: a.log})
	return err
}

// addGauges adds the values that are read at each scrape, once all parts exist.
func (a *App) addGauges() {
	if a.metrics == nil {
		return
	}
	a.metrics.AddPool("writer", a.store.Writer())
	a.metrics.AddPool("reader", a.store.Reader())
	a.addReplica()
	a.metrics.AddGauge("registrar_queue_depth",
		"Commands waiting for the registrar, and presses waiting for their turn.",
		func() float64 { return float64(a.registrar.QueueDepth() + a.server.PressesWaiting()) })
	a.metrics.AddGauge("open_streams", "Open streams of server-sent events.",
		func() float64 { return float64(a.hub.Pages()) })
	backlog := &backlog{read: a.store.Backlog, clock: a.config.Clock}
	a.metrics.AddGauge("dead_letters",
		"Dead letters (failed jobs) that haven't been retried, in the whole database; NaN while it can't be read.",
		func() float64 { return backlog.now().failedJobs })
	a.metrics.AddGauge("oldest_pending_seconds",
		"Age of the oldest registration waiting for confirmation, in the whole database, not counting those in dead "+
			"letters; 0 if none is waiting, NaN while it can't be read.",
		func() float64 { return backlog.now().oldestPending })
}

// addReplica adds which reads the read replica answered, and how far it lags behind. Without one, nothing is counted.
func (a *App) addReplica() {
	r := a.store.DB().Replica()
	if r != nil {
		a.metrics.AddPool("replica", r.SQL())
	}
	a.metrics.AddGauge("replica_lag_seconds",
		"How long ago the moment is up to which the read replica is known to have everything; NaN while it's away, "+
			"and without one.",
		func() float64 {
			if r == nil {
				return math.NaN()
			}
			if lag, known := r.Lag(); known {
				return lag.Seconds()
			}
			return math.NaN()
		})
	reads := map[string]func() uint64{}
	for outcome, name := range sqldb.ReadOutcomes {
		reads[name] = func() uint64 {
			if r == nil {
				return 0
			}
			return r.Reads(sqldb.ReadOutcome(outcome))
		}
	}
	a.metrics.AddCounters("replica_reads_total",
		"Reads that the read replica may answer, by outcome: replica (it did). In all other cases the primary "+
			"answered: away (the replica is down or too far behind), behind (it didn't have the reader's own changes "+
			"yet), failed (it didn't answer).", "outcome", reads)
}

// backlogMaxAge is how long a reading is reused, so that two gauges, or two scrapers, only cost one.
const backlogMaxAge = time.Second

// backlog reads the backlog of background work.
type backlog struct {
	read  func(context.Context) (failedJobs int, oldestPending time.Time, err error)
	clock func() time.Time

	last recent.Value[backlogReading]
}

type backlogReading struct{ failedJobs, oldestPending float64 }

func (b *backlog) now() backlogReading { return b.last.Get(backlogMaxAge, b.reading) }

func (b *backlog) reading() backlogReading {
	ctx, cancel := context.WithTimeout(context.Background(), probeTimeout)
	defer cancel()
	n, oldest, err := b.read(ctx)
	switch {
	case err != nil:
		return backlogReading{math.NaN(), math.NaN()}
	case oldest.IsZero():
		return backlogReading{float64(n), 0}
	}
	return backlogReading{float64(n), max(0, b.clock().Sub(oldest).Seconds())}
}

// lastTraces is how long stopping waits for the receiver of traces.
const lastTraces = 2 * time.Second

// sendTraces sends the remaining traces. If the receiver is unavailable, stopping doesn't fail: telemetry has reported
// it.
func (a *App) sendTraces() {
	ctx, cancel := context.WithTimeout(context.Background(), lastTraces)
	defer cancel()
	if err := a.traces.Stop(ctx); err != nil {
		a.log.Warn("could not send the last traces", "error", err)
	}
}

// ready fails if something that the program can't serve without is unavailable.
func (h *health) ready(ctx context.Context) error {
	var down []error
	for _, check := range h.forAPI(ctx) {
		if check.Needed && check.Status == api.CheckDown {
			down = append(down, errors.New(check.Name+" is down"))
		}
	}
	return errors.Join(down...)
}
