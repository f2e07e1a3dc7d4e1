package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestQuestions(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("of a competition", w.sub(testQuestions))
		t.Run("kept kinds", w.sub(testKeptKinds))
		t.Run("answered with the press", w.sub(testAnswers))
		t.Run("edited answers", w.sub(testEditedAnswers))
		t.Run("answers in lists", w.sub(testAnswersInLists))
		t.Run("prepared", w.sub(testPreparation))
		t.Run("prepared for other questions", w.sub(testOutdatedPreparation))
		t.Run("prepared with a division", w.sub(testPreparedDivision))
		t.Run("in a closed circle", w.sub(testQuestionsOfACircle))
		t.Run("exported and erased", w.sub(testAnswersOfAPerson))
		t.Run("promises about sensitive ones", w.sub(testPromisesAboutSensitiveAnswers))
	})
}

const questions = `[
	{"id":"size","kind":"ONE_OF","label":"T-shirt size","options":["S","M","L"],"required":true},
	{"id":"minor","kind":"YES_NO","label":"Are you under 18?","required":true},
	{"id":"guardian","kind":"PHONE","label":"Guardian's phone","required":true,"sensitive":true,
		"showIf":{"questionId":"minor","anyOf":[true]}},
	{"id":"food","kind":"MANY_OF","label":"Food","options":["vegan","halal"]},
	{"id":"rules","kind":"CONSENT","label":"I agree to the rules","help":"Play *fair*.","required":true}
]`

const goodAnswers = `{"answers":{"size":"M","minor":false,"rules":true,"food":["halal"]}}`

// asking creates a competition with these questions.
func (w *world) asking(questions string) api.Competition {
	w.t.Helper()
	return w.create(askingBody(questions))
}

func askingBody(questions string) string {
	return strings.Replace(competitionBody("Olympiad", 20), "{", `{"questions":`+questions+`,`, 1)
}

// fields returns the fields that a refusal names, with what it says of each.
func (w *world) fields(got answer, status int) map[string]string {
	w.t.Helper()
	p := w.wantProblem(got)
	if got.status != status {
		w.t.Errorf("%s: got %d %s, want %d", got.request, got.status, got.body, status)
	}
	found := map[string]string{}
	for _, f := range p.Errors {
		found[f.Field] = f.Message
	}
	return found
}

func (w *world) wantFields(got answer, fields ...string) {
	w.t.Helper()
	found := w.fields(got, http.StatusUnprocessableEntity)
	for _, f := range fields {
		if found[f] == "" {
			w.t.Errorf("%s: no error at %s: %v", got.request, f, found)
		}
	}
	if len(found) != len(fields) {
		w.t.Errorf("%s: got errors at %v, want them at %v", got.request, found, fields)
	}
}

// testPromisesAboutSensitiveAnswers: people were told who reads what they answered, and until when.
func testPromisesAboutSensitiveAnswers(w *world) {
	c := w.asking(questions)
	plain := strings.Replace(questions, `"sensitive":true,`, "", 1)
	change := func(body string) answer {
		return w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], body, "If-Match: *")
	}
	for _, body := range []string{`{"questions":` + plain + `,"answersKeptDays":5}`, `{"questions":` + questions + `}`} {
		w.into(change(body), http.StatusOK, new(api.Competition)) // while nobody has answered
	}
	w.into(change(`{"answersKeptDays":20}`), http.StatusOK, new(api.Competition))
	var registered api.Registration
	person := w.signUp().Token
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", person,
		`{"answers":{"size":"M","minor":true,"guardian":"+41 44 123 45 67","rules":true}}`),
		http.StatusCreated, &registered)
	w.wantFields(change(`{"questions":`+plain+`}`), "questions[2].sensitive")
	w.wantFields(change(`{"answersKeptDays":21}`), "answersKeptDays")
	w.into(change(`{"answersKeptDays":19,"questions":`+questions+`}`), http.StatusOK, new(api.Competition))
	// Their answers are still stored after they cancel, and after the question is removed.
	w.into(w.call("DELETE", "/api/registrations/"+registered.ID, person, ""), http.StatusOK, new(api.Registration))
	w.wantFields(change(`{"answersKeptDays":null,"questions":[]}`), "answersKeptDays")
	w.into(change(`{"questions":[]}`), http.StatusOK, new(api.Competition))
	w.wantFields(change(`{"answersKeptDays":null}`), "answersKeptDays")
	w.wantFields(change(`{"answersKeptDays":20}`), "answersKeptDays")
	w.into(change(`{"answersKeptDays":18}`), http.StatusOK, new(api.Competition))
}

