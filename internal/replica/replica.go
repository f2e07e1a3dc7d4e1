// Package replica decides which requests a read replica of the database may answer, and has people see what they have
// written nevertheless.
//
// The two tables below list these requests; of their reads, the store lets a replica answer those that it reads by its
// replicated handle. Whether the replica is there and how far it is, package sqldb knows.
package replica

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// pages are the pages that may lag: lists, searches, and what everybody looks at. Left out is what decides (logins,
// links), what is edited there and then (a form has the newest state), what a page fetches because it was told that
// something has changed (/stand, /mailbox), and what tells of it (/live).
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

// routes are the routes of the API that may lag.
var routes = []string{
	"GET /api/competitions",
	"GET /api/competitions/{id}",
	"GET /api/competitions/{id}/registrations",
	"GET /api/competitions/my-competitions",
	"GET /api/competitions/registrations/my",
	"GET /api/users/me/registrations",
	"GET /api/admin/users",
}

// Config says what is needed.
type Config struct {
	// Position is the end of the database's log: what was acknowledged before the call is before it.
	Position func(context.Context) (sqldb.Position, error)
	// MaxLag is how far behind a replica may be that answers.
	MaxLag time.Duration
	// Secure has the cookie sent over https alone.
	Secure bool
}

// Reads are the requests that a replica may answer.
type Reads struct {
	config        Config
	pages, routes *http.ServeMux
}

// New makes the tables.
func New(c Config) *Reads { return &Reads{config: c, pages: table(pages), routes: table(routes)} }

func table(patterns []string) *http.ServeMux {
	mux := http.NewServeMux()
	for _, pattern := range patterns {
		mux.Handle(pattern, http.NotFoundHandler()) // it's only asked which one matches
	}
	return mux
}

func listed(table *http.ServeMux, r *http.Request) bool {
	_, pattern := table.Handler(r)
	return pattern != ""
}

// Pages has a browser that has just written see that: the answer to everything but a read brings a cookie with the end
// of the log, and a replica answers the browser's next reads only when it has replayed the log up to there. The cookie
// works in whichever process the next request comes to. It lasts until every replica that is used has that, or isn't
// used for lagging behind.
func (m *Reads) Pages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case writes(r):
			marking := &marking{ResponseWriter: w, mark: func(status int) { m.mark(w, r, status) }}
			// for a panic; else what net/http sends for an empty answer
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

// API has a client with a token see everything that was written before its request: it keeps no cookies, and may have
// written through another process. Without a token, nobody has written.
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
	defer func() { r.Pattern = lagging.Pattern }() // which logs and metrics tell
	next.ServeHTTP(w, lagging)
}

// cookieName is the name of the cookie; over https it has a prefix, as those of package web.
func (m *Reads) cookieName() string {
	if m.config.Secure {
		return "__Host-written"
	}
	return "written"
}

// base of the number in the cookie.
const base = 36

// spare is how much longer than necessary the cookie lasts.
const spare = 5 * time.Second

// mark sets the cookie. What became of a write that failed isn't known, nor where it is when the database doesn't say:
// then no replica answers for a while.
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

// marked reads the cookie. It's plain: whoever changes theirs has the database itself answer, or sees their own writes
// late.
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

// marking sets the cookie when the answer begins: what was written is committed by then.
type marking struct {
	http.ResponseWriter
	mark  func(status int)
	begun bool
}

func (w *marking) begin(status int) {
	if !w.begun && status >= http.StatusOK { // 1xx come before the answer
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

// Flush is for handlers that look for http.Flusher.
func (w *marking) Flush() {
	w.begin(http.StatusOK)
	_ = http.NewResponseController(w.ResponseWriter).Flush() // the client may be gone
}

// Unwrap lets http.ResponseController reach deadlines.
func (w *marking) Unwrap() http.ResponseWriter { return w.ResponseWriter }
