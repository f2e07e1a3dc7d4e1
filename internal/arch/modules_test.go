package arch

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRequirementsAreInTwoBlocks checks that a module's direct and indirect requirements are in separate blocks.
func TestRequirementsAreInTwoBlocks(t *testing.T) {
	seen := 0
	for _, name := range repositoryFiles(t) {
		if path.Base(name) != "go.mod" {
			continue
		}
		seen++
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := requirementBlocks(string(content)); len(got) > 2 || slices.Contains(got, "mixed") ||
			len(slices.Compact(got)) != len(got) {
			t.Errorf("%s requires in blocks that are %q, want one of direct and one of indirect requirements", name,
				got)
		}
	}
	if seen < 2 {
		t.Errorf("found %d go.mod, want all", seen)
	}
}

// requirementBlocks returns for each block of requirements whether it is "direct", "indirect" or "mixed".
func requirementBlocks(content string) []string {
	var blocks []string
	inside, lines, indirect := false, 0, 0
	for line := range strings.Lines(content) {
		switch {
		case strings.HasPrefix(line, "require "):
			inside, lines, indirect = true, 0, 0
			if strings.HasPrefix(line, "require (") {
				continue
			}
		case !inside || strings.TrimSpace(line) == "":
			continue
		}
		if line != ")\n" {
			lines++
			if strings.HasSuffix(line, "// indirect\n") {
				indirect++
			}
			if !strings.HasPrefix(line, "require ") {
				continue
			}
		}
		inside = false
		switch indirect {
		case 0:
			blocks = append(blocks, "direct")
		case lines:
			blocks = append(blocks, "indirect")
		default:
			blocks = append(blocks, "mixed")
		}
	}
	return blocks
}
