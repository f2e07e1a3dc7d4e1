package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestOrganizerSignUp: a setting determines who may sign up as an organizer; others can request it.
func TestOrganizerSignUp(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		actor := compete.Actor{UserID: unknownID, Role: compete.RoleAdmin, LoggedInAt: time.Now()}
		set := func(value string) {
			if err := w.Services().Installation.Set(t.Context(), actor,
				map[string]string{brand.SettingOrganizers: value}); err != nil {
				t.Fatal(err)
			}
		}
		signUp := func() answer {
			return w.call("POST", "/api/auth/signup", "",
				fmt.Sprintf(
					`{"name":"Wants","email":"wants%d@example.com","password":"password123","role":"ORGANIZER"}`,
					w.next(),
				))
		}
		set("off")
		if got := signUp(); got.status != http.StatusUnprocessableEntity ||
			!strings.Contains(got.body, `"field":"role"`) {
			t.Errorf("off: got %d %s, want 422 for role", got.status, got.body)
		}
		set("approval")
		var approved, declined api.Login
		w.into(signUp(), http.StatusCreated, &approved)
		w.into(signUp(), http.StatusCreated, &declined)
		var requests []api.OrganizerRequest
		w.into(w.call("GET", "/api/admin/organizer-requests", w.tokens[admin], ""), http.StatusOK, &requests)
		if approved.User.Role != compete.RoleParticipant || len(requests) != 2 ||
			requests[0].User.ID != approved.User.ID {
			t.Fatalf("got %+v and %+v, want participants with two requests", approved.User, requests)
		}
		for i, step := range []struct {
			verb  string
			login api.Login
			role  compete.Role
			kind  string
		}{
			{"approve", approved, compete.RoleOrganizer, "organizer_approved"},
			{"decline", declined, compete.RoleParticipant, "organizer_declined"},
		} {
			path := "/api/admin/organizer-requests/" + requests[i].ID + "/" + step.verb
			var answered api.OrganizerRequest
			w.into(w.call("POST", path, w.tokens[admin], ""), http.StatusOK, &answered)
			if got := w.call("POST", path, w.tokens[admin], ""); got.status != http.StatusNotFound {
				t.Errorf("a second %s: got %d, want 404", step.verb, got.status)
			}
			login := w.logIn(step.login)
			messages := w.call("GET", "/api/users/me/mailbox", login.Token, "").body
			if answered.User.Role != step.role || login.User.Role != step.role ||
				!strings.Contains(messages, step.kind) {
				t.Errorf("%s: the role is %s, then %s; the messages are %s", step.verb, answered.User.Role,
					login.User.Role, messages)
			}
		}
		set("")
		var open api.Login
		w.into(signUp(), http.StatusCreated, &open)
		if open.User.Role != compete.RoleOrganizer {
			t.Errorf("open: got %s", open.User.Role)
		}
	})
}
