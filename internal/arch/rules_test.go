package arch

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// An importRule separates one part of the program from another.
type importRule struct {
	from, to string
	why      string
}

var importRules = slices.Concat(
	keepFrom("internal/app", "it wires them, so they can't know it", append(lower, "internal/api", "internal/web")...),
	keepFrom("internal/api", "a front door is called by nobody but the wiring", append(lower, "internal/web")...),
	keepFrom("internal/web", "a front door is called by nobody but the wiring", append(lower, "internal/api")...),
	keepFrom("internal/store", "the services of internal/compete are the way, so that a rule exists once",
		"internal/api", "internal/web"),
)

// lower are the packages that both front ends build on.
var lower = []string{
	"internal/auth", "internal/compete", "internal/jobs", "internal/live", "internal/mail", "internal/registrar",
	"internal/limit", "internal/replay", "internal/store", "internal/sqldb", "internal/backup",
}

// drivers are packages that access a particular database.
var drivers = []string{
	"github.com/jackc", "modernc.org/sqlite", "github.com/riverqueue/river",
	"github.com/pressly/goose",
}

// wiring may import everything but test helpers; nothing else may import internal/app.
var wiring = []string{"cmd", "internal/app", "internal/apptest", "internal/bench"}

// testHelpers may only be imported by tests and by each other, as may every package whose name ends in "test".
var testHelpers = []string{"internal/testservices"}

func keepFrom(to, why string, from ...string) []importRule {
	var rules []importRule
	for _, part := range from {
		rules = append(rules, importRule{part, to, why})
	}
	return rules
}

func TestPackagesKeepTheRules(t *testing.T) {
	packages := modulePackages(t)
	for _, expected := range []string{"cmd/minicompete", "internal/compete", "internal/web/ui"} {
		if packages[expected] == nil {
			t.Errorf("%s was not found, so the rules were not checked for what they are about", expected)
		}
	}
	for _, broken := range violations(packages) {
		t.Error(broken)
	}
}

// violations returns a sentence for each violation of the rules, in order.
func violations(packages map[string]*goPackage) []string {
	var broken []string
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		p := packages[name]
		if !p.documented && !p.testOnly {
			broken = append(broken, name+" has no package comment")
		}
		for _, imported := range p.imports {
			broken = append(broken, brokenBy(name, imported)...)
		}
		for _, rule := range importRules {
			if !within(name, rule.from) {
				continue
			}
			if way := wayTo(packages, name, rule.to); way != nil {
				broken = append(broken, fmt.Sprintf("%s must not reach %s (%s)", strings.Join(way, " -> "),
					rule.to, rule.why))
			}
		}
	}
	return broken
}

// brokenBy checks one import in a non-test file.
func brokenBy(name, imported string) []string {
	var broken []string
	local, isLocal := strings.CutPrefix(imported, module)
	switch {
	case within(name, "internal/compete") && !domainMayImport(imported):
		broken = append(broken,
			fmt.Sprintf("%s imports %s: the domain knows the standard library alone, and "+
				"internal/normal, and no SQL or HTTP", name, imported))
	case name == "internal/sqldb" && isLocal && local != "internal/sqlitefile" && local != "internal/outage":
		broken = append(broken, fmt.Sprintf("%s imports %s: the SQL engine knows nothing of the program", name, local))
	case name == "internal/store" &&
		slices.ContainsFunc(drivers, func(driver string) bool { return within(imported, driver) }):
		broken = append(broken,
			fmt.Sprintf("%s imports %s: only internal/sqldb knows databases by name", name, imported))
	case isLocal && isTestHelper(local) && !isTestHelper(name):
		broken = append(broken, fmt.Sprintf("%s imports %s outside of tests", name, local))
	case isLocal && within(local, "internal/app") &&
		!slices.ContainsFunc(wiring, func(part string) bool { return within(name, part) }):
		broken = append(broken, fmt.Sprintf("%s imports %s: only %s may", name, local, strings.Join(wiring, ", ")))
	}
	return broken
}

// domainMayImport recognizes the standard library by its first path element, which has no dot. It also allows text
// normalization, which needs Unicode tables that the standard library lacks.
func domainMayImport(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	standard := !strings.Contains(first, ".") && first+"/" != module
	return standard && imported != "net/http" && !strings.HasPrefix(imported, "database/") ||
		imported == module+"internal/normal" || imported == module+"internal/draw"
}

func isTestHelper(name string) bool {
	return slices.Contains(testHelpers, name) || strings.HasSuffix(path.Base(name), "test")
}

// within reports whether name is the package part or a package below it.
func within(name, part string) bool {
	return name == part || strings.HasPrefix(name, part+"/")
}

// wayTo returns the shortest chain of imports from a package to a part of the program, or nil.
func wayTo(packages map[string]*goPackage, from, part string) []string {
	reached := map[string][]string{from: {from}}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		way := reached[queue[0]]
		if within(queue[0], part) {
			return way
		}
		for _, imported := range packages[queue[0]].imports {
			local, isLocal := strings.CutPrefix(imported, module)
			if isLocal && packages[local] != nil && reached[local] == nil {
				reached[local] = append(slices.Clone(way), local)
				queue = append(queue, local)
			}
		}
	}
	return nil
}
