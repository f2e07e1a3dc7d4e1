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
	apptest.Eventually(t, apptest.Patience, "every mail is done with", func() bool {
		due, _ := countJobs(t, a, `true`)
		return due == 0 && len(server.To(email)) > 0
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
	apptest.Eventually(t, apptest.Patience, "every confirmation has become a mail that is done with", func() bool {
		due, done := countJobs(t, a, `kind IN ('mail', 'notify')`)
		return done > 100 && due == 0
	})
	if n := len(server.Mails()); n > 0 {
		t.Errorf("%d mails were sent", n)
	}
}

// countJobs counts the jobs that aren't finished, without those for later, such as the reminder of an offer, and the
// finished ones.
func countJobs(t *testing.T, a *apptest.App, where string) (due, done int) {
	t.Helper()
	rows, err := a.Store().Reader().QueryContext(t.Context(), `SELECT state, scheduled_at FROM river_job WHERE `+where)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // it was read to the end
	for rows.Next() {
		var (
			state string
			at    time.Time
		)
		if err := rows.Scan(&state, &at); err != nil {
			t.Fatal(err)
		}
		switch {
		case state == "completed" || state == "cancelled" || state == "discarded":
			done++
		case time.Until(at) < time.Hour:
			due++
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return due, done
}
