package api

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/goldentest"
)

func TestGoldenTransitionsInTheGuide(t *testing.T) {
	goldentest.Section(t, "../../docs/api.md", "transitions", transitionTable())
}

// TestGoldenOpenAPI holds the document to its golden file, so that a change of the API is seen in review.
func TestGoldenOpenAPI(t *testing.T) {
	goldentest.File(t, "testdata/openapi.json",
		string(openAPI(newAPI(Config{Version: "1.0.0"}, http.NewServeMux()), brand.Site{})))
}
