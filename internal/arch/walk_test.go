package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The limits for the walk of a registration.
const (
	walkPackages = 7
	walkFiles    = 20
)

var walkStep = regexp.MustCompile(`(?m)^    \w+->>(\w+): (.+)$`)

// TestTheWalkOfARegistrationIsShort checks the drawing in ARCHITECTURE.md: each function is in the file named before
// it.
func TestTheWalkOfARegistrationIsShort(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	packages, files := map[string]bool{}, map[string]bool{}
	for _, step := range walkStep.FindAllStringSubmatch(string(content), -1) {
		packages[step[1]] = true
		for part := range strings.SplitSeq(step[2], ", ") {
			words := strings.Fields(part)
			name := step[1] + "/" + words[0]
			files[name] = true
			code, err := os.ReadFile(filepath.Join(root, "internal", name))
			if err != nil {
				t.Error(err)
			}
			if len(words) < 2 {
				t.Errorf("the drawing names no function of %s", name)
			}
			for _, function := range words[1:] {
				if !regexp.MustCompile(`(?m)^func (\([^)]*\) )?` + function + `[(\[]`).Match(code) {
					t.Errorf("%s isn't declared in %s", function, name)
				}
			}
		}
	}
	if n := len(packages); n < 5 || n > walkPackages {
		t.Errorf("the walk goes through %d packages, want at most %d, and the drawing that shows them", n, walkPackages)
	}
	if n := len(files); n > walkFiles {
		t.Errorf("the walk goes through %d files, want at most %d", n, walkFiles)
	}
}
