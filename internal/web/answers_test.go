package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// asked is a competition with questions, as its organizer sees it, and somebody who answers them.
type asked struct {
	id, page  string
	questions []string // their ids
	organizer *apptest.Client
	b         *browser
}

func (s *site) asked(fields map[string]any) asked {
	organizer, b := s.organized()
	a := asked{id: organizer.Create(fields), organizer: organizer, b: b}
	a.page = "/competitions/" + a.id
	var c struct{ Questions []struct{ ID string } }
	organizer.Get("/api/competitions/"+a.id, &c)
	for _, q := range c.Questions {
		a.questions = append(a.questions, q.ID)
	}
	return a
}

// answer registers somebody new with an answer to each question; nil leaves one out.
func (a *asked) answer(s *site, team map[string]any, answers ...any) *apptest.Client {
	s.t.Helper()
	who, body := s.As(compete.RoleParticipant), map[string]any{}
	given := map[string]any{}
	for i, answer := range answers {
		if answer != nil {
			given[a.questions[i]] = answer
		}
	}
	if body["answers"] = given; team != nil {
		body["team"] = team
	}
	who.Do(http.MethodPost, "/api/competitions/"+a.id+"/register", body).Want(s.t, http.StatusCreated)
	return who
}

// TestFilterByATypedAnswer filters the list by answers that can't be chosen from a list.
func TestFilterByATypedAnswer(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		a := s.asked(map[string]any{"questions": []map[string]any{
			{"kind": "TEXT", "label": "Club"},
			{"kind": "COUNTRY", "label": "Country"},
			{"kind": "NUMBER", "label": "Age"},
			{"kind": "YES_NO", "label": "Vegetarian"},
			{"kind": "TEXT", "label": "Allergies", "sensitive": true},
		}})
		ada := a.answer(s, nil, "Harriers", "CH", 31, true, "Hazelnuts").User.Name
		ben := a.answer(s, nil, "Striders", "FR", 42, false, nil).User.Name
		list := a.page + "/registrations"
		got := a.b.want(a.b.get(list), http.StatusOK, `<optgroup label="An answer that you type">`, `name="answer"`,
			`value="`+a.questions[0]+`="`)
		if strings.Contains(got.text, `value="`+a.questions[4]+`="`) {
			t.Error("the list can be filtered by sensitive answers")
		}
		find := func(question int, answer string) page {
			query := url.Values{"said": {a.questions[question] + "="}, "answer": {answer}}
			return a.b.get(list + "?" + query.Encode())
		}
		for _, c := range []struct {
			question           int
			answer, shown, not string
		}{
			{0, "Harriers", ada, ben},
			{1, "switzerland", ada, ben},
			{1, "FR", ben, ada},
			{2, "42", ben, ada},
		} {
			got := a.b.want(find(c.question, c.answer), http.StatusOK, "<bdi>"+c.shown+"</bdi>",
				`value="`+a.questions[c.question]+`=" selected`)
			if strings.Contains(got.text, "<bdi>"+c.not+"</bdi>") {
				t.Errorf("%s is among those who answered %s", c.not, c.answer)
			}
		}
		a.b.want(find(0, "  "), http.StatusOK, ada, ben)
		a.b.want(find(2, "many"), http.StatusUnprocessableEntity, "This search didn")
		a.b.want(a.b.get(list+"?said="+a.questions[3]+"%3Dyes&answer=Harriers"), http.StatusOK, "Vegetarian: Yes")
		a.b.want(a.b.get(list+".csv?question="+a.questions[0]+"&answer=Striders"), http.StatusOK, ben)
	})
}

// TestBarsOfAnswers checks that bars of what only some are asked aren't measured against everybody.
func TestBarsOfAnswers(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	a := s.asked(map[string]any{"team": map[string]any{"max": 3}, "questions": []map[string]any{
		{"kind": "YES_NO", "label": "Laptop"}, {"kind": "YES_NO", "label": "Robot", "scope": "TEAM"},
	}})
	a.answer(s, map[string]any{"name": "The Gophers"}, true, true)
	a.answer(s, nil, true, nil)
	a.answer(s, nil, false, nil)
	got := a.b.want(a.b.get(a.page+"/registrations/answers"), http.StatusOK, `max="3" value="2"`, `max="1" value="1"`)
	if strings.Contains(got.text, `max="3" value="0"`) {
		t.Error("a question to teams is measured against all people")
	}
}