func testQuestions(w *world) {
	c := w.asking(questions)
	var want compete.Questions
	if err := json.Unmarshal([]byte(questions), &want); err != nil {
		w.t.Fatal(err)
	}
	for i := range want {
		want[i].Scope = compete.ScopePerson
	}
	var read api.Competition
	w.into(w.call("GET", "/api/competitions/"+c.ID, "", ""), http.StatusOK, &read)
	if !reflect.DeepEqual(read.Questions, want) || !reflect.DeepEqual(c.Questions, want) {
		w.t.Errorf("got the questions %+v, want %+v", read.Questions, want)
	}
	if read.AnswersKeptDays == nil || *read.AnswersKeptDays != 30 || read.AnswersUntil != nil {
		w.t.Errorf("sensitive answers are kept for %v days, and edited until %v", read.AnswersKeptDays,
			read.AnswersUntil)
	}
	if got := w.call("GET", "/api/competitions/"+w.competition(5).ID, "", "").body; strings.Contains(got, "uestions") ||
		strings.Contains(got, "nswers") {
		w.t.Errorf("a competition without questions says something of them: %s", got)
	}
	if got := w.call("GET", "/api/competitions?limit=100", "", "").body; strings.Contains(got, "T-shirt size") {
		w.t.Error("a list has questions")
	}
	w.wantFields(w.call("POST", "/api/competitions", w.tokens[organizer], askingBody(`[{"kind":"SONG","label":""},
		{"kind":"ONE_OF","label":"a","scope":"TEAM"}]`)),
		"questions[0].kind", "questions[0].label", "questions[1].options", "questions[1].scope")
	w.wantFields(w.call("POST", "/api/competitions", w.tokens[organizer], askingBody(`[{"kind":"TEXT","lable":"a"}]`)),
		"questions[0].lable", "questions[0].label")
	path := "/api/competitions/" + c.ID
	w.wantFields(w.call("PATCH", path, w.tokens[organizer], `{"questions":[{"kind":"TEXT","lable":"a"}]}`, "If-Match: *"),
		"questions[0].lable", "questions[0].label")
	var changed api.Competition
	w.into(w.call("PATCH", path, w.tokens[organizer], `{"title":"Another"}`, "If-Match: *"), http.StatusOK, &changed)
	if !reflect.DeepEqual(changed.Questions, want) {
		w.t.Errorf("a change of the title left the questions %+v", changed.Questions)
	}
	w.into(w.call("PATCH", path, w.tokens[organizer],
		`{"questions":[{"kind":"TEXT","label":" School "}],"answersUntil":"2126-05-03T12:00:00Z"}`, "If-Match: *"),
		http.StatusOK, &changed)
	if len(changed.Questions) != 1 || changed.Questions[0].ID == "" || changed.Questions[0].Label != "School" ||
		changed.Version != c.Version+2 || changed.AnswersUntil == nil {
		w.t.Errorf("got %+v", changed)
	}
	var none api.Competition
	w.into(w.call("PATCH", path, w.tokens[organizer], `{"questions":[]}`, "If-Match: *"), http.StatusOK, &none)
	if none.Questions != nil {
		w.t.Errorf("got %+v, want no questions", none.Questions)
	}
}

