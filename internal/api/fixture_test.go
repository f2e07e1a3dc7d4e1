package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
	"github.com/minicompete/minicompete/internal/problem"
)

// The tests that start with this fixture look at HTTP alone, so what is behind the API is as small as can be; what the
// rules do is tested through the front door of the whole app.

const someID = "018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

// somebody takes every token for an organizer's but "bad".
type somebody struct{}

func (somebody) IssueToken(context.Context, compete.User) (string, error) { return "token", nil }

func (somebody) End(context.Context, compete.Actor) error { return nil }

func (somebody) Token(_ context.Context, bearer string) (compete.Actor, error) {
	if bearer == "bad" {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	role := compete.RoleOrganizer
	if bearer == "participant" {
		role = compete.RoleParticipant
	}
	return compete.Actor{UserID: someID, Role: role, LoggedInAt: time.Now()}, nil
}

// oneCompetition is a store that holds a single one.
type oneCompetition struct {
	compete.CompetitionStore
	competition compete.Competition
}

func (s oneCompetition) Competition(_ context.Context, id string) (compete.Competition, error) {
	if id != s.competition.ID {
		return compete.Competition{}, compete.ErrCompetitionMissing
	}
	return s.competition, nil
}

func (s oneCompetition) Competitions(
	_ context.Context, f compete.CompetitionFilter,
) (compete.Page[compete.Competition], error) {
	page := compete.Page[compete.Competition]{Next: compete.Cursor{List: string(f.Sort), Key: 1, ID: someID}}
	for range f.Limit {
		page.Items = append(page.Items, s.competition)
	}
	return page, nil
}

// noCompetitions is a store without any.
type noCompetitions struct{ compete.CompetitionStore }

func (noCompetitions) Competitions(
	context.Context, compete.CompetitionFilter,
) (compete.Page[compete.Competition], error) {
	return compete.Page[compete.Competition]{}, nil
}

func aCompetition() compete.Competition {
	return compete.Competition{
		ID: someID,
		CompetitionContent: compete.CompetitionContent{
			Title: "Spring Hackathon", Tags: []string{"beginners", "go"}, TimeZone: "UTC", Capacity: 100,
			RegDeadline: noon.Add(time.Hour),
		},
		Description: strings.Repeat("Bring your own laptop. ", 10), SeatsLeft: 42,
		Status: compete.StatusPublished, Version: 3,
		Organizer: compete.Organizer{ID: someID, Name: "Grace Hopper"}, CreatedAt: noon, UpdatedAt: noon,
	}
}

func testConfig() Config { return configWith(competetest.Parts{}) }

// configWith is that of an API over one competition, where the test has no other, at noon.
func configWith(p competetest.Parts) Config {
	p.Clock = func() time.Time { return noon }
	if p.Competitions == nil {
		p.Competitions = oneCompetition{competition: aCompetition()}
	}
	return Config{
		Services: competetest.Services(p), Clock: p.Clock,
		Auth: somebody{}, Logger: slog.New(slog.DiscardHandler), Version: "test",
		Health: func(context.Context) []Check { return nil },
	}
}

func serve(t testing.TB, config Config) *httptest.Server {
	t.Helper()
	return serveWith(t, config, 0)
}

func serveWith(t testing.TB, config Config, writeTimeout time.Duration) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(New(config))
	server.Config.WriteTimeout = writeTimeout
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// answer is a response that was read to its end; err says why it has none.
type answer struct {
	request string
	status  int
	header  http.Header
	body    string
	err     error
}

// send makes a request; headers are "Name: value".
func send(t testing.TB, server *httptest.Server, method, path string, body io.Reader, headers ...string) answer {
	t.Helper()
	response := open(t, server, method, path, body, headers...)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{
		request: method + " " + path, status: response.StatusCode, header: response.Header,
		body: string(text), err: err,
	}
}

// open makes a request whose answer the caller reads as it comes, and closes.
func open(
	t testing.TB, server *httptest.Server, method, path string, body io.Reader, headers ...string,
) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Add(name, value)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// wantProblem holds an answer to be a problem document with the given status and code.
func wantProblem(t testing.TB, got answer, status int, code string) problem.Problem {
	t.Helper()
	var p problem.Problem
	decoder := json.NewDecoder(strings.NewReader(got.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		t.Fatalf("%s: %v in %.300s", got.request, err, got.body)
	}
	if media := got.header.Get("Content-Type"); got.status != status || p.Code != code || p.Status != status ||
		media != problem.ContentType {
		t.Errorf("%s: got %d %s %s, want %d %s", got.request, got.status, media, got.body, status, code)
	}
	if p.Title == "" || p.Detail == "" || p.Type != "about:blank" {
		t.Errorf("%s: %s lacks type, title or detail", got.request, got.body)
	}
	return p
}

var errBroken = errors.New("no such column: seats")

// brokenStore fails with what it is made of.
type brokenStore struct {
	compete.CompetitionStore
	err error
}

func (s brokenStore) Competition(context.Context, string) (compete.Competition, error) {
	return compete.Competition{}, s.err
}

func newTextLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// get asks the handler without a network, with a query string as it is.
func get(t testing.TB, handler http.Handler, path, query string) int {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	request.URL.RawQuery = query
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response.Code
}
