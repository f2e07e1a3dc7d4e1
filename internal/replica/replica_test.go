package replica_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/replica"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/web"
)

// Every entry of the tables exists.
func TestTables(t *testing.T) {
	pages := web.Routes(web.Config{})
	for _, pattern := range replica.Pages {
		if !slices.Contains(pages, pattern) {
			t.Errorf("there is no page %s", pattern)
		}
	}
	content, err := os.ReadFile(filepath.Join("..", "api", "testdata", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	for _, pattern := range replica.Routes {
		if method, path, _ := strings.Cut(pattern, " "); document.Paths[path][strings.ToLower(method)] == nil {
			t.Errorf("there is no route %s", pattern)
		}
	}
}

const end = sqldb.Position(123_456_789)

func reads(secure bool, position error) *replica.Reads {
	return replica.New(replica.Config{
		Position: func(context.Context) (sqldb.Position, error) { return end, position }, MaxLag: 3 * time.Second,
		Secure: secure,
	})
}

// written returns the cookie set by a response.
func written(t *testing.T, handler http.Handler, method, path string) *http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	func() {
		defer func() { _ = recover() }()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	}()
	cookies := w.Result().Cookies()
	if len(cookies) == 0 {
		return nil
	}
	return cookies[0]
}

func TestTheCookie(t *testing.T) {
	answer := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			switch status {
			case 0: // no response is written
			case http.StatusOK:
				_, _ = w.Write([]byte("done"))
			default:
				w.WriteHeader(status)
			}
		})
	}
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") })
	position, unreached := "21i3v9", "3w5e11264sgsf" // in base 36
	away := errors.New("the database is away")
	for name, tc := range map[string]struct {
		method  string
		handler http.Handler
		err     error
		want    string
	}{
		"a read":               {http.MethodGet, answer(http.StatusOK), nil, ""},
		"a write":              {http.MethodPost, answer(http.StatusSeeOther), nil, position},
		"a write with a page":  {http.MethodPost, answer(http.StatusOK), nil, position},
		"an empty answer":      {http.MethodPost, answer(0), nil, position},
		"a refused write":      {http.MethodPost, answer(http.StatusConflict), nil, position},
		"an unknown outcome":   {http.MethodPost, answer(http.StatusServiceUnavailable), nil, unreached},
		"a panic":              {http.MethodPost, broken, nil, unreached},
		"an unknown position":  {http.MethodPost, answer(http.StatusSeeOther), away, unreached},
		"another kind of read": {http.MethodHead, answer(http.StatusOK), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cookie := written(t, reads(true, tc.err).Pages(tc.handler), tc.method, "/competitions/create")
			if tc.want == "" {
				if cookie != nil {
					t.Errorf("got %v", cookie)
				}
				return
			}
			if cookie == nil || cookie.Value != tc.want || cookie.Name != "__Host-written" || !cookie.Secure ||
				!cookie.HttpOnly ||
				cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.MaxAge != 8 {
				t.Errorf("got %v, want the value %s", cookie, tc.want)
			}
		})
	}
	if cookie := written(t, reads(false, nil).Pages(answer(http.StatusOK)), http.MethodPost, "/"); cookie == nil ||
		cookie.Name != "written" || cookie.Secure {
		t.Errorf("without https: %v", cookie)
	}
	if cookie := written(t, reads(true, nil).API(answer(http.StatusOK)), http.MethodPost,
		"/api/competitions"); cookie != nil {
		t.Errorf("the API sets a cookie: %v", cookie)
	}
}

// Logs and metrics get the pattern found by the inner handler.
func TestThePatternIsPassedOn(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /competitions/{id}", func(http.ResponseWriter, *http.Request) {})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/competitions/1", nil)
	reads(false, nil).Pages(mux).ServeHTTP(httptest.NewRecorder(), r)
	if r.Pattern != "GET /competitions/{id}" {
		t.Errorf("got %q", r.Pattern)
	}
}
