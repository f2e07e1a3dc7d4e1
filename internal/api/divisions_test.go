package api_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestDivisions(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("registering", w.sub(testDivisionRegistrations))
		t.Run("changing", w.sub(testDivisionChanges))
		t.Run("invalid", w.sub(testInvalidDivisions))
		t.Run("moving", w.sub(testDivisionMoves))
		t.Run("filters", w.sub(testDivisionFilters))
		t.Run("live", w.sub(testDivisionsLive))
		t.Run("none", w.sub(testNoDivisions))
	})
}

// dividedBody describes a competition with six seats, of which a division may have so many.
func dividedBody(waitlist bool, capacities ...int) string {
	var divisions []string
	for i, capacity := range capacities {
		divisions = append(divisions, fmt.Sprintf(`{"name":"Division %d","capacity":%d}`, i, capacity))
	}
	return strings.Replace(competitionBody("With divisions", 6), "{",
		fmt.Sprintf(`{"waitlist":%t,"divisions":[%s],`, waitlist, strings.Join(divisions, ",")), 1)
}

// registersIn registers somebody new in a division.
func (w *world) registersIn(competitionID, divisionID string) (r api.Registration, token string) {
	w.t.Helper()
	token = w.signUp().Token
	w.into(w.call("POST", "/api/competitions/"+competitionID+"/register", token, `{"divisionId":"`+divisionID+`"}`),
		http.StatusCreated, &r)
	return r, token
}

func (w *world) divisions(competitionID string) (api.Competition, string) {
	w.t.Helper()
	var c api.Competition
	w.into(w.call("GET", "/api/competitions/"+competitionID, "", ""), http.StatusOK, &c)
	var says []string
	for _, d := range c.Divisions {
		says = append(says, fmt.Sprintf("%s: %d of %d, %d wait, %s", d.Name, d.SeatsLeft, d.Capacity, d.Waitlisted,
			d.Phase))
	}
	return c, strings.Join(says, "; ")
}

func testDivisionRegistrations(w *world) {
	c := w.create(dividedBody(true, 1, 6))
	press := "/api/competitions/" + c.ID + "/register"
	for _, body := range []string{"", "{}", `{"divisionId":"` + unknownID + `"}`} {
		got := w.call("POST", press, w.tokens[participant], body)
		w.refused(got, http.StatusUnprocessableEntity, "validation_failed")
		if !strings.Contains(got.body, `"field":"divisionId"`) {
			w.t.Errorf("%s: %s", body, got.body)
		}
	}
	first, token := w.registersIn(c.ID, c.Divisions[0].ID)
	second, _ := w.registersIn(c.ID, c.Divisions[0].ID)
	third, _ := w.registersIn(c.ID, c.Divisions[1].ID)
	fourth, waiting := w.registersIn(c.ID, c.Divisions[0].ID)
	if first.Status != compete.RegistrationPending || first.DivisionID != c.Divisions[0].ID || second.Position != 1 ||
		third.Status != compete.RegistrationPending || fourth.Position != 2 {
		w.t.Errorf("got %+v, %+v, %+v, %+v", first, second, third, fourth)
	}
	now, says := w.divisions(c.ID)
	if now.Phase != compete.PhaseOpen || now.SeatsLeft != 4 || now.Waitlisted != 2 ||
		says != "Division 0: 0 of 1, 2 wait, waitlist; Division 1: 5 of 6, 0 wait, open" {
		w.t.Errorf("the competition is %s with %d left: %s", now.Phase, now.SeatsLeft, says)
	}
	for phase, want := range map[string]bool{"open": true, "waitlist": false, "full": false} {
		var listed []api.Competition
		w.into(w.call("GET", "/api/competitions?limit=1&phase="+phase, "", ""), http.StatusOK, &listed)
		if got := len(listed) > 0 && listed[0].ID == c.ID; got != want {
			w.t.Errorf("the newest of those in phase %s: %t, want %t", phase, got, want)
		}
	}
	if mine := w.mine(waiting); mine.Position != 2 || mine.DivisionID != c.Divisions[0].ID {
		w.t.Errorf("my registration is %+v", mine)
	}
	w.into(w.call("DELETE", "/api/registrations/"+first.ID, token, ""), http.StatusOK, &first)
	if mine := w.mine(waiting); mine.Position != 1 {
		w.t.Errorf("once the first left, mine is %+v", mine)
	}

	c = w.create(dividedBody(false, 1, 6))
	w.registersIn(c.ID, c.Divisions[0].ID)
	w.refused(w.call("POST", "/api/competitions/"+c.ID+"/register", w.tokens[participant],
		`{"divisionId":"`+c.Divisions[0].ID+`"}`), http.StatusConflict, "division_full")
}

func (w *world) divide(competitionID, divisions string) answer {
	w.t.Helper()
	return w.call("PATCH", "/api/competitions/"+competitionID, w.tokens[organizer], `{"divisions":[`+divisions+`]}`,
		"If-Match: *")
}

