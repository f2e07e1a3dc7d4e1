package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/minicompete/minicompete/internal/api"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/problem"
)

const unknownID = "018f6b1e-ffff-7d0a-9b3e-5a1f0c2d4e6f"

// world is the whole app on one database, with an account for each role.
type world struct {
	*apptest.App
	mail   *mailtest.Server
	t      *testing.T
	tokens map[role]string
	count  *atomic.Int64
}

// sub runs part of a test in the same world.
func (w *world) sub(test func(*world)) func(*testing.T) {
	return func(t *testing.T) {
		inner := *w
		inner.t = t
		test(&inner)
	}
}

// answer is a complete response.
type answer struct {
	request string // method, path and the start of the body
	status  int
	header  http.Header
	body    string
}

// call makes a request to the API; an empty token sends none. Headers are "Name: value".
func (w *world) call(method, path, token, body string, headers ...string) answer {
	w.t.Helper()
	return w.callAt(w.APIURL, method, path, token, body, headers...)
}

func (w *world) callAt(address, method, path, token, body string, headers ...string) answer {
	w.t.Helper()
	response, err := w.send(address, method, path, token, body, headers...)
	if err != nil {
		w.t.Error(err) // not Fatal: calls are made from several goroutines
		return answer{}
	}
	defer func() { _ = response.Body.Close() }()
	got := answer{
		request: fmt.Sprintf("%s %s %.200s", method, path, body), status: response.StatusCode, header: response.Header,
	}
	if response.Header.Get("Content-Type") != "text/event-stream" { // a stream has no end
		text, err := io.ReadAll(response.Body)
		if err != nil {
			w.t.Errorf("%s: %v", got.request, err)
		}
		got.body = string(text)
	}
	return got
}

// open makes a request; the caller reads the response as it arrives, and closes it.
func (w *world) open(method, path, token string) *http.Response {
	w.t.Helper()
	response, err := w.send(w.APIURL, method, path, token, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return response
}

func (w *world) send(address, method, path, token, body string, headers ...string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(w.t.Context(), method, address+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Add(name, value)
	}
	if body != "" && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return http.DefaultClient.Do(request)
}

// into decodes a response with the given status; unknown fields fail the test.
func (w *world) into(got answer, status int, v any) {
	w.t.Helper()
	if got.status != status {
		w.t.Fatalf("%s: got %d %.500s, want %d", got.request, got.status, got.body, status)
	}
	decoder := json.NewDecoder(strings.NewReader(got.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		w.t.Fatalf("%s: %v in %.500s", got.request, err, got.body)
	}
}

// wantProblem checks that a response is a problem document that matches its status, and is below 500.
func (w *world) wantProblem(got answer) problem.Problem {
	w.t.Helper()
	var p problem.Problem
	if err := json.Unmarshal([]byte(got.body), &p); err != nil ||
		got.header.Get("Content-Type") != problem.ContentType {
		w.t.Errorf("%.200s: got %d %s %.300s, want a problem document", got.request, got.status,
			got.header.Get("Content-Type"), got.body)
		return p
	}
	if p.Status != got.status || p.Code == "" || p.Title == "" || p.Detail == "" || got.status < 400 ||
		got.status >= 500 {
		w.t.Errorf("%.200s: got %d %s, want a refusal that says what to do", got.request, got.status, got.body)
	}
	return p
}

func (w *world) next() int64 { return w.count.Add(1) }

// signUp creates a participant's account with the password password123.
func (w *world) signUp() api.Login {
	w.t.Helper()
	return w.signUpAs("Somebody")
}

// signUpAs is signUp with a name.
func (w *world) signUpAs(name string) api.Login {
	w.t.Helper()
	login := w.newcomer(name)
	w.Verify(login.User.Email)
	return login
}

// newcomer signs up without confirming the address.
func (w *world) newcomer(name string) api.Login {
	w.t.Helper()
	var login api.Login
	body := fmt.Sprintf(`{"name":%q,"email":"somebody%d@example.com","password":"password123","role":"PARTICIPANT"}`,
		name, w.next())
	w.into(w.call("POST", "/api/auth/signup", "", body), http.StatusCreated, &login)
	return login
}

func competitionBody(title string, capacity int) string {
	return fmt.Sprintf(
		`{"title":%q,"capacity":%d,"regDeadline":"2126-05-01T12:00:00Z","startDate":"2126-05-08T08:00:00Z"}`, title,
		capacity,
	)
}

// competition creates a competition of the organizer's.
func (w *world) competition(capacity int) api.Competition {
	w.t.Helper()
	return w.create(competitionBody(fmt.Sprintf("Competition no. %d", w.next()), capacity))
}

func (w *world) create(body string) api.Competition {
	w.t.Helper()
	var c api.Competition
	w.into(w.call("POST", "/api/competitions", w.tokens[organizer], body), http.StatusCreated, &c)
	return c
}

// registration registers the account of a role.
func (w *world) registration(competitionID string, as role) api.Registration {
	w.t.Helper()
	var r api.Registration
	w.into(w.call("POST", "/api/competitions/"+competitionID+"/register", w.tokens[as], ""), http.StatusCreated, &r)
	return r
}

// message returns a message in the participant's mailbox.
func (w *world) message() api.Message {
	w.t.Helper()
	if messages := w.mailbox(participant); len(messages) > 0 {
		return messages[len(messages)-1]
	}
	r := w.registration(w.competition(5).ID, participant)
	return w.wait(participant, r.ID, compete.MessageConfirmed)
}

func (w *world) mailbox(as role) []api.Message {
	w.t.Helper()
	var messages []api.Message
	w.into(w.call("GET", "/api/users/me/mailbox?limit=100", w.tokens[as], ""), http.StatusOK, &messages)
	return messages
}

// eventually polls for an effect of the workers, which can't be observed otherwise.
func (w *world) eventually(what string, is func() bool) {
	w.t.Helper()
	apptest.Eventually(w.t, apptest.Patience, what, is)
}

// wait polls the mailbox for a message about the registration: workers can't be observed otherwise.
func (w *world) wait(as role, registrationID string, kind compete.MessageKind) (found api.Message) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("a message %q is in the mailbox of the %s", kind, as), func() bool {
		for _, m := range w.mailbox(as) {
			if m.Kind == kind && m.RegistrationID != nil && *m.RegistrationID == registrationID {
				found = m
				return true
			}
		}
		return false
	})
	return found
}
