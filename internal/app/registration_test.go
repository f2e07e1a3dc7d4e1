package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// One registration through the whole program: sign up, log in, publish, register, and find the confirmation.
func TestRegistrationFromSignUpToMailbox(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL})
		organizer, participant := a.As(compete.RoleOrganizer), a.As(compete.RoleParticipant)
		competition := organizer.Create(map[string]any{"title": "City Half Marathon", "capacity": 1, "waitlist": true})

		var login struct{ Token string }
		a.Visitor().Do(http.MethodPost, "/api/auth/login",
			map[string]any{"email": strings.ToUpper(participant.User.Email), "password": apptest.Password}).
			Want(t, http.StatusOK).JSON(t, &login)
		participant.Token = login.Token

		var registration struct {
			ID, Status  string
			Seq         int
			Competition struct{ SeatsLeft int }
		}
		participant.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil,
			"Idempotency-Key", "first-press").
			Want(t, http.StatusCreated).JSON(t, &registration)
		if registration.Status != "PENDING" || registration.Seq != 1 || registration.Competition.SeatsLeft != 0 {
			t.Errorf("got %+v", registration)
		}
		again := participant.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil, "Idempotency-Key",
			"first-press").Want(t, http.StatusCreated)
		if again.Header.Get("Idempotency-Replayed") != "true" ||
			!strings.Contains(string(again.Body), registration.ID) {
			t.Errorf("a second press got %v %s", again.Header, again.Body)
		}
		wantMessage(t, participant, "confirmed")

		other := a.As(compete.RoleParticipant)
		other.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil).Want(t, http.StatusCreated)
		wantMessage(t, other, "waitlisted")
		participant.Do(http.MethodDelete, "/api/registrations/"+registration.ID, nil).Want(t, http.StatusOK)
		wantMessage(t, participant, "cancelled")
		wantMessage(t, other, "promoted")

		var mine []struct{ Status string }
		other.Get("/api/users/me/registrations", &mine)
		if len(mine) != 1 || mine[0].Status != "CONFIRMED" {
			t.Errorf("after the promotion: got %+v", mine)
		}
	})
}

// wantMessage waits until the newest message in the mailbox is of this kind.
func wantMessage(t *testing.T, c *apptest.Client, kind string) {
	t.Helper()
	apptest.Eventually(t, apptest.Patience, "a message of kind "+kind, func() bool {
		var mailbox []struct{ Kind string }
		c.Get("/api/users/me/mailbox", &mailbox)
		return len(mailbox) > 0 && mailbox[0].Kind == kind
	})
}

// Both front ends of the program, and what they share.
func TestFrontDoors(t *testing.T) {
	a := apptest.Start(t, apptest.Options{})
	for path, want := range map[string]string{
		a.APIURL + "/api":                 "mini-compete-api",
		a.WebURL + "/api":                 "mini-compete-api",
		a.APIURL + "/api/health":          `"database":{"status":"up"`,
		a.WebURL + "/api/openapi.json":    `"openapi": "3.1`,
		a.WebURL + "/":                    "<html",
		a.APIURL + "/nothing/here":        "not_found",
		a.WebURL + "/api/nothing/here":    "not_found",
		a.WebURL + "/competitions/nobody": "<html",
	} {
		response, err := http.Get(path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || !strings.Contains(string(body), want) || response.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: want %s, got %v %s", path, want, err, body)
		}
	}
}
