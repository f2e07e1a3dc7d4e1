package delivery

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/testservices"
)

// How a document is written, so that its commands can be run:
//
//   - Commands stand in fenced blocks marked sh. Each document begins in the root of a fresh clone, and its blocks are
//     typed one after the other into one shell. Where a block starts a server, the next one goes into another shell,
//     without the variables of the first, as for a reader who opens another terminal.
//   - A block marked text, json, http or csv shows what the block of commands before it prints; see output_test.go.
//   - A block that can't be run has, as the paragraph above it, "Not run by the tests: " and the reason.
//   - A paragraph that says to stop the server with Ctrl-C stops the newest one.
//
// Other fenced blocks (a part of a file, a drawing) are marked with their own language, or with none.

// A block is a fenced block of commands, with what the document says about it.
type block struct {
	line    int // where its commands begin
	code    string
	excuse  string // why it isn't run; "" if it is
	stops   bool   // stop the newest server first
	prints  string // expected output; "" if none is shown
	printed string // language of the block with the output
}

const excuseBegins = "Not run by the tests: "

var (
	outputLanguages = []string{"text", "json", "http", "csv"}
	shellLanguages  = []string{"bash", "shell", "console", "zsh", "shell-session"} // have to be marked sh instead
	stopsServer     = regexp.MustCompile(`\b[Ss]top\b[^.]*\bCtrl-C\b`)
)

// parseDocument finds the blocks of commands in a Markdown document. If it can't interpret something, the error names
// the line.
func parseDocument(content string) ([]block, error) {
	var blocks []block
	var prose []string // the paragraphs since the last fence
	open := false      // whether the last fenced block contained commands, so that output may follow
	stops := false     // whether the text since the last commands stops a server
	lines := strings.Split(content, "\n")
	for i := 0; i < len(lines); i++ {
		indent, language, fenced := fence(lines[i])
		if !fenced {
			prose = append(prose, lines[i])
			continue
		}
		end := i + 1
		for end < len(lines) && strings.TrimSpace(lines[end]) != "```" {
			end++
		}
		if end == len(lines) {
			return nil, fmt.Errorf("line %d: the fence isn't closed", i+1)
		}
		text := paragraphs(prose)
		stops = stops || stopsServer.MatchString(strings.Join(text, "\n\n"))
		code := strings.Join(dedent(lines[i+1:end], indent), "\n") + "\n"
		switch {
		case language == "sh":
			blocks = append(blocks, block{line: i + 2, code: code, excuse: excuse(text), stops: stops})
			open, stops = true, false
		case slices.Contains(shellLanguages, language):
			return nil, fmt.Errorf("line %d: mark commands with sh, not %s", i+1, language)
		case slices.Contains(outputLanguages, language):
			if !open {
				return nil, fmt.Errorf("line %d: a block marked %s shows what commands print, and none stand before it",
					i+1, language)
			}
			blocks[len(blocks)-1].prints, blocks[len(blocks)-1].printed = code, language
			open = false
		default:
			open = false
		}
		prose, i = nil, end
	}
	return blocks, nil
}

// fence parses the first line of a fenced block.
func fence(line string) (indent int, language string, ok bool) {
	trimmed := strings.TrimLeft(line, " ")
	language, ok = strings.CutPrefix(trimmed, "```")
	return len(line) - len(trimmed), strings.TrimSpace(language), ok
}

// dedent removes the indentation of a fence in a list from its block's lines.
func dedent(lines []string, indent int) []string {
	var out []string
	for _, line := range lines {
		out = append(out, line[min(indent, len(line)-len(strings.TrimLeft(line, " "))):])
	}
	return out
}

// paragraphs joins the lines of each paragraph.
func paragraphs(lines []string) []string {
	var all []string
	for text := range strings.SplitSeq(strings.Join(lines, "\n"), "\n\n") {
		if text = strings.Join(strings.Fields(text), " "); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// excuse returns the reason given by the last paragraph.
func excuse(paragraphs []string) string {
	if len(paragraphs) == 0 {
		return ""
	}
	_, reason, _ := strings.Cut(paragraphs[len(paragraphs)-1], excuseBegins)
	return reason
}

// documents lists the paths of all Markdown files in the repository, sorted.
func documents(t *testing.T) []string {
	t.Helper()
	var names []string
	eachFile(t, func(name string, _ fs.DirEntry) {
		if filepath.Ext(name) == ".md" {
			names = append(names, name)
		}
	})
	if !slices.Contains(names, "README.md") || !slices.Contains(names, "docs/PERFORMANCE.md") {
		t.Fatalf("found the documents %q, want all", names)
	}
	return names
}

// notCopied are the directories that a fresh clone doesn't contain, as in .gitignore, and the history.
var notCopied = []string{".git", ".cache", "bin", "data", "node_modules", "screenshots"}

// eachFile calls f for every file in a fresh clone.
func eachFile(t testing.TB, f func(name string, entry fs.DirEntry)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		atTop := !strings.Contains(name, string(filepath.Separator)) || entry.Name() == "node_modules"
		switch {
		case atTop && slices.Contains(notCopied, entry.Name()) && entry.IsDir():
			return fs.SkipDir
		case entry.Type().IsRegular() && name != ".git" && name != ".env":
			f(filepath.ToSlash(name), entry)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walk the repository: %v", err)
	}
}

// clone copies the repository's current files to an empty directory.
func clone(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	eachFile(t, func(name string, entry fs.DirEntry) {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err == nil {
			err = os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o750)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, info.Mode().Perm())
		}
		if err != nil {
			t.Fatalf("copy the repository: %v", err)
		}
	})
	return dir
}

func readDocument(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestDocuments runs the commands of every document as written, in a fresh copy of the repository.
func TestDocuments(t *testing.T) {
	dir := clone(t)
	// The documents also build, under a time limit meant for servers; after this build, theirs have nothing left to do.
	build := exec.CommandContext(t.Context(), filepath.Join("scripts", "build"))
	build.Dir = dir
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("scripts/build: %v\n%s", err, output)
	}
	ran := 0
	for _, name := range documents(t) {
		blocks, err := parseDocument(readDocument(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(blocks) == 0 {
			continue
		}
		if !slices.Contains(testservices.Databases(t), testservices.KindPostgres) &&
			slices.ContainsFunc(blocks, block.needsPostgres) {
			t.Logf("%s is not run, because %s leaves PostgreSQL out", name, testservices.KindsVariable)
			continue
		}
		t.Run(name, func(t *testing.T) { ran += runDocument(t, dir, blocks) })
	}
	if ran == 0 && !t.Failed() {
		t.Error("no commands were found")
	}
}

// needsPostgres reports whether the block's commands use PostgreSQL.
func (b block) needsPostgres() bool { return b.excuse == "" && postgresURL.MatchString(b.code) }

// runDocument runs the blocks and returns their number. A failing block ends the document, since later ones depend on
// it.
func runDocument(t *testing.T, dir string, blocks []block) (ran int) {
	t.Helper()
	s := openStage(t, dir)
	for _, b := range blocks {
		if b.stops {
			s.stopNewestServer()
		}
		if b.excuse != "" {
			if len(b.excuse) < len("needs root") {
				t.Errorf("line %d: %q is no reason not to run a command", b.line, b.excuse)
			}
			continue
		}
		output, err := s.run(b.code)
		if err == nil && b.printed != "" {
			err = checkOutput(b.printed, b.prints, output)
		}
		if err != nil {
			t.Fatalf("line %d: %v\n--- commands\n%s--- output\n%s", b.line, err, b.code, output)
		}
		ran++
	}
	return ran
}
