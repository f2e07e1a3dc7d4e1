package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/fill"
	"github.com/minicompete/minicompete/internal/mail"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// Console provides the services for commands that run beside a server. It serves nothing, runs no jobs, and needs
// neither Redis nor the token secret.
type Console struct {
	Operator   *compete.Operator
	FailedJobs *compete.FailedJobs

	config    Config
	wording   mail.Composer
	store     *store.Store
	passwords compete.PasswordHasher
}

// OpenConsole opens the database and migrates it, so that the first admin can be created before the first start.
func OpenConsole(ctx context.Context, c Config) (*Console, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	passwords, err := auth.NewHasher(auth.HasherConfig{Cost: c.BcryptCost})
	if err != nil {
		return nil, err
	}
	opened, err := OpenStore(ctx, c.Config, c.Logger)
	if err != nil {
		return nil, err
	}
	if err := opened.Migrate(ctx); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	site := brand.NewSettings(c.SiteSettings(), brand.Site{}, opened.SiteSettings, c.Logger)
	if err := site.Refresh(ctx); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	wording := mail.Composer{PublicURL: c.Origin(), Site: site.Site, Details: c.SMTPURL != ""}
	runtime := compete.Runtime{Clock: time.Now, NewID: newID, Log: c.Logger}
	return &Console{
		Operator: compete.NewOperator(compete.OperatorConfig{
			// Anyone with access to the command line can access the database too, and may choose any password.
			Runtime: runtime, Users: opened, Passwords: passwords, Rules: compete.PasswordRules{Any: true},
			Links: opened, Factors: opened,
			Wording: wording,
		}),
		FailedJobs: compete.NewFailedJobs(compete.FailedJobsConfig{Runtime: runtime, Store: opened}),
		config:     c, wording: wording, store: opened, passwords: passwords,
	}, nil
}

// SendTestMail sends a test email, as the site's admin page does. c.SMTPURL must be set. Errors are those of the mail
// server, or of reaching it.
func (c *Console) SendTestMail(ctx context.Context, address string) error {
	smtp, err := mail.NewSMTP(mail.SMTPConfig{
		URL: string(c.config.SMTPURL), From: c.config.MailFrom, Name: func() string { return c.wording.Site().Name },
		Logger: slog.New(slog.DiscardHandler), // the error says it
	})
	if err != nil {
		return err
	}
	defer smtp.Close()
	test, err := c.wording.Test(newID(), compete.NormalizeEmail(address))
	if err != nil {
		return err
	}
	if err := smtp.Send(ctx, test); err != nil {
		return err
	}
	now := time.Now()
	return c.store.SetSiteSettings(ctx, map[string]string{compete.NoteTestMail: now.Format(time.RFC3339)}, now)
}

// Close closes the database.
func (c *Console) Close() error { return c.store.Close() }

// Fill adds a large number of users, competitions and registrations, once. No server should use the database meanwhile.
// Three of the accounts have the demo's password.
func (c *Console) Fill(
	ctx context.Context, size fill.Size, progress func(what string, done, all int), step func(what string),
) error {
	if _, _, err := c.store.UserByEmail(ctx, fill.OrganizerEmail); !errors.Is(err, compete.ErrUserMissing) {
		return errors.Join(err, errors.New("this database has been filled before: use a new one"))
	}
	hash, err := c.passwords.Hash(ctx, demo.Password)
	if err != nil {
		return err
	}
	_, err = fill.Run(ctx, fill.Config{
		Store: c.store, Size: size, Now: time.Now(), PasswordHash: hash,
		Progress: progress, Step: step,
	})
	return err
}

// Seed adds the demo data, once. The workers must be running, since they confirm the registrations.
func (a *App) Seed(ctx context.Context) (added bool, err error) {
	return demo.Seed(ctx, demo.Config{
		Users: a.parts.users, Passwords: a.parts.passwords, Clock: a.config.Clock, NewID: newID,
		Open: func(clock func() time.Time) demo.Seats {
			p := a.parts
			p.Clock = clock
			r := registrar.New(registrar.Config{
				Ledger: a.store.Ledger(), Notifier: a.hub, Clock: clock,
				NewID: newID, Logger: a.log, Sealer: a.sealer,
			})
			competitions, registrations, teams := a.seats(p, r)
			return demo.Seats{
				Competitions: competitions, Registrations: registrations, Teams: teams, Registrar: r,
				Applications: a.applications(p, competitions),
				Draws: compete.NewDraws(compete.DrawsConfig{
					Runtime: p.Runtime, Store: a.store, Users: p.users, Competitions: competitions,
					Wording: a.mails.composer, Beacon: demo.Beacon{},
				}),
			}
		},
	})
}
