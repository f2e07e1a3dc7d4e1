package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestDraws(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("named source", w.sub(testNamedDraw))
		t.Run("refused", w.sub(testRefusedDraws))
		t.Run("frozen early", w.sub(testNoApplicants))
	})
}

// lottery creates one, for which as many new people apply.
func (w *world) lottery(seats, people int) (c api.Competition, applicants []api.Login) {
	w.t.Helper()
	c = w.create(strings.Replace(competitionBody("A lottery", seats), "{", `{"admission":"LOTTERY",`, 1))
	for range people {
		person := w.signUp()
		if r := w.registers(person.Token, c.ID); r.Status != compete.RegistrationApplied {
			w.t.Errorf("somebody who applies is %s", r.Status)
		}
		applicants = append(applicants, person)
	}
	return c, applicants
}

func ticketsOf(email string, n int) string {
	return fmt.Sprintf(`{"items":[{"email":%q,"tickets":%d}]}`, email, n)
}

// endApplications lets the deadline pass.
func (w *world) endApplications(c api.Competition) {
	w.t.Helper()
	_, err := w.Store().Writer().ExecContext(w.t.Context(), `UPDATE competitions SET reg_deadline = $2 WHERE id = $1`, c.ID,
		compete.UTC(time.Now().Add(-compete.ArrivalGrace)))
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) draw(c api.Competition, token string) (d api.Draw) {
	w.t.Helper()
	w.into(w.call("GET", "/api/competitions/"+c.ID+"/draw", token, ""), http.StatusOK, &d)
	return d
}

// drawFile downloads and verifies the file.
func (w *world) drawFile(c api.Competition, want error) (f draw.File) {
	w.t.Helper()
	got := w.call("GET", "/api/competitions/"+c.ID+"/draw/file", "", "")
	f, err := draw.Read(strings.NewReader(got.body))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := f.Verify(); err != want { //nolint:errorlint // nil, or exactly this
		w.t.Errorf("the file is wrong: got %v, want %v", err, want)
	}
	return f
}

// testNamedDraw is a whole lottery: tickets, a frozen list, the value, and seats in drawn order.
func testNamedDraw(w *world) {
	c, people := w.lottery(3, 8)
	path := "/api/competitions/" + c.ID + "/draw"
	w.into(w.call("PUT", path, w.tokens[organizer], `{"source":"NAMED","name":" That day's numbers "}`), http.StatusOK,
		new(api.Draw))
	if got := w.call("PUT", path+"/tickets", w.tokens[organizer],
		ticketsOf(strings.ToUpper(people[2].User.Email), 900)); got.status != http.StatusNoContent {
		w.t.Errorf("tickets: got %d %s", got.status, got.body)
	}
	if d := w.draw(c, people[2].Token); d.Name != "That day's numbers" || d.FrozenAt != nil || d.Mine != nil ||
		d.Applied != 8 {
		w.t.Errorf("before the deadline, the draw is %+v", d)
	}

	w.endApplications(c)
	w.eventually("the list is frozen", func() bool { return w.draw(c, "").FrozenAt != nil })
	w.wantToldOnce(c, compete.MessageValueDue, "Enter the value for the draw: "+c.Title)
	frozen := w.drawFile(c, draw.ErrNotDrawn)
	mine := w.draw(c, people[2].Token).Mine
	if mine == nil || mine.Tickets != 900 || mine.Place != nil || w.draw(c, w.tokens[participant]).Mine != nil {
		w.t.Fatalf("on the frozen list, the entry is %+v", mine)
	}
	w.refused(w.call("PUT", path, w.tokens[organizer], `{"source":"QUICKNET"}`), http.StatusConflict, "list_frozen")
	w.refused(w.call("PUT", path+"/tickets", w.tokens[organizer], ticketsOf(people[0].User.Email, 9)),
		http.StatusConflict, "list_frozen")
	w.refused(w.call("GET", path+"/tickets", w.tokens[organizer], ""), http.StatusConflict, "list_frozen")
	w.refused(w.call("PATCH", "/api/competitions/"+c.ID, w.tokens[organizer],
		fmt.Sprintf(`{"regDeadline":%q}`, time.Now().Add(time.Hour).Format(time.RFC3339)), "If-Match: *"),
		http.StatusConflict, "list_frozen")
	w.refused(w.call("POST", "/api/competitions/"+c.ID+"/register", w.tokens[participant], ""),
		http.StatusConflict, "registration_closed")

	value := path + "/value"
	w.into(w.call("POST", value, w.tokens[organizer],
		`{"value":" 3\u200b 14\n15\ufe0f  92\u00a0\uff16\uff15 "}`), http.StatusOK, new(api.Draw))
	w.refused(w.call("POST", value, w.tokens[organizer], `{"value":"1 2 3"}`), http.StatusConflict, "already_drawn")
	w.eventually("everybody is told", func() bool { return w.draw(c, "").FinishedAt != nil })
	drawn := w.drawFile(c, nil)
	if drawn.ListHash != frozen.ListHash || drawn.Randomness.Value != "3 14 15 92 65" {
		w.t.Errorf("the file has changed from %+v to %+v", frozen, drawn)
	}
	if d := w.draw(c, ""); d.Seated != 3 || d.Waitlisted != 5 || d.Dropped != 0 || d.Entries != 8 || d.Applied != 0 ||
		d.Done != 8 || d.Value != "3 14 15 92 65" {
		w.t.Errorf("in the end, the draw is %+v", d)
	}
	for _, p := range people {
		mine := w.draw(c, p.Token).Mine
		if mine == nil || mine.Place == nil || drawn.Order[*mine.Place-1] != mine.Ref {
			w.t.Fatalf("the entry is %+v", mine)
		}
		r := w.mine(p.Token)
		if place := *mine.Place; place <= 3 != (r.Seats == 1) || place > 3 && r.Position != place-3 {
			w.t.Errorf("place %d is %+v", place, r)
		}
	}
	w.eventually("who has a seat is confirmed", func() bool {
		statuses := w.statuses(c)
		slices.Sort(statuses)
		return strings.Join(slices.Compact(statuses), " ") == "CONFIRMED WAITLISTED"
	})
}

