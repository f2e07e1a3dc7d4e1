// Package goldentest compares text generated from code with files that people read: whole files, or sections of
// documents between two markers. Running a test with -update rewrites them; `make generate` does so for all.
//
// It compares and writes. Each test generates its own text. Only tests import it.
package goldentest

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// File checks that the file at path equals want, byte for byte.
func File(t testing.TB, path, want string) {
	t.Helper()
	if *update {
		write(t, path, want)
	}
	compare(t, path, want, read(t, path))
}

// Section checks that the part of a Markdown file between the lines "<!-- begin NAME -->" and "<!-- end NAME -->"
// equals want. Other text in these comments, such as where the section comes from, is kept.
func Section(t testing.TB, path, name, want string) {
	t.Helper()
	content := read(t, path)
	before, rest, begun := strings.Cut(content, "<!-- begin "+name)
	comment, rest, closed := strings.Cut(rest, "-->\n")
	got, after, ended := strings.Cut(rest, "<!-- end "+name)
	if !begun || !closed || !ended {
		t.Fatalf("%s has no section %q", path, name)
	}
	want = "\n" + strings.Trim(want, "\n") + "\n\n"
	if *update {
		write(t, path, before+"<!-- begin "+name+comment+"-->\n"+want+"<!-- end "+name+after)
		return
	}
	compare(t, path, want, got)
}

func read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func compare(t testing.TB, path, want, got string) {
	t.Helper()
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s isn't what the code says; if it should be, make generate writes it anew (-file +code):\n%s", path,
			diff)
	}
}
