package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/testservices"
)

// role is who makes a request in the matrix below.
type role string

const (
	visitor          role = "visitor"
	expired          role = "expired token"
	garbage          role = "garbage token"
	disabled         role = "disabled account"
	participant      role = "participant" // who is registered, and whose mailbox it is
	otherParticipant role = "other participant"
	organizer        role = "organizer" // whose competition it is
	otherOrganizer   role = "other organizer"
	admin            role = "admin"
)

// loggedIn are the roles with a good token.
var loggedIn = []role{participant, otherParticipant, organizer, otherOrganizer, admin}

// outcomes is what each role with a good token gets; a visitor gets 401 unless the route is public, and every bad token
// 401.
type outcomes struct {
	public   bool
	statuses map[role]int
}

func all(status int) map[role]int {
	statuses := map[role]int{}
	for _, r := range loggedIn {
		statuses[r] = status
	}
	return statuses
}

// only gives some roles one status, and all others another.
func only(status, others int, roles ...role) map[role]int {
	statuses := all(others)
	for _, r := range roles {
		statuses[r] = status
	}
	return statuses
}

// answersOffers are the outcomes of answering an offer that isn't there: the participant's, whom staff can't answer
// for.
var answersOffers = map[role]int{
	participant: 409, otherParticipant: 404, otherOrganizer: 404,
	organizer: 403, admin: 403,
}

// reviewsApplications are the outcomes of reviewing an application, which others aren't told about.
var reviewsApplications = map[role]int{
	participant: 403, otherParticipant: 403, otherOrganizer: 404,
	organizer: 200, admin: 200,
}

// outcomesOfDraft are those of the deletion of a draft, which only its staff see.
func outcomesOfDraft() map[role]int {
	statuses := only(204, 403, organizer, admin)
	statuses[otherOrganizer] = 404
	return statuses
}

