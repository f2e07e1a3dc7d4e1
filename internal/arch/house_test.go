package arch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheHouseIsDescribed holds ARCHITECTURE.md to the packages that there are.
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
