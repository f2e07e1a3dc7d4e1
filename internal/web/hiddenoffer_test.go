package web_test

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// TestOfferInAHiddenCompetition: while an admin has unpublished a competition, offers go on, so the links to accept and
// decline one lead to pages for who has it.
func TestOfferInAHiddenCompetition(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	first, offered, other := s.As(compete.RoleParticipant), s.As(compete.RoleParticipant), s.As(compete.RoleParticipant)
	id := s.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 1, "waitlist": true, "offerHours": 24})
	var registration struct{ ID string }
	register := "/api/competitions/" + id + "/register"
	first.Do(http.MethodPost, register, nil).Want(t, http.StatusCreated).JSON(t, &registration)
	offered.Do(http.MethodPost, register, nil).Want(t, http.StatusCreated)
	first.Do(http.MethodDelete, "/api/registrations/"+registration.ID, nil).Want(t, http.StatusOK)
	s.As(compete.RoleAdmin).Do(http.MethodPost, "/api/competitions/"+id+"/unpublish", nil).Want(t, http.StatusOK)

	stranger := s.browser(t)
	stranger.leads(stranger.post("/auth/login", "email", other.User.Email, "password", apptest.Password), "/dashboard")
	b := s.browser(t)
	b.leads(b.post("/auth/login", "email", offered.User.Email, "password", apptest.Password), "/dashboard")
	for _, path := range []string{"/accept", "/decline"} {
		stranger.want(stranger.get("/competitions/"+id+path), http.StatusNotFound)
		b.want(b.get("/competitions/"+id+path), http.StatusOK, "your seat?", `href="/dashboard"`)
	}
	b.leads(b.post("/competitions/"+id+"/accept"), "/dashboard")
	b.want(b.get("/competitions/"+id+"/accept"), http.StatusNotFound)
	var mine []struct{ Status compete.RegistrationStatus }
	offered.Get("/api/users/me/registrations", &mine)
	if len(mine) != 1 || !mine[0].Status.HoldsSeat() || mine[0].Status == compete.RegistrationOffered {
		t.Errorf("after accepting, the registrations are %+v", mine)
	}
}
