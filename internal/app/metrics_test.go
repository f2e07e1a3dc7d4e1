package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// fetch returns a listener's response, starting with the status.
func fetch(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", response.StatusCode, body)
}

// value returns a series' value in a scrape.
func value(scraped, series string) (float64, bool) {
	_, rest, found := strings.Cut(scraped, "\n"+series+" ")
	number, _, _ := strings.Cut(rest, "\n")
	v, err := strconv.ParseFloat(number, 64)
	return v, found && err == nil
}

// Metrics reflect what happened, from the request to the message, without labels made of user input.
func TestMetricsTellWhatHappened(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		a := apptest.Start(t,
			apptest.Options{DatabaseURL: url, Settings: func(c *config.Config) { c.MetricsAddr = "127.0.0.1:0" }})
		competition := a.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 2, "waitlist": true})
		full := a.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 1})
		crowd := a.Crowd(3)
		for i, participant := range crowd {
			key := fmt.Sprintf("metrics-%d", i)
			participant.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil, "Idempotency-Key",
				key).Want(t, http.StatusCreated)
		}
		crowd[0].Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil, "Idempotency-Key",
			"metrics-0").Want(t, http.StatusCreated)
		crowd[0].Do(http.MethodPost, "/api/competitions/"+full+"/register", nil).Want(t, http.StatusCreated)
		crowd[1].Do(http.MethodPost, "/api/competitions/"+full+"/register", nil).Want(t, http.StatusConflict)
		crowd[1].Do(http.MethodGet, "/api/no-such-place", nil).Want(t, http.StatusNotFound)
		stream, err := http.Get(a.APIURL + "/api/competitions/" + full + "/live")
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Body.Close()

		metrics := "http://" + a.Addr(app.EndpointMetrics)
		const requests = `minicompete_http_request_duration_seconds_count`
		for series, want := range map[string]float64{
			`minicompete_registrations_total{outcome="accepted"}`:                                            3,
			`minicompete_registrations_total{outcome="waitlisted"}`:                                          1,
			`minicompete_registrations_total{outcome="replayed"}`:                                            1,
			`minicompete_registrations_total{outcome="refused"}`:                                             1,
			`minicompete_registrations_refused_total{code="competition_full"}`:                               1,
			`minicompete_registrar_batch_commands_sum`:                                                       6,
			`minicompete_registrar_queue_depth`:                                                              0,
			`minicompete_mailbox_messages_total`:                                                             4,
			`minicompete_oldest_pending_seconds`:                                                             0,
			`minicompete_dead_letters`:                                                                       0,
			`minicompete_open_streams`:                                                                       1,
			`minicompete_write_transaction_seconds_count`:                                                    -1,
			`go_sql_max_open_connections{db_name="reader"}`:                                                  -1, // any
			`minicompete_job_run_seconds_count{queue="registration"}`:                                        -1,
			requests + `{listener="api",method="POST",route="/api/competitions/{id}/register",status="201"}`: 5,
			requests + `{listener="api",method="POST",route="/api/competitions/{id}/register",status="409"}`: 1,
			requests + `{listener="api",method="GET",route="none",status="404"}`:                             1,
		} {
			apptest.Eventually(t, apptest.Patience, fmt.Sprintf("%s is %v", series, want), func() bool {
				v, found := value(fetch(t, metrics+"/metrics"), series)
				return found && (v == want || want < 0 && v > 0)
			})
		}
		if scraped := fetch(t, metrics+"/metrics"); strings.Contains(scraped, competition) ||
			strings.Contains(scraped, "no-such-place") {
			t.Error("an id or a path as it was typed is in the metrics")
		}
		for _, base := range []string{a.WebURL, a.APIURL, metrics} {
			for _, probe := range []string{"/livez", "/readyz"} {
				if got := fetch(t, base+probe); got != "200 ok\n" {
					t.Errorf("%s%s: got %q", base, probe, got)
				}
			}
		}
	})
}
