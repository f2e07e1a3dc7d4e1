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
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestReview(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("admission", w.sub(testAdmission))
		t.Run("released", w.sub(testReleasedDecisions))
		t.Run("refused", w.sub(testRefusedDecisions))
		t.Run("offered", w.sub(testOfferedApplication))
		t.Run("pages", w.sub(testPagesOfDecisions))
		t.Run("divisions", w.sub(testDivisionsOfDecisions))
		t.Run("failed", w.sub(testFailedRelease))
	})
}

func reviewBody(seats int) string {
	return strings.Replace(competitionBody("With review", seats), "{", `{"admission":"REVIEW",`, 1)
}

// decisions is a request with one decision, or null, about each registration.
func decisions(decision string, registrations ...api.Registration) string {
	if decision != "null" {
		decision = `"` + decision + `"`
	}
	items := make([]string, len(registrations))
	for i, r := range registrations {
		items[i] = fmt.Sprintf(`{"registrationId":%q,"decision":%s}`, r.ID, decision)
	}
	return `{"items":[` + strings.Join(items, ",") + `]}`
}

// applications creates a competition with two seats and review, for which as many new people apply.
func (w *world) applications(people int) (c api.Competition, applications []api.Registration) {
	w.t.Helper()
	c = w.create(reviewBody(2))
	for range people {
		applications = append(applications, w.registers(w.signUp().Token, c.ID))
	}
	return c, applications
}

func (w *world) decide(c api.Competition, body string) (state api.DecisionState) {
	w.t.Helper()
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/decisions", w.tokens[organizer], body), http.StatusOK, &state)
	return state
}

// release releases all decisions and waits for the end.
func (w *world) release(c api.Competition) api.Release {
	w.t.Helper()
	path := "/api/competitions/" + c.ID + "/decisions"
	var started api.Release
	w.into(w.call("POST", path+"/release", w.tokens[organizer], ""), http.StatusAccepted, &started)
	var now api.Decisions
	w.eventually("the release is finished", func() bool {
		w.into(w.call("GET", path, w.tokens[organizer], ""), http.StatusOK, &now)
		return now.Release != nil && now.Release.FinishedAt != nil
	})
	if now.Release.ID != started.ID || now.Release.Done != now.Release.Total {
		w.t.Errorf("released %+v, started as %+v", now.Release, started)
	}
	return *now.Release
}

func (w *world) statuses(c api.Competition) (statuses []string) {
	w.t.Helper()
	var list []api.ParticipantRegistration
	w.into(w.call("GET", "/api/competitions/"+c.ID+"/registrations", w.tokens[organizer], ""), http.StatusOK, &list)
	for _, r := range list {
		statuses = append(statuses, string(r.Status))
	}
	return statuses
}

func testAdmission(w *world) {
	plain := w.create(competitionBody("Plain", 1))
	if plain.Admission != compete.AdmissionFirstCome {
		w.t.Errorf("a plain competition has admission %q", plain.Admission)
	}
	change := func(id, body string) answer {
		return w.call("PATCH", "/api/competitions/"+id, w.tokens[organizer], body, "If-Match: *")
	}
	w.refused(change(plain.ID, `{"admission":"AUCTION"}`), http.StatusUnprocessableEntity, "validation_failed")
	w.refused(w.call("POST", "/api/competitions/"+plain.ID+"/decisions", w.tokens[organizer],
		decisions("ADMIT", w.registration(plain.ID, participant))), http.StatusConflict, "not_reviewed")
	w.refused(change(plain.ID, `{"admission":"REVIEW"}`), http.StatusConflict, "admission_fixed")

	c, applications := w.applications(3)
	for _, r := range applications {
		if r.Status != compete.RegistrationApplied || r.Seats != 0 || r.Competition.SeatsLeft != 2 {
			w.t.Errorf("applied as %+v", r)
		}
	}
	w.refused(change(c.ID, `{"admission":"FIRST_COME"}`), http.StatusConflict, "admission_fixed")
	var now api.Competition
	w.into(w.call("GET", "/api/competitions/"+c.ID, "", ""), http.StatusOK, &now)
	if now.Phase != compete.PhaseOpen || now.Admission != compete.AdmissionReview {
		w.t.Errorf("the phase is %q, the admission %q", now.Phase, now.Admission)
	}
	if !slices.Contains(w.all("/api/competitions?phase=open", organizer), c.ID) {
		w.t.Error("it isn't among the open ones")
	}
}

