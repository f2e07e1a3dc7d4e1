package web_test

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// TestStopLookingForATeam: people can always take themselves off the board, also where teams need two members.
func TestStopLookingForATeam(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	id := s.As(compete.RoleOrganizer).Create(map[string]any{"team": map[string]any{"min": 2, "max": 4}})
	person, page := s.As(compete.RoleParticipant), "/competitions/"+id
	person.Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{"lookingForTeam": true}).
		Want(t, http.StatusCreated)
	b := s.browser(t)
	b.leads(b.post("/auth/login", "email", person.User.Email, "password", apptest.Password), "/dashboard")
	b.want(b.get(page), http.StatusOK, "Captains can find you", "Stop looking for a team")
	b.leads(b.post(page+"/team/looking"), page)
	b.want(b.get(page), http.StatusOK, "Captains can't find you", ">Look for a team<")
}
