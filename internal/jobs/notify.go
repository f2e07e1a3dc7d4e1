package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/minicompete/minicompete/internal/compete"
)

// notify runs a NotifyJob. If single notices fail, the others are delivered, and each failed one continues as a job of
// its own: only it is retried, and its failed job names nobody else. If all fail, the job itself has failed.
func (c *Client) notify(ctx context.Context, job *river.Job[compete.NotifyJob]) error {
	notices, err := c.notices(ctx, job.Args)
	if err != nil {
		return err
	}
	failures, err := c.deliverer.deliver(ctx, notices)
	switch {
	case err != nil, len(failures) == 0:
		return err
	case len(failures) == len(notices):
		return failures[0].err
	}
	c.config.Logger.WarnContext(ctx, "some messages of a batch failed; retrying them as separate jobs",
		describe(job.JobRow), "failed", len(failures), "of", len(notices), "first", errorText(failures[0].err))
	rest := make([]compete.Job, 0, len(failures))
	for _, f := range failures {
		rest = append(rest, compete.NotifyJob{Notices: []compete.Notice{f.item}})
	}
	return replace(ctx, c, job, func(tx *sql.Tx) error { return c.EnqueueTx(ctx, tx, rest) })
}

// notices returns all notices of a job.
func (c *Client) notices(ctx context.Context, job compete.NotifyJob) ([]compete.Notice, error) {
	found, err := c.config.Store.NoticesOf(ctx, job.Runs)
	if err != nil {
		return nil, fmt.Errorf("read the recipients of messages: %w", err)
	}
	return append(job.Notices, found...), nil
}

// undone returns the payload of a job that failed for good, with its remaining notices listed individually instead of
// as runs: others in a run may have been delivered, and a failed job mustn't name their recipients.
func (c *Client) undone(ctx context.Context, job *rivertype.JobRow) ([]byte, error) {
	var notify compete.NotifyJob
	if job.Kind != notify.Kind() || json.Unmarshal(job.EncodedArgs, &notify) != nil || len(notify.Runs) == 0 {
		return job.EncodedArgs, nil //nolint:nilerr // what cannot be read is kept as it is
	}
	notices, err := c.notices(ctx, notify)
	if err != nil {
		return nil, err
	}
	targets, err := c.config.Store.Targets(ctx, notices)
	if err != nil {
		return nil, fmt.Errorf("read what the messages are about: %w", err)
	}
	var left compete.NotifyJob
	for _, target := range targets {
		if target.Holds() {
			left.Notices = append(left.Notices, target.Notice)
		}
	}
	return json.Marshal(left)
}

// deliverer confirms registrations and writes messages.
type deliverer struct {
	Config
	writer  gate
	rush    rush
	fitting atomic.Int64 // how many notices fit into pageTime, as far as is known
}

// deliver delivers the notices, in pages, and returns those it couldn't deliver. err is a transient error, which
// affects all of them.
func (d *deliverer) deliver(
	ctx context.Context, notices []compete.Notice,
) (failures []failure[compete.Notice], err error) {
	for len(notices) > 0 {
		page := notices[:min(len(notices), d.size())]
		notices = notices[len(page):]
		failed, err := isolateFailures(ctx, page, func(some []compete.Notice) error {
			targets, err := d.Store.Targets(ctx, some)
			if err != nil {
				return fmt.Errorf("read what the messages are about: %w", err)
			}
			return d.write(ctx, targets)
		})
		failures = append(failures, failed...)
		if err != nil {
			return failures, err
		}
	}
	return failures, nil
}

// pageTime is how long a page of messages keeps the writer, as far as that depends on its size.
const pageTime = 30 * time.Millisecond

// size returns how many notices the next page has: PageSize, or less if others would have to wait for too long. SQLite
// is quick enough for whole pages, and what they take is mostly the wait for the one writer.
func (d *deliverer) size() int {
	size := int(d.fitting.Load())
	if size == 0 || d.OneWriter {
		return d.PageSize
	}
	return min(max(size, d.PageSize/8, 1), d.PageSize)
}

// took notes how long a page of n notices took.
func (d *deliverer) took(n int, took time.Duration) {
	if took > pageTime || int64(n) >= d.fitting.Load() { // a short page says little about a long one
		d.fitting.Store(max(int64(n)*int64(pageTime)/max(int64(took), 1), 1))
	}
}

// write delivers to a page of targets in one transaction. Registrations that have changed since get no outdated
// message.
func (d *deliverer) write(ctx context.Context, targets []compete.Target) error {
	now := compete.UTC(d.Clock())
	var confirm []compete.Notice
	messages := make([]compete.Message, 0, len(targets))
	for _, target := range targets {
		if !target.Holds() {
			continue
		}
		if target.Kind.Traits().Confirms {
			confirm = append(confirm, target.Notice)
		}
		if target.Participant.Disabled { // the seat is kept, but nobody would read the message
			continue
		}
		message, err := d.message(target, now)
		if err != nil {
			return err
		}
		messages = append(messages, message)
	}
	if len(confirm)+len(messages) == 0 {
		return nil
	}
	return d.writer.through(ctx, d.rush, func() error {
		start := time.Now()
		written, err := d.Store.Deliver(ctx, confirm, messages, now)
		d.took(len(targets), time.Since(start))
		d.follow(ctx, targets, start, err)
		if err != nil {
			return fmt.Errorf("deliver messages: %w", err)
		}
		if d.Observer != nil {
			d.Observer.Messages(written)
		}
		return nil
	})
}

func (d *deliverer) message(t compete.Target, now time.Time) (compete.Message, error) {
	w, err := d.Compose(t)
	if err != nil {
		return compete.Message{}, fmt.Errorf("compose %s for registration %s: %w", t.Kind, t.RegistrationID, err)
	}
	m := compete.Message{
		ID: d.NewID(), UserID: t.Registration.UserID, RegistrationID: t.RegistrationID, Seq: t.Seq, Kind: t.Kind,
		To: t.Participant.Email, Subject: w.Subject, Body: w.Body, Details: w.Details, SentAt: now,
	}
	if t.Kind == compete.MessageReminder {
		m.StartDate = t.Competition.StartDate
	}
	m.OccasionID = t.OccasionID
	if t.Move != nil {
		m.OccasionID = t.Move.ID
	}
	return m, nil
}
