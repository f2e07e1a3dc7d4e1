package api

import (
	"flag"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestGoldenOpenAPI holds the document to its golden file, so that a change of the API is seen in review.
func TestGoldenOpenAPI(t *testing.T) {
	const golden, advice = "testdata/openapi.json", "make generate writes it anew"
	got := openAPI(newAPI(Config{Version: "1.0.0"}, http.NewServeMux()))
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; %s", err, advice)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the OpenAPI document changed; if it should, %s (-want +got):\n%s", advice, diff)
	}
}
