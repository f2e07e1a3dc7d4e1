package web_test

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
)

// TestWhatBrowsersAndCrawlersAskFor asks for the files that they expect at fixed addresses.
func TestWhatBrowsersAndCrawlersAskFor(t *testing.T) {
	s := &site{App: apptest.Start(t, apptest.Options{}), t: t}
	b := s.browser(t)
	b.want(b.get("/robots.txt"), http.StatusOK, "User-agent: *", "Disallow: /auth/")
	for _, path := range []string{"/favicon.ico", "/apple-touch-icon.png"} {
		icon := b.get(path)
		if icon.status != http.StatusSeeOther {
			t.Errorf("%s: status %d", path, icon.status)
		}
		b.want(b.get(icon.header.Get("Location")), http.StatusOK)
	}
	b.want(b.get("/"), http.StatusOK, `rel="apple-touch-icon"`)
}
