package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// early is when registration opens of competitions that people get ready for.
const early = "2126-05-01T08:00:00Z"

// opens lets registration for a competition begin.
func (s *site) opens(organizer *apptest.Client, id string) {
	s.t.Helper()
	organizer.Do(http.MethodPatch, "/api/competitions/"+id, map[string]any{"regOpensAt": nil}, "If-Match", "*").
		Want(s.t, http.StatusOK)
}

// TestPreparedPressIntoAFullDivision presses with what was prepared, when the division has no seat left: another one
// can be chosen, and what was prepared is still there.
func TestPreparedPressIntoAFullDivision(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer := s.As(compete.RoleOrganizer)
		id := organizer.Create(map[string]any{
			"regOpensAt": early, "regDeadline": "2126-05-08T08:00:00Z",
			"divisions": []map[string]any{{"name": "Half marathon", "capacity": 1}, {"name": "10 km", "capacity": 2}},
			"questions": []map[string]any{{"kind": "TEXT", "label": "Club", "required": true}},
		})
		var c struct{ Divisions, Questions []struct{ ID string } }
		organizer.Get("/api/competitions/"+id, &c)
		page, half, ten := "/competitions/"+id, c.Divisions[0].ID, c.Divisions[1].ID
		ada, ben := s.browser(t), s.browser(t)
		for who, b := range map[string]*browser{"ada": ada, "ben": ben} {
			b.signUp(who + "@example.com")
			b.leads(b.post(page+"/prepare", "answers", "given", "divisionId", half,
				"answers."+c.Questions[0].ID, "Harriers of "+who), page)
			b.want(b.get(page), http.StatusOK, "You&#39;re ready. Press once at <time", page+"/prepare")
		}
		s.opens(organizer, id)
		ada.want(ada.get(page), http.StatusOK, `id="press"`, `href="`+page+`/register">Change your answers`)
		ada.leads(ada.post(page+"/register"), page)

		ben.leads(ben.post(page+"/register"), page+"/register?refused=division_full")
		const full = "All seats in this division are taken"
		ben.want(ben.get(page+"/register?refused=division_full"), http.StatusOK, full,
			`id="field-divisionId-error"`, `value="Harriers of ben"`, `value="`+half+`" required checked`)
		ben.want(ben.post(page+"/register", "answers", "given", "divisionId", half,
			"answers."+c.Questions[0].ID, "Typed"), http.StatusConflict, full, `id="field-divisionId-error"`,
			`value="Typed"`)
		ben.leads(ben.post(page+"/register", "answers", "given", "divisionId", ten,
			"answers."+c.Questions[0].ID, "Typed"), page)
		ben.want(ben.get(page), http.StatusOK, `class="bib"`)
	})
}

