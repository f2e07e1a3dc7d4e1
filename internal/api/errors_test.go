package api

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/brand"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/goldentest"
	"github.com/minicompete/minicompete/internal/problem"
)

// A documentedProblem is a row of the guide's table of errors.
type documentedProblem struct {
	status       int
	code, detail string
}

// TestGoldenErrorsInTheGuide generates the table of errors from the source code: every compete.Error that the document
// has for some route, since some are only for pages, and every error of HTTP itself.
func TestGoldenErrorsInTheGuide(t *testing.T) {
	var document struct {
		Components struct{ Examples map[string]any }
	}
	text := openAPI(newAPI(Config{Version: "1.0.0"}, http.NewServeMux()), brand.Site{})
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	found := map[string]documentedProblem{} // by code, with the first detail found
	for _, dir := range []string{"../compete", ".", "../server"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, p := range problemsIn(t, name) {
				_, known := found[p.code]
				if !known && (document.Components.Examples[p.code] != nil || dir != "../compete") {
					found[p.code] = p
				}
			}
		}
	}
	rows := slices.SortedFunc(maps.Values(found), func(a, b documentedProblem) int {
		if a.status != b.status {
			return a.status - b.status
		}
		return strings.Compare(a.code, b.code)
	})
	table := "| status | code | detail |\n|---|---|---|\n"
	for _, p := range rows {
		table += fmt.Sprintf("| %d | `%s` | %s |\n", p.status, p.code,
			strings.NewReplacer("|", `\|`, "*", `\*`).Replace(p.detail))
	}
	if len(rows) < 30 {
		t.Errorf("found %d codes, want all", len(rows))
	}
	goldentest.Section(t, "../../docs/reference.md", "errors", table)
}

// problemsIn finds the literals of compete.Error and the calls of problem.New in a file.
func problemsIn(t *testing.T, name string) []documentedProblem {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []documentedProblem
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CompositeLit:
			fields := map[string]ast.Expr{}
			for _, element := range node.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok {
					fields[lastName(pair.Key)] = pair.Value
				}
			}
			if lastName(node.Type) == "Error" && fields["Code"] != nil {
				kind, ok := kinds[lastName(fields["Kind"])]
				if !ok {
					t.Errorf("%s: an Error of a kind that this test doesn't know: %s", name, text(fields["Code"]))
				}
				found = append(found, documentedProblem{
					problem.Status(kind), text(fields["Code"]),
					text(fields["Detail"]),
				})
			}
		case *ast.CallExpr:
			if selector, ok := node.Fun.(*ast.SelectorExpr); ok && lastName(selector.X) == "problem" &&
				selector.Sel.Name == "New" {
				status, ok := statuses[lastName(node.Args[0])]
				if !ok {
					t.Errorf("%s: a problem with a status that this test doesn't know: %s", name, text(node.Args[1]))
				}
				found = append(found, documentedProblem{status, text(node.Args[1]), text(node.Args[2])})
			}
		}
		return true
	})
	return found
}

var kinds = map[string]compete.Kind{
	"KindInternal": compete.KindInternal, "KindInvalid": compete.KindInvalid,
	"KindUnauthorized": compete.KindUnauthorized,
	"KindForbidden":    compete.KindForbidden, "KindNotFound": compete.KindNotFound,
	"KindConflict":             compete.KindConflict,
	"KindPreconditionFailed":   compete.KindPreconditionFailed,
	"KindPreconditionRequired": compete.KindPreconditionRequired,
	"KindUnavailable":          compete.KindUnavailable, "KindTooManyRequests": compete.KindTooManyRequests,
	"KindUnreadable": compete.KindUnreadable,
}

var statuses = map[string]int{
	"StatusBadRequest": http.StatusBadRequest, "StatusNotFound": http.StatusNotFound,
	"StatusMethodNotAllowed":      http.StatusMethodNotAllowed,
	"StatusRequestTimeout":        http.StatusRequestTimeout,
	"StatusRequestEntityTooLarge": http.StatusRequestEntityTooLarge,
	"StatusUnsupportedMediaType":  http.StatusUnsupportedMediaType,
	"StatusServiceUnavailable":    http.StatusServiceUnavailable,
	"StatusInternalServerError":   http.StatusInternalServerError,
}

// lastName returns the last part of a name such as compete.KindConflict.
func lastName(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.Ident:
		return expression.Name
	case *ast.SelectorExpr:
		return expression.Sel.Name
	}
	return ""
}

// text returns a string as far as the source contains it literally; the rest is "…".
func text(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.BasicLit:
		if value, err := strconv.Unquote(expression.Value); err == nil {
			return value
		}
	case *ast.BinaryExpr:
		return text(expression.X) + text(expression.Y)
	}
	return "…"
}
