package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestExcess sends what nobody could mean. Everybody's registrations wait for the same transaction, so such requests
// are refused before it, and cost no more than it takes to see how large they are.
func TestExcess(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("teams", w.sub(testExcessiveTeams))
		t.Run("answers", w.sub(testExcessiveAnswers))
		t.Run("questions", w.sub(testExcessiveQuestions))
		t.Run("tickets", w.sub(testUnstorableTickets))
	})
}

func testExcessiveTeams(w *world) {
	c := w.create(teamBody(9, `{"max":3}`))
	register := "/api/competitions/" + c.ID + "/register"
	for _, name := range []string{`a\u0000b`, strings.Repeat(`e\u0301\u200b `, 40_000)} {
		body := `{"team":{"name":"` + name + `"}}`
		w.wantFields(w.call("POST", register, w.tokens[participant], body), "team.name")
		w.wantFields(w.call("POST", "/api/competitions/"+c.ID+"/registrations", w.tokens[organizer],
			`{"email":"new@example.org",`+body[1:]), "team.name")
	}
	w.teamUp(c.ID, `{"name":"Red"}`)
}

func testExcessiveAnswers(w *world) {
	c := w.asking(questions)
	register := "/api/competitions/" + c.ID + "/register"
	many := func(entry string, n int) string { return strings.TrimSuffix(strings.Repeat(entry+",", n), ",") }
	for field, food := range map[string]string{
		"answers":      many(`""`, 300_000),
		"answers.food": many(`"vegan"`, 1_000),
	} {
		body := strings.Replace(goodAnswers, `["halal"]`, "["+food+"]", 1)
		w.wantFields(w.call("POST", register, w.tokens[participant], body), field)
	}
	w.wantFields(w.call("POST", register, w.tokens[participant],
		`{"answers":{"x":"`+strings.Repeat("a", 70_000)+`"}}`), "answers")
	unknown := strings.Replace(many(`"y":1`, 1), `"y"`, `"size":"M","minor":false,"rules":true,"y"`, 1)
	w.wantFields(w.call("POST", register, w.tokens[participant], `{"answers":{`+unknown+`}}`), "answers.y")
	var r api.Registration
	w.into(w.call("POST", register, w.tokens[participant], goodAnswers), http.StatusCreated, &r)
	w.wantFields(w.call("PATCH", "/api/registrations/"+r.ID, w.tokens[participant],
		`{"answers":{"food":[`+many(`""`, 300_000)+`]}}`), "answers")
}

func testExcessiveQuestions(w *world) {
	many := strings.TrimSuffix(strings.Repeat("{},", 20_000), ",")
	w.wantFields(w.call("POST", "/api/competitions", w.tokens[organizer], askingBody("["+many+"]")), "questions")
	c := w.competition(5)
	path := "/api/competitions/" + c.ID
	w.wantFields(w.call("PATCH", path, w.tokens[organizer], `{"questions":[`+many+`]}`, "If-Match: *"), "questions")
	options := strings.TrimSuffix(strings.Repeat(`"a",`, 20_000), ",")
	w.wantFields(w.call("PATCH", path, w.tokens[organizer], `{"questions":[
		{"id":"a","kind":"ONE_OF","label":"a","options":[`+options+`]},
		{"kind":"TEXT","label":"b","showIf":{"questionId":"a","anyOf":[`+options+`]}}]}`, "If-Match: *"),
		"questions", "questions[0].options", "questions[1].showIf.anyOf")
	w.wantCode(w.call("PATCH", path, w.tokens[organizer], `{"title":""}`, `If-Match: "99"`),
		http.StatusPreconditionFailed, "version_mismatch")
}

func testUnstorableTickets(w *world) {
	c, _ := w.lottery(1, 1)
	w.wantFields(w.call("PUT", "/api/competitions/"+c.ID+"/draw/tickets", w.tokens[organizer],
		`{"items":[{"email":"a@\u0000","tickets":2}]}`), "items[0].email")
}
