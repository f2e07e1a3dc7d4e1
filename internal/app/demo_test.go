package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/demo"
	"github.com/minicompete/minicompete/internal/draw"
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

// whileHashing calls look before each password is hashed.
type whileHashing struct {
	compete.PasswordHasher
	look func()
}

func (h whileHashing) Hash(ctx context.Context, password string) (string, error) {
	h.look()
	return h.PasswordHasher.Hash(ctx, password)
}

// Whoever waits until the demo answers can log in to its accounts.
func TestNobodyIsAnsweredBeforeTheDemoIsThere(t *testing.T) {
	var a *app.App
	answers := func(within time.Duration) bool {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+a.Addr(app.EndpointAPI)+"/api", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		return response.Body.Close() == nil
	}
	seeding := 0
	options := apptest.Options{Demo: true}
	a, err := app.New(t.Context(), app.Config{
		Config: apptest.Config(t, options), Demo: true, Logger: slog.New(slog.DiscardHandler),
		Wrap: app.Wrap{Passwords: func(h compete.PasswordHasher) compete.PasswordHasher {
			return whileHashing{h, func() {
				if seeding++; answers(time.Second / 2) {
					t.Error("answered before the demo is there")
				}
			}}
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if seeding == 0 || !answers(apptest.Patience) {
		t.Errorf("added %d times, or doesn't answer", seeding)
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// The demo has a lottery that is over, whose file anyone can check, and a review that is under way: one person has
// accepted a seat, and others have offers, or drafts.
func TestDemoHasResults(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, Demo: true})
		visitor, organizer := a.Visitor(), a.Visitor()
		var login struct{ Token string }
		visitor.Do(http.MethodPost, "/api/auth/login", credentials("organizer1@minicompete.com", demo.Password)).
			Want(t, http.StatusOK).JSON(t, &login)
		organizer.Token = login.Token
		find := func(query string) string {
			t.Helper()
			var found []struct{ ID string }
			visitor.Get("/api/competitions?"+query, &found)
			if len(found) != 1 {
				t.Fatalf("%s finds %d competitions", query, len(found))
			}
			return found[0].ID
		}
		lottery, hackathon := find("search=ridge&phase=closed"), find("search=civic")

		answer := visitor.Do(http.MethodGet, "/api/competitions/"+lottery+"/draw/file", nil).Want(t, http.StatusOK)
		file, err := draw.Read(bytes.NewReader(answer.Body))
		if err == nil {
			err = file.Verify()
		}
		if err != nil || file.Source.Kind != draw.SourceQuicknet || len(file.Order) != 24 {
			t.Errorf("the file of the lottery: %d in order, %v", len(file.Order), err)
		}
		if d := stateOf(visitor, lottery); d.FinishedAt == nil || d.Seated != 8 || d.Waitlisted != 16 {
			t.Errorf("the draw is %+v", d)
		}

		apptest.Eventually(t, apptest.Patience, "who accepted is confirmed", func() bool {
			var confirmed []struct{ ID string }
			organizer.Get("/api/competitions/"+hackathon+"/registrations?status=CONFIRMED", &confirmed)
			return len(confirmed) == 1
		})
		var offered []struct{ ID string }
		organizer.Get("/api/competitions/"+hackathon+"/registrations?status=OFFERED", &offered)
		var decisions struct {
			Counts struct{ Admit, Waitlist, Reject int }
		}
		organizer.Get("/api/competitions/"+hackathon+"/decisions", &decisions)
		if len(offered) == 0 || decisions.Counts.Admit == 0 {
			t.Errorf("%d have offers, and the drafts are %+v", len(offered), decisions)
		}
	})
}
