package api

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"net/http"

	"github.com/swaggest/swgui/v5emb"

	"github.com/minicompete/minicompete/internal/brand"
)

const docsPath = "/api/docs"

// docsPolicy lets Swagger UI run its own files and call this server. It allows no inline scripts, since this port also
// serves the pages with their cookies. The UI's icons are data: images.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// The page that starts Swagger UI. The library's own page uses an inline script.
var (
	//go:embed docs/index.html
	docsPage []byte
	//go:embed docs/start.js
	docsScript []byte
	//go:embed docs/page.css
	docsStyle []byte
)

// registerDocs serves the OpenAPI document and Swagger UI, whose files are in the binary.
func (a *api) registerDocs(mux *http.ServeMux) {
	serveNow := func(pattern, contentType string, text func() []byte) {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("Content-Security-Policy", docsPolicy)
			w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
			w.Header().Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
			_, _ = w.Write(text()) // the client may be gone
		})
	}
	serve := func(pattern, contentType string, text []byte) {
		serveNow(pattern, contentType, func() []byte { return text })
	}
	serveNow("/api/openapi.json", "application/openapi+json", a.document)
	serve(docsPath, "text/html; charset=utf-8", docsPage)
	serve(docsPath+"/{$}", "text/html; charset=utf-8", docsPage)
	serve(docsPath+"/start.js", "text/javascript; charset=utf-8", docsScript)
	serve(docsPath+"/page.css", "text/css; charset=utf-8", docsStyle)
	files := v5emb.New(brand.DefaultName+" API", "/api/openapi.json", docsPath)
	mux.HandleFunc("GET "+docsPath+"/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}

// servedDocument is the OpenAPI document for a site name.
type servedDocument struct {
	site brand.Site
	text []byte
}

// document returns the OpenAPI document with the site's current name, and regenerates it when the name has changed.
func (a *api) document() []byte {
	var site brand.Site
	if a.Site != nil {
		site = a.Site()
	}
	served := a.served.Load()
	if served == nil || served.site != site {
		served = &servedDocument{site, openAPI(a, site)}
		a.served.Store(served)
	}
	return served.text
}

// openAPI generates a site's document.
func openAPI(a *api, site brand.Site) []byte {
	document := *a.huma.OpenAPI()
	info := *document.Info
	info.Title, info.Contact, info.TermsOfService = cmp.Or(site.Name, brand.DefaultName), contact(site), site.Terms
	document.Info = &info
	compact, err := json.Marshal(&document)
	if err != nil {
		panic("the OpenAPI document is made of our own types and cannot fail to encode: " + err.Error())
	}
	var text bytes.Buffer
	if err := json.Indent(&text, compact, "", "  "); err != nil {
		panic("what json.Marshal wrote is JSON: " + err.Error())
	}
	return append(text.Bytes(), '\n')
}
