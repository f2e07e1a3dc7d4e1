package web_test

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestMembersSeeThePlaceOfTheirTeam joins a team that waits as a whole: its place in line is on each member's
// dashboard.
func TestMembersSeeThePlaceOfTheirTeam(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, _ := s.organized()
		id := organizer.Create(map[string]any{
			"capacity": 1, "waitlist": true, "team": map[string]any{"max": 3, "seatUnit": "TEAM"},
		})
		join := func(team map[string]any) (code string, b *browser) {
			var r struct{ TeamID string }
			var joined struct{ Code string }
			who, b := s.person(t)
			who.Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{"team": team}).
				Want(t, http.StatusCreated).JSON(t, &r)
			who.Get("/api/teams/"+r.TeamID, &joined)
			return joined.Code, b
		}
		join(map[string]any{"name": "The Gophers"})
		join(map[string]any{"name": "The Crabs"})
		code, captain := join(map[string]any{"name": "The Camels"})
		_, member := join(map[string]any{"code": code})
		for _, b := range []*browser{captain, member} {
			b.want(b.get("/dashboard"), http.StatusOK, ">2nd<")
		}
	})
}
