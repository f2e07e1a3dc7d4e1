package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/takeout"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestReviews(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("scores", w.sub(testScores))
		t.Run("export", w.sub(testReviewsAreExported))
		t.Run("lists", w.sub(testListsOfApplications))
		t.Run("undecided at the start", w.sub(testUndecidedAtTheStart))
	})
}

func (w *world) review(as role, r api.Registration, body string) (reviews api.Reviews) {
	w.t.Helper()
	w.into(w.call("POST", "/api/registrations/"+r.ID+"/reviews", w.tokens[as], body), http.StatusOK, &reviews)
	return reviews
}

func testScores(w *world) {
	_, a := w.applications(1)
	path := "/api/registrations/" + a[0].ID + "/reviews"
	if got := w.review(organizer, a[0], `{"score":5,"note":" Strong. "}`); got.Average != 5 || len(got.Items) != 1 ||
		got.Items[0].Note != "Strong." {
		w.t.Errorf("one review: %+v", got)
	}
	w.review(admin, a[0], `{"score":2}`)
	got := w.review(organizer, a[0], `{"score":4}`) // replaces the first
	if got.Average != 3 || len(got.Items) != 2 || got.Items[0].Score != 4 || got.Items[0].Note != "" {
		w.t.Errorf("two reviewers, one of whom has changed their mind: %+v", got)
	}
	var listed api.Reviews
	w.into(w.call("GET", path, w.tokens[organizer], ""), http.StatusOK, &listed)
	if listed.Average != 3 || len(listed.Items) != 2 {
		w.t.Errorf("listed %+v", listed)
	}
	w.into(w.call("DELETE", path, w.tokens[organizer], ""), http.StatusOK, &got)
	if got.Average != 2 || len(got.Items) != 1 || got.Items[0].Score != 2 {
		w.t.Errorf("after the organizer withdrew their score, there are %+v", got)
	}
	for range 2 { // the second finds nothing
		w.into(w.call("DELETE", path, w.tokens[admin], ""), http.StatusOK, &got)
		if got.Average != 0 || len(got.Items) != 0 {
			w.t.Errorf("after everyone withdrew their scores, there are %+v", got)
		}
	}
	list := w.all("/api/competitions/"+a[0].CompetitionID+"/applications?sort=score", organizer)
	if len(list) != 0 {
		w.t.Errorf("with nobody's score, the list by score has %v", list)
	}
	if got := w.review(admin, a[0], `{"score":3}`); got.Average != 3 || len(got.Items) != 1 {
		w.t.Errorf("scored again: %+v", got)
	}
	for _, body := range []string{
		`{"score":0}`, `{"score":6}`, `{}`, `{"score":"x"}`,
		`{"score":1,"note":"` + strings.Repeat("x", compete.MaxReviewNote+1) + `"}`,
	} {
		w.refused(w.call("POST", path, w.tokens[organizer], body), http.StatusUnprocessableEntity, "validation_failed")
	}
	plain := w.registration(w.create(competitionBody("Plain", 1)).ID, participant)
	w.refused(w.call("POST", "/api/registrations/"+plain.ID+"/reviews", w.tokens[organizer], `{"score":1}`),
		http.StatusConflict, "not_reviewed")
}

