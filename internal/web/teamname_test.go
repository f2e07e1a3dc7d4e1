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

// TestRenameTeam renames a team on its page, which keeps a name that it can't get.
func TestRenameTeam(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, captain, member := s.As(compete.RoleOrganizer), s.As(compete.RoleParticipant),
			s.As(compete.RoleParticipant)
		id := organizer.Create(map[string]any{"team": map[string]any{"max": 3}})
		register := "/api/competitions/" + id + "/register"
		var team struct{ TeamID string }
		captain.Do(http.MethodPost, register, map[string]any{"team": map[string]any{"name": "Red"}}).
			Want(t, http.StatusCreated).JSON(t, &team)
		s.As(compete.RoleParticipant).
			Do(http.MethodPost, register, map[string]any{"team": map[string]any{"name": "Blue"}}).
			Want(t, http.StatusCreated)
		var code struct{ Code string }
		path := "/teams/" + team.TeamID
		captain.Get("/api"+path, &code)
		member.Do(http.MethodPost, register, map[string]any{"team": map[string]any{"code": code.Code}}).
			Want(t, http.StatusCreated)

		b := s.browser(t)
		b.leads(b.post("/auth/login", "email", captain.User.Email, "password", apptest.Password), "/dashboard")
		b.want(b.get(path), http.StatusOK, "Rename team", `value="Red"`)
		b.want(b.post(path+"/name", "team.name", "blue"), http.StatusConflict, "already has this name", `value="blue"`)
		b.want(b.post(path+"/name", "team.name", " "), http.StatusUnprocessableEntity, "Rename team")
		b.leads(b.post(path+"/name", "team.name", "Green"), path)
		b.want(b.get(path), http.StatusOK, "The team has a new name.", `value="Green"`)

		other := s.browser(t)
		other.leads(other.post("/auth/login", "email", member.User.Email, "password", apptest.Password), "/dashboard")
		if got := other.want(other.get(path), http.StatusOK, "Green"); strings.Contains(got.text, "Rename team") {
			t.Error("a member who isn't captain is offered to rename the team")
		}

		if _, err := s.Store().Writer().ExecContext(t.Context(),
			`UPDATE competitions SET answers_until = $2 WHERE id = $1`, id,
			compete.UTC(time.Now().Add(-time.Minute))); err != nil {
			t.Fatal(err)
		}
		if got := b.want(b.get(path), http.StatusOK, "Green"); strings.Contains(got.text, "Rename team") {
			t.Error("the captain is offered to rename the team when it's too late")
		}
		b.want(b.post(path+"/name", "team.name", "Late"), http.StatusConflict, "can no longer be renamed")
	})
}