func testReleasedDecisions(w *world) {
	c, a := w.applications(4)
	state := w.decide(c, decisions("ADMIT", a...))
	if state.Counts != (api.DecisionCounts{Admit: 4, SeatsLeft: 2, Beyond: 2}) || state.Release != nil {
		w.t.Errorf("everybody is admitted: %+v", state)
	}
	path := "/api/competitions/" + c.ID + "/decisions"
	refusal := w.call("POST", path+"/release", w.tokens[organizer], "")
	w.refused(refusal, http.StatusConflict, "admitted_beyond_room")
	if !strings.Contains(refusal.body, "admitting 4, but only 2 seats are left") {
		w.t.Errorf("the refusal is %s", refusal.body)
	}
	if got := w.statuses(c); !slices.Equal(got, []string{"APPLIED", "APPLIED", "APPLIED", "APPLIED"}) {
		w.t.Errorf("drafts changed something: %v", got)
	}
	w.decide(c, decisions("WAITLIST", a[0]))
	w.decide(c, decisions("REJECT", a[1]))
	if state = w.decide(c, decisions("null", a[2])); state.Counts !=
		(api.DecisionCounts{Undecided: 1, Admit: 1, Waitlist: 1, Reject: 1, SeatsLeft: 2}) {
		w.t.Errorf("one of each: %+v", state)
	}
	if got := w.release(c); got.Admitted != 1 || got.Waitlisted != 1 || got.Rejected != 1 {
		w.t.Errorf("released %+v", got)
	}
	w.eventually("the seat is confirmed", func() bool {
		return slices.Equal(w.statuses(c), []string{"WAITLISTED", "REJECTED", "APPLIED", "CONFIRMED"})
	})
	w.refused(w.call("POST", path+"/release", w.tokens[organizer], ""), http.StatusConflict, "nothing_to_release")

	// What is decided anew is told again, and what stays as it is isn't.
	w.decide(c, decisions("REJECT", a[0], a[1], a[2]))
	w.decide(c, decisions("WAITLIST", a[1]))
	if got := w.release(c); got.Waitlisted != 1 || got.Rejected != 2 {
		w.t.Errorf("released %+v", got)
	}
	w.decide(c, decisions("WAITLIST", a[0]))
	w.release(c)
	want := map[int][]string{
		0: {"applied", "waitlisted", "rejected", "waitlisted"}, 1: {"applied", "rejected", "waitlisted"},
		2: {"applied", "rejected"}, 3: {"applied", "confirmed"},
	}
	for i, kinds := range want {
		w.toldAtMost(a[i].ID, kinds)
	}
}

// toldAtMost waits for the last of these messages about a registration, and checks that there are no others: those
// before it are left out if a job gets to them when they no longer hold.
func (w *world) toldAtMost(registrationID string, kinds []string) {
	w.t.Helper()
	w.eventually("the message "+kinds[len(kinds)-1], func() bool {
		return slices.Contains(w.toldAbout(registrationID), kinds[len(kinds)-1])
	})
	left := slices.Clone(kinds)
	for _, told := range w.toldAbout(registrationID) {
		i := slices.Index(left, told)
		if i < 0 {
			w.t.Errorf("told %v, want at most %v", w.toldAbout(registrationID), kinds)
			return
		}
		left = slices.Delete(left, i, i+1)
	}
}

