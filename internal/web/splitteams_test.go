package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestPreviewNamesTheTeamsItSplits decides about the members of teams one by one: the preview names the teams that
// wouldn't stay together, and leads to their applications.
func TestPreviewNamesTheTeamsItSplits(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, b := s.organized()
		id := organizer.Create(map[string]any{
			"admission": "REVIEW", "startDate": "2126-05-08T08:00:00Z", "capacity": 9, "team": map[string]any{"max": 3},
		})
		type registration struct{ ID, TeamID string }
		names := map[string]string{}
		apply := func(team any) (r registration) {
			who := s.As(compete.RoleParticipant)
			who.Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{"team": team}).
				Want(t, http.StatusCreated).JSON(t, &r)
			names[r.ID] = who.User.Name
			return r
		}
		pair := func(name string) (first, second registration) {
			var team struct{ Code string }
			first = apply(map[string]any{"name": name})
			organizer.Get("/api/teams/"+first.TeamID, &team)
			return first, apply(map[string]any{"code": team.Code})
		}
		red, redder := pair("The Reds")
		blue, bluer := pair("The Blues")
		pair("The Greens") // about which nothing is decided
		solo := apply(nil)
		inbox := "/competitions/" + id + "/applications"
		decide := func(decision string, about ...registration) {
			fields := []string{"decision", decision}
			for _, r := range about {
				fields = append(fields, "id", r.ID)
			}
			b.leads(b.post(inbox, fields...), inbox)
		}
		splits := func(want ...registration) {
			t.Helper()
			got := b.want(b.get(inbox+"/release"), http.StatusOK, "Release decisions")
			if strings.Contains(got.text, "This splits teams") != (len(want) > 0) ||
				strings.Count(got.text, `applications?team=`) != len(want) {
				t.Errorf("the preview doesn't name %d teams", len(want))
			}
			for _, r := range want {
				b.want(got, http.StatusOK, `href="`+inbox+"?team="+r.TeamID+`"`)
			}
		}
		decide("ADMIT", solo, red, redder)
		splits()
		decide("WAITLIST", redder)
		decide("ADMIT", blue)
		splits(red, blue)
		decide("ADMIT", redder, bluer)
		splits()

		got := b.want(b.get(inbox+"?team="+red.TeamID), http.StatusOK, "<bdi>The Reds</bdi>", names[red.ID]+"</bdi>",
			names[redder.ID]+"</bdi>", `name="team" value="`+red.TeamID+`"`)
		if strings.Contains(got.text, names[blue.ID]+"</bdi>") {
			t.Error("the list of a team has a member of another one")
		}
		var listed []registration
		organizer.Get("/api/competitions/"+id+"/applications?team="+blue.TeamID, &listed)
		if len(listed) != 2 || listed[0].ID != blue.ID || listed[1].ID != bluer.ID {
			t.Errorf("the API lists %+v, want the Blues", listed)
		}
		b.want(b.get("/competitions/"+id+"/teams"), http.StatusOK, `href="`+inbox+`"`,
			`href="/competitions/`+id+`/audit"`)
		b.want(b.get(inbox+"?team=none"), http.StatusUnprocessableEntity, "must be the ID of one of")
	})
}

// TestApplicationsLeftToScoreAreCounted counts what a reviewer hasn't scored, as they score.
func TestApplicationsLeftToScoreAreCounted(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, b := s.organized()
		id := organizer.Create(map[string]any{"admission": "REVIEW"})
		var r struct{ ID string }
		for range 3 {
			s.As(compete.RoleParticipant).Do(http.MethodPost, "/api/competitions/"+id+"/register", nil).
				Want(t, http.StatusCreated).JSON(t, &r)
		}
		s.As(compete.RoleAdmin).Do(http.MethodPost, "/api/registrations/"+r.ID+"/reviews", map[string]any{"score": 4}).
			Want(t, http.StatusOK)
		inbox := "/competitions/" + id + "/applications"
		left := func(got page, want string) {
			t.Helper()
			_, tab, _ := strings.Cut(b.want(got, http.StatusOK).text, "Without your score")
			tab, _, _ = strings.Cut(tab, "</a>")
			if !strings.Contains(tab, ">"+want+"<") {
				t.Errorf("the tab says %q, want %s", tab, want)
			}
		}
		left(b.get(inbox), "3")
		b.partial = true
		left(b.post(inbox+"/"+r.ID, "score", "5", "decision", "", "back", inbox), "2")
	})
}