// matrix says who may do what, by operation id. A route that is missing here fails the test.
var matrix = map[string]outcomes{
	"greeting":         {true, all(200)},
	"health":           {true, all(200)},
	"signUp":           {true, all(201)},
	"logIn":            {true, all(200)},
	"listCompetitions": {true, all(200)},
	"getCompetition":   {true, all(200)},
	"getCalendar":      {true, all(200)},
	"watchSeats":       {true, all(200)},

	"forgotPassword": {true, all(202)},
	"resetPassword":  {true, all(204)},
	"confirmEmail":   {true, all(409)},  // there is no such link; its own test has some
	"verifyEmail":    {false, all(409)}, // they are verified; its own test has one that isn't
	"changeEmail":    {false, all(202)},

	"logOut":           {false, all(204)},
	"listSessions":     {false, all(200)},
	"endSession":       {false, only(204, 404, participant)},
	"endOtherSessions": {false, all(204)},

	"confirmLogin":     {false, all(200)},
	"getFactors":       {false, all(200)},
	"startApp":         {false, all(200)},
	"confirmApp":       {false, all(404)}, // none is begun, or the code is wrong; its own test has right ones
	"removeApp":        {false, all(404)},
	"removePasskey":    {false, all(404)},
	"newRecoveryCodes": {false, all(404)},
	"resetUserFactors": {false, only(404, 403, admin)}, // there are none; its own test has some

	"me":                                {false, all(200)},
	"updateMe":                          {false, all(200)},
	"exportMe":                          {false, all(200)},
	"deleteMe":                          {false, all(422)}, // the password is wrong; its own test has the right one
	"listMyRegistrations":               {false, all(200)},
	"listMyRegistrationsByCompetitions": {false, all(200)},
	"listMessages":                      {false, all(200)},
	"readMessage":                       {false, only(200, 404, participant)},

	"createCompetition":    {false, only(201, 403, organizer, otherOrganizer, admin)},
	"listMyCompetitions":   {false, only(200, 403, organizer, otherOrganizer, admin)},
	"updateCompetition":    {false, only(200, 403, organizer, admin)},
	"cancelCompetition":    {false, only(200, 403, organizer, admin)},
	"getCover":             {true, all(200)},
	"setCover":             {false, only(200, 403, organizer, admin)},
	"deleteCover":          {false, only(200, 403, organizer, admin)},
	"deleteDraft":          {false, outcomesOfDraft()},
	"listRegistrations":    {false, only(200, 403, organizer, admin)},
	"unpublishCompetition": {false, only(200, 403, admin)},
	"transferCompetition":  {false, only(200, 403, admin)},

	"getDraw":        {true, all(200)},
	"getDrawFile":    {true, all(409)}, // the list is open; its own test has a frozen one
	"setDrawSource":  {false, only(200, 403, organizer, admin)},
	"listTickets":    {false, only(200, 403, organizer, admin)},
	"setTickets":     {false, only(204, 403, organizer, admin)},
	"enterDrawValue": {false, only(409, 403, organizer, admin)}, // its own test has a frozen list

	"decide":           {false, only(200, 403, organizer, admin)},
	"listDecisions":    {false, only(200, 403, organizer, admin)},
	"releaseDecisions": {false, only(202, 403, organizer, admin)},
	"listApplications": {false, only(200, 403, organizer, admin)},
	"review":           {false, reviewsApplications},
	"withdrawReview":   {false, reviewsApplications},
	"getReviews":       {false, reviewsApplications},

	"register":           {false, only(403, 201, organizer)}, // it is the organizer's own
	"prepare":            {false, only(403, 200, organizer)},
	"getPreparation":     {false, all(404)}, // there is none; its own test has one
	"deletePreparation":  {false, all(204)},
	"addRegistration":    {false, only(201, 403, organizer, admin)},
	"cancelRegistration": {false, only(200, 404, participant, organizer, admin)},
	"editRegistration":   {false, only(200, 404, participant, organizer, admin)},
	"acceptOffer":        {false, answersOffers}, // there is none; its own test has one
	"declineOffer":       {false, answersOffers},
	"unblockRegistration": {false, map[role]int{
		participant: 403, otherParticipant: 403, otherOrganizer: 404,
		organizer: 200, admin: 200,
	}},

	"listTeams":        {false, only(200, 403, organizer, admin)},
	"summarizeAnswers": {false, only(200, 403, organizer, admin)},
	"getTeam":          {false, only(200, 404, participant, organizer, admin)}, // whose captain the participant is
	"renameTeam":       {false, only(200, 404, participant, organizer, admin)},
	"renewTeamCode":    {false, only(200, 404, participant, organizer, admin)},
	"handOverTeam":     {false, only(200, 404, participant, organizer, admin)},
	"removeTeamMember": {false, only(204, 404, participant, organizer, admin)},
	"listSeekers":      {false, only(200, 404, participant, organizer, admin)},
	"inviteToTeam":     {false, only(204, 404, participant, organizer, admin)},

	"listAudit":               {false, only(200, 403, admin)},
	"listCompetitionAudit":    {false, only(200, 404, organizer, admin)},
	"listFailedJobs":          {false, only(200, 403, admin)},
	"retryFailedJob":          {false, only(404, 403, admin)}, // there is none; its own test has one
	"listOrganizerRequests":   {false, only(200, 403, admin)},
	"approveOrganizerRequest": {false, only(404, 403, admin)}, // there is none; its own test has one
	"declineOrganizerRequest": {false, only(404, 403, admin)},
	"listUsers":               {false, only(200, 403, admin)},
	"updateUser":              {false, only(200, 403, admin)},
	"endUserSessions":         {false, only(204, 403, admin)},
	"deleteUser":              {false, only(204, 403, admin)},

	"reportCompetition": {true, all(202)},
	"listReports":       {false, only(200, 403, admin)},
	"answerReport":      {false, only(200, 403, admin)},
}

