package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestPersonIsAddedToATeam adds people where everybody is in a team, and where some look for one. Staff need no code.
func TestPersonIsAddedToATeam(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, b := s.organized()
		var people []string
		for range 5 {
			people = append(people, s.As(compete.RoleParticipant).User.Email)
		}
		n := 0
		add := func(list, email string, fields ...string) page {
			n++
			return b.post(list, append([]string{"key", fmt.Sprintf("one-press-%d", n), "email", email}, fields...)...)
		}

		together := "/competitions/" + organizer.Create(map[string]any{
			"team": map[string]any{"max": 2, "seatUnit": "TEAM"},
			"questions": []map[string]any{
				{"kind": "TEXT", "label": "School", "scope": "TEAM", "required": true},
				{"kind": "TEXT", "label": "Size"},
			},
		}) + "/registrations"
		b.want(b.get(together), http.StatusOK, "Add to a team", "Create a team", "data-per-team")
		b.want(add(together, people[0]), http.StatusUnprocessableEntity, "<details id=\"add\"", "is required")
		b.want(add(together, people[0], "team", "new"), http.StatusUnprocessableEntity, "Team name is required")
		b.leads(add(together, people[0], "team", "new", "team.name", "The Gophers"), together)
		b.want(b.get(together), http.StatusOK, `<option value="The Gophers">`)
		b.want(add(together, people[1], "team", "existing", "team.existing", "Nobody"), http.StatusUnprocessableEntity,
			"ust be a team of this competition", `value="Nobody"`)
		b.leads(add(together, people[1], "team", "existing", "team.existing", "the  gophers"), together)
		b.want(add(together, people[2], "team", "existing", "team.existing", "The Gophers"), http.StatusConflict,
			"no room for another member")
		_, offered, _ := strings.Cut(b.get(together).text, `<datalist id="team-names">`)
		if offered, _, ok := strings.Cut(offered, "</datalist>"); !ok || strings.Contains(offered, "The Gophers") {
			t.Errorf("a full team is offered: %v", offered)
		}
		b.want(add(together, people[2], "team", "new", "team.name", "The gophers"), http.StatusConflict,
			"Another team in this competition already has this name")
		b.want(b.get(together+"/print"), http.StatusOK, `<th scope="col">Team</th>`, "<bdi>The Gophers</bdi>")

		alone := "/competitions/" + organizer.Create(map[string]any{
			"team": map[string]any{"min": 2, "max": 4},
		}) + "/registrations"
		b.want(b.get(alone), http.StatusOK, "They can join one later.")
		b.leads(add(alone, people[3]), alone)
		if got := b.want(b.get(alone), http.StatusOK, people[3]); strings.Contains(got.text, "Looking for a team") {
			t.Error("somebody looks for a team who wasn't asked")
		}
		b.leads(add(alone, people[4], "team", "new", "team.name", "Alone"), alone)

		plain := "/competitions/" + organizer.Create(nil) + "/registrations"
		if got := b.want(b.get(plain+"/print"), http.StatusOK); strings.Contains(got.text, ">Team<") ||
			strings.Contains(b.get(plain).text, "Create a team") {
			t.Error("a competition without teams asks for one")
		}
	})
}

// TestTeamsThatTakeASeatFindNobody checks that there is no way to the board where nobody can look for a team.
func TestTeamsThatTakeASeatFindNobody(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	for unit, shown := range map[string]bool{"TEAM": false, "PERSON": true} {
		id := organizer.Create(map[string]any{"team": map[string]any{"max": 3, "seatUnit": unit}})
		var r struct{ TeamID string }
		s.As(compete.RoleParticipant).Do(http.MethodPost, "/api/competitions/"+id+"/register",
			map[string]any{"team": map[string]any{"name": "The Gophers"}}).Want(t, http.StatusCreated).JSON(t, &r)
		got := b.want(b.get("/teams/"+r.TeamID), http.StatusOK, "Invite others")
		if strings.Contains(got.text, "Find members") != shown {
			t.Errorf("%s: members can be found: %v, want %v", unit, !shown, shown)
		}
	}
}

// TestRemovalSaysWhatBecomesOfTheTeam asks to remove a member from a team that goes on, and from one that ends.
func TestRemovalSaysWhatBecomesOfTheTeam(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	register := "/api/competitions/" + organizer.Create(map[string]any{"team": map[string]any{"max": 3}}) + "/register"
	captain, member := s.As(compete.RoleParticipant), s.As(compete.RoleParticipant)
	var r struct{ TeamID string }
	captain.Do(http.MethodPost, register, map[string]any{"team": map[string]any{"name": "The Gophers"}}).
		Want(t, http.StatusCreated).JSON(t, &r)
	form := "/teams/" + r.TeamID + "/members/" + captain.User.ID + "/remove"
	b.want(b.get(form), http.StatusOK, "the team ends, since it has no other members.")
	var team struct{ Code string }
	captain.Do(http.MethodGet, "/api/teams/"+r.TeamID, nil).Want(t, http.StatusOK).JSON(t, &team)
	member.Do(http.MethodPost, register, map[string]any{"team": map[string]any{"code": team.Code}}).
		Want(t, http.StatusCreated)
	b.want(b.get(form), http.StatusOK, "the team gets another code, since they know this one.")
}

// TestPrintedListHasDivisions prints whoever is in which division, unless it is the list of one.
func TestPrintedListHasDivisions(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	d := s.divided(3, 5)
	runner := s.browser(t)
	runner.signUp("runner@example.com")
	runner.leads(runner.post(d.page+"/register", "divisionId", d.next), d.page)
	list := d.page + "/registrations/print"
	d.organizer.want(d.organizer.get(list), http.StatusOK, `<th scope="col">Division</th>`, "<td><bdi>10 km</bdi></td>")
	if got := d.organizer.get(list + "?division=" + d.next); strings.Contains(got.text, "<td><bdi>10 km</bdi></td>") {
		t.Error("the list of one division repeats it in each row")
	}
}
