package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/web"
)

// unmeasured lists the readable addresses without a look, each with the reason.
var unmeasured = map[string]string{
	"GET /live":                                    "a stream: see the part streams",
	"GET /api/competitions/{id}/live":              "a stream: see the part streams",
	"GET /auth/again":                              "only leads on for who has logged in a moment ago",
	"GET /auth/reset":                              "needs the link of an email",
	"GET /auth/confirm":                            "needs the link of an email",
	"GET /unsubscribe":                             "needs the link of an email",
	"GET /account/security/app":                    "needs an app that's being set up",
	"GET /teams/{team}/leave":                      "leads on for a captain, and for a seat per team",
	"GET /competitions/{id}/team":                  "needs somebody without a team",
	"GET /competitions/{id}/applications/progress": "needs a release under way",
	"GET /setup":                                   "is over once there's an admin",
	"GET /api/competitions/{id}/cover":             "needs a picture that was uploaded: see internal/web's benchmarks",
}

// Every page and every route that reads must have a look, so that it can't become slow unnoticed.
func TestEveryAddressIsMeasured(t *testing.T) {
	mux := http.NewServeMux()
	seen := map[string]bool{}
	for _, pattern := range append(web.Routes(web.Config{}), routesOfAPI(t)...) {
		if strings.HasPrefix(pattern, "GET ") {
			seen[pattern] = false
			mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
		}
	}
	id := uuid.NewString()
	s := &scaled{
		server: &server{address: "api.example", web: "web.example"}, largest: id, draft: id,
		reported: id, organizer: id,
		participant: id, admin: id, sample: id, waiting: id, queued: id, seated: id, applied: id, joined: id, team: id,
		member:   id,
		division: id, message: id, teams: id, divided: id, reviewed: id, drawn: id, soon: id, open: id, undrawn: id,
	}
	for _, look := range looks {
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(look.request(s))))
		if err != nil {
			t.Fatalf("%s: %v", look.name, err)
		}
		if request.Host == s.address {
			request.URL.Path = calendarRoute(request.URL.Path)
		}
		_, pattern := mux.Handler(request)
		if pattern == "" {
			t.Errorf("%s: no page or route has the address %s", look.name, request.URL)
		}
		seen[pattern] = true
	}
	for pattern, looked := range seen {
		switch _, left := unmeasured[pattern]; {
		case !looked && !left:
			t.Errorf("%s has no look", pattern)
		case looked && left:
			t.Errorf("%s has a look, and is listed as unmeasured", pattern)
		}
	}
	for pattern := range unmeasured {
		if _, there := seen[pattern]; !there {
			t.Errorf("%s is listed as unmeasured, and isn't there", pattern)
		}
	}
}

func routesOfAPI(t *testing.T) (routes []string) {
	t.Helper()
	document, err := os.ReadFile("../api/testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var found struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(document, &found); err != nil {
		t.Fatal(err)
	}
	for path, methods := range found.Paths {
		for method := range methods {
			routes = append(routes, strings.ToUpper(method)+" "+calendarRoute(path))
		}
	}
	return routes
}

// calendarRoute returns a path in a form allowed by net/http's patterns, which don't support "{id}.ics".
func calendarRoute(path string) string { return strings.Replace(path, ".ics", "/ics", 1) }
