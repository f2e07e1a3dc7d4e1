package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
)

func TestUnroutedRequests(t *testing.T) {
	server := serve(t, testConfig())
	cases := []struct{ method, path, allow string }{
		{"GET", "/", ""},
		{"GET", "/api/", ""},
		{"GET", "/api/nothing", ""},
		{"GET", "/api/competitions/", ""},
		{"POST", "/api//competitions", ""},
		{"GET", "/api/competitions/%2e%2e/health", ""},
		{"GET", "/api/competitions/..%2fhealth", ""},
		{"PUT", "/api/competitions", "GET, HEAD, POST"},
		{"POST", "/api/health", "GET, HEAD"},
		{"GET", "/api/registrations/" + someID, "PATCH, DELETE"},
		{"BREW", "/api/competitions/" + someID, "GET, HEAD, PATCH, DELETE"},
		{"OPTIONS", "/api/auth/login", "POST"},
	}
	for _, c := range cases {
		response := send(t, server, c.method, c.path, nil)
		if c.allow == "" {
			wantProblem(t, response, http.StatusNotFound, "not_found")
		} else {
			wantProblem(t, response, http.StatusMethodNotAllowed, "method_not_allowed")
		}
		if got := response.header.Get("Allow"); got != c.allow {
			t.Errorf("%s %s: Allow is %q, want %q", c.method, c.path, got, c.allow)
		}
	}
}

func TestBodies(t *testing.T) {
	server := serve(t, testConfig())
	large := `{"name":"` + strings.Repeat("x", maxBody) + `"}`
	cases := []struct {
		name, contentType string
		body              io.Reader
		status            int
		code              string
	}{
		{"too large", "application/json", strings.NewReader(large), 413, "body_too_large"},
		{
			"too large, of unknown length", "application/json", io.MultiReader(strings.NewReader(large)),
			413, "body_too_large",
		},
		{"a form", "application/x-www-form-urlencoded", strings.NewReader("name=x"), 415, "unsupported_media_type"},
		{"a broken content type", "application/json; =", strings.NewReader("{}"), 415, "unsupported_media_type"},
		{"nothing", "application/json", nil, 400, "malformed_json"},
		{"half an object", "application/json; charset=utf-8", strings.NewReader(`{"name":`), 400, "malformed_json"},
		{"unknown field", "", strings.NewReader(`{"nickname":"x"}`), 422, "validation_failed"},
		{"every field is bad", "application/json", strings.NewReader(`{}`), 422, "validation_failed"},
		{
			"NUL", "application/json",
			strings.NewReader(`{"name":"a\u0000b","email":"none","password":"password123","role":"PARTICIPANT"}`), 422,
			"validation_failed",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			response := send(t, server, "POST", "/api/auth/signup", c.body, "Content-Type: "+c.contentType)
			p := wantProblem(t, response, c.status, c.code)
			if c.status == 422 && len(p.Errors) == 0 {
				t.Errorf("got %+v, want a message for each bad field", p)
			}
		})
	}
}

// TestBodyThatEndsEarly writes to the socket directly: Go's client wouldn't send such a request.
func TestBodyThatEndsEarly(t *testing.T) {
	server := serve(t, testConfig())
	var dialer net.Dialer
	connection, err := dialer.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := io.WriteString(connection,
		"POST /api/auth/signup HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 400 || !strings.Contains(string(body), "unreadable_body") {
		t.Errorf("got %d %s, %v, want 400 unreadable_body", response.StatusCode, body, err)
	}
}

func TestParameters(t *testing.T) {
	server := serve(t, testConfig())
	cases := []struct {
		query, code string
		status      int
		field       string
	}{
		{"limit=0", "validation_failed", 422, "limit"},
		{"limit=101", "validation_failed", 422, "limit"},
		{"limit=ten", "validation_failed", 422, "limit"},
		{"limit=99999999999999999999", "validation_failed", 422, "limit"},
		{"cursor=%2B%2B", "validation_failed", 422, "cursor"},
		{"cursor=bmV3ZXN0LjEuMQ", "validation_failed", 422, "cursor"},
		{"sort=best", "validation_failed", 422, "sort"},
		{"phase=started", "validation_failed", 422, "phase"},
		{"search=a%00b", "validation_failed", 422, "search"},
		{"search=%ff", "validation_failed", 422, "search"},
		{"search=" + strings.Repeat("a", 201), "validation_failed", 422, "search"},
		{"tags=a,b,c,d,e,f,g,h,i,j,k", "validation_failed", 422, "tags"},
		{"search=%zz", "malformed_query", 400, ""},
		{"search=a;limit=2", "malformed_query", 400, ""},
	}
	for _, c := range cases {
		p := wantProblem(t, send(t, server, "GET", "/api/competitions?"+c.query, nil), c.status, c.code)
		if c.field != "" && (len(p.Errors) != 1 || p.Errors[0].Field != c.field) {
			t.Errorf("%s: errors are %+v, want one for %s", c.query, p.Errors, c.field)
		}
	}
}

