package server_test

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/server"
)

func TestEveryAnswerHasSecurityHeaders(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("no luck") })
	mux.HandleFunc("/own", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
	})
	for _, site := range []struct {
		https, subdomains bool
		hsts              string
	}{
		{},
		{subdomains: true},
		{https: true, hsts: "max-age=31536000"},
		{https: true, subdomains: true, hsts: "max-age=31536000; includeSubDomains"},
	} {
		_, url, _ := start(t, mux, func(c *server.Config) { c.HTTPS, c.HSTSSubdomains = site.https, site.subdomains })
		for path, policy := range map[string]string{
			"/missing": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
			"/panic":   "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
			"/livez":   "default-src 'none'; base-uri 'none'; frame-ancestors 'none'", "/own": "default-src 'self'",
		} {
			response, _ := get(t, url+path, nil)
			want := map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Security-Policy": policy,
				"Referrer-Policy": "strict-origin-when-cross-origin", "Strict-Transport-Security": site.hsts,
			}
			for name, value := range want {
				if got := response.Header.Get(name); got != value {
					t.Errorf("%+v, %s: %s is %q, want %q", site, path, name, got, value)
				}
			}
		}
	}
}
