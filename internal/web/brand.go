package web

import (
	"cmp"
	"io"
	"net/http"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/web/static"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// The path prefix of the operator's branding: URLs with a hash of the content.
const brandPrefix = "/site/"

// siteView returns the branding that every page shows.
func siteView(s brand.Site) ui.Site {
	view := ui.Site{Name: s.Name, Contact: s.ContactURL(), Imprint: s.Imprint, Privacy: s.Privacy, Terms: s.Terms}
	if s.Logo != nil {
		view.Logo = brandPrefix + "logo-" + s.Logo.Hash + s.Logo.Ext()
	}
	if s.Accent != nil {
		view.Accent = brandPrefix + "accent-" + s.Accent.Hash() + ".css"
	}
	return view
}

// serveBrand serves the logo and the style sheet with the accent color; the content security policy treats them like
// our own files.
func (a *app) serveBrand(mux *http.ServeMux) {
	serve := func(path, contentType string, content []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			// An SVG opened directly is a page of this site: it must not run scripts.
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
			sendPicture(w, contentType, forever, content)
		})
	}
	site := a.Site()
	view := siteView(site)
	if site.Logo != nil {
		serve(view.Logo, site.Logo.Type, site.Logo.Content)
	}
	if site.Accent != nil {
		serve(view.Accent, "text/css; charset=utf-8", site.Accent.CSS())
	}
	icon := func(path, ours string) {
		mux.Handle("GET "+path, http.RedirectHandler(cmp.Or(view.Logo, static.Path(ours)), http.StatusSeeOther))
	}
	icon("/favicon.ico", "mark.svg")
	icon("/apple-touch-icon.png", "touch.png")
}

// robots keeps search engines to what there is to find: the competitions. Pages that aren't to be found say so
// themselves, which a crawler has to be able to read.
const robots = `User-agent: *
Disallow: /account
Disallow: /admin
Disallow: /api/
Disallow: /auth/
Disallow: /competitions?
Disallow: /dashboard
Disallow: /live
Disallow: /mailbox
Disallow: /teams/
Disallow: /unsubscribe
`

func serveRobots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = io.WriteString(w, robots) // the client may have gone
}
