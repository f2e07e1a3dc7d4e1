package delivery

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// asvs is the number of level 1 and 2 requirements in each section of OWASP ASVS 5.0.0. Those of level 3 come after
// them.
var asvs = map[string]int{
	"1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
	"3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3,
	"5.3": 2, "5.4": 3,
	"6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
	"7.5": 2, "7.6": 2,
	"8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5,
	"10.6": 2, "10.7": 3,
	"11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1, "12.1": 3, "12.2": 2, "12.3": 4,
	"13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7,
	"16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3, "17.1": 1, "17.2": 4, "17.3": 2,
}

var (
	requirementRow = regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)*) [^|]*\| ([^|]*) \| ([^|]*) \|$`)
	requirementID  = regexp.MustCompile(`\d+\.\d+\.\d+`)
	testMention    = regexp.MustCompile("^`([a-z0-9/]+)\\.((?:Test|Fuzz)\\w+)`$")
)

// TestSecurityModelIsComplete checks that docs/asvs.md has one row for each requirement, and that the tests
// it names exist. A row without a test gives a reason.
func TestSecurityModelIsComplete(t *testing.T) {
	rows := requirementRow.FindAllStringSubmatch(readDocument(t, "docs/asvs.md"), -1)
	seen := map[string]int{}
	for _, row := range rows {
		ids, how, tests := row[1], row[2], row[3]
		for _, id := range requirementID.FindAllString(ids, -1) {
			seen[id]++
		}
		if tests == "–" && strings.HasPrefix(how, "Doesn't apply: ") || strings.HasPrefix(tests, "No test: ") {
			continue
		}
		for mention := range strings.SplitSeq(tests, ", ") {
			named := testMention.FindStringSubmatch(mention)
			if named == nil {
				t.Errorf("%s: %q names no test", ids, mention)
			} else if !hasTest(t, named[1], named[2]) {
				t.Errorf("%s: there is no %s.%s", ids, named[1], named[2])
			}
		}
	}
	for section, count := range asvs {
		for n := 1; n <= count; n++ {
			id := fmt.Sprintf("%s.%d", section, n)
			if seen[id] != 1 {
				t.Errorf("%s is in %d rows", id, seen[id])
			}
			delete(seen, id)
		}
	}
	for id := range seen {
		t.Errorf("%s isn't a requirement of levels 1 and 2", id)
	}
}

// hasTest reports whether a package, named as in the model, has a test function.
func hasTest(t *testing.T, name, function string) bool {
	t.Helper()
	dir := "internal/" + name
	switch name {
	case "cmd":
		dir = "cmd/minicompete"
	case "validate":
		dir = "deploy/validate"
	}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "\nfunc "+function+"(") {
			return true
		}
	}
	return false
}