func TestNextLinkKeepsTheOtherParameters(t *testing.T) {
	server := serve(t, testConfig())
	response := send(t, server, "GET", "/api/competitions?limit=2&search=a%26b&tags=go,x&cursor=", nil)
	link := response.header.Get("Link")
	address := regexp.MustCompile(`^<(/api/competitions\?[^>]+)>; rel="next"$`).FindStringSubmatch(link)
	if address == nil {
		t.Fatalf("Link is %q", link)
	}
	next, err := url.Parse(address[1])
	if err != nil {
		t.Fatal(err)
	}
	query := next.Query()
	if query.Get("limit") != "2" || query.Get("search") != "a&b" || query.Get("tags") != "go,x" ||
		query.Get("cursor") == "" {
		t.Errorf("the next page is %v, want the same search with a cursor", query)
	}
	if got := response.header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("Cache-Control is %q, want no-cache", got)
	}
}

func TestTokens(t *testing.T) {
	server := serve(t, testConfig())
	address := "/api/competitions/" + someID
	for _, header := range []string{
		"Authorization: Bearer bad", "Authorization: Basic dTpw", "Authorization: Bearer",
		"Authorization: token",
	} {
		response := send(t, server, "GET", address, nil, header)
		wantProblem(t, response, http.StatusUnauthorized, "unauthorized")
		if got := response.header.Get("WWW-Authenticate"); got != "Bearer" {
			t.Errorf("%s: WWW-Authenticate is %q, want Bearer", header, got)
		}
	}
	wantProblem(t, send(t, server, "POST", "/api/competitions", strings.NewReader("{"), "Cookie: session=token"),
		401, "unauthorized")
	for _, header := range []string{"Accept: */*", "Authorization: Bearer token", "Authorization: bearer  token"} {
		if response := send(t, server, "GET", address, nil, header); response.status != 200 {
			t.Errorf("%s: got %d, want 200", header, response.status)
		}
	}
}

func TestConditionsComeAfterPermissions(t *testing.T) {
	server := serve(t, testConfig())
	address := "/api/competitions/" + someID
	change := func(token, ifMatch string) answer {
		return send(t, server, "PATCH", address, strings.NewReader("{}"), "Authorization: Bearer "+token,
			"If-Match: "+ifMatch)
	}
	wantProblem(t, change("participant", ""), http.StatusForbidden, "forbidden")
	wantProblem(t, change("organizer", ""), http.StatusPreconditionRequired, "if_match_required")
	wantProblem(t, change("organizer", `W/"3"`), http.StatusPreconditionFailed, "version_mismatch")
	wantProblem(t, change("organizer", `"1", "2"`), http.StatusPreconditionFailed, "version_mismatch")
	wantProblem(t, change("organizer", `3`), http.StatusBadRequest, "malformed_if_match")
}

func TestCORS(t *testing.T) {
	config := testConfig()
	config.CORSOrigins = []string{"https://app.example"}
	server := serve(t, config)
	for _, wanted := range []string{
		"authorization,content-type,idempotency-key,if-match", // as browsers ask
		"Idempotency-Key, Content-Type, Authorization",        // as other clients do
	} {
		preflight := send(t, server, "OPTIONS", "/api/competitions", nil, "Origin: https://app.example",
			"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: "+wanted)
		if got := preflight.header.Get("Access-Control-Allow-Origin"); preflight.status != 204 ||
			got != "https://app.example" || preflight.header.Get("Access-Control-Allow-Headers") != wanted {
			t.Errorf("preflight for %s: got %d for origin %q", wanted, preflight.status, got)
		}
	}
	answer := send(t, server, "GET", "/api/nothing", nil, "Origin: https://app.example")
	for _, name := range []string{
		"Link", "Etag", "Retry-After", "Ratelimit-Limit", "Ratelimit-Remaining",
		"Ratelimit-Reset", "Idempotency-Replayed",
	} {
		if got := answer.header.Get("Access-Control-Expose-Headers"); !strings.Contains(got, name) {
			t.Errorf("%s is not exposed: %q", name, got)
		}
	}
	for name, s := range map[string]Config{"another origin": config, "no origins": testConfig()} {
		origin := "https://evil.example"
		if got := send(t, serve(t, s), "GET", "/api", nil,
			"Origin: "+origin).header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s: Access-Control-Allow-Origin is %q", name, got)
		}
	}
}

