// Package goldentest holds texts that are made from the code to files that are read by people: whole files, and
// sections of documents between two markers. A test run with -update writes them anew; `make generate` does so for all.
//
// It owns the comparing and the writing. What the text should be is its test's business. It is imported by tests alone.
package goldentest

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// File holds the file at path to want, to the byte.
func File(t testing.TB, path, want string) {
	t.Helper()
	if *update {
		write(t, path, want)
	}
	compare(t, path, want, read(t, path))
}

// Section holds the part of a Markdown file between the lines "<!-- begin NAME -->" and "<!-- end NAME -->" to want.
// What else those comments say in the file, such as where the text comes from, stays.
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
