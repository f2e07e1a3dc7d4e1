package api

import (
	"net/http"
	"path"
	"strings"

	"github.com/rs/cors"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
)

var errUnknownRoute = problem.New(http.StatusNotFound, "not_found",
	"This API has no such route. See /api/docs for all routes.")

// beforeRouting handles every request before routing: CORS, the body limit, and problem documents for unknown paths and
// methods.
func (a *api) beforeRouting(mux *http.ServeMux) http.Handler {
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { refuseUnrouted(mux, w, r) })
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !cleanPath(r.URL.Path) { // the mux would redirect with an HTML body
			problem.Write(w, errUnknownRoute)
			return
		}
		limit, tooLarge := int64(maxBody), errBodyTooLarge
		if isUpload(r) {
			limit, tooLarge = compete.MaxCoverUpload, errCoverBodyTooLarge
		}
		if r.ContentLength > limit {
			problem.Write(w, tooLarge)
			return
		}
		if r.ContentLength < 0 {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
		}
		mux.ServeHTTP(w, routable(r))
	})
	return withCORS(a.CORSOrigins, handler)
}

// Busy returns the handler for requests that don't get their turn: a problem document with status 503.
func Busy(c Config) http.Handler {
	return withCORS(c.CORSOrigins,
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { problem.Write(w, compete.ErrBusy) }))
}

func withCORS(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: methods,
		AllowedHeaders: []string{"*"}, // a list would have to come in the order in which browsers send it
		ExposedHeaders: []string{
			"Link", "ETag", "Location", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining",
			"RateLimit-Reset", "Idempotency-Replayed", "X-Request-Id",
		},
		MaxAge: 600,
	}).Handler(next)
}

func cleanPath(p string) bool {
	return !strings.Contains(p, "//") && (!strings.Contains(p, "/.") || path.Clean(p) == p)
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
	http.MethodPatch, http.MethodDelete,
}

// refuseUnrouted responds to requests that match no route: 405 with Allow if the path supports other methods, otherwise
// 404.
func refuseUnrouted(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	var allowed []string
	probe := *r
	for _, probe.Method = range methods {
		if _, pattern := mux.Handler(&probe); pattern != "/" {
			allowed = append(allowed, probe.Method)
		}
	}
	if len(allowed) == 0 {
		problem.Write(w, errUnknownRoute)
		return
	}
	allow := strings.Join(allowed, ", ")
	w.Header().Set("Allow", allow)
	problem.Write(w, problem.New(http.StatusMethodNotAllowed, "method_not_allowed",
		"This route only accepts "+allow+"."))
}
