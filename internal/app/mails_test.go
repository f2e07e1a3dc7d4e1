package app_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
)

// The demo's fictional people have addresses that may exist: their emails never reach a mail server, but everyone
// else's do.
func TestInventedPeopleAreNotMailed(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	a := apptest.Start(t,
		apptest.Options{Demo: true, Settings: func(c *config.Config) { c.SMTPURL = config.URL(server.URL) }})
	const email = "ada@lovelace.example"
	a.Visitor().Do(http.MethodPost, "/api/auth/signup", map[string]any{
		"name": "Ada", "email": email, "password": apptest.Password, "role": "PARTICIPANT",
	}).Want(t, http.StatusCreated)
	apptest.Eventually(t, time.Minute, "every mail is done with", func() bool {
		var left int
		const unfinished = `SELECT count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded')`
		if err := a.Store().Reader().QueryRowContext(t.Context(), unfinished).Scan(&left); err != nil {
			t.Fatal(err)
		}
		return left == 0 && len(server.To(email)) > 0
	})
	if others := slices.DeleteFunc(server.Mails(),
		func(m mailtest.Mail) bool { return m.To == email }); len(others) > 0 {
		t.Errorf("%d mails went to people of the demo, the first to %s", len(others), others[0].To)
	}
}

// Without the demo's page to show them, as in "minicompete seed", emails are discarded.
func TestSeedingSendsNoMail(t *testing.T) {
	server := mailtest.Start(t, mailtest.Options{})
	a := apptest.Start(t, apptest.Options{Settings: func(c *config.Config) {
		c.SMTPURL, c.Roles = config.URL(server.URL), []config.Role{config.RoleWorker}
	}})
	if _, err := a.Seed(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, time.Minute, "every confirmation has become a mail that is done with", func() bool {
		var done, left int
		err := a.Store().Reader().QueryRowContext(t.Context(), `SELECT count(CASE WHEN state = 'completed' THEN 1 END),
			count(CASE WHEN state = 'completed' THEN NULL ELSE 1 END) FROM river_job
			WHERE kind IN ('mail', 'notify')`).Scan(&done, &left)
		if err != nil {
			t.Fatal(err)
		}
		return done > 100 && left == 0
	})
	if n := len(server.Mails()); n > 0 {
		t.Errorf("%d mails were sent", n)
	}
}