func testKeptKinds(w *world) {
	c := w.asking(`[{"id":"age_group","kind":"NUMBER","label":"Age"},{"id":"b","kind":"TEXT","label":"b"}]`)
	path := "/api/competitions/" + c.ID
	w.into(w.call("POST", path+"/register", w.tokens[participant], `{"answers":{"age_group":0}}`), 201,
		new(api.Registration))
	const asText = `{"questions":[{"id":"b","kind":"NUMBER","label":"b"},{"id":"age_group","kind":"TEXT","label":"Age"}]}`
	got := w.call("PATCH", path, w.tokens[organizer], asText, "If-Match: *")
	w.wantFields(got, "questions[1].kind") // nobody answered the other
	w.into(w.call("PATCH", path, w.tokens[organizer], `{"questions":[]}`, "If-Match: *"), 200, new(api.Competition))
	got = w.call("PATCH", path, w.tokens[organizer], asText, "If-Match: *")
	w.wantFields(got, "questions[1].id") // it was removed, but its answers are kept
}

func testAnswers(w *world) {
	c := w.asking(questions)
	path := "/api/competitions/" + c.ID + "/register"
	press := func(body string) answer { return w.call("POST", path, w.tokens[participant], body) }
	w.wantFields(press(""), "answers.size", "answers.minor", "answers.rules")
	w.wantFields(press(`{"answers":{"size":"XXL","minor":"no","food":"halal","rules":false,"q":1}}`),
		"answers.size", "answers.minor", "answers.food", "answers.rules", "answers.q")
	w.wantFields(press(`{"answers":{"size":"S","minor":true,"rules":true}}`), "answers.guardian")
	w.wantFields(press(`{"answers":[]}`), "answers")
	w.wantFields(w.call("POST", "/api/competitions/"+w.competition(5).ID+"/register", w.tokens[participant],
		goodAnswers), "answers.size", "answers.minor", "answers.rules", "answers.food")
	var r api.Registration
	w.into(w.call("POST", path, w.tokens[participant], goodAnswers, "Idempotency-Key: a-press-with-answers"), 201, &r)
	again := w.call("POST", path, w.tokens[participant], goodAnswers, "Idempotency-Key: a-press-with-answers")
	if again.status != 201 || again.header.Get("Idempotency-Replayed") != "true" {
		w.t.Errorf("repeated: got %d %s", again.status, again.body)
	}
	var other api.Registration
	w.into(w.call("POST", path, w.tokens[otherParticipant],
		`{"answers":{"size":"S","minor":true,"guardian":"+41 44 123 45 67","rules":true}}`), 201, &other)
	if got := w.answersOf(w.tokens[otherParticipant], other.ID); got["guardian"] != "+41 44 123 45 67" {
		w.t.Errorf("got the answers %v", got)
	}
}

// answersOf returns the answers of a registration as its owner reads them.
func (w *world) answersOf(token, registrationID string) compete.Answers {
	w.t.Helper()
	var mine []api.Registration
	w.into(w.call("GET", "/api/users/me/registrations?limit=100", token, ""), 200, &mine)
	for _, r := range mine {
		if r.ID == registrationID {
			return r.Answers
		}
	}
	w.t.Errorf("registration %s isn't listed", registrationID)
	return nil
}

