package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// TestInvitationNamesTheTeam opens a team's link as a visitor and after signing up: both pages say which team it is.
// With a wrong code, they don't.
func TestInvitationNamesTheTeam(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	id := s.As(compete.RoleOrganizer).Create(map[string]any{"title": "Walk Hack", "team": map[string]any{"max": 3}})
	captain := s.As(compete.RoleParticipant)
	var team struct{ TeamID string }
	captain.Do(http.MethodPost, "/api/competitions/"+id+"/register",
		map[string]any{"team": map[string]any{"name": "The Gophers"}}).Want(t, http.StatusCreated).JSON(t, &team)
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
	register := "/competitions/" + id + "/register?join=" + code.Code
	b.leads(b.get(link+code.Code), register)
	b.want(b.get(register), http.StatusOK, "Join The Gophers</bdi></h1>", `value="`+code.Code+`"`)
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
