package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
)

// failingStore is a database where every read of a competition fails.
type failingStore struct {
	compete.CompetitionStore
	err error
}

func (f failingStore) Competition(context.Context, string) (compete.Competition, error) {
	return compete.Competition{}, f.err
}

// nobody treats everyone as logged out.
type nobody struct{ Sessions }

func (nobody) Cookie(context.Context, string) (compete.Actor, error) {
	return compete.Actor{}, compete.ErrUnauthorized
}

func newTestApp(t *testing.T, public string, err error) http.Handler {
	t.Helper()
	return newLoggingApp(t, public, err, slog.DiscardHandler)
}

func newLoggingApp(t *testing.T, public string, err error, log slog.Handler) http.Handler {
	t.Helper()
	u, parseErr := url.Parse(public)
	if parseErr != nil {
		t.Fatal(parseErr)
	}
	return New(t.Context(), Config{
		Services:  competetest.Services(competetest.Parts{Competitions: failingStore{err: err}}),
		Clock:     time.Now,
		Sessions:  nobody{},
		Log:       slog.New(log),
		PublicURL: u,
	})
}

// No form or link uses these methods, so a one-line response is enough.
func TestUnroutedMethods(t *testing.T) {
	pages := newTestApp(t, "http://localhost:3000", nil)
	for _, tc := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodPut, "/", http.StatusMethodNotAllowed, "GET, HEAD"},
		{http.MethodPost, "/about/nothing", http.StatusNotFound, ""},
		{http.MethodTrace, "/auth/login", http.StatusMethodNotAllowed, "GET, HEAD, POST"},
		{http.MethodDelete, "/nowhere", http.StatusNotFound, ""},
	} {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, http.NoBody))
		if got := w.Header().Get("Allow"); w.Code != tc.status || got != tc.allow {
			t.Errorf("%s %s: got %d, Allow %q, want %d, %q", tc.method, tc.path, w.Code, got, tc.status, tc.allow)
		}
	}
}

const anyCompetition = "/competitions/00000000-0000-7000-8000-000000000001"

// TestErrorPages shows each error page while the database only returns that error.
func TestErrorPages(t *testing.T) {
	for _, tc := range []struct {
		name, path string
		err        error
		status     int
		want       string
	}{
		{"no such page", "/no/such", nil, http.StatusNotFound, "Page not found"},
		{"no such competition", anyCompetition, compete.ErrCompetitionMissing, http.StatusNotFound, "Page not found"},
		{"forbidden", anyCompetition, compete.ErrForbidden, http.StatusForbidden, "You don't have access"},
		{"database away", anyCompetition, compete.ErrDatabase, http.StatusServiceUnavailable, "One moment, please"},
		{
			"anything else", anyCompetition, errors.New("pq: secret detail"), http.StatusInternalServerError,
			"Something went wrong",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			newTestApp(t, "http://localhost:3000", tc.err).ServeHTTP(w,
				httptest.NewRequest(http.MethodGet, tc.path, nil))
			body := w.Body.String()
			if w.Code != tc.status || !strings.Contains(body, "<h1>"+html.EscapeString(tc.want)+"</h1>") {
				t.Errorf("%d, want %d with the heading %q; the page is\n%s", w.Code, tc.status, tc.want, body)
			}
			if strings.Contains(body, "secret detail") {
				t.Error("the page tells the cause of an internal error")
			}
			if strings.Contains(body, "Idempotency-Key") {
				t.Error("the page speaks to programs")
			}
			if again := strings.Contains(body,
				`href="`+tc.path+`"`); again != (tc.status >= http.StatusInternalServerError) {
				t.Errorf("a way to try again: %v; the page is\n%s", again, body)
			}
			if got := w.Header().Get("Retry-After"); (got != "") != (tc.status == http.StatusServiceUnavailable) {
				t.Errorf("Retry-After is %q", got)
			}
			wantSafeHeaders(t, w.Header())
			if w.Header().Get(ownHeader) == "" {
				t.Error("the page doesn't say whose it is, so the script wouldn't show it")
			}
		})
	}
}

