package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// mailsInHand is how many email jobs are fetched per connection, so that none has to wait for the queue.
	mailsInHand = 16
	// mailPatience is how long an email waits for an unavailable server without using up attempts: one day, to outlast
	// an outage of the mail server. A later delivery would be of little use.
	mailPatience = 24 * time.Hour
)

// mailer runs jobs of the kind compete.MailJob.
type mailer struct {
	client   *Client
	accepted accepted
}

// send sends an email once: it skips a message that a server has already accepted. An unavailable server doesn't use up
// an attempt, and an email that the server will never accept isn't retried.
func (w *mailer) send(ctx context.Context, job *river.Job[compete.MailJob]) error {
	c := w.client
	err := w.trySend(ctx, job.Args)
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.Is(err, compete.ErrBusy), errors.Is(err, compete.ErrMailServer) &&
		time.Since(job.CreatedAt) < mailPatience:
		return river.JobSnooze(c.config.Backoff)
	case errors.Is(err, compete.ErrMailRefused):
		text := errorText(err)
		c.config.Logger.ErrorContext(ctx, "an email was rejected; see the failed jobs", describe(job.JobRow), "error",
			text)
		if saveErr := c.saveFailedJob(ctx, job.JobRow, text, c.config.Clock()); saveErr != nil {
			return saveErr
		}
		return river.JobCancel(err)
	}
	return err
}

func (w *mailer) trySend(ctx context.Context, job compete.MailJob) error {
	config := w.client.config
	outgoing, err := config.Outgoing.Outgoing(ctx, job.MessageID)
	switch {
	case errors.Is(err, compete.ErrMessageMissing):
		return nil
	case err != nil:
		return fmt.Errorf("read message %s: %w", job.MessageID, err)
	case outgoing.DeliveredAt != nil, outgoing.Disabled, outgoing.Kind.Traits().Optional && outgoing.RemindersOff:
		return nil
	case !config.Mailing && outgoing.LinkID == "":
		return fmt.Errorf("%w: SMTP_URL is not set in this process", compete.ErrMailServer)
	}
	if goes, err := w.goesOut(ctx, outgoing); err != nil || !goes {
		return err
	}
	mail, err := config.ComposeMail(outgoing, job.Details, config.Clock())
	if errors.Is(err, compete.ErrLinkVoid) {
		return nil // used, replaced or expired in the meantime: the link would no longer work
	}
	if err != nil {
		return fmt.Errorf("compose the email of message %s: %w", job.MessageID, err)
	}
	if err := config.Mailer.Send(ctx, mail); err != nil {
		return fmt.Errorf("send message %s: %w", job.MessageID, err)
	}
	if !config.Mailing {
		return nil // no server accepted it
	}
	return w.accepted.note(ctx, w.client, job.MessageID)
}

// goesOut reports whether a message is sent by email. Messages with a link always are: they were requested, with limits
// of their own. Other messages contain text by organizers and participants, and never go to an address that wasn't
// confirmed when they were written; for those about accounts, that was checked then. And nobody gets more than the
// hourly maximum, counted by time of writing, so that a retried email counts once.
func (w *mailer) goesOut(ctx context.Context, o compete.Outgoing) (bool, error) {
	config := w.client.config
	if o.LinkID != "" {
		return true, nil
	}
	if o.RegistrationID != "" && !o.Verified {
		return false, nil
	}
	if config.MailsAnHour == 0 {
		return true, nil
	}
	earlier, err := config.Outgoing.EarlierMessages(ctx, o.Message, o.SentAt.Add(-time.Hour), config.MailsAnHour)
	if err != nil {
		return false, fmt.Errorf("count the messages before %s: %w", o.ID, err)
	}
	if earlier < config.MailsAnHour {
		return true, nil
	}
	config.Logger.DebugContext(ctx, "an address reached its hourly email limit; the message stays in the mailbox",
		"message", o.ID)
	return false, nil
}

// accepted records which messages a server has accepted. Those that arrive during a write are written together: on
// SQLite, separate commits would take the one writer from the registrar.
type accepted struct {
	mu      sync.Mutex
	writing bool
	waiting []acceptedMail
}

type acceptedMail struct {
	id   string
	done chan error
	lead chan struct{} // closed when its caller is the next to write
}

// note returns once the record is durable. If the database is unavailable, or too busy for noteTimeout, it retries
// until ctx ends: an accepted email that isn't recorded is sent again.
func (a *accepted) note(ctx context.Context, c *Client, id string) error {
	for {
		err := a.write(ctx, c, id)
		if again := isTransient(err) || errors.Is(err, context.DeadlineExceeded); !again || ctx.Err() != nil {
			return err
		}
		rest(ctx, maxRest)
	}
}

func (a *accepted) write(ctx context.Context, c *Client, id string) error {
	mine := acceptedMail{id: id, done: make(chan error, 1), lead: make(chan struct{})}
	a.mu.Lock()
	a.waiting = append(a.waiting, mine)
	if !a.writing {
		a.writing = true
		close(mine.lead)
	}
	a.mu.Unlock()
	select {
	case err := <-mine.done:
		return err
	case <-mine.lead:
		return a.writeAll(context.WithoutCancel(ctx), c) // others wait for it too
	}
}

var errWritePanicked = errors.New("recording which emails were accepted panicked")

// writeAll writes all that wait, and lets the first of those that have come since write next.
func (a *accepted) writeAll(ctx context.Context, c *Client) (err error) {
	a.mu.Lock()
	batch := a.waiting
	a.waiting = nil
	a.mu.Unlock()
	err = errWritePanicked // unless there is another result
	defer func() {
		for _, m := range batch {
			m.done <- err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if len(a.waiting) > 0 {
			close(a.waiting[0].lead)
		} else {
			a.writing = false
		}
	}()
	return c.noteAccepted(ctx, batch)
}

// noteTimeout bounds one write, so that a hanging database doesn't delay a stop.
const noteTimeout = 5 * time.Second

func (c *Client) noteAccepted(ctx context.Context, batch []acceptedMail) error {
	ctx, cancel := context.WithTimeout(ctx, noteTimeout)
	defer cancel()
	ids := make([]string, len(batch))
	for i, m := range batch {
		ids[i] = m.id
	}
	err := c.deliverer.writer.through(ctx, c.rush, func() error {
		return c.config.Outgoing.MailsTaken(ctx, ids, compete.UTC(c.config.Clock()))
	})
	if err != nil {
		return fmt.Errorf("record which emails were accepted: %w", err)
	}
	return nil
}

// MailConfig is the part of Config about email.
type MailConfig struct {
	// send every message by email; otherwise only those with a link, to a Mailer that shows them to developers
	Mailing     bool
	Mailer      compete.Mailer
	Connections int // the Mailer's maximum of connections
	MailsAnHour int // per address, not counting those with a link; 0 means no limit
	Outgoing    compete.OutgoingStore
	ComposeMail func(o compete.Outgoing, details json.RawMessage, now time.Time) (compete.Mail, error)
}
