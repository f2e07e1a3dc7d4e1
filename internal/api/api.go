// Package api is the REST API: routes, request and response types, problem documents and the OpenAPI document.
//
// It handles what is specific to HTTP: bearer tokens, conditional requests, idempotency keys, pagination links, CSV,
// server-sent events. Every rule of the domain is behind compete.Services. Request ids, logs, panic recovery and the
// server's timeouts belong to package server.
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

// Config configures the API. All fields but CORSOrigins are required.
type Config struct {
	compete.Services
	Clock       func() time.Time
	Auth        Auth
	Live        *live.Hub
	Health      func(context.Context) []Check
	CORSOrigins []string // "https://example.org", or "*" for every origin; empty forbids cross-origin requests
	Logger      *slog.Logger
	PublicURL   string            // of the pages, without a trailing slash
	Site        func() brand.Site // the current branding; nil for an unbranded site
	Version     string            // of the program, for the OpenAPI document
}

// Auth issues and checks the API's tokens.
type Auth interface {
	IssueToken(ctx context.Context, u compete.User) (string, error)
	// Token returns the actor that a bearer token belongs to. It fails with ErrUnauthorized or ErrAccountDisabled.
	Token(ctx context.Context, bearer string) (compete.Actor, error)
	// End ends the actor's login.
	End(ctx context.Context, a compete.Actor) error
}

// api holds the dependencies of the handlers, which are its methods.
type api struct {
	Config
	huma    huma.API
	streams *live.Feed
	served  atomic.Pointer[servedDocument]
}

// New returns the handler of everything under /api. It serves full paths, so it can be mounted on several listeners
// unchanged.
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
	a.registerDecisions()
	a.registerReviews()
	a.registerDraws()
	a.registerMailbox()
	a.registerLive()
	a.registerAdmin()
	a.registerAudit()
	a.registerHealth()
	a.openResponses()
	return a
}
