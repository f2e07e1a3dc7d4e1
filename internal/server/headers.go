package server

import "net/http"

// The security headers of every response. A handler that needs others, such as a page, replaces or adds some; headers
// that only concern documents aren't among these. The values are shared: net/http only reads them.
var (
	noSniff         = []string{"nosniff"}
	denyFrames      = []string{"DENY"}
	originOnly      = []string{"strict-origin-when-cross-origin"}
	nothingLoads    = []string{"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"}
	httpsForOneYear = []string{"max-age=31536000"}
	httpsBelowToo   = []string{"max-age=31536000; includeSubDomains"}
)

// protect sets the security headers. Browsers accept Strict-Transport-Security only over https, so it is sent only if
// the site's public address uses https.
func (s *Server) protect(h http.Header) {
	h["X-Content-Type-Options"] = noSniff
	h["X-Frame-Options"] = denyFrames
	h["Referrer-Policy"] = originOnly
	h["Content-Security-Policy"] = nothingLoads
	switch {
	case s.config.HTTPS && s.config.HSTSSubdomains:
		h["Strict-Transport-Security"] = httpsBelowToo
	case s.config.HTTPS:
		h["Strict-Transport-Security"] = httpsForOneYear
	}
}
