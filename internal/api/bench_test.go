package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
)

// instantRegistrar registers without a database: what is left is the API's own cost.
type instantRegistrar struct{ compete.Registrar }

func (instantRegistrar) Register(_ context.Context, c compete.RegisterCommand) (compete.RegistrationOutcome, error) {
	return compete.RegistrationOutcome{
		Registration: compete.Registration{
			RegistrationState: compete.RegistrationState{
				ID: someID, CompetitionID: c.CompetitionID, Status: compete.RegistrationPending, Seq: 1,
				RegisteredAt: noon, UpdatedAt: noon,
			},
			UserID: c.Actor.UserID,
		},
		Competition: aCompetition(),
	}, nil
}

// discard is a ResponseWriter that keeps nothing but the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

func benchmark(b *testing.B, want int, request func() *http.Request) {
	config := configWith(competetest.Parts{Registrar: instantRegistrar{}})
	handler := New(config)
	b.ReportAllocs()
	for b.Loop() {
		w := &discard{header: http.Header{}}
		if handler.ServeHTTP(w, request()); w.status != want {
			b.Fatalf("got %d, want %d", w.status, want)
		}
	}
}

func BenchmarkRegister(b *testing.B) {
	benchmark(b, http.StatusCreated, func() *http.Request {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/api/competitions/"+someID+"/register",
			strings.NewReader("{}"))
		r.Header = http.Header{
			"Authorization": {"Bearer participant"}, "Idempotency-Key": {someID},
			"Content-Type": {"application/json"},
		}
		return r
	})
}

func BenchmarkGetCompetition(b *testing.B) {
	benchmark(b, http.StatusOK, func() *http.Request {
		return httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/competitions/"+someID, nil)
	})
}

func BenchmarkListCompetitions(b *testing.B) {
	benchmark(b, http.StatusOK, func() *http.Request {
		return httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/competitions?sort=filling", nil)
	})
}

// BenchmarkNothing is what the benchmarks themselves cost.
func BenchmarkNothing(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = &discard{header: http.Header{}}
		_ = httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/api/competitions/"+someID, nil)
	}
}
