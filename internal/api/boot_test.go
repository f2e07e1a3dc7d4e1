package api_test

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
)

// newWorld starts the app.
func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	server := mailtest.Start(t, mailtest.Options{})
	a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Settings: func(c *config.Config) {
		c.LogLevel, c.SMTPURL = slog.LevelWarn, config.URL(server.URL)
		c.LimitCompetitions = 0 // a table of every route and role creates hundreds
	}})
	w := &world{t: t, App: a, mail: server, count: &atomic.Int64{}}
	w.openAccounts()
	return w
}

// openAccounts creates an account for each role, with a token of each kind.
func (w *world) openAccounts() {
	w.t.Helper()
	w.tokens = map[role]string{garbage: "abc.def.ghi"}
	for _, account := range []struct {
		role
		name string
		as   compete.Role
	}{
		{participant, "participant", compete.RoleParticipant},
		{otherParticipant, "other", compete.RoleParticipant},
		{disabled, "disabled", compete.RoleParticipant},
		{organizer, "organizer", compete.RoleOrganizer},
		{otherOrganizer, "otherorganizer", compete.RoleOrganizer},
		{admin, "admin", compete.RoleAdmin},
	} {
		in := compete.SignUp{
			Name: account.name, Email: account.name + "@example.com", Password: apptest.Password,
			Role: account.as,
		}
		user, err := w.Operator().CreateUser(w.t.Context(), in)
		if err != nil {
			w.t.Fatal(err)
		}
		var login api.Login
		w.into(w.call("POST", "/api/auth/login", "", `{"email":"`+in.Email+`","password":"password123"}`),
			http.StatusOK, &login)
		w.tokens[account.role] = login.Token
		if account.role == participant {
			w.tokens[expired] = oldToken(w.t, user)
		}
	}
	var me api.User
	w.into(w.call("GET", "/api/auth/me", w.tokens[disabled], ""), http.StatusOK, &me)
	w.into(w.call("PATCH", "/api/admin/users/"+me.ID, w.tokens[admin], `{"disabled":true}`), http.StatusOK, &me)
}

// oldToken returns a correctly signed token that expired an hour ago.
func oldToken(t *testing.T, u compete.User) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"sub": u.ID, "email": u.Email, "role": u.Role, "iat": now.Add(-2 * time.Hour).Unix(),
		"exp": now.Add(-time.Hour).Unix(),
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(apptest.Secret))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
