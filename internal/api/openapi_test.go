package api

import (
	"flag"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestOpenAPI holds the document to its golden file, so that a change of the API is seen in review: go test ./internal/api -run OpenAPI -update
func TestOpenAPI(t *testing.T) {
	const golden = "testdata/openapi.json"
	got := openAPI(newAPI(Config{Version: "1.0.0"}, http.NewServeMux()))
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; make it with: go test ./internal/api -run OpenAPI -update", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the OpenAPI document changed; if it should, run go test ./internal/api -run OpenAPI -update (-want +got):\n%s", diff)
	}
}
