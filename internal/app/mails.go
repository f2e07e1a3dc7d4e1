package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/jobs"
	"github.com/minicompete/minicompete/internal/mail"
	"github.com/minicompete/minicompete/internal/telemetry"
	"github.com/minicompete/minicompete/internal/web"
)

// mails are the parts that write and send mails.
type mails struct {
	composer mail.Composer
	keys     *auth.LinkKeys
	smtp     *mail.SMTP  // nil without SMTP_URL. A process that works no jobs sends test emails alone
	local    *mail.Local // in the place of smtp, and for the people whom the demo invented
}

// keptMails is how many of the last mails the page of a demo shows.
const keptMails = 50

func (a *App) wireMail(context.Context) (err error) {
	m := &a.mails
	if m.keys, err = auth.NewLinkKeys(a.secret, []byte(a.config.JWTSecretPrevious)); err != nil {
		return err
	}
	sending := a.config.SMTPURL != ""
	m.composer = mail.Composer{PublicURL: a.config.Origin(), Site: a.site.Site, Keys: m.keys, Details: sending}
	m.local = &mail.Local{Logger: a.log}
	if a.config.Demo {
		m.local.Keep = keptMails
	}
	if !sending {
		return nil
	}
	m.smtp, err = mail.NewSMTP(mail.SMTPConfig{
		URL: string(a.config.SMTPURL), From: a.config.MailFrom, Name: func() string { return a.site.Site().Name },
		Logger: a.log, Connections: a.config.MailConnections,
	})
	return err
}

// farewell sends the last email to somebody whose account was deleted, and returns at once. No address that nobody has
// confirmed gets one.
func (a *App) farewell(user compete.User) {
	if user.VerifiedAt != nil && !demo.Invented(user.Email) {
		a.background.run(func(ctx context.Context) { a.mails.sayFarewell(ctx, a.log, user) })
	}
}

// sendTest sends an email that says that email works.
func (m *mails) sendTest(ctx context.Context, id, address string) error {
	test, err := m.composer.Test(id, address)
	if err != nil {
		return err
	}
	return m.smtp.Send(ctx, test)
}

// farewellTimeout bounds a last email: a mail server that can't be used by then never gets it.
const farewellTimeout = 2 * time.Minute

// sayFarewell sends the last email to somebody whose account was deleted, once. Nothing keeps the address until then
// but this process' memory, so a process that stops doesn't send it.
func (m *mails) sayFarewell(ctx context.Context, log *slog.Logger, user compete.User) {
	ctx, cancel := context.WithTimeout(ctx, farewellTimeout)
	defer cancel()
	last, err := m.composer.Farewell(newID(), user.Email)
	if err == nil {
		err = m.smtp.Send(ctx, last)
	}
	if err != nil { // whose text may name the address
		log.WarnContext(ctx, "could not send the last email of a deleted account", "user", user.ID)
	}
}

func (m *mails) jobs(a *App) jobs.MailConfig {
	var mailer compete.Mailer = m.local
	if m.smtp != nil {
		mailer = demoFilter{countingMailer{m.smtp, a.metrics}, m.local}
	}
	return jobs.MailConfig{
		Mailing: a.config.SMTPURL != "", Mailer: mailer, Connections: a.config.MailConnections,
		MailsAnHour: a.config.LimitMails, Outgoing: a.store, ComposeMail: m.composer.Mail,
	}
}

// countingMailer tells the metrics of each attempt to send a mail.
type countingMailer struct {
	compete.Mailer
	metrics *telemetry.Metrics // nil: nobody counts
}

// Send implements compete.Mailer.
func (c countingMailer) Send(ctx context.Context, m compete.Mail) error {
	start := time.Now()
	err := c.Mailer.Send(ctx, m)
	outcome := telemetry.SendDone
	switch {
	case errors.Is(err, compete.ErrBusy):
		return err // it was not tried
	case errors.Is(err, compete.ErrMailRefused):
		outcome = telemetry.SendRefused
	case err != nil:
		outcome = telemetry.SendRetry
	}
	c.metrics.Send(outcome, time.Since(start))
	return err
}

// demoFilter keeps the mails to people whom the demo invented from the mail server.
type demoFilter struct {
	compete.Mailer
	local *mail.Local
}

// Send implements compete.Mailer.
func (f demoFilter) Send(ctx context.Context, m compete.Mail) error {
	switch {
	case !demo.Invented(m.To):
		return f.Mailer.Send(ctx, m)
	case f.local.Keep > 0:
		return f.local.Send(ctx, m)
	}
	return nil // nobody looks
}

// preview is for the page of a demo; nil elsewhere.
func (m *mails) preview(a *App) web.Mails {
	if !a.config.Demo {
		return nil
	}
	return previews{m, a}
}

func (m *mails) close() {
	if m.smtp != nil {
		m.smtp.Close()
	}
}

type previews struct {
	*mails
	app *App
}

// Samples implements web.Mails.
func (p previews) Samples() ([]compete.Mail, error) { return p.composer.Samples(p.app.config.Clock()) }

// Sent implements web.Mails. What a mail server took is not kept here.
func (p previews) Sent() []compete.Mail {
	return p.local.Sent()
}
