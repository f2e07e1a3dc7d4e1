package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// sent returns what a browser without JavaScript would send of the answers on a page.
func (p page) sent(t *testing.T) url.Values {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.text))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"answers": {"given"}}
	for n := range root.Descendants() {
		attributes := map[string]string{}
		for _, a := range n.Attr {
			attributes[a.Key] = a.Val
		}
		name := attributes["name"]
		if !strings.HasPrefix(name, "answers.") {
			continue
		}
		_, checked := attributes["checked"]
		switch kind := attributes["type"]; {
		case n.Data == "textarea" && n.FirstChild != nil:
			form.Add(name, strings.ReplaceAll(n.FirstChild.Data, "\n", "\r\n"))
		case n.Data == "input" && (checked || kind != "radio" && kind != "checkbox"):
			form.Add(name, attributes["value"])
		}
	}
	return form
}

// TestKeptAnswersStay edits one answer on a page after the organizer changed the questions so that the others couldn't
// be given any more: they stay as they are.
func TestKeptAnswersStay(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		question := func(id, kind string, more map[string]any) map[string]any {
			q := map[string]any{"id": id, "kind": kind, "label": "About " + id}
			maps.Copy(q, more)
			return q
		}
		a := s.asked(map[string]any{"questions": []map[string]any{
			question("size", "ONE_OF", map[string]any{"options": []string{"S", "M", "L"}}),
			question("print", "TEXT", map[string]any{"showIf": map[string]any{
				"questionId": "size", "anyOf": []string{"L"},
			}}),
			question("days", "MANY_OF", map[string]any{"options": []string{"Fri", "Sat", "Sun"}}),
			question("age", "NUMBER", nil),
			question("motto", "TEXT", nil),
			question("story", "LONG_TEXT", nil),
			question("phone", "PHONE", nil),
		}})
		answers := map[string]any{
			"size": "L", "print": "Ada", "days": []any{"Fri", "Sun"}, "age": 31.0, "motto": "Run, run, run",
			"story": "One.\nTwo.", "phone": "+41 44 123 45 67",
		}
		api, ada := s.person(t)
		var r struct{ ID string }
		api.Do(http.MethodPost, "/api"+a.page+"/register", map[string]any{"answers": answers}).
			Want(t, http.StatusCreated).JSON(t, &r)
		fewer := func(required bool) {
			t.Helper()
			must := map[string]any{"required": required}
			with := func(more map[string]any) map[string]any { maps.Copy(more, must); return more }
			a.organizer.Do(http.MethodPatch, "/api"+a.page, map[string]any{"questions": []map[string]any{
				question("size", "ONE_OF", with(map[string]any{"options": []string{"S", "M", "Large"}})),
				question("print", "TEXT", map[string]any{"showIf": map[string]any{
					"questionId": "size", "anyOf": []string{"Large"},
				}}),
				question("days", "MANY_OF", with(map[string]any{"options": []string{"Sat", "Sun"}, "max": 1})),
				question("age", "NUMBER", with(map[string]any{"max": 18})),
				question("motto", "TEXT", with(map[string]any{"max": 5})),
				question("story", "LONG_TEXT", with(map[string]any{"max": 5})),
				question("phone", "PHONE", nil),
			}}, "If-Match", "*").Want(t, http.StatusOK)
		}
		stays := func(b *browser, path, back, phone string) {
			t.Helper()
			form := b.want(b.get(path), http.StatusOK, "L (no longer offered)", "Fri (no longer offered)").sent(t)
			form.Del("answers.print") // the script disables what isn't asked
			form.Set("answers.phone", phone)
			b.leads(b.do(http.MethodPost, path, form), back)
			var mine []struct{ Answers map[string]any }
			api.Get("/api/users/me/registrations", &mine)
			if answers["phone"] = phone; !reflect.DeepEqual(mine[0].Answers, answers) {
				t.Errorf("the answers are %v, want %v", mine[0].Answers, answers)
			}
		}
		path, staff := a.page+"/answers", a.page+"/registrations/"+r.ID
		fewer(false)
		stays(ada, path, a.page, "+41 44 765 43 21")
		stays(a.b, staff, staff, "+41 44 765 43 22")
		fewer(true)
		stays(ada, path, a.page, "+41 44 765 43 23")
		stays(a.b, staff, staff, "+41 44 765 43 24")

		form := ada.get(path).sent(t)
		form.Set("answers.age", "32")
		ada.want(ada.do(http.MethodPost, path, form), http.StatusUnprocessableEntity, "at most 18",
			"L (no longer offered)")
		form.Set("answers.age", "17")
		form["answers.days"] = slices.DeleteFunc(form["answers.days"], func(day string) bool { return day == "Sun" })
		form.Set("answers.size", "Large")
		ada.leads(ada.do(http.MethodPost, path, form), a.page)
		got := ada.want(ada.get(path), http.StatusOK, "Fri (no longer offered)")
		if strings.Contains(got.text, "L (no longer offered)") {
			t.Error("an option that nobody has any more is offered")
		}
	})
}
