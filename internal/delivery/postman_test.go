package delivery

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	collectionFile  = "postman/mini-compete.postman_collection.json"
	environmentFile = "postman/mini-compete.postman_environment.json"
	openAPIFile     = "internal/api/testdata/openapi.json"
)

// A collectionItem is a folder or a request of a Postman collection 2.1.
type collectionItem struct {
	ID    string
	Name  string
	Item  []collectionItem
	Event []struct {
		Listen string
		Script struct{ Exec []string }
	}
	Request *struct {
		Method string
		URL    struct{ Path []string }
	}
}

// requests lists the requests in a folder and its subfolders.
func (i collectionItem) requests() []collectionItem {
	if i.Request != nil {
		return []collectionItem{i}
	}
	var all []collectionItem
	for _, item := range i.Item {
		all = append(all, item.requests()...)
	}
	return all
}

// script returns the code that runs before the request ("prerequest") or on its response ("test").
func (i collectionItem) script(listen string) string {
	var lines []string
	for _, event := range i.Event {
		if event.Listen == listen {
			lines = append(lines, event.Script.Exec...)
		}
	}
	return strings.Join(lines, "\n")
}

// route returns the request's method and path in OpenAPI notation.
func (i collectionItem) route() string {
	path := ""
	for _, part := range i.Request.URL.Path {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			part = "{" + name + "}"
		}
		path += "/" + strings.Replace(part, "{{competitionId}}", "{id}", 1) // combined with more in one segment
	}
	return i.Request.Method + " " + path
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestPostmanCollectionHasEveryRoute(t *testing.T) {
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	readJSON(t, openAPIFile, &document)
	var collection collectionItem
	readJSON(t, collectionFile, &collection)

	asked := map[string]bool{}
	for _, request := range collection.requests() {
		asked[request.route()] = true
	}
	operations := 0
	for path, methods := range document.Paths {
		for method := range methods {
			operations++
			if route := strings.ToUpper(method) + " " + path; !asked[route] {
				t.Errorf("no request for %s in %s", route, collectionFile)
			}
		}
	}
	if operations < 20 {
		t.Errorf("%s has %d operations, want all", openAPIFile, operations)
	}
}

var assertion = regexp.MustCompile(`pm\.test\([\s\S]*pm\.(?:response\.to|expect)`)

func TestPostmanRequestsAssertSomething(t *testing.T) {
	var collection collectionItem
	readJSON(t, collectionFile, &collection)
	ids := map[string]bool{}
	for _, request := range collection.requests() {
		if !assertion.MatchString(request.script("test")) {
			t.Errorf("%q asserts nothing", request.Name)
		}
		if ids[request.ID] {
			t.Errorf("%q has the id of another request", request.Name)
		}
		ids[request.ID] = true
	}
}

// byHand lists requests that a runner skips: a stream doesn't end.
var byHand = []string{"Watch the seats"}

func TestPostmanCollectionRunsInOrder(t *testing.T) {
	newman := nodeTool(t, "newman")
	env := settings(t)
	addAdmin(t, env)
	api := serve(t, env).apiURL

	report := filepath.Join(t.TempDir(), "report.json")
	command := inRoot(t.Context(), newman, "run", collectionFile, "--environment", environmentFile,
		"--env-var", "apiUrl="+api,
		"--reporters", "cli,json", "--reporter-json-export", report, "--color", "off", "--timeout-request", "20000")
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("newman: %v\n%s", err, output)
	}
	var collection collectionItem
	readJSON(t, collectionFile, &collection)
	left := unasserted(t, report, collection)
	if !slices.Equal(left, byHand) {
		t.Errorf("requests that were not sent, or answered without an assertion = %q, want %q\n%s",
			left, byHand, output)
	}
}

// unasserted returns the requests without a successful assertion in newman's report, in the order of the collection.
func unasserted(t *testing.T, report string, collection collectionItem) []string {
	t.Helper()
	var result struct {
		Run struct {
			Executions []struct {
				Item       struct{ ID string }
				Response   *struct{ Code int }
				Assertions []struct {
					Skipped bool
					Error   any
				}
			}
		}
	}
	content, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("read newman's report: %v", err)
	}
	if err := json.Unmarshal(content, &result); err != nil {
		t.Fatalf("newman's report: %v", err)
	}
	held := map[string]bool{}
	for _, execution := range result.Run.Executions {
		for _, assertion := range execution.Assertions {
			if execution.Response != nil && !assertion.Skipped && assertion.Error == nil {
				held[execution.Item.ID] = true
			}
		}
	}
	var left []string
	for _, request := range collection.requests() {
		if !held[request.ID] {
			left = append(left, request.Name)
		}
	}
	return left
}