// TestEveryRouteWithEveryRole takes the routes from the OpenAPI document, so that a new one has to say who may use it.
func TestEveryRouteWithEveryRole(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		operations := w.operations()
		for id := range matrix {
			if !slices.ContainsFunc(operations, func(o operation) bool { return o.id == id }) {
				t.Errorf("the matrix has %s, the API has not", id)
			}
		}
		for _, o := range operations {
			want, known := matrix[o.id]
			if !known {
				t.Errorf("%s (%s %s) is not in the matrix: say there who may use it", o.id, o.method, o.path)
				continue
			}
			if o.secured == want.public {
				t.Errorf("%s: the document says that it needs a token: %t, the matrix says public: %t", o.id,
					o.secured, want.public)
			}
			statuses := map[role]int{
				visitor: visitorStatus(want), expired: http.StatusUnauthorized,
				garbage: http.StatusUnauthorized, disabled: http.StatusUnauthorized,
			}
			maps.Copy(statuses, want.statuses)
			w.tryAll(o, statuses)
		}
	})
}

func visitorStatus(o outcomes) int {
	if o.public {
		return o.statuses[admin]
	}
	return http.StatusUnauthorized
}

// operation is a row of the route table, as the OpenAPI document has it.
type operation struct {
	id, method, path string
	secured          bool
	statuses         []string // documented ones
}

func (w *world) operations() []operation {
	w.t.Helper()
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string                     `json:"operationId"`
			Security    []json.RawMessage          `json:"security"`
			Responses   map[string]json.RawMessage `json:"responses"`
		} `json:"paths"`
	}
	if got := w.call("GET", "/api/openapi.json", "", ""); json.Unmarshal([]byte(got.body), &document) != nil {
		w.t.Fatalf("the OpenAPI document is %.300s", got.body)
	}
	var operations []operation
	for path, item := range document.Paths {
		for method, o := range item {
			row := operation{
				id: o.OperationID, method: strings.ToUpper(method), path: path,
				secured: len(o.Security) > 0,
			}
			for status := range o.Responses {
				row.statuses = append(row.statuses, status)
			}
			operations = append(operations, row)
		}
	}
	slices.SortFunc(operations, func(a, b operation) int { return strings.Compare(a.id, b.id) })
	return operations
}

// request is what an operation's owner would send.
type request struct {
	path, body string
	headers    []string
}

// tryAll makes the operation's request as each role: first, on the same things, those that change nothing, since they
// are refused or only read, and then each of the others on things made for it alone.
func (w *world) tryAll(o operation, statuses map[role]int) {
	w.t.Helper()
	var changing []role
	shared := w.requestFor(o)
	for _, r := range slices.Sorted(maps.Keys(statuses)) {
		if statuses[r] < 400 && o.method != http.MethodGet {
			changing = append(changing, r)
		} else {
			w.try(o, r, shared, statuses[r])
		}
	}
	for i, r := range changing {
		if i > 0 { // the first takes what the others left as it was
			shared = w.requestFor(o)
		}
		w.try(o, r, shared, statuses[r])
	}
}

// try makes a request as a role, and holds the answer to a status that is documented.
func (w *world) try(o operation, r role, sent request, want int) {
	w.t.Helper()
	token := w.tokens[r]
	if (o.id == "logOut" || o.id == "confirmLogin") && want < 400 {
		token = w.again(r) // the one of the others is needed yet
	}
	got := w.call(o.method, sent.path, token, sent.body, sent.headers...)
	if got.status != want {
		w.t.Errorf("%s as %s: got %d %.300s, want %d", o.id, r, got.status, got.body, want)
	}
	if !slices.Contains(o.statuses, fmt.Sprint(got.status)) {
		w.t.Errorf("%s as %s: %d is not documented", o.id, r, got.status)
	}
	if got.status >= 400 {
		w.wantProblem(got)
	}
}

// again is another token of a role.
func (w *world) again(r role) string {
	w.t.Helper()
	var user api.User
	w.into(w.call("GET", "/api/auth/me", w.tokens[r], ""), http.StatusOK, &user)
	return w.logInOn(phone, user.Email, "password123").Token
}

