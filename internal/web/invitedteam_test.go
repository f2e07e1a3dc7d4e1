package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
)

// TestInvitationNamesTheTeam opens a team's link as a visitor and after signing up: the pages say which team it is,
// also after a form was refused. With a wrong code, they don't, nor without the pass of the page where wrong codes
// count.
func TestInvitationNamesTheTeam(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	id := s.As(compete.RoleOrganizer).Create(map[string]any{
		"title": "Walk Hack", "team": map[string]any{"max": 3},
		"questions": []map[string]any{{"id": "club", "kind": "TEXT", "label": "Club", "required": true}},
	})
	captain := s.As(compete.RoleParticipant)
	var team struct{ TeamID string }
	captain.Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{
		"team": map[string]any{"name": "The Gophers"}, "answers": map[string]any{"club": "Go"},
	}).Want(t, http.StatusCreated).JSON(t, &team)
	var code struct{ Code string }
	captain.Get("/api/teams/"+team.TeamID, &code)

	b := s.browser(t)
	link := "/competitions/" + id + "/team?join="
	b.want(b.get(link+code.Code), http.StatusOK, "Join The Gophers</bdi></h1>", "Walk Hack</bdi>. Sign up or log in")
	wrong := b.want(b.get(link+"1-AAAAAAAA"), http.StatusOK, "Join a team</bdi></h1>")
	if strings.Contains(wrong.text, "Gophers") {
		t.Error("a wrong code tells the team's name")
	}
	b.signUp("mate@example.com")
	register := "/competitions/" + id + "/register"
	led := b.want(b.get(link+code.Code), http.StatusSeeOther).to
	b.want(b.get(led), http.StatusOK, "Join The Gophers</bdi></h1>", `value="`+code.Code+`"`,
		"Answer these questions to register.")
	to, _ := url.Parse(led)
	pass := to.Query().Get("team.pass")
	b.want(b.post(register, "answers", "given", "team", "code", "team.code", code.Code, "team.pass", pass),
		http.StatusUnprocessableEntity, "Join The Gophers</bdi></h1>", `value="`+pass+`"`)
	for _, strange := range []string{"?join=" + code.Code, "?join=1-AAAAAAAA&team.pass=" + url.QueryEscape(pass)} {
		if got := b.want(b.get(register+strange), http.StatusOK); strings.Contains(got.text, "Gophers") {
			t.Errorf("%s tells the team's name", strange)
		}
	}
}

// TestOutdatedInvitationCountsAtThePress opens the form of an outdated link again and again: only the press counts as a
// wrong guess.
func TestOutdatedInvitationCountsAtThePress(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{Settings: func(c *config.Config) { c.LimitGuesses = 1 }}), t: t}
	id := s.As(compete.RoleOrganizer).Create(map[string]any{"team": map[string]any{"max": 3}})
	b := s.browser(t)
	b.signUp("mate@example.com")
	register := "/competitions/" + id + "/register"
	for range 3 {
		b.want(b.get(register+"?join=1-AAAAAAAA"), http.StatusOK)
	}
	press := []string{"answers", "given", "team", "code", "team.code", "1-AAAAAAAA"}
	b.want(b.post(register, press...), http.StatusNotFound)
	b.want(b.post(register, press...), http.StatusTooManyRequests)
}

// TestEverythingMissingIsReported has a participant look for what only organizers have. Then a form lacks the team's
// name and required answers, and has a number out of range: the page says all of it.
func TestEverythingMissingIsReported(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	id := s.As(compete.RoleOrganizer).Create(map[string]any{
		"team": map[string]any{"max": 3},
		"questions": []map[string]any{
			{"id": "club", "kind": "TEXT", "label": "Club", "required": true},
			{"id": "grade", "kind": "NUMBER", "label": "Grade", "min": 7, "max": 13},
			{"id": "photos", "kind": "CONSENT", "label": "Photos", "help": "Of the race.", "required": true},
		},
	})
	b := s.browser(t)
	b.signUp("ada@example.com")
	b.want(b.get("/competitions/create"), http.StatusForbidden, "Only organizers can create competitions.")
	b.want(b.post("/competitions/"+id+"/register", "answers", "given", "team", "new", "answers.grade", "99"),
		http.StatusUnprocessableEntity, `id="field-team.name-error"`, `id="field-answers.club-error"`,
		"Must be between 7 and 13.", "Photos: You need to agree to this.")
}
