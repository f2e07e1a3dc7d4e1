// Package replica decides which requests a read replica of the database may answer, and makes sure that people still
// see what they have written.
//
// The two tables below list these requests. The replica may answer those of their reads that the store makes with its
// replicated handle. Package sqldb knows whether the replica is available and how far it is.
package replica

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// pages lists the pages that may lag: lists, searches, and public pages. It omits decisions (logins, links), edit forms
// (which need the newest state), what a page fetches because it was notified of a change (/stand, /mailbox), and the
// notifications themselves (/live).
var pages = []string{
	"GET /{$}",
	"GET /competitions",
	"GET /competitions/{id}",
	"GET /competitions/{id}/registrations",
	"GET /competitions/{id}/registrations.csv",
	"GET /competitions/{id}/registrations/print",
	"GET /dashboard",
	"GET /admin",
}

// routes lists the routes of the API that may lag.
var routes = []string{
	"GET /api/competitions",
	"GET /api/competitions/{id}",
	"GET /api/competitions/{id}/registrations",
	"GET /api/competitions/my-competitions",
	"GET /api/competitions/registrations/my",
	"GET /api/users/me/registrations",
	"GET /api/admin/users",
}

// Config contains the dependencies and settings of Reads.
type Config struct {
	// Position returns the end of the database's log. Everything acknowledged before the call is before that position.
	Position func(context.Context) (sqldb.Position, error)
	// MaxLag is the maximum lag of a replica that is used.
	MaxLag time.Duration
	// Secure restricts the cookie to https.
	Secure bool
}

// Reads lets a replica answer some requests.
type Reads struct {
	config        Config
	pages, routes *http.ServeMux
}

// New creates Reads.
func New(c Config) *Reads { return &Reads{config: c, pages: table(pages), routes: table(routes)} }

func table(patterns []string) *http.ServeMux {
	mux := http.NewServeMux()
	for _, pattern := range patterns {
		mux.Handle(pattern, http.NotFoundHandler()) // only used to find the matching pattern
	}
	return mux
}

func listed(table *http.ServeMux, r *http.Request) bool {
	_, pattern := table.Handler(r)
	return pattern != ""
}

// Pages lets browsers see what they have just written. The response to every request except reads sets a cookie with
// the end of the log, and a replica only answers the browser's next reads if it has replayed the log up to there. The
// cookie works with every process. It lasts until each replica either has the writes or isn't used because it lags
// behind.
func (m *Reads) Pages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case writes(r):
			marking := &marking{ResponseWriter: w, mark: func(status int) { m.mark(w, r, status) }}
			// for a panic; otherwise the status that net/http sends for an empty response
			defer marking.begin(http.StatusInternalServerError)
			next.ServeHTTP(marking, r)
			marking.begin(http.StatusOK)
		case listed(m.pages, r):
			m.lag(next, w, r, func(context.Context) (sqldb.Position, error) { return m.marked(r), nil })
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// API lets clients with a token see everything written before their request, since they keep no cookies and may have
// written through another process. Clients without a token can't have written anything.
func (m *Reads) API(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !listed(m.routes, r):
			next.ServeHTTP(w, r)
		case r.Header.Get("Authorization") != "":
			m.lag(next, w, r, m.config.Position)
		default:
			m.lag(next, w, r, func(context.Context) (sqldb.Position, error) { return 0, nil })
		}
	})
}

func writes(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions
}

func (m *Reads) lag(
	next http.Handler, w http.ResponseWriter, r *http.Request, from func(context.Context) (sqldb.Position, error),
) {
	lagging := r.WithContext(sqldb.MayLag(r.Context(), from))
	defer func() { r.Pattern = lagging.Pattern }() // for logs and metrics
	next.ServeHTTP(w, lagging)
}

// cookieName returns the name of the cookie; over https it has a prefix, like the cookies of package web.
func (m *Reads) cookieName() string {
	if m.config.Secure {
		return "__Host-written"
	}
	return "written"
}

// base is the base of the number in the cookie.
const base = 36

// spare is how much longer than necessary the cookie lasts.
const spare = 5 * time.Second

// mark sets the cookie. Whether a failed write took effect is unknown, and so is a write's position if the database
// doesn't return it. In these cases no replica is used for a while.
func (m *Reads) mark(w http.ResponseWriter, r *http.Request, status int) {
	position := sqldb.Unreached
	if status < http.StatusInternalServerError {
		if end, err := m.config.Position(r.Context()); err == nil {
			position = end
		}
	}
	life := int(math.Ceil((m.config.MaxLag + spare).Seconds()))
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever the site is reached over https
		Name: m.cookieName(), Value: strconv.FormatUint(uint64(position), base), Path: "/", MaxAge: life,
		HttpOnly: true, Secure: m.config.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// marked reads the cookie. It isn't signed: people who change theirs only make the database itself answer, or see their
// own writes late.
func (m *Reads) marked(r *http.Request) sqldb.Position {
	cookie, err := r.Cookie(m.cookieName())
	if err != nil {
		return 0
	}
	position, err := strconv.ParseUint(cookie.Value, base, 64)
	if err != nil {
		return sqldb.Unreached
	}
	return sqldb.Position(position)
}

// marking sets the cookie when the response begins, when everything written is committed.
type marking struct {
	http.ResponseWriter
	mark  func(status int)
	begun bool
}

func (w *marking) begin(status int) {
	if !w.begun && status >= http.StatusOK { // 1xx precede the final response
		w.begun = true
		w.mark(status)
	}
}

func (w *marking) WriteHeader(status int) {
	w.begin(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *marking) Write(p []byte) (int, error) {
	w.begin(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher, for handlers that look for it.
func (w *marking) Flush() {
	w.begin(http.StatusOK)
	_ = http.NewResponseController(w.ResponseWriter).Flush() // the client may be gone
}

// Unwrap lets http.ResponseController reach deadlines.
func (w *marking) Unwrap() http.ResponseWriter { return w.ResponseWriter }
