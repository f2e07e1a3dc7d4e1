package jobs

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/minicompete/minicompete/internal/compete"
)

// How this program uses River. It polls on both databases: River's listener for SQLite polls too, ten times as often
// and on the one writer connection, and the one for PostgreSQL needs a connection outside the pool, which a pooler in
// transaction mode doesn't provide. Failed attempts are due again after seconds, so polling every second is needed
// anyway.
const (
	// registrations are confirmed, and emails sent, within about half a second
	confirmationPoll = 400 * time.Millisecond
	otherPoll        = time.Second
	fetchCooldown    = 40 * time.Millisecond // minimum time between fetches of a busy queue

	// notifyInterval is how often River announces new jobs of a queue. Nobody listens, so it is long.
	notifyInterval = time.Minute

	jobTimeout = 20 * time.Second
	// rescueAfter is when a job counts as abandoned by a killed process. River checks every 30 s.
	rescueAfter = 30 * time.Second

	// timeSlice is how long a job with many pages runs before it goes back to the end of its queue.
	timeSlice = jobTimeout / 2
)

func (c *Client) riverConfig() (*river.Config, error) {
	config := &river.Config{
		Logger:            slog.New(quiet{c.config.Logger.Handler()}),
		MaxAttempts:       c.config.MaxAttempts,
		RetryPolicy:       backoff(c.config.Backoff),
		PollOnly:          true,
		FetchCooldown:     notifyInterval,
		FetchPollInterval: notifyInterval, // each queue has its own

		// A failed job may be of a kind that an older version ran: when retried, it fails again and is shown with its
		// error.
		SkipUnknownJobCheck: true,
	}
	if !c.config.Work {
		return config, nil
	}
	periodic, err := c.periodicJobs()
	if err != nil {
		return nil, err
	}
	config.PeriodicJobs = periodic
	config.Workers = c.workers()
	config.Queues = map[string]river.QueueConfig{
		compete.QueueRegistration: queue(c.config.Concurrency, cmp.Or(c.config.poll, confirmationPoll)),
		compete.QueueReminder:     queue(c.config.Concurrency, cmp.Or(c.config.poll, otherPoll)),
		compete.QueueMail:         queue(c.config.Connections*mailsInHand, cmp.Or(c.config.poll, confirmationPoll)),
		// so that a clean-up of several minutes leaves room for short jobs
		compete.QueueMaintenance: queue(max(c.config.Concurrency, 2), cmp.Or(c.config.poll, otherPoll)),
	}
	config.JobTimeout = jobTimeout
	config.RescueStuckJobsAfter = rescueAfter
	config.CompletedJobRetentionPeriod = c.config.FinishedJobsAge
	config.CancelledJobRetentionPeriod = c.config.FinishedJobsAge
	config.DiscardedJobRetentionPeriod = c.discardedJobsAge()
	config.ErrorHandler = failureHandler{c}
	if c.config.Tracer != nil {
		config.Middleware = []rivertype.Middleware{river.WorkerMiddlewareFunc(c.traced)}
	}
	if c.config.OneWriter {
		// SQLite's indexes don't bloat, and rebuilding one blocks the writer
		config.ReindexerSchedule = river.NeverSchedule()
	}
	return config, nil
}

func queue(workers int, poll time.Duration) river.QueueConfig {
	return river.QueueConfig{MaxWorkers: workers, FetchPollInterval: poll, FetchCooldown: fetchCooldown}
}

// backoff is the wait after the first failed attempt; it doubles after each further one.
type backoff time.Duration

// maxBackoff bounds the doubling wait, however many attempts are configured.
const maxBackoff = time.Hour

// NextRetry implements river.ClientRetryPolicy.
func (b backoff) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().UTC().Add(b.after(job.Attempt))
}

func (b backoff) after(attempt int) time.Duration {
	wait := time.Duration(b)
	for ; attempt > 1 && wait < maxBackoff; attempt-- {
		wait *= 2
	}
	return min(wait, maxBackoff)
}

// quiet logs River's warnings and errors, and everything else only at level debug: River reports every failed attempt,
// which the error handler already logs, and each state change of its own parts. A failure because another process
// holds SQLite's lock is only a warning: River tries again later.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return q.Handler.Enabled(ctx, demoted(level))
}

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, record slog.Record) error {
	record.Level = demoted(record.Level)
	if record.Level == slog.LevelError && isBusy(record) {
		record.Level = slog.LevelWarn
	}
	return q.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }

func demoted(level slog.Level) slog.Level {
	if level == slog.LevelInfo {
		return slog.LevelDebug
	}
	return level
}

// isBusy reports whether a line is about SQLite's lock. River often logs only an error's text, which is the same for
// all kinds of SQLITE_BUSY.
func isBusy(record slog.Record) (busy bool) {
	record.Attrs(func(a slog.Attr) bool {
		busy = strings.Contains(a.Value.String(), "database is locked")
		return !busy
	})
	return busy
}

// describe identifies a job in a log line.
func describe(job *rivertype.JobRow) slog.Attr {
	return slog.Group("job", slog.Int64("id", job.ID), slog.String("kind", job.Kind),
		slog.String("attempt", fmt.Sprintf("%d/%d", job.Attempt, job.MaxAttempts)))
}