func testEditedAnswers(w *world) {
	c := w.asking(questions)
	person := w.signUp()
	var r api.Registration
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", person.Token, goodAnswers), 201, &r)
	path := "/api/registrations/" + r.ID
	w.wantFields(w.call("PATCH", path, person.Token, `{"answers":{"size":null}}`), "answers.size")
	w.wantFields(w.call("PATCH", path, person.Token, `{"answers":{"minor":true}}`), "answers.guardian")
	w.wantFields(w.call("PATCH", path, person.Token, `{"seats":2}`), "seats")
	edit := func(token, body string) compete.Answers {
		w.t.Helper()
		var edited api.Registration
		w.into(w.call("PATCH", path, token, body), 200, &edited)
		return edited.Answers
	}
	want := compete.Answers{"size": "L", "minor": false, "rules": true}
	if got := edit(person.Token, `{"answers":{"size":"L","food":null}}`); !reflect.DeepEqual(got, want) {
		w.t.Errorf("got %v, want %v", got, want)
	}
	if got := edit(w.tokens[organizer], `{"answers":{"size":"L"}}`); !reflect.DeepEqual(got, want) {
		w.t.Errorf("the organizer got %v, want %v", got, want)
	}
	// A required answer that exists isn't demanded again, although its option is gone.
	w.into(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer],
		`{"questions":`+strings.Replace(questions, `"S","M","L"`, `"S","M"`, 1)+`,"answersUntil":"2020-01-01T00:00:00Z"}`,
		"If-Match: *"), 200, new(api.Competition))
	if got := w.call("PATCH", path, person.Token, `{"answers":{"food":["vegan"]}}`); got.status != 409 ||
		w.wantProblem(got).Code != "answers_closed" {
		w.t.Errorf("after answersUntil: got %d %s", got.status, got.body)
	}
	if got := edit(w.tokens[organizer], `{"answers":{"food":["vegan"]}}`); got["size"] != "L" {
		w.t.Errorf("got %v", got)
	}
	w.into(w.call("DELETE", path, person.Token, ""), 200, new(api.Registration))
	if got := w.call("PATCH", path, w.tokens[organizer], `{"answers":{}}`); got.status != 409 {
		w.t.Errorf("of a cancelled registration: got %d %s", got.status, got.body)
	}
}

func testAnswersInLists(w *world) {
	c := w.asking(questions)
	path := "/api/competitions/" + c.ID
	for _, answers := range []string{
		`{"size":"M","minor":false,"rules":true,"food":["vegan","halal"]}`,
		`{"size":"S","minor":true,"guardian":"123456","rules":true,"food":["halal"]}`,
		`{"size":"M","minor":true,"guardian":"654321","rules":true}`,
	} {
		w.into(w.call("POST", path+"/register", w.signUp().Token, `{"answers":`+answers+`}`), 201, new(api.Registration))
	}
	for query, want := range map[string]int{
		"": 3, "?question=size&answer=M": 2, "?question=minor&answer=yes": 2, "?question=food&answer=halal": 2,
		"?question=food&answer=vegan": 1, "?question=rules&answer=no": 0, "?question=size&answer=M&sort=name": 2,
		"?question=minor&answer=true&sort=status": 2, "?question=size&answer=S&status=WAITLISTED": 0,
		"?unanswered=food": 1, "?unanswered=food&sort=name": 1, "?unanswered=size": 0, "?unanswered=guardian": 0,
	} {
		var rows []api.ParticipantRegistration
		w.into(w.call("GET", path+"/registrations"+query, w.tokens[organizer], ""), 200, &rows)
		if len(rows) != want {
			w.t.Errorf("%s: got %d rows, want %d", query, len(rows), want)
		}
		for _, r := range rows {
			if r.Answers["rules"] != true {
				w.t.Errorf("%s: got the answers %v", query, r.Answers)
			}
		}
	}
	var summary api.AnswersSummary
	w.into(w.call("GET", path+"/answers", w.tokens[organizer], ""), 200, &summary)
	food := api.QuestionSummary{
		QuestionID: "food", Label: "Food", Kind: compete.QuestionManyOf, Answered: 2,
		Choices: []api.AnswerCount{{Value: "vegan", Count: 1}, {Value: "halal", Count: 2}},
	}
	if summary.People != 3 || len(summary.Questions) != 5 || !reflect.DeepEqual(summary.Questions[3], food) {
		w.t.Errorf("got the summary %+v", summary)
	}
	for query, field := range map[string]string{
		"?question=song&answer=M": "question", "?question=guardian&answer=123456": "question",
		"?question=size&answer=XL": "answer", "?question=size": "answer", "?answer=M": "question",
		"?unanswered=song": "unanswered", "?unanswered=food&question=size&answer=M": "unanswered",
	} {
		w.wantFields(w.call("GET", path+"/registrations"+query, w.tokens[organizer], ""), field)
	}
	telling := w.asking(`[{"id":"ill","kind":"YES_NO","label":"Are you ill?","sensitive":true},
		{"id":"how","kind":"TEXT","label":"How?","required":true,"showIf":{"questionId":"ill","anyOf":[true]}},
		{"id":"long","kind":"TEXT","label":"How long?","showIf":{"questionId":"how","anyOf":["very"]}}]`)
	unanswered := "/api/competitions/" + telling.ID + "/registrations?unanswered="
	w.wantFields(w.call("GET", unanswered+"how", w.tokens[organizer], ""), "unanswered")
	w.wantFields(w.call("GET", unanswered+"long", w.tokens[organizer], ""), "unanswered")
	w.into(w.call("GET", unanswered+"ill", w.tokens[organizer], ""), 200,
		new([]api.ParticipantRegistration))
	asked := w.asking(`[{"id":"motto","kind":"TEXT","label":"Motto","max":5}]`)
	list := "/api/competitions/" + asked.ID + "/registrations"
	w.into(w.call("GET", list+"?question=motto&answer=hello", w.tokens[organizer], ""), 200,
		new([]api.ParticipantRegistration))
	if got := w.call("GET", list+"?question=motto&answer=longer", w.tokens[organizer], ""); !strings.Contains(got.body,
		`"field":"answer","message":"must be at most 5 characters long"`) {
		w.t.Errorf("an answer that's too long: got %d %s", got.status, got.body)
	}
	got := w.call("GET", path+"/registrations", w.tokens[organizer], "", "Accept: text/csv")
	rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	if err != nil || len(rows) != 4 {
		w.t.Fatalf("got %v: %s", err, got.body)
	}
	n := len(rows[0]) - 5
	want := []string{"T-shirt size", "Are you under 18?", "Guardian's phone", "Food", "I agree to the rules"}
	if !reflect.DeepEqual(rows[0][n:], want) {
		w.t.Errorf("got the columns %q, want %q", rows[0][n:], want)
	}
	if want := []string{"M", "no", "", "vegan, halal", "yes"}; !reflect.DeepEqual(rows[1][n:], want) {
		w.t.Errorf("got the answers %q, want %q", rows[1][n:], want)
	}
}