// TestRemovingAQuestionWithAnswers saves a competition without a question that somebody answered: that has to be
// confirmed.
func TestRemovingAQuestionWithAnswers(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		s := &site{App: apptest.Start(t, apptest.Options{DatabaseURL: databaseURL}), t: t}
		a := s.asked(map[string]any{"title": "City Run", "questions": []map[string]any{
			{"kind": "TEXT", "label": "Club"}, {"kind": "TEXT", "label": "Motto"},
		}})
		a.answer(s, nil, "Harriers", nil)
		edit := a.page + "/edit"
		fields := []string{
			"title", "City Run", "capacity", "10", "zone", "UTC", "version", "1", "questions", "shown",
			"regDeadline", time.Now().UTC().Add(48 * time.Hour).Format("2006-01-02T15:04"),
		}
		post := func(more ...string) page { return a.b.post(edit, append(append([]string{}, fields...), more...)...) }
		row := func(i int, label string) []string {
			id := a.questions[i]
			return []string{"question", id, "q." + id + ".kind", "TEXT", "q." + id + ".label", label}
		}
		got := a.b.want(post(), http.StatusUnprocessableEntity, "Answers would be lost.",
			"and its answer, for good. It won&#39;t be shown or exported any more, even if you ask the same again.",
			"Export registrations first", a.page+"/registrations.csv",
			`name="removeQuestion" value="`+a.questions[0]+`"`, `value="keep:`+a.questions[0]+`"`)
		if strings.Contains(got.text, "Motto") {
			t.Error("a question without answers has to be confirmed, too")
		}
		a.b.want(post("edit-questions", "keep:"+a.questions[0]), http.StatusOK, `value="Club"`)
		a.b.want(post("removeQuestion", a.questions[1]), http.StatusUnprocessableEntity, "and its answer, for good.")
		a.b.leads(post(row(0, "Club or team")...), a.page) // without the other one
		fields[7] = "2"
		a.b.leads(post("removeQuestion", a.questions[0]), a.page)
		a.b.want(a.b.get(edit), http.StatusOK, "Ask questions at registration")
		var c struct{ Questions []struct{ ID string } }
		if a.organizer.Get("/api/competitions/"+a.id, &c); len(c.Questions) > 0 {
			t.Errorf("the competition still has the questions %v", c.Questions)
		}
	})
}

// TestVisitorsAreToldOfTeams shows the rules for teams on the page, and in the preview with the divisions.
func TestVisitorsAreToldOfTeams(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	organizer, b := s.organized()
	for text, team := range map[string]map[string]any{
		"Teams of 2 to 4 people. Each team takes one seat. Teams with fewer than 2 members when registration closes " +
			"lose their place.": {"min": 2, "max": 4, "seatUnit": "TEAM", "dropIncomplete": true},
		"Teams of up to 3 people. Each member takes a seat. You can also compete alone.": {"max": 3},
		"Teams of 2 people. Each member takes a seat.":                                   {"min": 2, "max": 2},
	} {
		b.want(b.get("/competitions/"+organizer.Create(map[string]any{"team": team})), http.StatusOK, text)
	}
	if got := b.get("/competitions/" + organizer.Create(nil)); strings.Contains(got.text, "data-team-rules") {
		t.Error("a competition without teams speaks of them")
	}
	b.want(b.post("/competitions/create/preview", "title", "City Run", "capacity", "10", "zone", "UTC",
		"team.max", "4", "team.min", "2", "division-name-0", "Half marathon", "division-capacity-0", "7",
		"division-id-0", ""), http.StatusOK, "Teams of 2 to 4 people.", "Half marathon", "of 7 seats left",
		"Create a team", "Look for a team")
}
