package app_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/telemetry/telemetrytest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// Each of several concurrent registrations has one trace from the request through the commit to the confirmation; the
// shared commit and job are linked.
func TestATraceFromThePressToTheConfirmation(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
		receiver := telemetrytest.Start(t)
		a := apptest.Start(t,
			apptest.Options{
				DatabaseURL: url,
				Settings:    func(c *config.Config) { c.OTLPEndpoint = config.URL(receiver.URL) },
			})
		competition := a.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 2, "waitlist": true})
		crowd := a.Crowd(3)
		var pressing sync.WaitGroup
		for i, participant := range crowd {
			pressing.Go(func() {
				answer := participant.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil,
					"X-Request-Id", fmt.Sprintf("press-%d", i))
				if answer.Status != http.StatusCreated {
					t.Errorf("got %d: %s", answer.Status, answer.Body)
				}
			})
		}
		pressing.Wait()
		for i := range crowd {
			var missing string
			apptest.Eventually(t, apptest.Patience, "the trace of a press is whole", func() bool {
				missing = missingFrom(receiver.Spans(), fmt.Sprintf("press-%d", i))
				return missing == ""
			})
			if missing != "" {
				t.Error(missing)
			}
		}
	})
}

// missingFrom returns what a registration's trace lacks.
func missingFrom(spans []telemetrytest.Span, requestID string) string {
	find := func(what string, is func(telemetrytest.Span) bool) (telemetrytest.Span, string) {
		for _, s := range spans {
			if is(s) {
				return s, ""
			}
		}
		return telemetrytest.Span{}, "there is no " + what
	}
	press, missing := find("press", func(s telemetrytest.Span) bool {
		return s.Name == "POST /api/competitions/{id}/register" &&
			telemetrytest.Attribute(s.Attributes, "request_id") == requestID
	})
	if missing != "" {
		return missing
	}
	command, missing := find("command in it", func(s telemetrytest.Span) bool {
		return s.Name == "registrar register" && s.Trace() == press.Trace() && s.Parent() == press.ID()
	})
	if missing != "" {
		return missing
	}
	if _, missing = find("commit", func(s telemetrytest.Span) bool {
		return s.Name == "registrar commit" && s.LinksTo(command) && command.LinksTo(s)
	}); missing != "" {
		return missing
	}
	message, missing := find("message", func(s telemetrytest.Span) bool {
		return (s.Name == "message confirmed" || s.Name == "message waitlisted") && s.Trace() == press.Trace() &&
			s.Parent() == command.ID()
	})
	if missing != "" {
		return missing
	}
	_, missing = find("job", func(s telemetrytest.Span) bool {
		return s.Name == "job notify" && s.LinksTo(command) && message.LinksTo(s)
	})
	return missing
}