func testDivisionChanges(w *world) {
	c := w.create(dividedBody(true, 2, 3))
	first, second := c.Divisions[0].ID, c.Divisions[1].ID
	w.registersIn(c.ID, first)
	w.registersIn(c.ID, first)
	w.registersIn(c.ID, first)
	var changed api.Competition
	w.into(w.divide(c.ID, `{"id":"`+second+`","name":"10 km","capacity":3},{"name":"New","capacity":4},
		{"id":"`+first+`","name":"Half","capacity":2}`), http.StatusOK, &changed)
	if _, says := w.divisions(c.ID); says != "10 km: 3 of 3, 0 wait, open; New: 4 of 4, 0 wait, open; "+
		"Half: 0 of 2, 1 wait, waitlist" || changed.Version != c.Version+1 {
		w.t.Errorf("after renaming and moving: %s", says)
	}
	if changed.Divisions[0].ID != second || changed.Divisions[2].ID != first {
		w.t.Errorf("ids changed: %+v", changed.Divisions)
	}
	w.refused(w.divide(c.ID, `{"id":"`+first+`","name":"Half","capacity":1}`), http.StatusConflict,
		"capacity_below_held")
	w.refused(w.divide(c.ID, `{"id":"`+second+`","name":"10 km","capacity":3}`), http.StatusConflict,
		"division_not_empty")
	w.into(w.divide(c.ID, `{"id":"`+first+`","name":"Half","capacity":5}`), http.StatusOK, &changed)
	if _, says := w.divisions(c.ID); says != "Half: 2 of 5, 0 wait, open" {
		w.t.Errorf("with more seats and without the empty ones: %s", says)
	}
	// One that is sent back as it was read stays.
	read := changed.Divisions[0]
	sent, err := json.Marshal(read)
	if err != nil {
		w.t.Fatal(err)
	}
	w.into(w.divide(c.ID, string(sent)), http.StatusOK, &changed)
	if len(changed.Divisions) != 1 || changed.Divisions[0] != read {
		w.t.Errorf("the divisions are %+v, want %+v", changed.Divisions, read)
	}
	// The title alone leaves divisions as they are.
	w.into(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer], `{"title":"Another title"}`, "If-Match: *"),
		http.StatusOK, &changed)
	if len(changed.Divisions) != 1 {
		w.t.Errorf("the divisions are %+v", changed.Divisions)
	}
	plain := w.create(competitionBody("Without divisions", 3))
	w.registers(w.tokens[participant], plain.ID)
	w.refused(w.divide(plain.ID, `{"name":"Half","capacity":1}`), http.StatusConflict, "divisions_too_late")
}

func testInvalidDivisions(w *world) {
	for body, field := range map[string]string{
		`{"name":"","capacity":1}`:                              "divisions[0].name",
		`{"name":"A","capacity":0}`:                             "divisions[0].capacity",
		`{"name":"A","capacity":1},{"name":"á","capacity":1}`:   "divisions[1].name",
		`{"name":"A","capacity":1,"seatsLeft":1}`:               "divisions[0].seatsLeft",
		`{"name":"A","capacity":"1"}`:                           "divisions[0].capacity",
		strings.Repeat(`{"name":"A","capacity":1},`, 50) + `{}`: "divisions",
	} {
		got := w.call("POST", "/api/competitions", w.tokens[organizer],
			strings.Replace(competitionBody("Invalid", 6), "{", `{"divisions":[`+body+`],`, 1))
		w.refused(got, http.StatusUnprocessableEntity, "validation_failed")
		if !strings.Contains(got.body, `"field":"`+field+`"`) {
			w.t.Errorf("%.60s: want %s, got %s", body, field, got.body)
		}
	}
	c := w.create(dividedBody(true, 2))
	id := c.Divisions[0].ID
	for body, field := range map[string]string{
		`{"id":"` + unknownID + `","name":"A","capacity":1}`:                                      "divisions[0].id",
		`{"id":"` + id + `","name":"A","capacity":1},{"id":"` + id + `","name":"B","capacity":1}`: "divisions[1].id",
		`{"id":"` + id + `","capacity":1,"name":"` + strings.Repeat("x", 81) + `"}`:               "divisions[0].name",
		`{"id":"` + id + `","name":"A","capacity":1,"seats":1}`:                                   "divisions[0].seats",
	} {
		got := w.divide(c.ID, body)
		w.refused(got, http.StatusUnprocessableEntity, "validation_failed")
		if !strings.Contains(got.body, `"field":"`+field+`"`) {
			w.t.Errorf("%.60s: want %s, got %s", body, field, got.body)
		}
	}
}

