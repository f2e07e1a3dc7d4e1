package app_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestImplausibleTimes uses registration times that our clock can't produce, but an import or a replica's wrong clock
// can. Every page and list that shows them still opens, for everyone who can see them.
func TestImplausibleTimes(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL})
		organizer, participant := a.As(compete.RoleOrganizer), a.As(compete.RoleParticipant)
		competition := organizer.Create(map[string]any{"title": "Implausible Times Cup", "capacity": 100})
		crowd := append(a.Crowd(29), participant)
		for _, c := range crowd {
			c.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil).Want(t, http.StatusCreated)
		}
		now := compete.UTC(time.Now())
		pages := []string{"/dashboard", "/competitions", "/competitions/" + competition}
		for name, at := range map[string]func(i int) time.Time{
			"the last before the first": func(i int) time.Time { return now.Add(-time.Duration(i) * time.Hour) },
			"all at one moment":         func(int) time.Time { return now },
			"far away": func(i int) time.Time {
				return time.Date(1970+i*270, 1, 1, 0,
					0, 0, 0, time.UTC)
			},
			"still to come":       func(i int) time.Time { return now.Add(time.Duration(i) * 24 * time.Hour) },
			"a microsecond apart": func(i int) time.Time { return now.Add(time.Duration(i%2) * time.Microsecond) },
		} {
			for i, c := range crowd {
				_, err := a.Store().Writer().ExecContext(t.Context(), `UPDATE registrations
					SET registered_at = $2, updated_at = $3 WHERE user_id = $1`,
					c.User.ID, at(i), at(len(crowd)-1-i))
				if err != nil {
					t.Fatal(err)
				}
			}
			list := "/competitions/" + competition + "/registrations"
			wantPages(t, a, name, organizer, append(pages, list, list+"?sort=name", list+"?sort=status",
				list+".csv", list+"/print"))
			wantPages(t, a, name, participant, append(pages, "/mailbox"))
			var mine []struct{ Seq int }
			participant.Get("/api/users/me/registrations", &mine)
			var all []struct{ Seq int }
			organizer.Get("/api/competitions/"+competition+"/registrations?limit=100&sort=newest", &all)
			if len(mine) != 1 || len(all) != len(crowd) || all[0].Seq != len(crowd) {
				t.Errorf("%s: the API lists %d of mine and %d in all", name, len(mine), len(all))
			}
		}
	})
}

// wantPages opens pages as somebody logged in through the form.
func wantPages(t *testing.T, a *apptest.App, what string, c *apptest.Client, paths []string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	response, err := browser.PostForm(a.WebURL+"/auth/login",
		url.Values{"email": {c.User.Email}, "password": {apptest.Password}})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	for _, path := range paths {
		response, err := browser.Get(a.WebURL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || response.Request.URL.RequestURI() != path {
			t.Errorf("%s: %s of %s answers %d at %s, %v: %.300s", what, path, c.User.Role, response.StatusCode,
				response.Request.URL, err, body)
		}
	}
}