// requestFor makes what the operation is about, and the request that its owner would send.
func (w *world) requestFor(o operation) request {
	w.t.Helper()
	id, body := "", ""
	var headers []string
	switch o.id {
	case "signUp":
		body = fmt.Sprintf(`{"name":"New","email":"new%d@example.com","password":"password123","role":"PARTICIPANT"}`,
			w.next())
	case "logIn":
		body = `{"email":"participant@example.com","password":"password123"}`
	case "confirmLogin":
		body = `{"password":"password123"}`
	case "confirmApp":
		body = `{"code":"000000"}`
	case "removePasskey":
		id = unknownID
	case "resetUserFactors":
		id = w.signUp().User.ID
	case "updateMe":
		body = `{"name":"Renamed"}`
	case "forgotPassword":
		body = fmt.Sprintf(`{"email":"nobody%d@example.com"}`, w.next())
	case "resetPassword":
		token, err := w.Operator().PasswordResetToken(w.t.Context(), w.signUp().User.Email)
		if err != nil {
			w.t.Fatal(err)
		}
		body = `{"token":"` + token + `","password":"password123"}`
	case "endSession":
		id = w.sessionOf(w.again(participant))
	case "confirmEmail":
		body = `{"token":"nobody's"}`
	case "changeEmail":
		body = fmt.Sprintf(`{"email":"changed%d@example.com","currentPassword":"password123"}`, w.next())
	case "createCompetition":
		body = competitionBody("Made by the matrix", 5)
	case "updateCompetition":
		id, body, headers = w.competition(5).ID, `{"title":"Another title"}`, []string{"If-Match: *"}
	case "setCover":
		id, body = w.competition(5).ID, onePixel
	case "getCover", "deleteCover", "getCompetition", "getCalendar", "watchSeats", "cancelCompetition",
		"unpublishCompetition", "register", "getPreparation", "deletePreparation",
		"listRegistrations", "summarizeAnswers", "listCompetitionAudit":
		id = w.competition(5).ID
	case "review", "withdrawReview", "getReviews":
		_, applications := w.applications(1)
		id = applications[0].ID
		if o.id == "review" {
			body = `{"score":3}`
		}
	case "decide", "listDecisions", "releaseDecisions", "listApplications":
		c, applications := w.applications(1)
		id, body = c.ID, decisions("ADMIT", applications...)
		if o.id == "releaseDecisions" {
			w.call("POST", "/api/competitions/"+id+"/decisions", w.tokens[organizer], body)
			body = ""
		}
	case "listTeams", "getTeam", "renameTeam", "renewTeamCode", "handOverTeam", "removeTeamMember", "listSeekers",
		"inviteToTeam":
		c, team, member := w.captained()
		switch id = team; o.id {
		case "listTeams":
			id = c
		case "renameTeam":
			body = `{"name":"Blue"}`
		case "handOverTeam":
			body = `{"userId":"` + member + `"}`
		case "inviteToTeam":
			body = `{"registrationId":"` + w.seeker(c) + `"}`
		}
		o.path = strings.Replace(o.path, "{userId}", member, 1)
	case "getDraw", "getDrawFile", "setDrawSource", "listTickets", "setTickets", "enterDrawValue":
		c, people := w.lottery(1, 1)
		id = c.ID
		body = map[string]string{
			"setDrawSource":  `{"source":"NAMED","name":"That day's numbers"}`,
			"setTickets":     ticketsOf(people[0].User.Email, 3),
			"enterDrawValue": `{"value":"3 14 15"}`,
		}[o.id]
	case "approveOrganizerRequest", "declineOrganizerRequest":
		id = unknownID
	case "reportCompetition":
		id, body = w.competition(5).ID, `{"reason":"SPAM"}`
	case "answerReport":
		id, body = w.report(w.competition(5).ID), `{"status":"RESOLVED"}`
	case "endUserSessions":
		id = w.signUp().User.ID
	case "transferCompetition":
		id, body = w.competition(5).ID, `{"email":"otherorganizer@example.com"}`
	case "addRegistration":
		id, body = w.competition(5).ID, `{"email":"`+w.signUp().User.Email+`"}`
	case "deleteDraft":
		id = w.create(strings.Replace(competitionBody("To be deleted", 5), "{", `{"status":"DRAFT",`, 1)).ID
	case "prepare":
		id, body = w.competition(5).ID, "{}"
	case "cancelRegistration", "unblockRegistration", "acceptOffer", "declineOffer":
		id = w.registration(w.competition(5).ID, participant).ID
	case "editRegistration":
		c := w.create(dividedBody(true, 2, 2))
		var r api.Registration
		w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", w.tokens[participant],
			`{"divisionId":"`+c.Divisions[0].ID+`"}`), http.StatusCreated, &r)
		id, body = r.ID, `{"divisionId":"`+c.Divisions[1].ID+`"}`
	case "readMessage":
		id = w.message().ID
	case "retryFailedJob":
		id = unknownID
	case "deleteMe":
		body = `{"password":"not the password"}`
	case "deleteUser":
		id = w.signUp().User.ID
	case "updateUser":
		id, body = w.signUp().User.ID, `{"disabled":true}`
	}
	return request{strings.Replace(o.path, "{id}", id, 1), body, headers}
}

