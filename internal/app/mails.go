package app

import (
	"context"
	"errors"
	"time"

	"minicompete/internal/auth"
	"minicompete/internal/compete"
	"minicompete/internal/demo"
	"minicompete/internal/jobs"
	"minicompete/internal/mail"
	"minicompete/internal/telemetry"
	"minicompete/internal/web"
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
	a.store.Mailing = sending
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

// serve gives the domain what it needs for links. Without a mail server only a demo shows them, on a page of its own.
func (m *mails) serve(a *App) {
	s, sending := a.service, a.config.SMTPURL != ""
	s.Logins = a.auth.Logins(a.store)
	s.Links, s.LinkKeys, s.Wording, s.Log = a.auth.Links(a.store), m.keys, m.composer, a.log
	s.Mailing = sending || a.config.Demo
	if m.smtp != nil {
		s.SendTest = m.sendTest
	}
	s.VerifyOnSignUp, s.RequireVerifiedEmail, s.Verified = sending, a.config.VerifiedEmailRequired(), &compete.VerifiedUsers{}
}

// sendTest sends an email that says that email works.
func (m *mails) sendTest(ctx context.Context, id, address string) error {
	test, err := m.composer.Test(id, address)
	if err != nil {
		return err
	}
	return m.smtp.Send(ctx, test)
}

func (m *mails) jobs(a *App) jobs.MailConfig {
	var mailer compete.Mailer = m.local
	if m.smtp != nil {
		mailer = sparing{counted{m.smtp, a.metrics}, m.local}
	}
	return jobs.MailConfig{
		Mailing: a.config.SMTPURL != "", Mailer: mailer, Connections: a.config.MailConnections,
		MailsAnHour: a.config.LimitMails, Outgoing: a.store, ComposeMail: m.composer.Mail, AccountMail: a.service.WriteAccountMail,
	}
}

// counted tells the metrics of each attempt to send a mail.
type counted struct {
	compete.Mailer
	metrics *telemetry.Metrics // nil: nobody counts
}

// Send implements compete.Mailer.
func (c counted) Send(ctx context.Context, m compete.Mail) error {
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

// sparing keeps the mails to people whom the demo invented from the mail server.
type sparing struct {
	compete.Mailer
	local *mail.Local
}

// Send implements compete.Mailer.
func (s sparing) Send(ctx context.Context, m compete.Mail) error {
	switch {
	case !demo.Invented(m.To):
		return s.Mailer.Send(ctx, m)
	case s.local.Keep > 0:
		return s.local.Send(ctx, m)
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
