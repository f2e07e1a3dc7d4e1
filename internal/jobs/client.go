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

// The values used where Config leaves them zero.
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

// Config names what a Client needs.
type Config struct {
	DB     *sql.DB                     // where jobs are kept: a handle that may write
	Driver riverdriver.Driver[*sql.Tx] // River's for DB, so that jobs commit with what needs them
	// OneWriter says that one transaction of DB writes at a time, as on SQLite.
	OneWriter bool
	Logger    *slog.Logger

	MaxAttempts int           // of each job, before it is a failed job
	Backoff     time.Duration // wait after the first failed attempt; it doubles with each further one

	// Work says that this process works jobs. Everything below is needed by such a process only.
	Work      bool
	Store     compete.WorkStore
	Registrar Registrar
	Compose   func(compete.Target) (compete.Wording, error) // words a message
	Clock     func() time.Time
	NewID     func() string
	Observer  Observer     // nil: nobody counts
	Tracer    trace.Tracer // nil: nothing is traced
	Accounts  Accounts
	Erasure   Erasure
	MailConfig

	Concurrency      int           // jobs worked at the same time in each queue; two at least in the one of maintenance
	PageSize         int           // registrations that are read at a time, and delivered to in one transaction
	ReminderSchedule string        // when to look for competitions that start soon: five-field cron, UTC
	CleanUpSchedule  string        // when to delete what is old: five-field cron, UTC
	FinishedJobsAge  time.Duration // how long jobs that are done are kept
	CleanUpAges      compete.CleanUpAges

	poll time.Duration // of every queue, in tests; zero: confirmationPoll and otherPoll
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

// Client enqueues jobs and, in a process with the worker role, works them between Start and Stop.
type Client struct {
	config    Config
	river     *river.Client[*sql.Tx]
	deliverer deliverer
	rush      rush

	stopping context.Context // done when Stop begins: long jobs end at their next page
	stop     context.CancelFunc
	sweeps   sync.WaitGroup
}

// New makes a client. It fails when a schedule can't be read or a limit is out of range, and doesn't touch the
// database.
func New(config Config) (*Client, error) {
	config = config.withDefaults()
	c := &Client{config: config, rush: rush{config.Registrar}}
	c.stopping, c.stop = context.WithCancel(context.Background())
	// Where there is one writer, a second delivery could only wait in front of the registrar.
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

// Start begins to work jobs, and returns when the first are being fetched. It fails when the database is away.
// Without Config.Work it does nothing.
func (c *Client) Start(ctx context.Context) error {
	if !c.config.Work {
		return nil
	}
	// The queue outlives the context of the start: Stop ends it, in order.
	forget := c.observe()
	if err := c.river.Start(context.WithoutCancel(ctx)); err != nil {
		forget()
		return fmt.Errorf("start the workers: %w", err)
	}
	c.startSweeps()
	return nil
}

// Stop ends the work: running jobs have until shortly before ctx's deadline to finish, and what is left then goes back
// to the queue without having used up an attempt. It fails with ctx's error when not even that was possible in time.
func (c *Client) Stop(ctx context.Context) error {
	c.stop()
	if !c.config.Work {
		return nil
	}
	finish, cancel := context.WithCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		finish, cancel = context.WithDeadline(ctx, deadline.Add(-time.Until(deadline)/4))
	}
	defer cancel()
	if err := c.river.Stop(finish); err != nil {
		if err := c.river.StopAndCancel(ctx); err != nil {
			return fmt.Errorf("stop the workers: %w", err)
		}
	}
	c.sweeps.Wait()
	return nil
}

// Ping checks that the queue can be read and, in a process that works jobs, that it is being worked.
func (c *Client) Ping(ctx context.Context) error {
	if _, err := c.river.QueueList(ctx, river.NewQueueListParams().First(1)); err != nil {
		return fmt.Errorf("read the job queue: %w", err)
	}
	if c.config.Work && c.stopping.Err() != nil {
		return errors.New("the workers are stopping")
	}
	return nil
}
