package web_test

import (
	"net/http"
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
			b.want(b.get(page), http.StatusOK, "You&#39;re ready.", page+"/prepare")
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
