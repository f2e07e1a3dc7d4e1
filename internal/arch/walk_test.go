package arch

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The walk of a registration is to stay short.
const (
	walkPackages = 7
	walkFiles    = 20
)

var walkRow = regexp.MustCompile("(?m)^\\| (`[a-z/]+/[a-z_]+\\.go`[^|]*) \\| ([^|]+) \\|$")

// TestTheWalkOfARegistrationIsShort follows the table in ARCHITECTURE.md: each function is in one of the files of its
// row.
func TestTheWalkOfARegistrationIsShort(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	packages, files := map[string]bool{}, map[string]bool{}
	for _, row := range walkRow.FindAllStringSubmatch(string(content), -1) {
		var text strings.Builder
		for _, name := range spans(row[1]) {
			packages[path.Dir(name)], files[name] = true, true
			code, err := os.ReadFile(filepath.Join(root, "internal", name))
			if err != nil {
				t.Error(err)
			}
			text.Write(code)
		}
		for _, function := range spans(row[2]) {
			if declared := regexp.MustCompile(`(?m)^func (\([^)]*\) )?` + function +
				`[(\[]`); !declared.MatchString(text.String()) {
				t.Errorf("%s isn't declared in %s", function, row[1])
			}
		}
	}
	if n := len(packages); n < 5 || n > walkPackages {
		t.Errorf("the walk goes through %d packages, want at most %d, and the table that lists them", n, walkPackages)
	}
	if n := len(files); n > walkFiles {
		t.Errorf("the walk goes through %d files, want at most %d", n, walkFiles)
	}
}
