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

// mails are the components that write and send emails.
type mails struct {
	composer mail.Composer
	keys     *auth.LinkKeys
	smtp     *mail.SMTP  // nil without SMTP_URL; a process that runs no jobs only sends test emails
	local    *mail.Local // replaces smtp, and receives emails to the demo's fictional people
}

// keptMails is how many recent emails a demo's page shows.
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

// farewell sends a last email to the owner of a deleted account, without blocking. Unconfirmed addresses get none.
func (a *App) farewell(user compete.User) {
	if user.VerifiedAt != nil && !demo.Invented(user.Email) {
		a.background.run(func(ctx context.Context) { a.mails.sayFarewell(ctx, a.log, user) })
	}
}

// sendTest sends a test email.
func (m *mails) sendTest(ctx context.Context, id, address string) error {
	test, err := m.composer.Test(id, address)
	if err != nil {
		return err
	}
	return m.smtp.Send(ctx, test)
}

// farewellTimeout bounds the last email: if no mail server can be used by then, it is never sent.
const farewellTimeout = 2 * time.Minute

// sayFarewell sends the last email to the owner of a deleted account, once. Until then, only this process's memory
// holds the address, so if the process stops, the email isn't sent.
func (m *mails) sayFarewell(ctx context.Context, log *slog.Logger, user compete.User) {
	ctx, cancel := context.WithTimeout(ctx, farewellTimeout)
	defer cancel()
	last, err := m.composer.Farewell(newID(), user.Email)
	if err == nil {
		err = m.smtp.Send(ctx, last)
	}
	if err != nil { // its text may contain the address
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

// countingMailer reports each attempt to send an email to the metrics.
type countingMailer struct {
	compete.Mailer
	metrics *telemetry.Metrics // nil means no metrics
}

// Send implements compete.Mailer.
func (c countingMailer) Send(ctx context.Context, m compete.Mail) error {
	start := time.Now()
	err := c.Mailer.Send(ctx, m)
	outcome := telemetry.SendDone
	switch {
	case errors.Is(err, compete.ErrBusy):
		return err // it was not attempted
	case errors.Is(err, compete.ErrMailRefused):
		outcome = telemetry.SendRefused
	case err != nil:
		outcome = telemetry.SendRetry
	}
	c.metrics.Send(outcome, time.Since(start))
	return err
}

// demoFilter keeps emails to the demo's fictional people from the mail server.
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
	return nil // nobody reads them
}

// preview returns the emails for a demo's page; nil otherwise.
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

// Sent implements web.Mails. It doesn't include emails accepted by a mail server.
func (p previews) Sent() []compete.Mail {
	return p.local.Sent()
}