// testDrafts tells a draft from nothing for nobody else.
func testDrafts(w *world) {
	draft := w.create(strings.Replace(competitionBody("Not yet", 5), "{", `{"status":"DRAFT",`, 1))
	path := "/api/competitions/" + draft.ID
	for r, want := range map[role]int{visitor: 404, participant: 404, otherOrganizer: 404, organizer: 200, admin: 200} {
		if got := w.call("GET", path, w.tokens[r], ""); got.status != want {
			w.t.Errorf("GET as %s: got %d, want %d", r, got.status, want)
		}
	}
	for r, want := range map[role]int{participant: 403, otherOrganizer: 404, admin: 200} {
		if got := w.call("PATCH", path, w.tokens[r], "{}", "If-Match: *"); got.status != want {
			w.t.Errorf("PATCH as %s: got %d, want %d", r, got.status, want)
		}
	}
	if got := w.call("POST", path+"/register", w.tokens[participant], ""); got.status != 404 {
		w.t.Errorf("register: got %d, want 404", got.status)
	}
	deleted := "/api/competitions/" +
		w.create(strings.Replace(competitionBody("Never", 5), "{", `{"status":"DRAFT",`, 1)).ID
	for _, want := range []int{204, 404} { // gone
		if got := w.call("DELETE", deleted, w.tokens[organizer], ""); got.status != want ||
			want == 204 && got.body != "" {
			w.t.Errorf("DELETE: got %d %q, want %d", got.status, got.body, want)
		}
	}
	if got := w.call("GET", deleted, w.tokens[organizer], ""); got.status != 404 {
		w.t.Errorf("GET of a deleted draft: got %d, want 404", got.status)
	}
	if got := w.call("DELETE", "/api/competitions/"+w.competition(5).ID, w.tokens[organizer], ""); got.status != 409 ||
		w.wantProblem(got).Code != "not_draft" {
		w.t.Errorf("DELETE of a published competition: got %d %s, want 409 not_draft", got.status, got.body)
	}
	w.into(w.call("POST", path+"/cancel", w.tokens[organizer], ""), http.StatusOK, &draft)
	for r, want := range map[role]int{visitor: 404, participant: 404, otherOrganizer: 404, organizer: 200, admin: 200} {
		if got := w.call("GET", path, w.tokens[r], ""); got.status != want {
			w.t.Errorf("GET of a cancelled draft as %s: got %d, want %d", r, got.status, want)
		}
	}
	if got := w.call("POST", path+"/register", w.tokens[participant], ""); got.status != 404 {
		w.t.Errorf("register for a cancelled draft: got %d, want 404", got.status)
	}
	published := w.competition(5)
	w.into(w.call("POST", "/api/competitions/"+published.ID+"/cancel", w.tokens[organizer], ""),
		http.StatusOK, &published)
	for list, want := range map[string]bool{"/api/competitions": false, "/api/competitions/my-competitions": true} {
		got := w.call("GET", list+"?phase=cancelled&limit=100", w.tokens[organizer], "").body
		if strings.Contains(got, draft.ID) != want || !strings.Contains(got, published.ID) {
			w.t.Errorf("%s: has the cancelled draft: %t, want %t; has what was published and cancelled: %t",
				list, strings.Contains(got, draft.ID), want, strings.Contains(got, published.ID))
		}
	}
	if got := w.call("GET", "/api/competitions?phase=draft", w.tokens[organizer],
		""); strings.TrimSpace(got.body) != "[]" {
		w.t.Errorf("the public list of drafts is %s, want []", got.body)
	}
}
