package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestIdempotency repeats requests in every way.
func TestIdempotency(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("register", w.sub(testRegisterTwice))
		t.Run("on both addresses", w.sub(testReplayOnTheOtherAddress))
		t.Run("create", w.sub(testCreateTwice))
		t.Run("at once", w.sub(testManyAtOnce))
		t.Run("refusals are decided anew", w.sub(testRefusalIsNotRecorded))
	})
}

func testRegisterTwice(w *world) {
	path := "/api/competitions/" + w.competition(1).ID + "/register"
	first := w.call("POST", path, w.tokens[participant], "{}", "Idempotency-Key: press-0001")
	var r api.Registration
	w.into(first, http.StatusCreated, &r)
	w.wait(participant, r.ID, compete.MessageConfirmed) // the registration changes; the answer doesn't
	again := w.call("POST", path, w.tokens[participant], "{}", "Idempotency-Key: press-0001")
	w.wantReplay(first, again)
	for _, body := range []string{"", " \n", "{}\r\n"} {
		w.wantReplay(first, w.call("POST", path, w.tokens[participant], body, "Idempotency-Key: press-0001"))
	}
	for name, other := range map[string]answer{
		"another body": w.call("POST", path, w.tokens[participant], `{"answers":{"q":1}}`,
			"Idempotency-Key: press-0001"),
		"another route": w.call("POST", "/api/competitions/"+w.competition(1).ID+"/register", w.tokens[participant],
			"{}", "Idempotency-Key: press-0001"),
	} {
		if p := w.wantProblem(other); other.status != http.StatusUnprocessableEntity ||
			p.Code != "idempotency_key_reused" {
			w.t.Errorf("%s: got %d %s, want idempotency_key_reused", name, other.status, other.body)
		}
	}
	if got := w.call("POST", path, w.tokens[participant], "{}",
		"Idempotency-Key: press-0002"); w.wantProblem(got).Code != "already_registered" {
		w.t.Errorf("another key: got %s, want already_registered", got.body)
	}
	if got := w.call("POST", path, w.tokens[otherParticipant], "{}",
		"Idempotency-Key: press-0001"); w.wantProblem(got).Code != "competition_full" {
		w.t.Errorf("another user's press with the same key: got %s, want competition_full", got.body)
	}
}

func testReplayOnTheOtherAddress(w *world) {
	path := "/api/competitions/" + w.competition(5).ID + "/register"
	first := w.call("POST", path, w.tokens[participant], "", "Idempotency-Key: press-0003")
	w.wantReplay(first, w.callAt(w.WebURL, "POST", path, w.tokens[participant], "", "Idempotency-Key: press-0003"))
}

func testCreateTwice(w *world) {
	body := competitionBody("Made once", 5)
	first := w.call("POST", "/api/competitions", w.tokens[organizer], body, "Idempotency-Key: create-0001")
	var c api.Competition
	w.into(first, http.StatusCreated, &c)
	w.registration(c.ID, participant) // the competition changes; the answer doesn't
	again := w.call("POST", "/api/competitions", w.tokens[organizer], body, "Idempotency-Key: create-0001")
	w.wantReplay(first, again)
	if again.header.Get("ETag") != first.header.Get("ETag") || again.header.Get("Location") != "/api/competitions/"+
		c.ID {
		w.t.Errorf("the replay has ETag %s and Location %s", again.header.Get("ETag"), again.header.Get("Location"))
	}
	other := w.call("POST", "/api/competitions", w.tokens[organizer], strings.Replace(body, "once", "twice", 1),
		"Idempotency-Key: create-0001")
	if p := w.wantProblem(other); p.Code != "idempotency_key_reused" {
		w.t.Errorf("another body: got %s, want idempotency_key_reused", other.body)
	}
}

// testManyAtOnce repeats a request while the first is still in progress: all get its answer.
func testManyAtOnce(w *world) {
	const presses = 20
	path := "/api/competitions/" + w.competition(5).ID + "/register"
	answers := make([]answer, presses)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() {
			answers[i] = w.call("POST", path, w.tokens[participant], "{}", "Idempotency-Key: press-0004")
		})
	}
	group.Wait()
	firsts := 0
	for _, got := range answers {
		if got.status != http.StatusCreated || got.body != answers[0].body {
			w.t.Errorf("got %d %s, want 201 %s", got.status, got.body, answers[0].body)
		}
		if got.header.Get("Idempotency-Replayed") == "" {
			firsts++
		}
	}
	if firsts != 1 {
		w.t.Errorf("%d answers say that they are the first, want 1", firsts)
	}
}

func testRefusalIsNotRecorded(w *world) {
	c := w.competition(1)
	seat := w.registration(c.ID, participant)
	path := "/api/competitions/" + c.ID + "/register"
	if got := w.call("POST", path, w.tokens[otherParticipant], "",
		"Idempotency-Key: press-0005"); w.wantProblem(got).Code != "competition_full" {
		w.t.Fatalf("got %s, want competition_full", got.body)
	}
	w.into(w.call("DELETE", "/api/registrations/"+seat.ID, w.tokens[participant], ""), http.StatusOK,
		&api.Registration{})
	w.into(w.call("POST", path, w.tokens[otherParticipant], "", "Idempotency-Key: press-0005"), http.StatusCreated,
		&api.Registration{})
}

func (w *world) wantReplay(first, again answer) {
	w.t.Helper()
	if first.status != http.StatusCreated || first.header.Get("Idempotency-Replayed") != "" {
		w.t.Errorf("first: got %d %s, replayed %q", first.status, first.body, first.header.Get("Idempotency-Replayed"))
	}
	if again.status != first.status || again.body != first.body || again.header.Get("Idempotency-Replayed") != "true" {
		w.t.Errorf("again: got %d %s, replayed %q, want the first answer: %s", again.status, again.body,
			again.header.Get("Idempotency-Replayed"), first.body)
	}
}
