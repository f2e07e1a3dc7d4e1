package delivery

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// changelog writes a changelog with two releases, and returns its name.
func changelog(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "CHANGELOG.md")
	content := "# Changelog\n\n## Unreleased\n\n- Not yet.\n\n## 1.2.3 - 2026-12-01\n\n### Added\n\n- One thing,\n  " +
		"on two lines.\n- Another.\n\n" +
		"## 1.2.2 - 2026-11-30\n\n- Old.\n\n## 1.2.1 - 2026-11-29\n"
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestNotesOfAVersion(t *testing.T) {
	file := changelog(t)
	tests := map[string]string{ // "" if it fails
		"v1.2.3":              "### Added\n\n- One thing, on two lines.\n- Another.\n",
		"1.2.2":               "- Old.\n",
		"v1.2.2-4-g0123abc":   "- Not yet.\n",
		"0123abc-dirty":       "- Not yet.\n",
		"v1.2.1":              "", // an empty section
		"v1.2.30":             "",
		"v1.2":                "- Not yet.\n",
		"v2.0.0":              "",
		"v2.0.0-rc.1":         "- Not yet.\n",
		"1.2.3.4":             "- Not yet.\n",
		"something v1.2.3 --": "- Not yet.\n",
	}
	for version, want := range tests {
		command := inRoot(t.Context(), "scripts/changelog", version)
		command.Env = append(os.Environ(), "CHANGELOG="+file)
		got, err := command.Output()
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v; want %q", version, got, err, want)
		}
	}
}

// section matches the headings of the changelog.
var section = regexp.MustCompile(`(?m)^## (.*)$`)

func TestChangelogHasASectionForEachRelease(t *testing.T) {
	release := regexp.MustCompile(`^\d+\.\d+\.\d+ - (\d{4}-\d\d-\d\d)$`)
	dates := []string{"9999"}
	for i, heading := range section.FindAllStringSubmatch(readDocument(t, "CHANGELOG.md"), -1) {
		parts := release.FindStringSubmatch(heading[1])
		switch {
		case i == 0 && heading[1] == "Unreleased":
		case parts == nil:
			t.Errorf("## %s is neither Unreleased, at the top, nor a release such as 1.2.3 - 2026-12-01", heading[1])
		case parts[1] > dates[len(dates)-1]:
			t.Errorf("## %s comes after one of %s: put the newest first", heading[1], dates[len(dates)-1])
		default:
			dates = append(dates, parts[1])
		}
	}
	tags, err := inRoot(t.Context(), "git", "tag", "--list", "v*.*.*").Output()
	if err != nil {
		t.Fatal(err)
	}
	for tag := range strings.FieldsSeq(string(tags)) {
		if output, err := inRoot(t.Context(), "scripts/changelog", tag).CombinedOutput(); err != nil {
			t.Errorf("%s was released: %s", tag, output)
		}
	}
}
