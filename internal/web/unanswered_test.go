package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestMissingAnswersAreFound adds questions after people have registered: those who have to answer are told on their
// card, and the organizer finds them.
func TestMissingAnswersAreFound(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		a := s.asked(map[string]any{})
		api, ada := s.person(t)
		api.Do(http.MethodPost, "/api"+a.page+"/register", nil).Want(t, http.StatusCreated)
		ask := func(required bool) {
			t.Helper()
			a.organizer.Do(http.MethodPatch, "/api"+a.page, map[string]any{"questions": []map[string]any{
				{"id": "size", "kind": "ONE_OF", "label": "Size", "options": []string{"S", "M"}, "required": required},
				{"id": "minor", "kind": "YES_NO", "label": "Under 18?"},
				{
					"id": "phone", "kind": "PHONE", "label": "Phone of a parent", "required": true, "sensitive": true,
					"showIf": map[string]any{"questionId": "minor", "anyOf": []any{true}},
				},
			}}, "If-Match", "*").Want(t, http.StatusOK)
		}
		card := func(want, not string) {
			t.Helper()
			if got := ada.want(ada.get(a.page), http.StatusOK, want); strings.Contains(got.text, not) {
				t.Errorf("the card says %q", not)
			}
		}
		found := func(question string) bool {
			t.Helper()
			list := a.page + "/registrations"
			got := a.b.want(a.b.get(list+"?"+url.Values{"said": {"!" + question}}.Encode()), http.StatusOK,
				`value="!`+question+`" selected`, "No answer")
			again := a.b.want(a.b.get(list+"?unanswered="+question), http.StatusOK, `value="!`+question+`" selected`)
			file := a.b.want(a.b.get(list+".csv?unanswered="+question), http.StatusOK)
			n := 0
			for _, p := range []page{got, again, file} {
				n += min(1, strings.Count(p.text, api.User.Email))
			}
			if n != 0 && n != 3 {
				t.Errorf("who hasn't answered %s is in %d of three lists", question, n)
			}
			return n > 0
		}
		ask(false)
		card("Your answers", "Answer questions")
		ask(true)
		card("Answer questions", "Your answers")
		card("The organizer has questions for you. Answer them by <time", "Your answers")
		if !found("size") || found("phone") {
			t.Error("the list isn't of who was asked and hasn't answered")
		}
		a.b.want(a.b.get(a.page+"/registrations/answers"), http.StatusOK, a.page+"/registrations?unanswered=size",
			`href="`+a.page+`/registrations"`, `href="`+a.page+`/audit"`)
		ada.leads(ada.post(a.page+"/answers", "answers", "given", "answers.size", "M"), a.page)
		card("Your answers", "Answer questions")
		if found("size") || !found("minor") {
			t.Error("the list isn't of who hasn't answered yet")
		}
		if got := a.b.get(a.page + "/registrations/answers"); strings.Contains(got.text, "unanswered=size") {
			t.Error("the summary leads to who hasn't answered what everybody has")
		} else if !strings.Contains(got.text, "unanswered=minor") || strings.Contains(got.text, "unanswered=phone") {
			t.Error("the summary leads to who hasn't answered what nobody is asked, or not to who hasn't what they are")
		}
	})
}

// TestNotAnsweredLeadsToSomebody asks captains for their team, and those who chose one of several things: the summary
// leads to who hasn't answered only if there is somebody.
func TestNotAnsweredLeadsToSomebody(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		a := s.asked(map[string]any{"team": map[string]any{"max": 2}, "questions": []map[string]any{
			{"id": "website", "kind": "URL", "label": "Website", "scope": "TEAM"},
			{"id": "meals", "kind": "MANY_OF", "label": "Meals", "options": []string{"Lunch", "Dinner"}},
			{
				"id": "diet", "kind": "TEXT", "label": "Diet",
				"showIf": map[string]any{"questionId": "meals", "anyOf": []any{"Lunch", "Dinner"}},
			},
		}})
		captain, ada := s.person(t)
		member, _ := s.person(t)
		var r struct{ TeamID string }
		captain.Do(http.MethodPost, "/api"+a.page+"/register", map[string]any{
			"team":    map[string]any{"name": "The Gophers"},
			"answers": map[string]any{"meals": []string{"Lunch", "Dinner"}},
		}).Want(t, http.StatusCreated).JSON(t, &r)
		var team struct{ Code string }
		captain.Get("/api/teams/"+r.TeamID, &team)
		member.Do(http.MethodPost, "/api"+a.page+"/register", map[string]any{
			"team": map[string]any{"code": team.Code},
		}).Want(t, http.StatusCreated)

		summary := a.page + "/registrations/answers"
		a.b.want(a.b.get(summary), http.StatusOK, "unanswered=website", "unanswered=diet", "unanswered=meals")
		ada.leads(ada.post(a.page+"/answers", "answers", "given", "answers.website", "https://example.com",
			"answers.meals", "Lunch", "answers.meals", "Dinner", "answers.diet", "Vegan"), a.page)
		got := a.b.want(a.b.get(summary), http.StatusOK, "unanswered=meals")
		for _, question := range []string{"website", "diet"} {
			if strings.Contains(got.text, "unanswered="+question) {
				t.Errorf("the summary leads to an empty list of who hasn't answered %s", question)
			}
		}
	})
}
