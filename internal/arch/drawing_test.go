package arch

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const program = "cmd/minicompete"

// TestTheDrawingMatchesTheImports compares the drawing in ARCHITECTURE.md with the code.
func TestTheDrawingMatchesTheImports(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := arrowsDrawn(string(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range differences(drawn, modulePackages(t)) {
		t.Errorf("ARCHITECTURE.md: %s", difference)
	}
}

// arrows maps each package to its imports, by name without internal/.
type arrows map[string][]string

// arrowsDrawn parses the one Mermaid drawing in a document, whose lines are "a --> b & c".
func arrowsDrawn(document string) (arrows, error) {
	_, rest, found := strings.Cut(document, "```mermaid\nflowchart TD\n")
	drawing, _, closed := strings.Cut(rest, "\n```\n")
	if !found || !closed {
		return nil, fmt.Errorf("there is no drawing")
	}
	drawn := arrows{}
	for line := range strings.SplitSeq(drawing, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		from, to, isArrow := strings.Cut(strings.TrimSpace(line), " --> ")
		if !isArrow || drawn[from] != nil {
			return nil, fmt.Errorf("%q isn't the one line of a package and its arrows", line)
		}
		drawn[from] = strings.Split(to, " & ")
	}
	return drawn, nil
}

// differences lists where a drawing deviates from the program's imports.
func differences(drawn arrows, packages map[string]*goPackage) []string {
	var found []string
	actual := arrowsOf(packages)
	for _, from := range slices.Sorted(maps.Keys(drawn)) {
		for _, to := range drawn[from] {
			switch {
			case packages[from] == nil && packages["internal/"+from] == nil:
				found = append(found, "there is no package "+from)
			case packages["internal/"+to] == nil:
				found = append(found, "there is no package "+to)
			case !slices.Contains(actual[from], to):
				found = append(found,
					fmt.Sprintf("leave out %s --> %s, which isn't imported, or follows from other arrows", from, to))
			}
		}
	}
	for _, from := range slices.Sorted(maps.Keys(actual)) {
		for _, to := range actual[from] {
			if !slices.Contains(drawn[from], to) {
				found = append(found, fmt.Sprintf("draw %s --> %s", from, to))
			}
		}
	}
	return found
}

// arrowsOf returns the imports of the program's packages, without those implied by other imports.
func arrowsOf(packages map[string]*goPackage) arrows {
	actual := arrows{}
	for from := range reached(packages, program) {
		imported := localImports(packages, from)
		for _, to := range imported {
			follows := slices.ContainsFunc(imported,
				func(other string) bool { return other != to && reached(packages, other)[to] })
			if !follows {
				name := strings.TrimPrefix(from, "internal/")
				actual[name] = append(actual[name], strings.TrimPrefix(to, "internal/"))
			}
		}
	}
	return actual
}

// reached returns a package and all its direct and indirect imports.
func reached(packages map[string]*goPackage, from string) map[string]bool {
	all := map[string]bool{from: true}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, imported := range localImports(packages, queue[0]) {
			if !all[imported] {
				all[imported] = true
				queue = append(queue, imported)
			}
		}
	}
	return all
}

func localImports(packages map[string]*goPackage, from string) []string {
	var local []string
	if packages[from] == nil {
		return nil
	}
	for _, imported := range packages[from].imports {
		if name, isLocal := strings.CutPrefix(imported, module); isLocal {
			local = append(local, name)
		}
	}
	slices.Sort(local)
	return slices.Compact(local)
}

func TestDifferencesAreNoticed(t *testing.T) {
	imports := func(names ...string) *goPackage {
		p := &goPackage{}
		for _, name := range names {
			p.imports = append(p.imports, module+"internal/"+name)
		}
		return p
	}
	packages := of(program, imports("app", "store"), "internal/app", imports("store", "web/ui"),
		"internal/store", imports(),
		"internal/web/ui", imports(), "internal/bench", imports("store"))
	tests := map[string]struct {
		drawing string
		want    []string
	}{
		"as it is": {"cmd/minicompete --> app\napp --> store & web/ui", nil},
		"an arrow is missing": {
			"cmd/minicompete --> app\napp --> store",
			[]string{"draw app --> web/ui"},
		},
		"an arrow is too many": {
			"cmd/minicompete --> app\napp --> store & web/ui\nstore --> app",
			[]string{"leave out store --> app, which isn't imported, or follows from other arrows"},
		},
		"an arrow follows from others": {
			"cmd/minicompete --> app & store\napp --> store & web/ui",
			[]string{"leave out cmd/minicompete --> store, which isn't imported, or follows from other arrows"},
		},
		"arrows from and to packages that don't exist": {
			"cmd/minicompete --> app\napp --> store & web/ui & cellar\nattic --> store",
			[]string{"there is no package cellar", "there is no package attic"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			drawn, err := arrowsDrawn("```mermaid\nflowchart TD\n" + test.drawing + "\n```\n")
			if err != nil {
				t.Fatal(err)
			}
			if got := differences(drawn, packages); !slices.Equal(got, test.want) {
				t.Errorf("differences = %q, want %q", got, test.want)
			}
		})
	}
	for _, document := range []string{
		"no drawing", "```mermaid\nflowchart TD\na -> b\n```\n",
		"```mermaid\nflowchart TD\na --> b\na --> c\n```\n",
	} {
		if drawn, err := arrowsDrawn(document); err == nil {
			t.Errorf("%q was read as %v, want an error", document, drawn)
		}
	}
}
