package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sheet"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestListOfATeam filters the organizer's list by a team, typed by its name or from an address, and so its files.
func TestListOfATeam(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		organizer := s.As(compete.RoleOrganizer)
		id := organizer.Create(map[string]any{"title": "Team Hack", "team": map[string]any{"max": 3}})
		page := "/competitions/" + id
		for email, team := range map[string]string{"ada@example.com": "Red", "ben@example.com": "Redder"} {
			b := s.browser(t)
			b.signUp(email)
			b.leads(b.post(page+"/register", "answers", "given", "team", "new", "team.name", team), page)
		}
		var teams []struct{ ID, Name string }
		organizer.Get("/api"+page+"/teams", &teams)
		ids := map[string]string{}
		for _, team := range teams {
			ids[team.Name] = team.ID
		}
		b := s.browser(t)
		b.leads(b.post("/auth/login", "email", organizer.User.Email, "password", apptest.Password), "/dashboard")
		b.want(b.get(page+"/teams"), http.StatusOK, `/registrations?team=`+ids["Red"])

		list := page + "/registrations"
		for query, named := range map[string]string{
			"?team=" + ids["Red"]: "Red", "?teamName=red": "red", "?teamName=+RED&team=" + ids["Redder"]: "RED",
		} {
			got := b.want(b.get(list+query), http.StatusOK, "ada@example.com", `value="`+named+`" maxlength`,
				`/registrations.csv?team=`+ids["Red"], `/registrations/print?team=`+ids["Red"])
			if strings.Contains(got.text, "ben@example.com") {
				t.Errorf("%s: the list of a team has somebody of another", query)
			}
		}
		b.want(b.get(list+"?teamName="), http.StatusOK, "ada@example.com", "ben@example.com")
		b.want(b.get(list+"?teamName=Re"), http.StatusUnprocessableEntity, "No team has this name.", `value="Re" maxlength`)
		b.want(b.get(list+"?team="+id), http.StatusOK, "No matches")
		b.want(b.get(list+"?team=x"), http.StatusUnprocessableEntity, "This search didn&#39;t work: Team must be")
		b.want(b.get(list+"/print?team="+ids["Redder"]), http.StatusOK, "1 registration", "Redder")

		file := b.want(b.get(list+".csv?team="+ids["Red"]), http.StatusOK, "ada@example.com")
		api := organizer.Do(http.MethodGet, "/api"+list+"?team="+ids["Red"], nil, "Accept", "text/csv")
		if want := sheet.BOM + string(api.Want(t, http.StatusOK).Body); file.text != want {
			t.Errorf("the page's file has\n%s\nthe API's\n%s", file.text, want)
		}
	})
}
