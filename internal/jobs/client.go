package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"go.opentelemetry.io/otel/trace"

	"github.com/minicompete/minicompete/internal/compete"
)

// Defaults of Config.
const (
	DefaultConcurrency      = 4
	DefaultMaxAttempts      = compete.DefaultJobAttempts
	DefaultPageSize         = 256
	DefaultBackoff          = 2 * time.Second
	DefaultReminderSchedule = "0 * * * *"
	DefaultCleanUpSchedule  = "30 3 * * *"
	DefaultFinishedJobsAge  = 24 * time.Hour
	DefaultFailedJobsAge    = 30 * 24 * time.Hour
	DefaultAuditAge         = 400 * 24 * time.Hour
)

// Config configures a Client.
type Config struct {
	DB     *sql.DB                     // database of the queue: a handle that can write
	Driver riverdriver.Driver[*sql.Tx] // River's driver for DB, so that jobs commit with the changes that enqueue them
	// OneWriter says that only one transaction of DB can write at a time, as on SQLite.
	OneWriter bool
	Logger    *slog.Logger

	MaxAttempts int           // per job, before it becomes a failed job
	Backoff     time.Duration // wait after the first failed attempt; it doubles with each further one

	// Work says that this process runs jobs. The fields below are only needed if it does.
	Work      bool
	Store     compete.WorkStore
	Registrar Registrar
	Compose   func(compete.Target) (compete.Wording, error) // writes the text of a message
	Clock     func() time.Time
	NewID     func() string
	Observer  Observer     // nil means no metrics
	Tracer    trace.Tracer // nil means no tracing
	Accounts  Accounts
	Erasure   Erasure

	Applications Applications
	Draws        Draws
	Teams        Teams
	MailConfig

	Concurrency      int           // jobs run at the same time in each queue; at least two in that of maintenance
	PageSize         int           // registrations read at a time, and delivered to in one transaction
	ReminderSchedule string        // when to look for competitions that start soon: five-field cron, UTC
	CleanUpSchedule  string        // when to delete old data: five-field cron, UTC
	FinishedJobsAge  time.Duration // how long finished jobs are kept
	CleanUpAges      compete.CleanUpAges

	poll time.Duration // for every queue, in tests; zero means confirmationPoll and otherPoll
}

func (c Config) withDefaults() Config {
	c.MaxAttempts = cmp.Or(c.MaxAttempts, DefaultMaxAttempts)
	c.Backoff = cmp.Or(c.Backoff, DefaultBackoff)
	c.Concurrency = cmp.Or(c.Concurrency, DefaultConcurrency)
	c.Connections = cmp.Or(c.Connections, c.Concurrency)
	c.PageSize = cmp.Or(c.PageSize, DefaultPageSize)
	c.ReminderSchedule = cmp.Or(c.ReminderSchedule, DefaultReminderSchedule)
	c.CleanUpSchedule = cmp.Or(c.CleanUpSchedule, DefaultCleanUpSchedule)
	c.FinishedJobsAge = cmp.Or(c.FinishedJobsAge, DefaultFinishedJobsAge)
	c.CleanUpAges.FailedJobs = cmp.Or(c.CleanUpAges.FailedJobs, DefaultFailedJobsAge)
	c.CleanUpAges.Audit = cmp.Or(c.CleanUpAges.Audit, DefaultAuditAge)
	return c
}

// Client enqueues jobs and, in a process with the worker role, runs them between Start and Stop.
type Client struct {
	config    Config
	river     *river.Client[*sql.Tx]
	deliverer deliverer
	rush      rush

	stopping context.Context // done when Stop begins: long jobs end after their current page
	stop     context.CancelFunc
	sweeps   sync.WaitGroup
}

// New creates a client. It fails if a schedule is invalid or a limit is out of range. It doesn't access the database.
func New(config Config) (*Client, error) {
	config = config.withDefaults()
	c := &Client{config: config, rush: rush{config.Registrar}}
	c.stopping, c.stop = context.WithCancel(context.Background())
	// With a single writer, a second delivery could only compete with the registrar.
	deliveries := 1
	if !config.OneWriter {
		deliveries = config.Concurrency
	}
	c.deliverer = deliverer{Config: config, writer: make(gate, deliveries), rush: c.rush}

	riverConfig, err := c.riverConfig()
	if err != nil {
		return nil, err
	}
	if c.river, err = river.NewClient(config.Driver, riverConfig); err != nil {
		return nil, fmt.Errorf("set up the job queue: %w", err)
	}
	return c, nil
}

// Start starts running jobs, and returns once the first are being fetched. It fails if the database is unavailable.
// Without Config.Work it does nothing.
func (c *Client) Start(ctx context.Context) error {
	if !c.config.Work {
		return nil
	}
	// The queue outlives the context passed to Start; Stop ends it gracefully.
	forget := c.observe()
	if err := c.river.Start(context.WithoutCancel(ctx)); err != nil {
		forget()
		return fmt.Errorf("start the workers: %w", err)
	}
	c.startSweeps()
	return nil
}

// Stop stops running jobs: running ones have until shortly before ctx's deadline to finish; then they return to the
// queue without using up an attempt. It fails with ctx's error if even that wasn't possible in time.
func (c *Client) Stop(ctx context.Context) error {
	c.stop()
	if !c.config.Work {
		return nil
	}
	finish := ctx
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		finish, cancel = context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/4))
		defer cancel()
	}
	if err := c.river.Stop(finish); err != nil {
		if err := c.river.StopAndCancel(ctx); err != nil {
			return fmt.Errorf("stop the workers: %w", err)
		}
	}
	c.sweeps.Wait()
	return nil
}

// Ping checks that the queue can be read and, in a process that runs jobs, that they are being run.
func (c *Client) Ping(ctx context.Context) error {
	if _, err := c.river.QueueList(ctx, river.NewQueueListParams().First(1)); err != nil {
		return fmt.Errorf("read the job queue: %w", err)
	}
	if c.config.Work && c.stopping.Err() != nil {
		return errors.New("the workers are stopping")
	}
	return nil
}
