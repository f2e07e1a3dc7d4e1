package telemetry_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/jobs"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/telemetry"
)

func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	m.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(recorder.Body)
	if err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("%d, %v", recorder.Code, err)
	}
	return string(body)
}

func wantLines(t *testing.T, scraped string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(scraped, line+"\n") {
			t.Errorf("missing: %s", line)
		}
	}
	if t.Failed() {
		t.Logf("there is:\n%s", scraped)
	}
}

func TestMetrics(t *testing.T) {
	m := telemetry.NewMetrics("1.2.3")
	m.Request("api", http.MethodGet, "GET /api/competitions/{id}", http.StatusOK, 3*time.Millisecond)
	m.Request("api", http.MethodGet, "GET /api/competitions/{id}", http.StatusOK, 2*time.Second)
	m.Request("web", "BREW", "/", http.StatusNotFound, time.Millisecond)
	m.Request("web", http.MethodHead, "/readyz", http.StatusOK, time.Millisecond)
	m.Batch(registrar.Report{
		Commands: 12, Took: 4 * time.Millisecond, Accepted: 5, Waitlisted: 3, Replayed: 1,
		Failed: 1, Refused: map[string]int{"competition_full": 2},
	})
	m.Batch(registrar.Report{Commands: 1, Took: time.Millisecond})
	m.TurnedAway()
	m.Held(85 * time.Millisecond)
	m.Job("registration", jobs.OutcomeDone, time.Second, time.Millisecond)
	m.Job("reminder", jobs.OutcomeDead, time.Second, time.Millisecond)
	m.Job("unheard of", jobs.OutcomeDead, time.Second, time.Millisecond)
	m.Messages(8)
	m.Send(telemetry.SendRefused, time.Second)
	m.AddGauge("answer", "Of everything.", func() float64 { return 42 })
	wantLines(t, scrape(t, m),
		`minicompete_http_request_duration_seconds_count{listener="api",method="GET",route="/api/competitions/{id}",status="200"} 2`,
		`minicompete_http_request_duration_seconds_bucket{listener="api",method="GET",route="/api/competitions/{id}",status="200",le="0.005"} 1`,
		`minicompete_http_request_duration_seconds_count{listener="web",method="other",route="none",status="404"} 1`,
		`minicompete_http_request_duration_seconds_count{listener="web",method="HEAD",route="/readyz",status="200"} 1`,
		`minicompete_registrar_batch_commands_sum 13`,
		`minicompete_registrar_commit_seconds_count 2`,
		`minicompete_registrar_queue_full_total 1`,
		`minicompete_write_transaction_seconds_bucket{le="0.08"} 0`,
		`minicompete_write_transaction_seconds_bucket{le="0.09"} 1`,
		`minicompete_registrations_total{outcome="accepted"} 5`,
		`minicompete_registrations_total{outcome="waitlisted"} 3`,
		`minicompete_registrations_total{outcome="replayed"} 1`,
		`minicompete_registrations_total{outcome="refused"} 2`,
		`minicompete_registrations_total{outcome="failed"} 1`,
		`minicompete_registrations_refused_total{code="competition_full"} 2`,
		`minicompete_registrations_refused_total{code="already_registered"} 0`,
		`minicompete_job_attempts_total{outcome="done",queue="registration"} 1`,
		`minicompete_job_attempts_total{outcome="dead",queue="reminder"} 1`,
		`minicompete_job_attempts_total{outcome="put_back",queue="mail"} 0`,
		`minicompete_job_run_seconds_count{queue="registration"} 1`,
		`minicompete_mailbox_messages_total 8`,
		`minicompete_smtp_sends_total{outcome="refused"} 1`,
		`minicompete_smtp_sends_total{outcome="sent"} 0`,
		`minicompete_answer 42`,
		`minicompete_build_info{version="1.2.3"} 1`,
	)
	if !strings.Contains(scrape(t, m), "\ngo_goroutines ") {
		t.Error("nothing about the Go runtime")
	}
}

func TestProfiles(t *testing.T) {
	handler := telemetry.NewMetrics("").Handler()
	for _, path := range []string{
		"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/goroutine?debug=1",
		"/debug/pprof/cmdline",
	} {
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		if recorder.Code != http.StatusOK || recorder.Body.Len() == 0 {
			t.Errorf("%s: got %d with %d bytes", path, recorder.Code, recorder.Body.Len())
		}
	}
}

// The hot path: a request costs one map lookup, a batch a few additions.
func BenchmarkRequest(b *testing.B) {
	m := telemetry.NewMetrics("")
	b.ReportAllocs()
	for b.Loop() {
		m.Request("api", http.MethodPost, "POST /api/competitions/{id}/register", http.StatusCreated, time.Millisecond)
	}
}

func BenchmarkBatch(b *testing.B) {
	m := telemetry.NewMetrics("")
	report := registrar.Report{Commands: 256, Took: time.Millisecond, Accepted: 256}
	b.ReportAllocs()
	for b.Loop() {
		m.Batch(report)
	}
}