// People find what they wrote in their own data, and what was written about them once that has led to a decision.
func testReviewsAreExported(w *world) {
	c := w.create(reviewBody(2))
	applicant := w.signUp().Token
	r := w.registers(applicant, c.ID)
	w.review(organizer, r, `{"score":5,"note":"Strong."}`)
	w.review(admin, r, `{"score":4}`)
	withdrawn := w.call("DELETE", "/api/registrations/"+r.ID+"/reviews", w.tokens[admin], "")
	w.into(withdrawn, http.StatusOK, new(api.Reviews))
	w.review(admin, r, `{"score":2}`)
	export := func(token string) (file takeout.PersonalData) {
		w.into(w.call("GET", "/api/users/me/export", token, ""), http.StatusOK, &file)
		return file
	}
	if got := export(w.tokens[organizer]).ReviewsGiven; len(got) == 0 || got[0].RegistrationID != r.ID ||
		got[0].Score != 5 || got[0].Note != "Strong." || got[0].CompetitionTitle != c.Title {
		w.t.Errorf("the reviewer's data have %+v", got)
	}
	scores := func() (scores []int) {
		file := export(applicant)
		for _, r := range file.ReviewsReceived {
			scores = append(scores, r.Score)
		}
		for _, e := range file.AuditLog {
			if e.Action == string(compete.AuditReviewed) || e.Action == string(compete.AuditReviewDeleted) {
				w.t.Errorf("the log tells the applicant of %+v", e)
			}
		}
		return scores
	}
	if got := scores(); len(got) != 0 {
		w.t.Errorf("before the decision, the applicant's data have %v", got)
	}
	w.into(w.call("DELETE", "/api/registrations/"+r.ID, applicant, ""), http.StatusOK, new(api.Registration))
	if got := scores(); len(got) != 0 {
		w.t.Errorf("after withdrawing for a look, the applicant's data have %v", got)
	}
	r = w.registers(applicant, c.ID)
	w.decide(c, decisions("REJECT", r))
	w.release(c)
	if got := scores(); !slices.Equal(got, []int{2, 5}) {
		w.t.Errorf("after the decision, the applicant's data have %v", got)
	}
	w.into(w.call("DELETE", "/api/registrations/"+r.ID, applicant, ""), http.StatusOK, new(api.Registration))
	if got := scores(); !slices.Equal(got, []int{2, 5}) {
		w.t.Errorf("after withdrawing a rejected application, the applicant's data have %v", got)
	}
}

func testListsOfApplications(w *world) {
	c, a := w.applications(4)
	w.review(organizer, a[1], `{"score":3}`)
	w.review(admin, a[1], `{"score":4}`)
	w.review(organizer, a[2], `{"score":5}`)
	w.decide(c, decisions("REJECT", a[3]))
	path := "/api/competitions/" + c.ID + "/applications"
	ids := func(of ...int) (ids []string) {
		for _, i := range of {
			ids = append(ids, a[i].ID)
		}
		return ids
	}
	for query, want := range map[string][]string{
		"?limit=1": ids(0, 1, 2, 3), "?sort=score&limit=1": ids(2, 1), "?unscored=true": ids(0, 3),
		"?undecided=true": ids(0, 1, 2), "?decision=REJECT": ids(3), "?status=APPLIED&limit=3": ids(0, 1, 2, 3),
		"?search=no-such-person": {},
	} {
		if got := w.all(path+query, organizer); !slices.Equal(got, want) {
			w.t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
	var list []api.Application
	w.into(w.call("GET", path+"?sort=score", w.tokens[organizer], ""), http.StatusOK, &list)
	if list[1].Average != 3.5 || list[1].Reviews != 2 || list[1].MyScore != 3 || list[1].Decision != nil {
		w.t.Errorf("the second is %+v", list[1])
	}
	w.refused(w.call("GET", path+"?status=CONFIRMED", w.tokens[organizer], ""), http.StatusUnprocessableEntity,
		"validation_failed")
}

// The organizer is told once, however often it is looked at.
func testUndecidedAtTheStart(w *world) {
	c, a := w.applications(3)
	w.decide(c, decisions("REJECT", a[0]))
	w.release(c)
	w.decide(c, decisions("ADMIT", a[1])) // never released
	lottery, _ := w.lottery(1, 1)
	for _, id := range []string{c.ID, lottery.ID} {
		if _, err := w.Store().Writer().ExecContext(w.t.Context(), `UPDATE competitions SET start_date = $2 WHERE id = $1`,
			id, compete.UTC(time.Now().Add(-time.Minute))); err != nil {
			w.t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := w.Services().Applications.TellUndecided(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
	w.wantToldOnce(c, compete.MessageUndecided, "2 undecided applications: "+c.Title)
	w.wantToldOnce(lottery, compete.MessageUndecided, "1 undecided application: "+lottery.Title)
}

// wantToldOnce wants one message of a kind about a competition in its organizer's mailbox.
func (w *world) wantToldOnce(c api.Competition, kind compete.MessageKind, subject string) {
	w.t.Helper()
	var subjects []string
	for _, m := range w.messagesOf(w.tokens[organizer]) {
		if m.Kind == kind && strings.Contains(m.Body, c.ID) {
			subjects = append(subjects, m.Subject)
		}
	}
	if len(subjects) != 1 || subjects[0] != subject {
		w.t.Errorf("the organizer was told %q, want %q", subjects, subject)
	}
}
