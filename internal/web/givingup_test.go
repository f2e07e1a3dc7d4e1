package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// TestGivingUpIsCalledWhatItIs gives up a seat, a place in line and an application: the message afterwards, and the
// page of a team that has it as a whole, say which of them it was.
func TestGivingUpIsCalledWhatItIs(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer := s.As(compete.RoleOrganizer)
	teams := map[string]any{"max": 2, "seatUnit": "TEAM"}
	queue := map[string]any{"capacity": 1, "waitlist": true, "team": teams}
	for _, tt := range []struct {
		name                 string
		competition          map[string]any
		taken                bool // its only seat
		loses, leaves, flash string
	}{
		{
			"a seat", queue, false, "your registration is cancelled, because", "Leave and cancel registration",
			"Registration cancelled.",
		},
		{
			"a place in line", queue, true, "you lose your place in line", "Leave team and waitlist",
			"You left the waitlist.",
		},
		{"an application", map[string]any{
			"admission": "REVIEW", "startDate": time.Now().Add(72 * time.Hour), "team": teams,
		}, false, "your application is withdrawn", "Leave and withdraw application", "Application withdrawn."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := organizer.Create(tt.competition)
			apply := func(name string) (who *apptest.Client, team string) {
				who = s.As(compete.RoleParticipant)
				var r struct{ TeamID string }
				who.Do(http.MethodPost, "/api/competitions/"+id+"/register",
					map[string]any{"team": map[string]any{"name": name}}).Want(t, http.StatusCreated).JSON(t, &r)
				return who, r.TeamID
			}
			if tt.taken {
				apply("The Crabs")
			}
			who, team := apply("The Gophers")
			b := s.browser(t)
			b.leads(b.post("/auth/login", "email", who.User.Email, "password", apptest.Password), "/dashboard")
			b.want(b.get("/teams/"+team), http.StatusOK, strings.ReplaceAll(tt.loses, "'", "&#39;"), tt.leaves)
			page := "/competitions/" + id
			b.leads(b.post(page+"/withdraw"), page)
			b.want(b.get(page), http.StatusOK, tt.flash)
		})
	}
}

// TestNoApplicationsYet opens what an organizer sees before anybody applied.
func TestNoApplicationsYet(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	page := "/competitions/" + organizer.Create(map[string]any{
		"admission": "REVIEW", "startDate": time.Now().Add(72 * time.Hour),
	})
	b.want(b.get(page+"/registrations"), http.StatusOK, "in order of arrival as they apply.")
	got := b.want(b.get(page+"/applications/release"), http.StatusOK, "Nothing to release")
	if strings.Contains(got.text, "gets one message") {
		t.Error("the page announces messages, but there are none")
	}
}

// TestSignUpLeadsBack has a guest press "Sign up" in the heading of a page, which leads back to it as "Log in" does.
func TestSignUpLeadsBack(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	id := s.As(compete.RoleOrganizer).Create(nil)
	b := s.browser(t)
	b.want(b.get("/competitions/"+id), http.StatusOK, `href="/auth/signup?next=%2Fcompetitions%2F`+id+`"`)
	b.want(b.get("/"), http.StatusOK, `href="/auth/signup"`)
}