// toldAbout lists the kinds of messages about a registration, in no particular order.
func (w *world) toldAbout(registrationID string) (kinds []string) {
	w.t.Helper()
	rows, err := w.Store().Reader().QueryContext(w.t.Context(),
		`SELECT kind FROM messages WHERE registration_id = $1`, registrationID)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		if err := rows.Scan(&kind); err != nil {
			w.t.Fatal(err)
		}
		kinds = append(kinds, kind)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return kinds
}

func testRefusedDecisions(w *world) {
	c, a := w.applications(2)
	path := "/api/competitions/" + c.ID + "/decisions"
	for body, field := range map[string]string{
		`{"items":[]}`:                                       `"field":"items"`,
		decisions("PERHAPS", a[0]):                           `"field":"items[0].decision"`,
		decisions("", a[0]):                                  `"field":"items[0].decision"`,
		decisions("ADMIT", a[0], a[1], a[0]):                 `"field":"items[2].registrationId"`,
		`{"items":[{"registrationId":"1","decision":null}]}`: `"field":"items[0].registrationId"`,
		`{"items":[{"registrationId":"` + a[0].ID + `"}]}`:   `"field":"items[0].decision","message":"is required`,
		`{"items":[{"registrationId":"1","decision":5}]}`:    `"field":"items[0].decision","message":"must be`,
	} {
		got := w.call("POST", path, w.tokens[organizer], body)
		w.refused(got, http.StatusUnprocessableEntity, "validation_failed")
		if !strings.Contains(got.body, field) {
			w.t.Errorf("%s: got %s", body, got.body)
		}
	}
	_, others := w.applications(1)
	w.refused(w.call("POST", path, w.tokens[organizer], decisions("ADMIT", a[0], others[0])), http.StatusNotFound,
		"registration_not_found")
	w.into(w.call("DELETE", "/api/registrations/"+a[1].ID, w.tokens[organizer], ""), http.StatusOK, new(any))
	w.refused(w.call("POST", path, w.tokens[organizer], decisions("ADMIT", a...)), http.StatusConflict, "not_decidable")
	if state := w.decide(c, decisions("ADMIT", a[0])); state.Counts.Admit != 1 {
		w.t.Errorf("what was refused left %+v", state)
	}
	if _, err := w.Store().Writer().ExecContext(w.t.Context(), `UPDATE competitions SET start_date = $2 WHERE id = $1`,
		c.ID, compete.UTC(time.Now().Add(-time.Minute))); err != nil {
		w.t.Fatal(err)
	}
	w.refused(w.call("POST", path, w.tokens[organizer], decisions("REJECT", a[0])), http.StatusConflict,
		"deciding_over")
	w.refused(w.call("POST", path+"/release", w.tokens[organizer], ""), http.StatusConflict, "deciding_over")
}

func testOfferedApplication(w *world) {
	c := w.create(strings.Replace(reviewBody(1), "{", `{"offerHours":24,`, 1))
	account := w.signUp()
	r := w.registers(account.Token, c.ID)
	w.decide(c, decisions("ADMIT", r))
	w.release(c)
	offer := w.mine(account.Token)
	if offer.Status != compete.RegistrationOffered || offer.ConfirmBy == nil || offer.Seats != 1 {
		w.t.Fatalf("the accepted application is %+v", offer)
	}
	w.toldAtMost(r.ID, []string{"applied", "offered"})
	for _, m := range w.messagesOf(account.Token) {
		if m.Kind == compete.MessageOffered && !strings.Contains(m.Body, "was accepted. A seat is reserved for you.") {
			w.t.Errorf("the message says %s", m.Body)
		}
	}
	var accepted api.Registration
	w.into(w.answer(account.Token, r.ID, "accept"), http.StatusOK, &accepted)
	if accepted.Status != compete.RegistrationPending {
		w.t.Errorf("accepted as %+v", accepted)
	}
}

