package api

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/goldentest"
)

func TestGoldenTransitionsInTheGuide(t *testing.T) {
	goldentest.Section(t, "../../docs/reference.md", "transitions", transitionTable())
}

// TestGoldenOpenAPI holds the document to its golden file, so that a change of the API is seen in review.
func TestGoldenOpenAPI(t *testing.T) {
	goldentest.File(t, "testdata/openapi.json",
		string(openAPI(newAPI(Config{Version: "1.0.0"}, http.NewServeMux()), brand.Site{})))
}

// Every tag is described, and no list is documented as one that may be null: it's empty.
func TestDocumentDescribesTagsAndHasNoNullLists(t *testing.T) {
	text := openAPI(newAPI(Config{Version: "1.0.0"}, http.NewServeMux()), brand.Site{})
	for _, list := range regexp.MustCompile(`"type":\s*\[\s*"array"[^]]*\]`).FindAll(text, -1) {
		t.Errorf("a list is documented as %s", list)
	}
	var document struct {
		Tags  []struct{ Name, Description string }
		Paths map[string]map[string]struct{ Tags []string }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, tag := range document.Tags {
		described[tag.Name] = tag.Description != ""
	}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			if len(operation.Tags) != 1 || !described[operation.Tags[0]] {
				t.Errorf("%s %s: got the tags %q, want one with a description", method, path, operation.Tags)
			}
		}
	}
}

// Responses may get new fields, so their schemas don't rule them out. A field that a request doesn't have is refused.
func TestResponsesMayGetNewFields(t *testing.T) {
	schemas := newAPI(Config{}, http.NewServeMux()).huma.OpenAPI().Components.Schemas.Map()
	for name, want := range map[string]any{"Registration": nil, "RegisterRequest": false, "Question": false} {
		if got := schemas[name].AdditionalProperties; got != want {
			t.Errorf("more properties in %s: got %v, want %v", name, got, want)
		}
	}
}
