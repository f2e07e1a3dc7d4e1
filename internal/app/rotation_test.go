package app_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// An email with a link waits for the mail server while the secret is rotated, step by step. The link still works, and
// so does the session.
func TestLinksSurviveTheExchangeOfTheSecret(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		server := mailtest.Start(t, mailtest.Options{})
		start := func(secret, previous string) *apptest.App {
			return apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Settings: func(c *config.Config) {
				c.SMTPURL, c.JWTSecret, c.JWTSecretPrevious = config.URL(server.URL), config.Secret(secret),
					config.Secret(previous)
			}})
		}
		const next = "the next secret of tests, known too"
		const email = "ada@example.com"
		before := start(apptest.Secret, next)
		server.Stop()
		login := before.Visitor()
		login.Do(http.MethodPost, "/api/auth/signup",
			map[string]any{"name": "Ada", "email": email, "password": apptest.Password, "role": "PARTICIPANT"}).
			Want(t, http.StatusCreated).JSON(t, login)
		apptest.Eventually(t, apptest.Patience, "the email is written", func() bool {
			var written int
			err := before.Store().Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM account_links
				WHERE token_hash IS NOT NULL`).Scan(&written)
			if err != nil {
				t.Fatal(err)
			}
			return written == 1
		})
		if err := before.Stop(); err != nil {
			t.Fatal(err)
		}
		server.Restart()
		during := start(next, apptest.Secret)
		apptest.Eventually(t, apptest.Patience, "the email arrives", func() bool { return len(server.To(email)) > 0 })
		token := regexp.MustCompile(`\?token=([\w-]+)`).FindStringSubmatch(server.To(email)[0].Text)
		if token == nil {
			t.Fatalf("no link in %s", server.To(email)[0].Text)
		}
		var user compete.User
		client := during.Visitor()
		client.Token = login.Token
		client.Do(http.MethodPost, "/api/auth/email/confirm", map[string]any{"token": token[1]}).Want(t,
			http.StatusOK).JSON(t, &user)
		if user.Email != email {
			t.Errorf("confirmed %+v", user)
		}
	})
}

// The access code of a competition outlasts the secret that sealed it, and is lost with it.
func TestAccessCodesSurviveTheExchangeOfTheSecret(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		start := func(secret, previous string) *apptest.App {
			return apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Settings: func(c *config.Config) {
				c.JWTSecret, c.JWTSecretPrevious = config.Secret(secret), config.Secret(previous)
			}})
		}
		const next, lost = "the next secret of tests, known too", "another secret of tests, without the one before"
		app := start(apptest.Secret, "")
		organizer := app.As(compete.RoleOrganizer)
		path := "/api/competitions/" + organizer.Create(map[string]any{"accessCode": "Maple-2026"})
		for _, step := range []struct {
			secret, previous, code string
			status                 int
		}{
			{next, apptest.Secret, "Maple-2026", http.StatusCreated},
			{next, "", "Maple-2026", http.StatusCreated},
			{lost, "", "", http.StatusForbidden},
		} {
			if err := app.Stop(); err != nil {
				t.Fatal(err)
			}
			app = start(step.secret, step.previous)
			client := app.Visitor()
			client.Do(http.MethodPost, "/api/auth/login",
				map[string]any{"email": organizer.User.Email, "password": apptest.Password}).
				Want(t, http.StatusOK).JSON(t, client)
			var c struct{ AccessCode string }
			if client.Get(path, &c); c.AccessCode != step.code {
				t.Errorf("the organizer sees the code %q, want %q", c.AccessCode, step.code)
			}
			app.As(compete.RoleParticipant).Do(http.MethodPost, path+"/register",
				map[string]any{"accessCode": "maple 2026"}).Want(t, step.status)
		}
	})
}
