// Package apptest starts the whole program for a test, on free ports and a fresh database, with clients logged in by
// role.
//
// Only tests import it. It uses the API and pages for everything except creating accounts in bulk.
package apptest

import (
	"cmp"
	"context"
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

// Secret signs the tokens of every test's app.
const Secret = "a secret for tests, known to all!"

// Patience is how long a test waits for something that should happen soon. It is long, for machines under load; a
// passing test never waits that long.
const Patience = 5 * time.Minute

// Options are the differences from the default: SQLite, no Redis, the real clock, every role, all on free ports.
type Options struct {
	DatabaseURL     string // empty means a fresh SQLite file
	RedisURL        string
	Clock           func() time.Time
	Demo            bool                 // adds the demo data, and the pages that only a demo has
	StrictPasswords bool                 // refuses passwords that are easy to guess
	Settings        func(*config.Config) // modifies the configuration made from the above
	Wrap            app.Wrap             // wraps dependencies of the domain

	// RedisTimeout is how long a request waits for Redis. 0 means a time that suits a busy machine, for tests in which
	// Redis answers.
	RedisTimeout time.Duration
}

// Config returns the settings of a test's app.
func Config(t testing.TB, o Options) config.Config {
	t.Helper()
	if o.DatabaseURL == "" {
		o.DatabaseURL = testservices.DatabaseURL(t, testservices.KindSQLite)
	}
	c := config.Default()
	c.DatabaseURL, c.RedisURL = config.URL(o.DatabaseURL), config.URL(o.RedisURL)
	c.WebAddr, c.APIAddr = "127.0.0.1:0", "127.0.0.1:0"
	c.JWTSecret, c.BcryptCost = Secret, bcrypt.MinCost
	c.QueueTimeout = 30 * time.Second // a busy machine is slow
	if o.Settings != nil {
		o.Settings(&c)
	}
	return c
}

// App is a running program.
type App struct {
	*app.App
	// WebURL and APIURL are the addresses of the pages and the API, without a trailing slash.
	WebURL, APIURL string

	t    testing.TB
	http *http.Client
	stop func() error
}

// Start runs the program until the test ends. Its log is shown if the test fails.
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
			ctx, cancel := context.WithTimeout(context.Background(), Patience)
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

// Eventually polls a condition every few milliseconds until it holds, and fails the test if that takes too long.
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

// drain reads a response to its end, so that its connection can be reused.
func drain(body io.ReadCloser) ([]byte, error) {
	defer body.Close()
	return io.ReadAll(body)
}
