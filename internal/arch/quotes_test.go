package arch

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// curly matches typographic quotation marks and apostrophes.
var curly = regexp.MustCompile("[\u2018\u2019\u201c\u201d]")

// TestQuotesAreStraight checks that everything people read uses straight quotation marks and apostrophes: pages,
// messages, emails, errors and documents. Tests may use the other kind, and licenses stay as their authors wrote them.
func TestQuotesAreStraight(t *testing.T) {
	for _, name := range repositoryFiles(t) {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "internal/web/static/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if at := curly.FindIndex(content); at != nil && bytes.IndexByte(content, 0) < 0 {
			t.Errorf("%s:%d has a curly quote: write ' or \"", name, 1+bytes.Count(content[:at[0]], []byte("\n")))
		}
	}
}
