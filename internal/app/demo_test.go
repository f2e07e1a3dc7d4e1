package app_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/testservices"
)

// The demo accounts' password is public, so they can't be used from elsewhere, whichever proxy is trusted.
func TestDemoAccountsLogInOnThisMachineOnly(t *testing.T) {
	for name, proxies := range map[string][]string{"no proxy": nil, "a trusted proxy": {"127.0.0.0/8"}} {
		t.Run(name, func(t *testing.T) {
			a := apptest.Start(t,
				apptest.Options{Demo: true, Settings: func(c *config.Config) { c.TrustedProxies = proxies }})
			login := credentials("admin@minicompete.com", demo.Password)
			a.Visitor().Do(http.MethodPost, "/api/auth/login", login).Want(t, http.StatusOK)
			for _, from := range []string{attacker, "127.0.0.1"} {
				if status, _ := post(t.Context(), t, a, from, "/api/auth/login",
					login); status != http.StatusUnauthorized {
					t.Errorf("passed on for %s: got %d, want 401", from, status)
				}
			}
		})
	}
}

// A server on all interfaces whose database has demo accounts announces that they are disabled elsewhere; one on a
// loopback address doesn't.
func TestReachableSitesSayThatDemoAccountsAreLocal(t *testing.T) {
	database := testservices.DatabaseURL(t, testservices.KindSQLite)
	apptest.Start(t, apptest.Options{DatabaseURL: database, Demo: true})
	for addr, said := range map[string]bool{":0": true, "0.0.0.0:0": true, "127.0.0.1:0": false} {
		settings := apptest.Config(t, apptest.Options{DatabaseURL: database})
		settings.WebAddr = addr
		var log bytes.Buffer
		opened, err := app.New(t.Context(),
			app.Config{Config: settings, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if err := opened.Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "can only log in on this machine"); got != said {
			t.Errorf("on %s it says so: %v, want %v: %s", addr, got, said, &log)
		}
	}
}

func TestPublicSitesHaveNoDemoAccounts(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Demo: true})
		settings := apptest.Config(t, apptest.Options{DatabaseURL: databaseURL})
		open := func(public string) error {
			settings.PublicURL = public
			opened, err := app.New(t.Context(), app.Config{Config: settings, Logger: slog.New(slog.DiscardHandler)})
			if err == nil {
				err = opened.Close()
			}
			return err
		}
		for public, refused := range map[string]bool{
			"https://compete.example.com": true, "http://192.168.1.5:3000": true, "http://[2001:db8::1]:3000": true,
			"http://localhost:3000": false, "http://127.0.0.1:3000": false, "http://[::1]:3000": false,
		} {
			err := open(public)
			if (err != nil) != refused || refused && !strings.Contains(err.Error(), "user disable-demo") {
				t.Errorf("%s: %v, want refused %v", public, err, refused)
			}
		}
		for _, email := range demo.Emails() {
			if _, err := a.Operator().DisableUser(t.Context(), email); err != nil &&
				!errors.Is(err, compete.ErrUserMissing) {
				t.Fatal(err)
			}
		}
		if err := open("https://compete.example.com"); err != nil {
			t.Errorf("with all of them disabled: %v", err)
		}
	})
}