// upcoming creates a competition whose registration isn't open yet.
func (w *world) upcoming(questions string) api.Competition {
	w.t.Helper()
	return w.create(strings.Replace(askingBody(questions), "{", `{"regOpensAt":"2126-04-01T12:00:00Z",`, 1))
}

// opened opens registration for it.
func (w *world) opened(c api.Competition, change string) {
	w.t.Helper()
	w.into(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"regOpensAt":null`+change+`}`, "If-Match: *"),
		200, new(api.Competition))
}

func testPreparation(w *world) {
	c := w.upcoming(questions)
	path := "/api/competitions/" + c.ID
	person := w.signUp()
	if got := w.call("GET", path+"/preparation", person.Token, ""); got.status != 404 ||
		w.wantProblem(got).Code != "preparation_not_found" {
		w.t.Errorf("before anything is prepared: got %d %s", got.status, got.body)
	}
	w.wantFields(w.call("PUT", path+"/preparation", person.Token, `{"answers":{"size":"XL"}}`),
		"answers.size", "answers.minor", "answers.rules")
	for range 2 { // again is fine
		var p api.Preparation
		w.into(w.call("PUT", path+"/preparation", person.Token, goodAnswers), 200, &p)
		w.into(w.call("GET", path+"/preparation", person.Token, ""), 200, &p)
		if !p.Ready || p.Answers["size"] != "M" || p.Errors != nil {
			w.t.Errorf("got %+v", p)
		}
	}
	if got := w.call("POST", path+"/register", person.Token, ""); got.status != 409 ||
		w.wantProblem(got).Code != "registration_not_open" {
		w.t.Errorf("too early: got %d %s", got.status, got.body)
	}
	w.opened(c, "")
	var r api.Registration
	w.into(w.call("POST", path+"/register", person.Token, "{}", "Idempotency-Key: the-press-at-noon"), 201, &r)
	want := compete.Answers{"size": "M", "minor": false, "rules": true, "food": []any{"halal"}}
	if got := w.answersOf(person.Token, r.ID); !reflect.DeepEqual(got, want) {
		w.t.Errorf("got %v, want %v", got, want)
	}
	if got := w.call("GET", path+"/preparation", person.Token, ""); got.status != 404 {
		w.t.Errorf("after the press: got %d %s", got.status, got.body)
	}
	if got := w.call("PUT", path+"/preparation", person.Token, goodAnswers); got.status != 409 {
		w.t.Errorf("of somebody registered: got %d %s", got.status, got.body)
	}
	other := w.signUp()
	w.into(w.call("PUT", path+"/preparation", other.Token, goodAnswers), 200, new(api.Preparation))
	if got := w.call("DELETE", path+"/preparation", other.Token, ""); got.status != 204 {
		w.t.Errorf("got %d %s", got.status, got.body)
	}
	w.wantFields(w.call("POST", path+"/register", other.Token, ""), "answers.size", "answers.minor", "answers.rules")
}

// If the questions change between preparing and the press, the refusal says what to answer, and nothing is lost.
func testOutdatedPreparation(w *world) {
	c := w.upcoming(questions)
	path := "/api/competitions/" + c.ID
	person := w.signUp()
	w.into(w.call("PUT", path+"/preparation", person.Token, goodAnswers), 200, new(api.Preparation))
	w.opened(c, `,"questions":[{"id":"size","kind":"ONE_OF","label":"Size","options":["S","M"],"required":true},
		{"id":"school","kind":"TEXT","label":"School","required":true}]`)
	var p api.Preparation
	w.into(w.call("GET", path+"/preparation", person.Token, ""), 200, &p)
	if p.Ready || len(p.Errors) != 1 || p.Errors[0].Field != "answers.school" || p.Answers["size"] != "M" {
		w.t.Errorf("got %+v", p)
	}
	w.wantFields(w.call("POST", path+"/register", person.Token, ""), "answers.school")
	w.into(w.call("GET", path+"/preparation", person.Token, ""), 200, &p)
	if p.Answers["size"] != "M" {
		w.t.Errorf("after the refusal: got %+v", p)
	}
	w.into(w.call("POST", path+"/register", person.Token, `{"answers":{"size":"M","school":"No. 5"}}`), 201,
		new(api.Registration))
}

// A preparation has the division too, with questions or without, and is refused once the division is gone.
func testPreparedDivision(w *world) {
	for _, asked := range []string{`[]`, questions} {
		body := strings.Replace(dividedBody(true, 3, 3), "{",
			`{"regOpensAt":"2126-04-01T12:00:00Z","questions":`+asked+`,`, 1)
		c := w.create(body)
		path, kept, gone := "/api/competitions/"+c.ID, c.Divisions[0], c.Divisions[1]
		filled := func(divisionID string) string {
			if asked == `[]` {
				return `{"divisionId":"` + divisionID + `"}`
			}
			return strings.Replace(goodAnswers, "{", `{"divisionId":"`+divisionID+`",`, 1)
		}
		w.wantFields(w.call("PUT", path+"/preparation", w.signUp().Token, filled(c.ID)), "divisionId")
		stays, leaves := w.signUp(), w.signUp()
		var p api.Preparation
		w.into(w.call("PUT", path+"/preparation", stays.Token, filled(kept.ID)), 200, &p)
		w.into(w.call("PUT", path+"/preparation", leaves.Token, filled(gone.ID)), 200, &p)
		w.opened(c, `,"divisions":[{"id":"`+kept.ID+`","name":"Only","capacity":3}]`)
		var r api.Registration
		w.into(w.call("POST", path+"/register", stays.Token, ""), 201, &r)
		if r.DivisionID != kept.ID {
			w.t.Errorf("got the division %v, want %s", r.DivisionID, kept.ID)
		}
		w.into(w.call("GET", path+"/preparation", leaves.Token, ""), 200, &p)
		if p.Ready || len(p.Errors) != 1 || p.Errors[0].Field != "divisionId" {
			w.t.Errorf("got %+v", p)
		}
		w.wantFields(w.call("POST", path+"/register", leaves.Token, ""), "divisionId")
	}
}

// An access code comes with the press, and is no entry: what was prepared counts beside it. Whoever is added by staff
// answers later, unless the answers came along.
func testQuestionsOfACircle(w *world) {
	c := w.create(strings.Replace(askingBody(questions), "{",
		`{"regOpensAt":"2126-04-01T12:00:00Z","accessCode":"MAPLE-2026",`, 1))
	path := "/api/competitions/" + c.ID
	person := w.signUp()
	w.into(w.call("PUT", path+"/preparation", person.Token, goodAnswers), 200, new(api.Preparation))
	w.opened(c, "")
	if got := w.call("POST", path+"/register", person.Token, ""); got.status != 403 ||
		w.wantProblem(got).Code != "access_code_required" {
		w.t.Errorf("without a code: got %d %s", got.status, got.body)
	}
	var r api.Registration
	w.into(w.call("POST", path+"/register", person.Token, `{"accessCode":"maple 2026"}`), 201, &r)
	if got := w.answersOf(person.Token, r.ID); got["size"] != "M" {
		w.t.Errorf("got %v", got)
	}
	added, answered := w.signUp(), w.signUp()
	add := func(body string) answer { return w.call("POST", path+"/registrations", w.tokens[organizer], body) }
	w.wantFields(add(`{"email":"`+answered.User.Email+`","answers":{"size":"XL"}}`), "answers.size", "answers.minor",
		"answers.rules")
	w.into(add(`{"email":"`+answered.User.Email+`",`+goodAnswers[1:]), 201, new(api.Registration))
	var p api.Registration
	w.into(add(`{"email":"`+added.User.Email+`"}`), 201, &p)
	w.wantFields(w.call("PATCH", "/api/registrations/"+p.ID, added.Token, `{"answers":{"size":"S"}}`), "answers.minor",
		"answers.rules")
	w.into(w.call("PATCH", "/api/registrations/"+p.ID, added.Token, goodAnswers), 200, &r)
	if r.Answers["size"] != "M" {
		w.t.Errorf("got %v", r.Answers)
	}
}

// A person's own data has their answers, and an account that is deleted takes them along.
func testAnswersOfAPerson(w *world) {
	c := w.asking(questions)
	later := w.upcoming(questions)
	person := w.signUp()
	var r api.Registration
	const answers = `{"answers":{"size":"M","minor":true,"guardian":"+41 99 888 77 66","rules":true}}`
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", person.Token, answers), 201, &r)
	w.into(w.call("PUT", "/api/competitions/"+later.ID+"/preparation", person.Token, answers), 200,
		new(api.Preparation))
	got := w.call("GET", "/api/users/me/export", person.Token, "")
	if strings.Count(got.body, "+41 99 888 77 66") != 2 || !strings.Contains(got.body, "Guardian's phone") {
		w.t.Errorf("the export doesn't have the answers: %s", got.body)
	}
	if got := w.call("DELETE", "/api/users/me", person.Token, `{"password":"password123"}`); got.status != 204 {
		w.t.Fatalf("got %d %s", got.status, got.body)
	}
	w.eventually("the answers are gone", func() bool {
		got := w.call("GET", fmt.Sprintf("/api/competitions/%s/registrations", c.ID), w.tokens[organizer], "")
		return got.status == 200 && strings.Contains(got.body, r.ID) && !strings.Contains(got.body, "888")
	})
}