// TestGetReadyForADivision gets ready for a competition that has nothing but divisions, on its page and by the API.
// Registration needs one press then, and the choice can still be changed.
func TestGetReadyForADivision(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer, api := s.As(compete.RoleOrganizer), s.As(compete.RoleParticipant)
		id := organizer.Create(map[string]any{
			"regOpensAt": early, "regDeadline": "2126-05-08T08:00:00Z", "accessCode": "Maple-2026",
			"divisions": []map[string]any{{"name": "Half marathon", "capacity": 9}, {"name": "10 km", "capacity": 9}},
		})
		var c struct{ Divisions []struct{ ID string } }
		organizer.Get("/api/competitions/"+id, &c)
		page, half, ten := "/competitions/"+id, c.Divisions[0].ID, c.Divisions[1].ID

		guest := s.browser(t)
		guest.leads(guest.post(page+"/register", "account", "mine"), "/auth/login?"+
			url.Values{"next": {page + "/register"}}.Encode())
		ada, ben := s.browser(t), s.browser(t)
		ada.signUp("ada@example.com")
		got := ada.want(ada.get(page), http.StatusOK, "Get ready", "Choose your division now", `id="division-`+half)
		if strings.Contains(got.text, `id="press"`) {
			t.Error("there is something to press before anything is chosen")
		}
		ada.leads(ada.get(page+"/register"), page+"/prepare")
		ada.want(ada.get(page+"/prepare"), http.StatusOK, "Choose your division now. When registration opens",
			`name="accessCode"`)
		ada.want(ada.post(page+"/prepare", "answers", "given"), http.StatusUnprocessableEntity,
			"This is required: choose a division.")
		ada.leads(ada.post(page+"/prepare", "answers", "given", "divisionId", half, "accessCode", "maple 2026"), page)
		got = ada.want(ada.get(page), http.StatusOK, "You&#39;re ready.", "(your choice)", `id="press"`,
			`href="`+page+`/prepare"`)
		if strings.Contains(got.text, `name="accessCode"`) || strings.Contains(got.text, `id="division-`+half) {
			t.Error("what was prepared is asked for again")
		}
		ada.want(ada.get(page+"/prepare"), http.StatusOK, `value="`+half+`" required checked`, "Delete what you saved")

		api.Do(http.MethodPut, "/api/competitions/"+id+"/preparation", map[string]any{
			"divisionId": ten, "accessCode": "Maple-2026",
		}).Want(t, http.StatusOK)
		ben.leads(ben.post("/auth/login", "email", api.User.Email, "password", apptest.Password), "/dashboard")
		ben.want(ben.get(page), http.StatusOK, "You&#39;re ready.", "(your choice)")

		s.opens(organizer, id)
		ada.want(ada.get(page), http.StatusOK, `id="press"`, "(your choice)", `href="`+page+`/register"`)
		ada.leads(ada.post(page+"/register"), page)
		ada.want(ada.get(page), http.StatusOK, `class="bib"`, "(yours)", ">Half marathon</bdi>")
		ben.want(ben.get(page+"/register"), http.StatusOK, "Choose your division to register.",
			`value="`+ten+`" required checked`)
		ben.leads(ben.post(page+"/register", "answers", "given", "divisionId", half, "accessCode", "maple2026"), page)
		other := s.browser(t)
		other.signUp("other@example.com")
		other.want(other.get(page), http.StatusOK, `id="division-`+half, `name="accessCode"`,
			"Choose one, then register.")
	})
}

// TestLeadOfTheForm checks that it says all that has to be filled in.
func TestLeadOfTheForm(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.As(compete.RoleOrganizer), s.browser(t)
	b.signUp("ada@example.com")
	questions := []map[string]any{{"kind": "TEXT", "label": "Club"}}
	divisions, team := []map[string]any{{"name": "10 km", "capacity": 9}}, map[string]any{"max": 3}
	for text, fields := range map[string]map[string]any{
		"Answer these questions to register.":        {"questions": questions},
		"Choose your team to register.":              {"team": team},
		"Choose your team and division to register.": {"team": team, "divisions": divisions},
		"Choose your division and answer these questions to register.": {
			"divisions": divisions, "questions": questions,
		},
		"Choose your team and division, and answer these questions to register.": {
			"team": team, "divisions": divisions, "questions": questions,
		},
	} {
		b.want(b.get("/competitions/"+organizer.Create(fields)+"/register"), http.StatusOK, text)
	}
}

// TestReadyCardNamesTheTeam chooses a team ahead in each way: the card says which.
func TestReadyCardNamesTheTeam(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, captain := s.As(compete.RoleOrganizer), s.As(compete.RoleParticipant)
	id := organizer.Create(map[string]any{
		"regOpensAt": early, "regDeadline": "2126-05-08T08:00:00Z", "team": map[string]any{"max": 3},
	})
	organizer.Do(http.MethodPost, "/api/competitions/"+id+"/registrations", map[string]any{
		"email": captain.User.Email, "team": map[string]any{"name": "The Gophers"},
	}).Want(t, http.StatusCreated)
	var mine []struct{ TeamID string }
	captain.Get("/api/users/me/registrations", &mine)
	var team struct{ Code string }
	captain.Get("/api/teams/"+mine[0].TeamID, &team)

	page, b := "/competitions/"+id, s.browser(t)
	b.signUp("ada@example.com")
	for _, tt := range []struct{ team, field, value, says string }{
		{"new", "team.name", "Early Birds", "Team: <bdi class=\"font-semibold break-words\">Early Birds<"},
		{"code", "team.code", team.Code, "Team: <bdi class=\"font-semibold break-words\">The Gophers<"},
		{"looking", "team.name", "", "<p>Looking for a team</p>"},
	} {
		b.leads(b.post(page+"/prepare", "answers", "given", "team", tt.team, tt.field, tt.value), page)
		b.want(b.get(page), http.StatusOK, "You&#39;re ready.", tt.says)
	}
}
