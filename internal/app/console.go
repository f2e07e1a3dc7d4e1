package app

import (
	"context"
	"errors"
	"time"

	"minicompete/internal/auth"
	"minicompete/internal/compete"
	"minicompete/internal/demo"
	"minicompete/internal/jobs"
	"minicompete/internal/registrar"
	"minicompete/internal/store"
)

// Console is the part of the domain that commands beside a running server need: accounts and dead letters. It serves nothing,
// works no jobs, and needs neither Redis nor the secret of the tokens.
type Console struct {
	*compete.Service
	store *store.Store
}

// OpenConsole opens the database, and brings its schema up to date, so that the first admin can be made before the first start.
func OpenConsole(ctx context.Context, c Config) (*Console, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	passwords, err := auth.NewHasher(auth.HasherConfig{Cost: c.BcryptCost})
	if err != nil {
		return nil, err
	}
	opened, err := OpenStore(ctx, c.DatabaseURL, c.Logger)
	if err != nil {
		return nil, err
	}
	queue, err := jobs.New(jobs.Config{
		DB: opened.Writer(), SQLite: opened.Kind() == store.SQLite, Logger: c.Logger, MaxAttempts: c.JobMaxAttempts, Backoff: c.JobBackoff,
	})
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	opened.Queued, opened.Requeue = queue.Queued, queue.RequeueTx
	if err := opened.Migrate(ctx); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return &Console{
		// Whoever has the command line has the database too, so the password is their business.
		Service: &compete.Service{
			Users: opened, Site: opened, DeadLetters: opened, Links: opened, Passwords: passwords, AnyPassword: true, Clock: time.Now, NewID: newID,
		},
		store: opened,
	}, nil
}

// Close closes the database.
func (c *Console) Close() error { return c.store.Close() }

// Seed adds the demo data, once. The app must be started: its workers confirm the registrations.
func (a *App) Seed(ctx context.Context) (added bool, err error) {
	service := *a.service
	service.AnyPassword = true // everybody knows those of the demo
	return demo.Seed(ctx, demo.Config{
		Service: &service,
		NewRegistrar: func(clock func() time.Time) demo.Registrar {
			return registrar.New(registrar.Config{Ledger: a.store.Ledger(), Notifier: a.hub, Clock: clock, NewID: newID, Logger: a.log})
		},
	})
}