func testDivisionMoves(w *world) {
	c := w.create(dividedBody(true, 1, 2))
	first, second := c.Divisions[0].ID, c.Divisions[1].ID
	r, token := w.registersIn(c.ID, first)
	next, nextToken := w.registersIn(c.ID, first)
	move := func(id, token, division string) answer {
		return w.call("PATCH", "/api/registrations/"+id, token, `{"divisionId":"`+division+`"}`)
	}
	w.refused(move(r.ID, w.tokens[otherParticipant], second), http.StatusNotFound, "registration_not_found")
	w.refused(move(r.ID, token, unknownID), http.StatusUnprocessableEntity, "validation_failed")
	w.refused(move(unknownID, token, second), http.StatusNotFound, "registration_not_found")
	w.refused(w.call("PATCH", "/api/registrations/"+r.ID, token, `{"seats":1}`), http.StatusUnprocessableEntity,
		"validation_failed")
	var moved api.Registration
	w.into(move(r.ID, token, second), http.StatusOK, &moved)
	if moved.DivisionID != second || moved.Seq <= next.Seq || !moved.Status.HoldsSeat() {
		w.t.Errorf("moved to %+v", moved)
	}
	if mine := w.mine(nextToken); !mine.Status.HoldsSeat() {
		w.t.Errorf("the seat went to nobody: %+v", mine)
	}
	w.into(move(r.ID, token, first), http.StatusOK, &moved)
	if moved.Status != compete.RegistrationWaitlisted || moved.Position != 1 {
		w.t.Errorf("moved to a full division: %+v", moved)
	}
	w.into(move(r.ID, w.tokens[organizer], second), http.StatusOK, &moved)
	if _, says := w.divisions(c.ID); says != "Division 0: 0 of 1, 0 wait, waitlist; Division 1: 1 of 2, 0 wait, open" {
		w.t.Errorf("in the end: %s", says)
	}
	w.into(w.call("DELETE", "/api/registrations/"+r.ID, token, ""), http.StatusOK, &moved)
	w.refused(move(r.ID, token, first), http.StatusConflict, "registration_cancelled")
}

func testDivisionFilters(w *world) {
	c := w.create(dividedBody(true, 1, 2))
	first, second := c.Divisions[0].ID, c.Divisions[1].ID
	w.registersIn(c.ID, first)
	w.registersIn(c.ID, second)
	w.registersIn(c.ID, first)
	w.registersIn(c.ID, first)
	list := "/api/competitions/" + c.ID + "/registrations"
	for query, want := range map[string]string{
		"":                                       "1 0, 2 0, 3 1, 4 2",
		"?division=" + first:                     "1 0, 3 1, 4 2",
		"?sort=newest&division=" + first:         "4 2, 3 1, 1 0",
		"?sort=status&division=" + first:         "1 0, 3 1, 4 2",
		"?sort=name&limit=1&division=" + second:  "2 0",
		"?status=WAITLISTED&division=" + first:   "3 1, 4 2",
		"?status=WAITLISTED&division=" + second:  "",
		"?search=example&division=" + second:     "2 0",
		"?search=nobody-here&division=" + second: "",
	} {
		var rows []api.ParticipantRegistration
		w.into(w.call("GET", list+query, w.tokens[organizer], ""), http.StatusOK, &rows)
		var got []string
		for _, r := range rows {
			got = append(got, fmt.Sprint(r.Seq, " ", r.Position))
		}
		if strings.Join(got, ", ") != want {
			w.t.Errorf("%s: got %v, want %s", query, got, want)
		}
	}
	w.refused(w.call("GET", list+"?division="+unknownID, w.tokens[organizer], ""), http.StatusUnprocessableEntity,
		"validation_failed")
	got := w.call("GET", list+"?division="+first, w.tokens[organizer], "", "Accept: text/csv")
	rows, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	if err != nil || len(rows) != 4 {
		w.t.Fatalf("%d rows, %v: %s", len(rows), err, got.body)
	}
	last := len(rows[0]) - 1
	if rows[0][last] != "division" || rows[1][last] != "Division 0" {
		w.t.Errorf("the CSV is %s", got.body)
	}
}

func testDivisionsLive(w *world) {
	c := w.create(dividedBody(true, 1, 2))
	response := w.open("GET", "/api/competitions/"+c.ID+"/live", "")
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	event := func(left, leftIn int, phase string) string {
		return fmt.Sprintf(`data: {"seatsLeft":%d,"waitlisted":0,"phase":"open","divisions":[{"id":"%s","seatsLeft":%d,`+
			`"waitlisted":0,"phase":"%s"},{"id":"%s","seatsLeft":2,"waitlisted":0,"phase":"open"}]}`, left,
			c.Divisions[0].ID, leftIn, phase, c.Divisions[1].ID)
	}
	wait := func(want string) {
		for lines.Scan() && lines.Text() != want {
		}
		if lines.Text() != want {
			w.t.Fatalf("the stream ended before %q: %v", want, lines.Err())
		}
	}
	wait(event(6, 1, "open"))
	w.registersIn(c.ID, c.Divisions[0].ID)
	wait(event(5, 0, "waitlist"))
}

// testNoDivisions: a competition without divisions says nothing of them.
func testNoDivisions(w *world) {
	c := w.create(competitionBody("Plain", 3))
	got := w.call("GET", "/api/competitions/"+c.ID, "", "")
	press := w.call("POST", "/api/competitions/"+c.ID+"/register", w.tokens[otherParticipant], "")
	list := w.call("GET", "/api/competitions/"+c.ID+"/registrations", w.tokens[organizer], "", "Accept: text/csv")
	for _, text := range []string{got.body, press.body, list.body} {
		if strings.Contains(text, "ivision") {
			w.t.Errorf("got %s", text)
		}
	}
}
