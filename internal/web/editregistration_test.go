package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestStaffEditRegistrations changes somebody's answer after people can't, and moves them to another division.
func TestStaffEditRegistrations(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, b := s.organized()
		id := organizer.Create(map[string]any{
			"title": "City Run", "answersUntil": time.Now().Add(-time.Hour), "waitlist": true,
			"divisions": []map[string]any{{"name": "Half marathon", "capacity": 1}, {"name": "10 km", "capacity": 1}},
			"questions": []map[string]any{{"kind": "TEXT", "label": "Club", "required": true}},
		})
		var c struct{ Divisions, Questions []struct{ ID string } }
		organizer.Get("/api/competitions/"+id, &c)
		club := "answers." + c.Questions[0].ID
		register := func(division int) (registration string, person *browser) {
			var r struct{ ID string }
			who, person := s.person(t)
			who.Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{
				"divisionId": c.Divisions[division].ID, "answers": map[string]any{c.Questions[0].ID: "Hariers"},
			}).Want(t, http.StatusCreated).JSON(t, &r)
			return r.ID, person
		}
		first, ada := register(0)
		register(1)
		page := "/competitions/" + id
		list := page + "/registrations"
		edit := list + "/" + first
		ada.want(ada.get(page+"/answers"), http.StatusConflict, "Ask the organizer if something has to change")
		ada.want(ada.get(edit), http.StatusForbidden)
		b.want(b.get(list), http.StatusOK, `href="`+edit+`"`)
		b.want(b.get(edit), http.StatusOK, "Half marathon", `value="Hariers"`,
			"If no seat is free in the other division",
			`value="`+c.Divisions[0].ID+`" required checked`)
		b.want(b.post(edit, "answers", "given", club, " "), http.StatusUnprocessableEntity, "This is required.")
		b.leads(b.post(edit, "answers", "given", club, "Harriers"), edit)
		b.want(b.get(edit), http.StatusOK, "Answers saved.", `value="Harriers"`)
		b.want(b.post(edit+"/division", "divisionId", c.Divisions[1].ID), http.StatusConflict,
			"They keep the one they have.", `value="Harriers"`)
		organizer.Do(http.MethodPatch, "/api/competitions/"+id, map[string]any{"divisions": []map[string]any{
			{"id": c.Divisions[0].ID, "name": "Half marathon", "capacity": 1},
			{"id": c.Divisions[1].ID, "name": "10 km", "capacity": 2},
		}}, "If-Match", "*").Want(t, http.StatusOK)
		b.leads(b.post(edit+"/division", "divisionId", c.Divisions[1].ID, "back", list+"?sort=name"),
			edit+"?back=%2Fcompetitions%2F"+id+"%2Fregistrations%3Fsort%3Dname")
		b.want(b.get(edit), http.StatusOK, "Division changed.", `value="`+c.Divisions[1].ID+`" required checked`)

		got := b.want(b.get("/competitions/"+organizer.Create(nil)+"/registrations"), http.StatusOK)
		if strings.Contains(got.text, `<a class="link" href="/competitions/`) {
			t.Error("a registration without answers and divisions can be edited")
		}
	})
}

// TestTeamStaysInItsDivision edits somebody in a team, and applications from the inbox.
func TestTeamStaysInItsDivision(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	id := organizer.Create(map[string]any{
		"admission": "REVIEW", "startDate": "2126-05-08T08:00:00Z", "team": map[string]any{"max": 3},
		"divisions": []map[string]any{{"name": "Hardware", "capacity": 5}, {"name": "Software", "capacity": 5}},
		"questions": []map[string]any{{"kind": "TEXT", "label": "School", "scope": "TEAM"}},
	})
	var c struct{ Divisions []struct{ ID string } }
	organizer.Get("/api/competitions/"+id, &c)
	apply := func(team map[string]any) (r struct{ ID, TeamID string }) {
		s.As(compete.RoleParticipant).Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{
			"divisionId": c.Divisions[0].ID, "team": team,
		}).Want(t, http.StatusCreated).JSON(t, &r)
		return r
	}
	captain := apply(map[string]any{"name": "The Gophers"})
	page := "/competitions/" + id
	edit := func(registration string) string { return page + "/registrations/" + registration }
	b.want(b.get(edit(captain.ID)), http.StatusOK, "School", "They&#39;ll apply for the other division instead")
	var team struct{ Code string }
	organizer.Get("/api/teams/"+captain.TeamID, &team)
	mate := apply(map[string]any{"code": team.Code})
	inbox := page + "/applications?status=APPLIED"
	b.want(b.get(inbox), http.StatusOK, "Edit registration", edit(mate.ID)+"?back=%2Fcompetitions")
	got := b.want(b.get(edit(mate.ID)+"?back="+page+"/applications"), http.StatusOK, "stays together in one division",
		`href="`+page+`/applications"`)
	if strings.Contains(got.text, "School") || strings.Contains(got.text, "Change division") {
		t.Error("a member can answer for the team, or be moved alone")
	}
	b.want(b.post(edit(mate.ID)+"/division", "divisionId", c.Divisions[1].ID), http.StatusConflict,
		"stays together in one division")
}
