package arch

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// record matches a decision record; its number is that of its file.
var record = regexp.MustCompile(
	`^# (\d+)\. (\S[^\n]*)\n\n- Status: (?:accepted|replaced by \[\d{4}\]\([\w.-]+\))\n- Date: \d{4}-\d\d-\d\d\n` +
		`\n## Context\n\n[^#]+\n\n## Decision\n\n[^#]+\n\n## Consequences\n\n[^#]+\n$`)

func TestDecisionRecordsAreNumberedAndListed(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "adr", "[0-9]*.md"))
	if err != nil || len(files) < 10 {
		t.Fatalf("found %d records (%v), want all", len(files), err)
	}
	index, err := os.ReadFile(filepath.Join(root, "docs", "adr", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files { // sorted by name
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, number := filepath.Base(file), fmt.Sprintf("%04d", i+1)
		parts := record.FindStringSubmatch(string(content))
		switch {
		case !strings.HasPrefix(name, number+"-"):
			t.Errorf("%s should be number %s", name, number)
		case parts == nil:
			t.Errorf("%s isn't written as a record: title, status, date, context, decision, consequences", name)
		case fmt.Sprintf("%04s", parts[1]) != number:
			t.Errorf("%s says that it's number %s", name, parts[1])
		case !strings.Contains(string(index), fmt.Sprintf("- [%s](%s) %s\n", number, name, parts[2])):
			t.Errorf("docs/adr/README.md doesn't list %s with its title", name)
		}
	}
}

// About as many words as can be read in ten minutes.
const shortPage = 1800

func TestArchitectureIsShort(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	if words := len(strings.Fields(string(content))); words > shortPage {
		t.Errorf("ARCHITECTURE.md has %d words, want at most %d: move reasons to docs/adr", words, shortPage)
	}
}
