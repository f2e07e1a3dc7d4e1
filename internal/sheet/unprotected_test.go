package sheet_test

import (
	"testing"

	"github.com/minicompete/minicompete/internal/sheet"
)

func TestUnprotected(t *testing.T) {
	for written, cell := range map[string]string{
		"":                "",
		"bob@example.org": "bob@example.org",
		"'=bob@ex.org":    "=bob@ex.org",
		"'bob@ex.org":     "'bob@ex.org", // somebody's address, and not bob's
		"'":               "'",
	} {
		if got := sheet.Unprotected(written); got != cell {
			t.Errorf("%q: got %q, want %q", written, got, cell)
		}
	}
}
