package app

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Each request waits in one line at most: registrations in theirs, reads and openings of streams in turns of their own.
func TestRequestsWaitInOneLineAtMost(t *testing.T) {
	for _, c := range []struct {
		method, path          string
		press, reads, streams bool
	}{
		{http.MethodPost, "/api/competitions/1/register", true, false, false},
		{http.MethodPost, "/competitions/1/register", true, false, false},
		{http.MethodGet, "/competitions/1/register", false, true, false},
		{http.MethodGet, "/api/competitions", false, true, false},
		{http.MethodHead, "/", false, true, false},
		{http.MethodGet, "/live", false, false, true},
		{http.MethodGet, "/api/competitions/1/live", false, false, true},
		{http.MethodPost, "/live", false, false, false},
		{http.MethodGet, "/api/health", false, false, false},
		{http.MethodPost, "/api/auth/login", false, false, false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, http.NoBody)
		if press, reads, streams := isPress(r), isRead(r), isStream(r); press != c.press || reads != c.reads ||
			streams != c.streams {
			t.Errorf("%s %s: press %v, read %v, stream %v", c.method, c.path, press, reads, streams)
		}
	}
}
