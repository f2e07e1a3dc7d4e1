package api

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/swaggest/swgui/v5emb"
)

const docsPath = "/api/docs"

// docsPolicy lets Swagger UI run its own inline script and styles, and talk to this server alone.
const docsPolicy = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// registerDocs serves the OpenAPI document and Swagger UI, whose files are in the binary.
func (a *api) registerDocs(mux *http.ServeMux) {
	text := openAPI(a)
	mux.HandleFunc("GET /api/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(text)
	})
	ui := v5emb.New("Mini Compete API", "/api/openapi.json", docsPath)
	page := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", docsPolicy)
		w.Header().Set("Cache-Control", "no-cache")
		ui.ServeHTTP(w, r)
	}
	mux.HandleFunc("GET "+docsPath, page)
	mux.HandleFunc("GET "+docsPath+"/", page)
}

// openAPI is the document as it is served.
func openAPI(a *api) []byte {
	compact, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		panic("the OpenAPI document is made of our own types and cannot fail to encode: " + err.Error())
	}
	var text bytes.Buffer
	if err := json.Indent(&text, compact, "", "  "); err != nil {
		panic("what json.Marshal wrote is JSON: " + err.Error())
	}
	return append(text.Bytes(), '\n')
}
