package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestApplicationKeepsItsAnswers scores and decides in the inbox: what replaces an application has its answers, too,
// and never a sensitive one, even if it left the list meanwhile.
func TestApplicationKeepsItsAnswers(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, ada := s.As(compete.RoleOrganizer), s.As(compete.RoleParticipant)
		id := organizer.Create(map[string]any{
			"admission": "REVIEW", "startDate": time.Now().Add(48 * time.Hour), "questions": []map[string]any{
				{"kind": "TEXT", "label": "What will you build?"},
				{"kind": "TEXT", "label": "Allergies", "sensitive": true},
			},
		})
		var c struct{ Questions []struct{ ID string } }
		organizer.Get("/api/competitions/"+id, &c)
		var r struct{ ID string }
		ada.Do(http.MethodPost, "/api/competitions/"+id+"/register", map[string]any{"answers": map[string]any{
			c.Questions[0].ID: "A kite", c.Questions[1].ID: "Hazelnuts",
		}}).Want(t, http.StatusCreated).JSON(t, &r)

		var listed []struct{ Answers map[string]any }
		organizer.Get("/api/competitions/"+id+"/applications", &listed)
		if got := listed[0].Answers; len(got) != 1 || got[c.Questions[0].ID] != "A kite" {
			t.Errorf("the API lists the answers %v", got)
		}

		b := s.browser(t)
		b.leads(b.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password), "/dashboard")
		inbox := "/competitions/" + id + "/applications"
		shows := func(got page, texts ...string) {
			t.Helper()
			b.want(got, http.StatusOK, append(texts, "What will you build?", "A kite")...)
			if strings.Contains(got.text, "Hazelnuts") {
				t.Error("a sensitive answer is in the inbox")
			}
		}
		shows(b.get(inbox))
		b.partial = true
		score := func(form url.Values) page {
			form.Set("back", inbox)
			return b.do(http.MethodPost, inbox+"/"+r.ID, form)
		}
		shows(score(url.Values{"score": {"4"}, "decision": {""}}), "4.00")
		shows(score(url.Values{"score": {"4"}, "decision": {"ADMIT"}}), "Draft: Admit")
		b.partial = false
		b.leads(b.post(inbox+"/release"), inbox)
		apptest.Eventually(t, apptest.Patience, "ada is admitted", func() bool {
			var mine []struct{ Status string }
			ada.Get("/api/users/me/registrations", &mine)
			return mine[0].Status == "CONFIRMED"
		})
		b.partial = true
		progress := regexp.MustCompile(`hx-get="([^"]+/progress[^"]+)"`).FindStringSubmatch(b.get(inbox).text)
		unchanged := b.want(b.get(html.UnescapeString(progress[1])), http.StatusNoContent)
		if unchanged.header.Get("Mini-Compete") == "" || unchanged.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the script takes the answer that nothing changed for a foreign one: %v", unchanged.header)
		}
		for query, event := range map[string]string{"?seen=before": "", "?releasing=true&seen=before": "released"} {
			got := b.want(b.get(inbox+"/progress"+query), http.StatusOK, "Last released")
			if got.header.Get("HX-Trigger") != event {
				t.Errorf("%s: the list learns %q, want %q", query, got.header.Get("HX-Trigger"), event)
			}
		}
		shows(score(url.Values{"score": {"5"}, "decision": {""}}), "5.00", "Confirmed")
		shows(score(url.Values{"score": {"6"}, "decision": {""}}), "5.00", "must be between 1 and 5")
		shows(score(url.Values{"score": {"5"}, "withdraw": {"yes"}}), "No scores yet")
	})
}

// TestInboxByDivisionAndStatus filters the inbox, whose rows say the division and the team.
func TestInboxByDivisionAndStatus(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, b := s.organized()
		id := organizer.Create(map[string]any{
			"admission": "REVIEW", "team": map[string]any{"max": 3}, "divisions": []map[string]any{
				{"name": "Hardware", "capacity": 5}, {"name": "Software", "capacity": 5},
			},
		})
		var c struct{ Divisions []struct{ ID string } }
		organizer.Get("/api/competitions/"+id, &c)
		apply := func(division int, entry map[string]any) *apptest.Client {
			person := s.As(compete.RoleParticipant)
			entry["divisionId"] = c.Divisions[division].ID
			person.Do(http.MethodPost, "/api/competitions/"+id+"/register", entry).Want(t, http.StatusCreated)
			return person
		}
		ada := apply(0, map[string]any{"team": map[string]any{"name": "The Gophers"}})
		bob := apply(1, map[string]any{"lookingForTeam": true})
		inbox := "/competitions/" + id + "/applications"
		b.want(b.get(inbox), http.StatusOK, "All divisions", "Any status", ">Hardware<", "<bdi>The Gophers</bdi>",
			"Looking for a team", ada.User.Name, bob.User.Name)
		b.want(b.get("/dashboard"), http.StatusOK, "has 2 applications to review.", `href="`+inbox+`"`)
		lists := func(query string, person, other *apptest.Client) {
			t.Helper()
			got := b.want(b.get(inbox+query), http.StatusOK)
			if !strings.Contains(got.text, person.User.Name+"</bdi>") ||
				strings.Contains(got.text, other.User.Name+"</bdi>") {
				t.Errorf("%s doesn't list %s alone", query, person.User.Name)
			}
		}
		lists("?division="+c.Divisions[0].ID, ada, bob)
		lists("?division="+c.Divisions[1].ID+"&status=APPLIED", bob, ada)
		b.want(b.get(inbox+"?status=REJECTED"), http.StatusOK, "No applications here")
		var listed []struct {
			DivisionID string
			Team       string
			User       struct{ ID string }
		}
		path := "/api/competitions/" + id + "/applications?division="
		organizer.Get(path+c.Divisions[0].ID, &listed)
		if len(listed) != 1 || listed[0].User.ID != ada.User.ID || listed[0].Team != "The Gophers" {
			t.Errorf("the API lists %+v in the first division", listed)
		}
		organizer.Do(http.MethodGet, path+id, nil).WantCode(t, http.StatusUnprocessableEntity, "validation_failed")
	})
}
