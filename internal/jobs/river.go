package jobs

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/minicompete/minicompete/internal/compete"
)

// How River works here. It polls on both databases: its listener for SQLite polls too, ten times as often and on the
// one writer connection, and the one for PostgreSQL needs a connection of its own beside the pool, which a pooler in
// transaction mode doesn't give. A failed attempt is due again after seconds, so a poll each second is needed in any
// case.
const (
	// a registration is confirmed, and a mail leaves, within about half a second
	confirmationPoll = 400 * time.Millisecond
	otherPoll        = time.Second
	fetchCooldown    = 40 * time.Millisecond // at least so long between fetches of a busy queue

	// notifyInterval is how often River announces new jobs of a queue. Nobody listens, so: hardly ever.
	notifyInterval = time.Minute

	jobTimeout = 20 * time.Second
	// rescueAfter is when a job counts as left behind by a process that was killed. River looks every 30 s.
	rescueAfter = 30 * time.Second

	// timeSlice is how long a job of many pages works before it goes back to the end of its queue.
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

		// A failed job may be of a kind that an older version worked: sent again it fails again, and can be read about
		// again.
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
		// so that a clean-up of minutes leaves room for the short ones
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
		// SQLite's indexes don't bloat, and rebuilding one holds up the writer
		config.ReindexerSchedule = river.NeverSchedule()
	}
	return config, nil
}

func queue(workers int, poll time.Duration) river.QueueConfig {
	return river.QueueConfig{MaxWorkers: workers, FetchPollInterval: poll, FetchCooldown: fetchCooldown}
}

// backoff waits so long after a first failed attempt, and twice as long after each further one.
type backoff time.Duration

// maxBackoff bounds the wait, which doubles, however many attempts are configured.
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

// quiet shows River's warnings and errors, and the rest of what it says at the level debug only: it reports every
// failed attempt, which the error handler logs already, and each change of its own parts.
type quiet struct{ slog.Handler }

// Enabled implements slog.Handler.
func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return q.Handler.Enabled(ctx, demoted(level))
}

// Handle implements slog.Handler.
func (q quiet) Handle(ctx context.Context, record slog.Record) error {
	record.Level = demoted(record.Level)
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

// describe names a job in a log line.
func describe(job *rivertype.JobRow) slog.Attr {
	return slog.Group("job", slog.Int64("id", job.ID), slog.String("kind", job.Kind),
		slog.String("attempt", fmt.Sprintf("%d/%d", job.Attempt, job.MaxAttempts)))
}