// TestErrorsAfterTheDeadline tells an error that the deadline caused from one that would have happened anyway: only the
// latter is ours to mend, so it is logged.
func TestErrorsAfterTheDeadline(t *testing.T) {
	late := fmt.Errorf("read it: %w", context.DeadlineExceeded)
	for _, tc := range []struct {
		name      string
		err       error
		status    int
		text, log string
	}{
		{"too slow", late, http.StatusServiceUnavailable, "reach our database", ""},
		{"a mistake", errors.New("no such column"), http.StatusInternalServerError, "fault", "no such column"},
		{
			"database away", fmt.Errorf("%w: connection refused", compete.ErrDatabase), http.StatusServiceUnavailable,
			"reach our database", "connection refused",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var log strings.Builder
			ctx, cancel := context.WithDeadline(t.Context(), time.Now())
			defer cancel()
			w := httptest.NewRecorder()
			newLoggingApp(t, "http://localhost:3000", tc.err, slog.NewTextHandler(&log, nil)).ServeHTTP(w,
				httptest.NewRequestWithContext(ctx, http.MethodGet, anyCompetition, nil))
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.text) {
				t.Errorf("%d, want %d with %q; the page is\n%s", w.Code, tc.status, tc.text, w.Body)
			}
			if got := log.String(); (got == "") != (tc.log == "") || !strings.Contains(got, tc.log) {
				t.Errorf("logged %q, want %q", got, tc.log)
			}
		})
	}
}

func wantSafeHeaders(t *testing.T, h http.Header) {
	t.Helper()
	csp := h.Get("Content-Security-Policy")
	if csp == "" || strings.Contains(csp, "unsafe") {
		t.Errorf("Content-Security-Policy is %q", csp)
	}
	for _, name := range []string{"Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy"} {
		if h.Get(name) == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestPostsFromOtherOriginsAreRefused(t *testing.T) {
	h := newTestApp(t, "https://compete.example.org", nil)
	for origin, want := range map[string]int{
		"https://compete.example.org": http.StatusSeeOther,
		"https://evil.example":        http.StatusForbidden,
	} {
		r := httptest.NewRequest(http.MethodPost, "http://10.0.0.1/theme", strings.NewReader("theme=dark&back=/"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("from %s: %d, want %d", origin, w.Code, want)
		}
	}
}

func TestCookiesFollowTheScheme(t *testing.T) {
	for public, want := range map[string]struct {
		prefix string
		secure bool
	}{
		"http://localhost:3000":       {"", false},
		"https://compete.example.org": {"__Host-", true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/dev/none", nil)
		names := []string{want.prefix + sessionCookie, want.prefix + flashCookie}
		for _, name := range names {
			r.AddCookie(&http.Cookie{Name: name, Value: "stale"})
		}
		w := httptest.NewRecorder()
		newTestApp(t, public, nil).ServeHTTP(w, r)
		cookies := w.Result().Cookies() // stale cookies are cleared
		if len(cookies) != len(names) {
			t.Fatalf("%s: cookies %v, want %v", public, cookies, names)
		}
		for i, c := range cookies {
			if c.Name != names[i] || c.Secure != want.secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode ||
				c.Path != "/" || c.MaxAge >= 0 {
				t.Errorf("%s: cookie %v", public, c)
			}
		}
	}
}

func TestPagesAreCompressed(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/no/such", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	newTestApp(t, "http://localhost:3000", nil).ServeHTTP(w, r)
	if got := w.Header().Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding is %q, want gzip", got)
	}
	if raw, err := io.ReadAll(w.Body); err != nil || len(raw) < 2 || raw[0] != 0x1f || raw[1] != 0x8b {
		t.Errorf("the body is no gzip (%v)", err)
	}
}

// TestAFormThatEndsEarly cuts a form off in the middle: the response says so.
func TestAFormThatEndsEarly(t *testing.T) {
	site := httptest.NewServer(newTestApp(t, "http://localhost:3000", nil))
	defer site.Close()
	for what, contentType := range map[string]string{
		"fields": "application/x-www-form-urlencoded",
		"a file": "multipart/form-data; boundary=here",
	} {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", site.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		_, err = fmt.Fprintf(connection,
			"POST /competitions/create HTTP/1.1\r\nHost: localhost:3000\r\nContent-Type: "+
				"%s\r\nContent-Length: 100\r\n\r\n--here", contentType)
		if err == nil {
			err = connection.(*net.TCPConn).CloseWrite()
		}
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		page, err := io.ReadAll(answer.Body)
		if answer.StatusCode != http.StatusBadRequest ||
			!strings.Contains(html.UnescapeString(string(page)), errBadForm.Detail) {
			t.Errorf("%s: got %d, %d bytes, %v", what, answer.StatusCode, len(page), err)
		}
	}
}
