package api_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/testservices"
)

// With a database that accepts requests but doesn't answer, every route that needs it fails within seconds and says
// when to retry. No request waits for a network timeout: the database keeps quiet until all are answered.
func TestEveryRouteWithADatabaseThatHangs(t *testing.T) {
	t.Parallel() // it mostly waits for timeouts
	testservices.OnlyPostgres(t, func(t *testing.T, databaseURL string) {
		through, proxy := testservices.BehindProxy(t, databaseURL)
		w := newWorld(t, through)
		type prepared struct {
			operation
			request
			token string
		}
		var requests []prepared
		for _, o := range w.operations() {
			r := prepared{operation: o}
			best := http.StatusInternalServerError
			// permitted roles need the database; others may be refused without it
			for role, status := range matrix[o.id].statuses {
				if status < best && status != http.StatusForbidden {
					r.token, best = w.tokens[role], status
				}
			}
			r.request = w.requestFor(o)
			requests = append(requests, r)
		}

		proxy.Silence()
		var all sync.WaitGroup
		for _, r := range requests {
			all.Go(func() {
				got := w.call(r.method, r.request.path, r.token, r.body, r.headers...)
				if r.id == "greeting" {
					if got.status != http.StatusOK {
						t.Errorf("%s, which needs no database: got %d %s", r.id, got.status, got.body)
					}
					return
				}
				if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
					t.Errorf("%s: got %d, Retry-After %q, %s", r.id, got.status, got.header.Get("Retry-After"),
						got.body)
				}
				var p problem.Problem
				// which has its own body
				if r.id != "health" && (json.Unmarshal([]byte(got.body), &p) != nil ||
					p.Code != "database_unavailable") {
					t.Errorf("%s: got %s, want the problem database_unavailable", r.id, got.body)
				}
			})
		}
		all.Wait()

		proxy.Speak()
		apptest.Eventually(t, apptest.Patience, "the account can be read again", func() bool {
			return w.call("GET", "/api/auth/me", w.tokens[participant], "").status == http.StatusOK
		})
	})
}