func testRefusedDraws(w *world) {
	plain := w.competition(5)
	for method, path := range map[string]string{"GET": "/draw", "PUT": "/draw", "POST": "/draw/value"} {
		body := map[string]string{"PUT": `{"source":"QUICKNET"}`, "POST": `{"value":"1"}`}[method]
		w.refused(w.call(method, "/api/competitions/"+plain.ID+path, w.tokens[organizer], body), http.StatusConflict,
			"not_a_lottery")
	}
	c, people := w.lottery(1, 1)
	path := "/api/competitions/" + c.ID + "/draw"
	for _, bad := range []string{
		`{"source":"DICE"}`, `{"source":"NAMED"}`, `{"source":"QUICKNET","name":"dice"}`,
		`{"source":"NAMED","name":"` + strings.Repeat("x", compete.MaxSourceName+1) + `"}`,
	} {
		w.refused(w.call("PUT", path, w.tokens[organizer], bad), http.StatusUnprocessableEntity, "validation_failed")
	}
	email := people[0].User.Email
	for _, bad := range []string{
		`{"items":[]}`, ticketsOf(email, 0), ticketsOf(email, draw.MaxTickets+1), ticketsOf("nobody@example.com", 2),
		ticketsOf("not an address", 2),
		fmt.Sprintf(`{"items":[{"email":%q,"tickets":2},{"email":%q,"tickets":3}]}`, email, strings.ToUpper(email)),
	} {
		w.refused(w.call("PUT", path+"/tickets", w.tokens[organizer], bad), http.StatusUnprocessableEntity,
			"validation_failed")
	}
	w.refused(w.call("POST", path+"/value", w.tokens[organizer], `{"value":"1"}`), http.StatusConflict, "not_named_source")
	w.refused(w.call("GET", path+"/file", "", ""), http.StatusConflict, "list_open")
	draft := w.create(strings.Replace(competitionBody("Hidden", 5), "{", `{"status":"DRAFT","admission":"LOTTERY",`, 1))
	w.refused(w.call("GET", "/api/competitions/"+draft.ID+"/draw", "", ""), http.StatusNotFound,
		"competition_not_found")
}

// testNoApplicants draws an empty list.
func testNoApplicants(w *world) {
	c, _ := w.lottery(3, 0)
	w.into(w.call("PUT", "/api/competitions/"+c.ID+"/draw", w.tokens[organizer], `{"source":"NAMED","name":"Dice"}`),
		http.StatusOK, new(api.Draw))
	w.endApplications(c)
	w.eventually("the list is frozen", func() bool { return w.draw(c, "").FrozenAt != nil })
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/draw/value", w.tokens[organizer], `{"value":"6"}`), http.StatusOK,
		new(api.Draw))
	w.eventually("the draw is over", func() bool { return w.draw(c, "").FinishedAt != nil })
	w.drawFile(c, nil)
}
