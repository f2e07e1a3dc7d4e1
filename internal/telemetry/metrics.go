package telemetry

import (
	"database/sql"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/jobs"
	"github.com/minicompete/minicompete/internal/registrar"
)

// The bucket boundaries of histograms, in seconds and in commands.
var (
	requestSeconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	commitSeconds  = []float64{ // dense where people begin to wait
		.0005, .001, .0025, .005, .01, .02, .03, .04, .05, .06, .07, .08, .09, .1, .125, .15, .2, .25, .5, 1, 2.5, 5,
		10,
	}
	jobSeconds    = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	batchCommands = prometheus.ExponentialBuckets(1, 2, 10) // up to the registrar's batches of 512
)

// Metrics counts the work of one process. It implements the Observers of packages compete, server, registrar and jobs.
type Metrics struct {
	registry *prometheus.Registry
	requests requests

	batchSize, commitTime                           prometheus.Histogram
	accepted, waitlisted, replayed, refused, failed prometheus.Counter
	refusals                                        *prometheus.CounterVec
	queueFull, mailbox                              prometheus.Counter
	held                                            prometheus.Histogram
	attempts                                        map[attempt]prometheus.Counter
	waited, ran                                     map[string]prometheus.Observer // by queue
	sends                                           map[SendOutcome]prometheus.Counter
	sendTime                                        prometheus.Histogram
	logInFailures, limited                          *prometheus.CounterVec
}

type attempt struct {
	queue   string
	outcome jobs.Outcome
}

// NewMetrics creates the metrics of a process running this version of the program.
func NewMetrics(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests.init(m.histogramVec("http_request_duration_seconds",
		"How long requests took to answer, by listener, method, route (as declared, never as typed) and status.",
		requestSeconds, "listener", "method", "route", "status"))
	m.held = m.histogram("write_transaction_seconds",
		"How long transactions held a connection that writes, from their begin to the end of their commit. "+
			"On SQLite, where one writes at a time, nobody else could write meanwhile.", commitSeconds)
	m.addRegistrar()
	m.addJobs()
	m.addMail()
	m.addLogIns()
	info := m.gaugeVec("build_info", "1, with the version of the program.", "version")
	info.WithLabelValues(version).Set(1)
	m.registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) addRegistrar() {
	m.batchSize = m.histogram("registrar_batch_commands", "Commands in one transaction of the registrar.",
		batchCommands)
	m.commitTime = m.histogram("registrar_commit_seconds",
		"How long a batch took from the queue to its durable commit, including failed attempts.", commitSeconds)
	m.queueFull = m.counter("registrar_queue_full_total",
		"Commands rejected because the queue was full or the wait too long.")
	outcomes := m.counterVec("registrations_total", "Presses on Register that the registrar answered, by outcome: "+
		"accepted (a seat), waitlisted, replayed (the first answer again), refused (by a rule), "+
		"failed (asked to try again).", "outcome")
	m.accepted, m.waitlisted, m.replayed = outcomes.WithLabelValues("accepted"), outcomes.WithLabelValues("waitlisted"),
		outcomes.WithLabelValues("replayed")
	m.refused, m.failed = outcomes.WithLabelValues("refused"), outcomes.WithLabelValues("failed")
	m.refusals = m.counterVec("registrations_refused_total", "Presses on Register rejected by a rule, by error code.",
		"code")
	for _, e := range []*compete.Error{
		compete.ErrCompetitionFull, compete.ErrAlreadyRegistered, compete.ErrRegistrationClosed,
		compete.ErrRegistrationNotOpen, compete.ErrCompetitionCancelled, compete.ErrDivisionFull,
	} {
		m.refusals.WithLabelValues(e.Code)
	}
}

func (m *Metrics) addJobs() {
	attempts := m.counterVec("job_attempts_total",
		"Attempts at jobs, by queue and outcome: done, retry, dead (a dead letter), put_back (no attempt used up).",
		"queue", "outcome")
	waited := m.histogramVec("job_wait_seconds", "How long jobs waited after they were due, by queue.",
		jobSeconds, "queue")
	ran := m.histogramVec("job_run_seconds", "How long attempts at jobs ran, by queue.", jobSeconds, "queue")
	m.attempts, m.waited, m.ran = map[attempt]prometheus.Counter{}, map[string]prometheus.Observer{},
		map[string]prometheus.Observer{}
	for _, queue := range []string{
		compete.QueueRegistration, compete.QueueReminder, compete.QueueMail,
		compete.QueueMaintenance,
	} {
		m.waited[queue], m.ran[queue] = waited.WithLabelValues(queue), ran.WithLabelValues(queue)
		for _, outcome := range jobs.Outcomes {
			m.attempts[attempt{queue, outcome}] = attempts.WithLabelValues(queue, string(outcome))
		}
	}
	m.mailbox = m.counter("mailbox_messages_total", "Messages written to the mailbox.")
}

// Request implements server.Observer.
func (m *Metrics) Request(listener, method, route string, status int, took time.Duration) {
	m.requests.observe(listener, method, route, status, took)
}

// Batch implements registrar.Observer.
func (m *Metrics) Batch(r registrar.Report) {
	m.batchSize.Observe(float64(r.Commands))
	m.commitTime.Observe(r.Took.Seconds())
	m.accepted.Add(float64(r.Accepted))
	m.waitlisted.Add(float64(r.Waitlisted))
	m.replayed.Add(float64(r.Replayed))
	m.failed.Add(float64(r.Failed))
	for code, n := range r.Refused {
		m.refused.Add(float64(n))
		m.refusals.WithLabelValues(code).Add(float64(n))
	}
}

// Held implements the hook of sqldb.Config.
func (m *Metrics) Held(took time.Duration) { m.held.Observe(took.Seconds()) }

// TurnedAway implements registrar.Observer and server.Observer.
func (m *Metrics) TurnedAway() { m.queueFull.Inc() }

// Job implements jobs.Observer.
func (m *Metrics) Job(queue string, o jobs.Outcome, waited, ran time.Duration) {
	if m.ran[queue] == nil {
		return // a queue of another version
	}
	m.attempts[attempt{queue, o}].Inc()
	m.waited[queue].Observe(waited.Seconds())
	m.ran[queue].Observe(ran.Seconds())
}

// Messages implements jobs.Observer.
func (m *Metrics) Messages(n int) { m.mailbox.Add(float64(n)) }

// AddPool adds the use of a pool of database connections.
func (m *Metrics) AddPool(name string, db *sql.DB) {
	m.registry.MustRegister(collectors.NewDBStatsCollector(db, name))
}

// AddGauge adds a number that is read at each scrape. read must be fast.
func (m *Metrics) AddGauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help},
		read))
}

// AddCounters adds numbers that only increase and are read at each scrape, one for each value of a label.
func (m *Metrics) AddCounters(name, help, label string, read map[string]func() uint64) {
	for value, read := range read {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Namespace: namespace, Name: name, Help: help, ConstLabels: prometheus.Labels{label: value},
		}, func() float64 { return float64(read()) }))
	}
}

// Handler serves metrics in Prometheus' text format under /metrics, and profiles under /debug/pprof/.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

// namespace is the prefix of all of the program's own metrics.
const namespace = "minicompete"

func (m *Metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help})
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) counterVec(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) gaugeVec(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(g)
	return g
}

func (m *Metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: namespace, Name: name,
		Help: help, Buckets: buckets,
	})
	m.registry.MustRegister(h)
	return h
}

func (m *Metrics) histogramVec(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: namespace, Name: name, Help: help,
		Buckets: buckets,
	}, labels)
	m.registry.MustRegister(h)
	return h
}
