package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestRejectedMateDoesNotCount rejects one of the two members of a team: it is shown as too small, and its captain may
// leave without handing over to somebody who can't become captain.
func TestRejectedMateDoesNotCount(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, captain, mate := s.As(compete.RoleOrganizer), s.As(compete.RoleParticipant),
			s.As(compete.RoleParticipant)
		id := organizer.Create(map[string]any{
			"admission": "REVIEW", "startDate": "2126-05-08T08:00:00Z",
			"team": map[string]any{"min": 2, "max": 3, "dropIncomplete": true},
		})
		register, page := "/api/competitions/"+id+"/register", "/competitions/"+id
		var team struct{ ID, TeamID string }
		captain.Do(http.MethodPost, register, map[string]any{"team": map[string]any{"name": "The Gophers"}}).
			Want(t, http.StatusCreated).JSON(t, &team)
		var code struct{ Code string }
		captain.Get("/api/teams/"+team.TeamID, &code)
		var joined struct{ ID string }
		mate.Do(http.MethodPost, register, map[string]any{"team": map[string]any{"code": code.Code}}).
			Want(t, http.StatusCreated).JSON(t, &joined)

		b := s.browser(t)
		b.leads(b.post("/auth/login", "email", captain.User.Email, "password", apptest.Password), "/dashboard")
		const full, few = "2 of 3 members.", "1 member. Teams have 2 to 3."
		b.want(b.get("/teams/"+team.TeamID), http.StatusOK, full, "Make captain", "Make someone else captain before")
		b.want(b.get(page), http.StatusOK, full)
		b.leads(b.get(page+"/withdraw"), "/teams/"+team.TeamID)
		b.get("/teams/" + team.TeamID) // dismiss the message

		decisions := "/api/competitions/" + id + "/decisions"
		organizer.Do(http.MethodPost, decisions, map[string]any{
			"items": []map[string]any{{"registrationId": joined.ID, "decision": "REJECT"}},
		}).Want(t, http.StatusOK)
		organizer.Do(http.MethodPost, decisions+"/release", nil).Want(t, http.StatusAccepted)
		apptest.Eventually(t, apptest.Patience, "the mate is rejected", func() bool {
			var mine []struct{ Status string }
			mate.Get("/api/users/me/registrations", &mine)
			return mine[0].Status == "REJECTED"
		})
		got := b.want(b.get("/teams/"+team.TeamID), http.StatusOK, few, "This team needs 1 more member", "Leave team")
		for _, not := range []string{"Make captain", "Make someone else captain"} {
			if strings.Contains(got.text, not) {
				t.Errorf("the page says %q", not)
			}
		}
		b.want(b.get(page), http.StatusOK, few)
		b.want(b.get(page+"/withdraw"), http.StatusOK, "Withdraw your application?")
	})
}
