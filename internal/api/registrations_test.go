package api_test

import (
	"bufio"
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestRegistrations(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("greeting and health", w.sub(testGreetingAndHealth))
		t.Run("mailbox", w.sub(testMailbox))
		t.Run("a seat, its confirmation and its end", w.sub(testSeat))
		t.Run("waitlist", w.sub(testWaitlist))
		t.Run("refusals", w.sub(testRefusals))
		t.Run("the organizer's list", w.sub(testOrganizersList))
		t.Run("live", w.sub(testLive))
	})
}

func testSeat(w *world) {
	c := w.competition(5)
	got := w.call("POST", "/api/competitions/"+c.ID+"/register", w.tokens[participant], "")
	var r api.Registration
	w.into(got, http.StatusCreated, &r)
	switch {
	case r.CompetitionID != c.ID || r.Seq != 1 || r.Status != compete.RegistrationPending ||
		strings.Contains(got.body, "position"):
		w.t.Errorf("registered as %s", got.body)
	case r.Competition.ID != c.ID || r.Competition.SeatsLeft != 4 || r.Competition.Counts.Registered != 1 ||
		strings.Contains(got.body, `"description"`):
		w.t.Errorf("the competition beside it is %+v", r.Competition)
	}
	w.wait(participant, r.ID, compete.MessageConfirmed)
	for _, list := range []string{"/api/users/me/registrations", "/api/competitions/registrations/my"} {
		var mine []api.Registration
		w.into(w.call("GET", list+"?limit=1", w.tokens[participant], ""), http.StatusOK, &mine)
		if len(mine) != 1 || mine[0].ID != r.ID || mine[0].Status != compete.RegistrationConfirmed ||
			mine[0].Competition.Title != c.Title {
			w.t.Errorf("%s is %+v, want the confirmed registration", list, mine)
		}
	}
	var cancelled, again, anew api.Registration
	w.into(w.call("DELETE", "/api/registrations/"+r.ID, w.tokens[participant], ""), http.StatusOK, &cancelled)
	w.into(w.call("DELETE", "/api/registrations/"+r.ID, w.tokens[organizer], ""), http.StatusOK, &again)
	if cancelled.Status != compete.RegistrationCancelled || again.RegistrationState != cancelled.RegistrationState ||
		cancelled.Competition.SeatsLeft != 5 {
		w.t.Errorf("cancelled as %+v, then %+v", cancelled, again)
	}
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", w.tokens[participant], "{}"),
		http.StatusCreated, &anew)
	if anew.ID != r.ID || anew.Seq != 2 || anew.RegisteredAt.Before(r.RegisteredAt) {
		w.t.Errorf("registered anew as %+v, want the same row with seq 2", anew)
	}
}

func testWaitlist(w *world) {
	c := w.create(strings.Replace(competitionBody("With a waitlist", 1), "{", `{"waitlist":true,`, 1))
	seat := w.registration(c.ID, participant)
	third := w.signUp()
	var first, second api.Registration
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", w.tokens[otherParticipant], ""),
		http.StatusCreated, &first)
	w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", third.Token, ""), http.StatusCreated, &second)
	if first.Status != compete.RegistrationWaitlisted || first.Position != 1 || second.Position != 2 ||
		second.Competition.Phase != compete.PhaseWaitlist {
		w.t.Errorf("waiting are %+v and %+v", first, second)
	}
	w.into(w.call("DELETE", "/api/registrations/"+seat.ID, w.tokens[participant], ""), http.StatusOK,
		&api.Registration{})
	w.wait(otherParticipant, first.ID, compete.MessagePromoted)
	var now []api.Registration
	w.into(w.call("GET", "/api/users/me/registrations?limit=1", third.Token, ""), http.StatusOK, &now)
	if len(now) != 1 || now[0].Position != 1 || now[0].Competition.SeatsLeft != 0 ||
		now[0].Competition.Waitlisted != 1 {
		w.t.Errorf("the last one is now %+v, want position 1", now)
	}
}

func testRefusals(w *world) {
	c := w.competition(1)
	seat := w.registration(c.ID, participant)
	path := "/api/competitions/" + c.ID + "/register"
	for as, code := range map[role]string{participant: "already_registered", otherParticipant: "competition_full"} {
		if got := w.call("POST", path, w.tokens[as], ""); got.status != http.StatusConflict ||
			w.wantProblem(got).Code != code {
			w.t.Errorf("register as %s: got %d %s, want 409 %s", as, got.status, got.body, code)
		}
	}
	later := w.create(strings.Replace(competitionBody("Opens later", 1), "{", `{"regOpensAt":"2126-01-01T00:00:00Z",`,
		1))
	if got := w.call("POST", "/api/competitions/"+later.ID+"/register", w.tokens[participant],
		""); got.status != http.StatusConflict || w.wantProblem(got).Code != "registration_not_open" {
		w.t.Errorf("before the opening: got %d %s, want registration_not_open", got.status, got.body)
	}
	if got := w.call("POST", "/api/competitions/"+unknownID+"/register", w.tokens[participant],
		""); w.wantProblem(got).Code != "competition_not_found" {
		w.t.Errorf("an unknown competition: got %s", got.body)
	}
	if got := w.call("DELETE", "/api/registrations/"+seat.ID, w.tokens[otherParticipant],
		""); w.wantProblem(got).Code != "registration_not_found" {
		w.t.Errorf("another's registration: got %s, want registration_not_found", got.body)
	}
}

