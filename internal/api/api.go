// Package api is the REST API: routes, request and response types, problem documents and the OpenAPI document.
//
// It owns what is special about HTTP: authentication by bearer token, conditional requests, idempotency keys,
// pagination links, CSV, server-sent events. Every rule of the domain is behind compete.Services. Request ids, logs,
// panic recovery and the server's own timeouts belong to package server.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/live"
)

// Config is what the API needs. All fields are needed but CORSOrigins.
type Config struct {
	compete.Services
	Clock       func() time.Time
	Auth        Auth
	Live        *live.Hub
	Health      func(context.Context) []Check
	CORSOrigins []string // "https://example.org", or "*" for every origin; none: no cross-origin answers
	Logger      *slog.Logger
	PublicURL   string            // of the pages, without a slash at its end
	Site        func() brand.Site // as it is now; nil: an unbranded one
	Version     string            // of the program, as the OpenAPI document names it
}

// Auth makes and reads the API's tokens.
type Auth interface {
	IssueToken(ctx context.Context, u compete.User) (string, error)
	// Token finds who a bearer token stands for. It fails with ErrUnauthorized or ErrAccountDisabled.
	Token(ctx context.Context, bearer string) (compete.Actor, error)
	// End ends the actor's login.
	End(ctx context.Context, a compete.Actor) error
}

// api is the built API: its handlers are its methods.
type api struct {
	Config
	huma    huma.API
	streams *live.Feed
	served  atomic.Pointer[servedDocument]
}

// New builds the handler of everything under /api. It serves full paths, so it can be mounted on several listeners as
// it is.
func New(config Config) http.Handler {
	mux := http.NewServeMux()
	a := newAPI(config, mux)
	a.registerDocs(mux)
	return a.beforeRouting(mux)
}

func newAPI(config Config, mux *http.ServeMux) *api {
	a := &api{Config: config, streams: config.Live.Feed(seatsEvent)}
	a.huma = jsonOnly{humago.New(calendarMux{mux}, document(config.Version))}
	a.registerAccounts()
	a.registerSessions()
	a.registerFactors()
	a.registerMails()
	a.registerCompetitions()
	a.registerCalendar()
	a.registerCovers()
	a.registerRegistrations()
	a.registerMailbox()
	a.registerLive()
	a.registerAdmin()
	a.registerAudit()
	a.registerHealth()
	return a
}
