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
	// mailsInHand is how many mail jobs are fetched for each connection, so that the next one never waits for the
	// queue.
	mailsInHand = 16
	// mailPatience is how long a mail waits for a server that can't be used, without using up attempts: one day, to
	// outlast an outage of the mail server. What comes later would be of little use.
	mailPatience = 24 * time.Hour
)

// mailer works MailJobs.
type mailer struct {
	client   *Client
	accepted accepted
}

// send sends one mail, once: a message that a server has accepted before is left alone. A server that can't be used
// costs no attempt, and a mail that it will never accept gets no other.
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
		return nil // used, replaced or expired meanwhile: the mail would lead nowhere
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

// goesOut reports whether a message leaves the mailbox. Mails with a link were asked for, and asking has limits of its
// own. Of the others, whose words organizers and participants choose, none goes to an address that wasn't confirmed
// when they were written; those about accounts were held to that then. And nobody gets more than so many an hour,
// counted by when they were written, so that a mail that is tried again counts once.
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

// accepted notes which messages a server accepted. Those that come while others are being written are written together:
// a commit for each would keep the registrar from the one writer of SQLite.
type accepted struct {
	mu      sync.Mutex
	writing bool
	waiting []acceptedMail
}

type acceptedMail struct {
	id   string
	done chan error
}

// note returns once it is durable. When the database is away, or too busy for noteTimeout, it keeps trying until ctx
// ends: a mail that was accepted and not noted is sent again.
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
	mine := acceptedMail{id: id, done: make(chan error, 1)}
	a.mu.Lock()
	a.waiting = append(a.waiting, mine)
	lead := !a.writing
	a.writing = true
	a.mu.Unlock()
	if !lead {
		return <-mine.done
	}
	for {
		a.mu.Lock()
		batch := a.waiting
		a.waiting = nil
		if len(batch) == 0 {
			a.writing = false
			a.mu.Unlock()
			return <-mine.done
		}
		a.mu.Unlock()
		err := c.noteAccepted(context.WithoutCancel(ctx), batch) // others wait for it too
		for _, m := range batch {
			m.done <- err
		}
	}
}

// noteTimeout bounds the note about a batch, so that a database that hangs doesn't hold up a stop.
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

// MailConfig is the part of Config about mails.
type MailConfig struct {
	// every message goes out by mail; else those alone that carry a link, to a Mailer that shows them to developers
	Mailing     bool
	Mailer      compete.Mailer
	Connections int // that Mailer has at once
	MailsAnHour int // to one address, those with a link left out; 0: as many as there are messages
	Outgoing    compete.OutgoingStore
	ComposeMail func(o compete.Outgoing, details json.RawMessage, now time.Time) (compete.Mail, error)
}
