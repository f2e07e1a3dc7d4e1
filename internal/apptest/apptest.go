// Package apptest boots the whole program for a test, on free ports and a fresh database, with clients that are logged
// in by role.
//
// It is imported by tests alone. Everything in it goes through the front door, except accounts in bulk.
package apptest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// Secret keys the tokens of every test's app.
const Secret = "a secret for tests, known to all!"

// Patience is how long a test waits for what should happen soon. It is long, for a machine under load; a test that
// passes doesn't use it up.
const Patience = time.Minute

// stopTimeout is how long a test's app may take to stop.
const stopTimeout = 20 * time.Second

// Options says how a test's app differs from the usual: SQLite, no Redis, the real clock, every role, all on free
// ports.
type Options struct {
	DatabaseURL     string // empty: a fresh SQLite file
	RedisURL        string
	Clock           func() time.Time
	Demo            bool                 // the demo data, and the pages that only the demo has
	StrictPasswords bool                 // refuse those that are easy to guess
	Settings        func(*config.Config) // changes what Config made of the above
	Wrap            app.Wrap             // stands between the domain and what it is given

	// RedisTimeout is how long a request waits for Redis. 0: as long as a busy machine may take, for a test in which
	// Redis answers.
	RedisTimeout time.Duration
}

// Config is the settings of a test's app.
func Config(t testing.TB, o Options) config.Config {
	t.Helper()
	if o.DatabaseURL == "" {
		o.DatabaseURL = testservices.DatabaseURL(t, testservices.KindSQLite)
	}
	c := config.Default()
	c.DatabaseURL, c.RedisURL = config.URL(o.DatabaseURL), config.URL(o.RedisURL)
	c.WebAddr, c.APIAddr = "127.0.0.1:0", "127.0.0.1:0"
	c.JWTSecret, c.BcryptCost = Secret, bcrypt.MinCost
	c.QueueTimeout = 30 * time.Second // a busy machine takes its time
	if o.Settings != nil {
		o.Settings(&c)
	}
	return c
}

// App is a running program.
type App struct {
	*app.App
	// WebURL and APIURL are where the pages and the API answer, without a slash at the end.
	WebURL, APIURL string

	t    testing.TB
	http *http.Client
	stop func() error
}

// Start runs the program until the test ends. Its log is shown when the test fails.
func Start(t testing.TB, o Options) *App {
	t.Helper()
	settings := Config(t, o)
	started, err := app.New(t.Context(), app.Config{
		Config: settings, Version: "test", Demo: o.Demo, AnyPassword: !o.StrictPasswords, Wrap: o.Wrap, Clock: o.Clock,
		Logger: app.NewLogger(settings, t.Output()), RedisTimeout: cmp.Or(o.RedisTimeout, Patience),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := started.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o.Demo {
		if _, err := started.Seed(t.Context()); err != nil {
			t.Fatal(errors.Join(err, started.Stop(context.WithoutCancel(t.Context()))))
		}
	}
	a := &App{
		App: started, t: t,
		WebURL: "http://" + started.Addr(app.EndpointWeb), APIURL: "http://" + started.Addr(app.EndpointAPI),
		http: &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 512},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			},
		},
		stop: sync.OnceValue(func() error {
			ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
			defer cancel()
			return started.Stop(ctx)
		}),
	}
	t.Cleanup(func() {
		a.http.CloseIdleConnections()
		if err := a.Stop(); err != nil {
			t.Errorf("the stop was not clean: %v", err)
		}
	})
	return a
}

// Stop stops the program, once, as SIGTERM does.
func (a *App) Stop() error { return a.stop() }

// Eventually waits until a condition holds, looking at it again every few milliseconds, and fails the test when it
// takes too long.
func Eventually(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("after %v it still does not hold: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// drain reads an answer to its end, so that its connection can be used again.
func drain(body io.ReadCloser) ([]byte, error) {
	defer body.Close()
	return io.ReadAll(body)
}
