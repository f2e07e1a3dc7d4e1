package arch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheHouseIsDescribed compares ARCHITECTURE.md with the existing packages.
func TestTheHouseIsDescribed(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range modulePackages(t) {
		if !strings.Contains(string(content), "`"+name+"`") {
			t.Errorf("ARCHITECTURE.md doesn't name %s", name)
		}
	}
}