func testPagesOfDecisions(w *world) {
	c, a := w.applications(3)
	w.decide(c, decisions("ADMIT", a[0], a[2]))
	w.decide(c, decisions("REJECT", a[1]))
	var seqs []int64
	for path := "/api/competitions/" + c.ID + "/decisions?limit=1"; path != ""; {
		got := w.call("GET", path, w.tokens[organizer], "")
		var page api.Decisions
		w.into(got, http.StatusOK, &page)
		if page.Counts.Admit != 2 || page.Counts.Reject != 1 || len(page.Items) != 1 {
			w.t.Fatalf("%s is %+v", path, page)
		}
		seqs = append(seqs, page.Items[0].Seq)
		path = w.nextPage(got)
	}
	if !slices.Equal(seqs, []int64{1, 2, 3}) {
		w.t.Errorf("the drafts are about %v", seqs)
	}
	var rejections api.Decisions
	w.into(w.call("GET", "/api/competitions/"+c.ID+"/decisions?decision=REJECT", w.tokens[organizer], ""),
		http.StatusOK, &rejections)
	if len(rejections.Items) != 1 || rejections.Items[0].RegistrationID != a[1].ID {
		w.t.Errorf("the rejections are %+v", rejections.Items)
	}
}

// testDivisionsOfDecisions admits more people to a division than it has seats.
func testDivisionsOfDecisions(w *world) {
	c := w.create(strings.Replace(reviewBody(5), "{",
		`{"divisions":[{"name":"Short","capacity":1},{"name":"Long","capacity":4}],`, 1))
	short := c.Divisions[0]
	var applications []api.Registration
	for range 2 {
		var r api.Registration
		w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", w.signUp().Token,
			fmt.Sprintf(`{"divisionId":%q}`, short.ID)), http.StatusCreated, &r)
		applications = append(applications, r)
	}
	state := w.decide(c, decisions("ADMIT", applications...))
	want := []api.DivisionCounts{
		{ID: short.ID, Name: "Short", Admit: 2, SeatsLeft: 1, Beyond: 1},
		{ID: c.Divisions[1].ID, Name: "Long", SeatsLeft: 4},
	}
	if !slices.Equal(state.Divisions, want) || state.Counts.Beyond != 0 {
		w.t.Errorf("got %+v, want %+v", state, want)
	}
	w.refused(w.call("POST", "/api/competitions/"+c.ID+"/decisions/release", w.tokens[organizer], ""),
		http.StatusConflict, "admitted_beyond_room")
	w.decide(c, decisions("WAITLIST", applications[1]))
	w.release(c)
}

// testFailedRelease goes on with a release whose job has used up its attempts.
func testFailedRelease(w *world) {
	c, a := w.applications(2)
	w.decide(c, decisions("ADMIT", a...))
	db, now := w.Store(), compete.UTC(time.Now())
	if _, err := db.Writer().ExecContext(w.t.Context(), `INSERT INTO releases (id, competition_id, started_at,
		total, after_seq, admitted, waitlisted, rejected, unseated, dropped)
		VALUES ($1, $2, $3, 2, 0, 0, 0, 0, 0, 0)`, a[0].ID, c.ID, now); err != nil {
		w.t.Fatal(err)
	}
	if err := db.SaveFailedJob(w.t.Context(), compete.FailedJob{
		ID: a[1].ID, JobID: -1, Queue: compete.QueueMaintenance, Kind: compete.ReleaseJob{}.Kind(), Attempts: 3,
		Payload: fmt.Appendf(nil, `{"competitionId": %q}`, c.ID), Error: "the disk is full", FailedAt: now,
	}); err != nil {
		w.t.Fatal(err)
	}
	var state api.Decisions
	w.into(w.call("GET", "/api/competitions/"+c.ID+"/decisions", w.tokens[organizer], ""), http.StatusOK, &state)
	if state.Release == nil || !state.Release.Failed || state.Release.FinishedAt != nil {
		w.t.Errorf("the release is %+v", state.Release)
	}
	if r := w.release(c); r.Failed || r.Admitted != 2 {
		w.t.Errorf("at last, the release is %+v", r)
	}
}
