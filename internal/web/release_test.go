package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestReleaseOfTeams decides about teams that take one seat each: warnings and the preview count teams, and the
// messages to all members. What no longer applied at the release isn't counted as released.
func TestReleaseOfTeams(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, b := s.organized()
		id := organizer.Create(map[string]any{
			"admission": "REVIEW", "startDate": "2126-05-08T08:00:00Z", "capacity": 1,
			"team": map[string]any{"max": 3, "seatUnit": "TEAM"},
		})
		type registration struct{ ID, TeamID string }
		apply := func(team map[string]any) (r registration, who *apptest.Client) {
			who = s.As(compete.RoleParticipant)
			who.Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{"team": team}).
				Want(t, http.StatusCreated).JSON(t, &r)
			return r, who
		}
		gophers, _ := apply(map[string]any{"name": "The Gophers"})
		var team struct{ Code string }
		organizer.Get("/api/teams/"+gophers.TeamID, &team)
		apply(map[string]any{"code": team.Code})
		crabs, captain := apply(map[string]any{"name": "The Crabs"})

		inbox := "/competitions/" + id + "/applications"
		b.leads(b.post(inbox, "id", gophers.ID, "id", crabs.ID, "decision", "ADMIT"), inbox)
		b.want(b.get(inbox), http.StatusOK, "You&#39;re admitting 2 teams, but only 1 seat is left.")
		b.leads(b.post(inbox, "id", crabs.ID, "decision", "REJECT"), inbox)
		got := b.want(b.get(inbox+"/release"), http.StatusOK, "Admit: 1 team, 2 messages",
			"Don&#39;t admit: 1 team, 1 message", "Every member of the teams below gets one message.")
		if strings.Contains(got.text, "1 person") {
			t.Error("the preview speaks of people")
		}
		captain.Do(http.MethodDelete, "/api/registrations/"+crabs.ID, nil).Want(t, http.StatusOK)
		b.leads(b.post(inbox+"/release"), inbox)
		apptest.Eventually(t, apptest.Patience, "the release is done", func() bool {
			return strings.Contains(b.get(inbox).text, "Last released")
		})
		b.want(b.get(inbox), http.StatusOK, ": 1 decision.")
	})
}