func TestHealth(t *testing.T) {
	config := testConfig()
	checks := []Check{
		{Name: "database", Status: CheckUp, Latency: 250 * time.Microsecond, Needed: true},
		{Name: "redis", Status: CheckDown},
	}
	config.Health = func(context.Context) []Check { return checks }
	server := serve(t, config)
	want := `{"status":"ok","service":"mini-compete-api","timestamp":"2026-04-01T12:00:00Z","version":"test",` +
		`"checks":{"database":{"status":"up","latencyMs":0.25},"redis":{"status":"down","latencyMs":0}}}` + "\n"
	if response := send(t, server, "GET", "/api/health", nil); response.status != 200 || response.body != want {
		t.Errorf("got %d, want 200 %s", response.status, want)
	}
	checks[0].Status = CheckDown
	response := send(t, server, "GET", "/api/health", nil)
	if body := response.body; response.status != 503 || response.header.Get("Retry-After") == "" ||
		!strings.Contains(body, `"status":"unavailable"`) {
		t.Errorf("without its database: got %d %s", response.status, body)
	}
	greeting := send(t, server, "GET", "/api", nil)
	if body := greeting.body; body != `{"status":"ok","service":"mini-compete-api","timestamp":"2026-04-01T12:00:00Z"}`+
		"\n" {
		t.Errorf("greeting is %s", body)
	}
}

// TestDocsNeedNoInternet follows every link on the page.
func TestDocsNeedNoInternet(t *testing.T) {
	server := serve(t, testConfig())
	page := send(t, server, "GET", "/api/docs", nil)
	text := page.body
	links := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(text, -1)
	if page.status != 200 || len(links) < 3 || !strings.Contains(text, "/api/openapi.json") {
		t.Fatalf("got %d with %d links, want Swagger UI on /api/openapi.json", page.status, len(links))
	}
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") ||
		strings.Contains(policy, "http") || strings.Contains(policy, "unsafe") {
		t.Errorf("Content-Security-Policy is %q, want one that allows this server alone", policy)
	}
	for _, name := range []string{"Cross-Origin-Opener-Policy", "Permissions-Policy"} {
		if page.header.Get(name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
	for _, link := range links {
		if link[1] != "/api/openapi.json" && !strings.HasPrefix(link[1], docsPath+"/") {
			t.Errorf("the page links to %s", link[1])
		} else if response := send(t, server, "GET", link[1], nil); response.status != 200 {
			t.Errorf("%s: got %d", link[1], response.status)
		}
	}
	document := send(t, server, "GET", "/api/openapi.json", nil)
	if body := document.body; !json.Valid([]byte(body)) || !strings.Contains(body, `"openapi": "3.1.0"`) {
		t.Errorf("/api/openapi.json is %.100s", body)
	}
}

func TestUnknownErrorsAreBlandAndLogged(t *testing.T) {
	var log strings.Builder
	config := configWith(competetest.Parts{Competitions: brokenStore{err: errBroken}})
	config.Logger = newTextLogger(&log)
	wantProblem(t, send(t, serve(t, config), "GET", "/api/competitions/"+someID, nil), 500, "internal_error")
	if !strings.Contains(log.String(), errBroken.Error()) || !strings.Contains(log.String(), "getCompetition") {
		t.Errorf("the log is %q, want the error and the operation", log.String())
	}
}

func TestWithoutDatabase(t *testing.T) {
	var log strings.Builder
	config := configWith(
		competetest.Parts{
			Competitions: brokenStore{err: fmt.Errorf("dial tcp 10.0.0.7:5432: %w", compete.ErrDatabase)},
		},
	)
	config.Logger = newTextLogger(&log)
	got := send(t, serve(t, config), "GET", "/api/competitions/"+someID, nil)
	wantProblem(t, got, 503, "database_unavailable")
	if got.header.Get("Retry-After") != "2" || strings.Contains(got.body, "10.0.0.7") {
		t.Errorf("got %s with Retry-After %q, want 2 and nothing about where the database is", got.body,
			got.header.Get("Retry-After"))
	}
	if !strings.Contains(log.String(), "10.0.0.7") {
		t.Errorf("the log is %q, want the cause", log.String())
	}
}

func FuzzListQuery(f *testing.F) {
	for _, seed := range []string{
		"", "search=hack&tags=a,b", "search=%22%27%3B--", "search=AND+OR+NOT*", "search=%00", "tags=,,,", "limit=-1",
		"cursor=AAAA", "a;b", "%", "&&==&", "sort=filling&phase=open",
	} {
		f.Add(seed)
	}
	config := configWith(competetest.Parts{Competitions: noCompetitions{}})
	handler := New(config)
	f.Fuzz(func(t *testing.T, query string) {
		if status := get(t, handler, "/api/competitions", query); status != 200 && status != 400 && status != 422 {
			t.Fatalf("%q: got %d, want 200, 400 or 422", query, status)
		}
	})
}