func testOrganizersList(w *world) {
	c := w.competition(20)
	var want []string
	for i, name := range []string{"Ada", "=HYPERLINK(1)", "Grace", "@cmd", "Alan, Turing"} {
		login := w.signUpAs(name)
		var r api.Registration
		w.into(w.call("POST", "/api/competitions/"+c.ID+"/register", login.Token, ""), http.StatusCreated, &r)
		if want = append(want, r.ID); r.Seq != int64(i+1) {
			w.t.Errorf("%s got seq %d, want %d", name, r.Seq, i+1)
		}
	}
	path := "/api/competitions/" + c.ID + "/registrations"
	if got := w.all(path+"?limit=2", organizer); !slices.Equal(got, want) {
		w.t.Errorf("the list is %v, want %v", got, want)
	}
	if got := w.all(path+"?search=grace", admin); !slices.Equal(got, want[2:3]) {
		w.t.Errorf("search finds %v, want %v", got, want[2:3])
	}
	if got := w.all(path+"?status=CANCELLED", organizer); len(got) != 0 {
		w.t.Errorf("cancelled ones are %v, want none", got)
	}
	file := w.call("GET", path+"?limit=2", w.tokens[organizer], "", "Accept: text/csv")
	rows, err := csv.NewReader(strings.NewReader(file.body)).ReadAll()
	if err != nil || len(rows) != 6 {
		w.t.Fatalf("the CSV has %d rows, %v, want a header and 5: %s", len(rows), err, file.body)
	}
	for i, name := range []string{"Ada", "'=HYPERLINK(1)", "Grace", "'@cmd", "Alan, Turing"} {
		if rows[i+1][3] != name {
			w.t.Errorf("row %d is %v, want name %s", i+1, rows[i+1], name)
		}
	}
}

func testLive(w *world) {
	c := w.competition(2)
	stream := w.open("GET", "/api/competitions/"+c.ID+"/live", "")
	defer func() { _ = stream.Body.Close() }()
	lines := bufio.NewScanner(stream.Body)
	await := func(want string) {
		w.t.Helper()
		for lines.Scan() {
			if lines.Text() == "data: "+want {
				return
			}
		}
		w.t.Fatalf("the stream ended before %s: %v", want, lines.Err())
	}
	await(`{"seatsLeft":2,"waitlisted":0,"phase":"open"}`)
	w.registration(c.ID, participant)
	await(`{"seatsLeft":1,"waitlisted":0,"phase":"open"}`)
	w.registration(c.ID, otherParticipant)
	await(`{"seatsLeft":0,"waitlisted":0,"phase":"full"}`)
}

// TestLiveStreamsEndWithTheServer keeps a stream open while the server stops. Neither waits for the other.
func TestLiveStreamsEndWithTheServer(t *testing.T) {
	w := newWorld(t, "")
	stream := w.open("GET", "/api/competitions/"+w.competition(1).ID+"/live", "")
	defer func() { _ = stream.Body.Close() }()
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data: ") { // until it has started
	}
	if err := w.Stop(); err != nil {
		t.Errorf("the stop was not clean: %v", err)
	}
	for lines.Scan() { // until it ends
	}
	if lines.Err() != nil {
		t.Errorf("the stream broke off: %v", lines.Err())
	}
}

func testMailbox(w *world) {
	m := w.message()
	if m.Kind != compete.MessageConfirmed || m.ReadAt != nil || m.To != "participant@example.com" || m.Subject == "" ||
		m.Body == "" || m.RegistrationID == nil || *m.Seq != 1 {
		w.t.Errorf("the message is %+v", m)
	}
	var read, again api.Message
	w.into(w.call("POST", "/api/users/me/mailbox/"+m.ID+"/read", w.tokens[participant], ""), http.StatusOK, &read)
	w.into(w.call("POST", "/api/users/me/mailbox/"+m.ID+"/read", w.tokens[participant], ""), http.StatusOK, &again)
	if read.ReadAt == nil || again.ReadAt == nil || !read.ReadAt.Equal(*again.ReadAt) {
		w.t.Errorf("read at %v, then %v, want the same", read.ReadAt, again.ReadAt)
	}
}

func testGreetingAndHealth(w *world) {
	for _, address := range []string{w.APIURL, w.WebURL} {
		var greeting api.Greeting
		w.into(w.callAt(address, "GET", "/api", "", ""), http.StatusOK, &greeting)
		var health api.Health
		w.into(w.callAt(address, "GET", "/api/health", "", ""), http.StatusOK, &health)
		if greeting.Status != "ok" || greeting.Service != "mini-compete-api" || health.Status != "ok" ||
			greeting.Timestamp.IsZero() {
			w.t.Errorf("%s: greeting %+v, health %+v", address, greeting, health)
		}
		for _, name := range []string{"database", "queue", "redis"} {
			if check, there := health.Checks[name]; !there || check.Status == api.CheckDown {
				w.t.Errorf("%s: %s is %+v", address, name, check)
			}
		}
	}
}
