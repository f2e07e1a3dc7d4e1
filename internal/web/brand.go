package web

import (
	"cmp"
	"net/http"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/web/static"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// The folder of what the operator brings: addresses with a hash of the content.
const brandPrefix = "/site/"

// siteView is what every page shows of the site.
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

// serveBrand adds the logo and the style sheet with the accent colour, which the content security policy allows as it
// does our own.
func (a *app) serveBrand(mux *http.ServeMux) {
	serve := func(path, contentType string, content []byte) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			// An SVG that is opened by itself is a page of this site: it must not run anything.
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
	mux.Handle("GET /favicon.ico", http.RedirectHandler(cmp.Or(view.Logo, static.Path("mark.svg")),
		http.StatusSeeOther))
}
