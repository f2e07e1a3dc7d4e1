package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestListsOfWhatToTouchHold searches the repository for the samples of docs/adding.md.
func TestListsOfWhatToTouchHold(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "docs", "adding.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range repositoryFiles(t) {
		if path.Ext(name) == ".md" ||
			slices.ContainsFunc(written, func(part string) bool { return strings.Contains(name, part) }) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(content)
	}
	lists := listsOf(string(content))
	if len(lists) < 5 {
		t.Fatalf("found %d lists, want one each for two fields, a page, a job and a message", len(lists))
	}
	for _, list := range lists {
		for _, problem := range list.problems(files) {
			t.Errorf("docs/adding.md, %s: %s", list.title, problem)
		}
	}
}

// written matches names of generated files.
var written = []string{
	"_templ.go", "/testdata/", "clients/typescript/src/schema.ts", "internal/web/static/dist/",
	"package-lock.json",
}

// A list is a section of docs/adding.md. Files below a heading "Only if …" are listed but not counted.
type list struct {
	title  string
	sample []string // names, and patterns of file names
	byHand string   // number of files, or edits
	edits  bool     // count edits instead of files: Go declarations that name the sample, and other files
	files  []string
	onlyIf []string
	places map[string][]string // declarations per file, if edits are counted
}

// maxEdits is the maximum number of edits for an ordinary field.
const maxEdits = 9

var (
	sampleLine = regexp.MustCompile(`(?m)^Sample: (.*)\. (\d+) (files|edits) by hand\.$`)
	fileCell   = regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|(?: ((?:`[^`|]*`(?:, )?)+) \\|)?")
	code       = regexp.MustCompile("`([^`]+)`")
)

func listsOf(document string) []list {
	var lists []list
	for _, section := range strings.Split(document, "\n## ")[1:] {
		l := list{}
		l.title, section, _ = strings.Cut(section, "\n")
		section, onlyIf, _ := strings.Cut(section, "\n### Only if")
		if sample := sampleLine.FindStringSubmatch(section); sample != nil {
			l.sample, l.byHand, l.edits = spans(sample[1]), sample[2], sample[3] == "edits"
		}
		l.places = map[string][]string{}
		for _, cell := range fileCell.FindAllStringSubmatch(section, -1) {
			files := spans(cell[1])
			l.files = append(l.files, files...)
			if l.edits && cell[2] != "" {
				l.places[files[0]] = append(l.places[files[0]], spans(cell[2])...)
			}
		}
		for _, cell := range fileCell.FindAllStringSubmatch(onlyIf, -1) {
			l.onlyIf = append(l.onlyIf, spans(cell[1])...)
		}
		lists = append(lists, l)
	}
	return lists
}

func spans(text string) []string {
	var found []string
	for _, span := range code.FindAllStringSubmatch(text, -1) {
		found = append(found, span[1])
	}
	return found
}

// problems compares the list with the files that name its sample.
func (l list) problems(files map[string]string) []string {
	if len(l.sample) == 0 {
		return []string{"it has no line with its sample"}
	}
	var found []string
	byHand := 0
	listed := slices.Concat(l.files, l.onlyIf)
	for name, content := range files {
		switch isListed := slices.Contains(listed, name); {
		case !l.names(name, content):
			if isListed {
				found = append(found, name+" doesn't name the sample any more: take it out")
			}
		case isTestFile(name):
		case !isListed:
			found = append(found, name+" names the sample: add it")
		case !slices.Contains(l.files, name):
		case l.edits && path.Ext(name) == ".go":
			places := l.declarations(content)
			byHand += len(places)
			if want := slices.Sorted(slices.Values(l.places[name])); !slices.Equal(places, want) {
				found = append(found, fmt.Sprintf("%s names the sample in %q, not in %q", name, places, want))
			}
		default:
			byHand++
		}
	}
	for _, name := range listed {
		if _, exists := files[name]; !exists {
			found = append(found, name+" doesn't exist")
		}
	}
	if len(found) == 0 && fmt.Sprint(byHand) != l.byHand {
		found = append(found, fmt.Sprintf("it's %d by hand, not %s", byHand, l.byHand))
	}
	if l.edits && byHand > maxEdits {
		found = append(found, fmt.Sprintf("it takes %d edits, want at most %d", byHand, maxEdits))
	}
	slices.Sort(found)
	return found
}

// declarations returns the names of a Go file's declarations that name the sample, in order.
func (l list) declarations(content string) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "", content, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	add := func(name string, node ast.Node) {
		if l.names("", content[node.Pos()-file.FileStart:node.End()-file.FileStart]) {
			found = append(found, name)
		}
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			add(d.Name.Name, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					add(s.Name.Name, s)
				case *ast.ValueSpec:
					add(s.Names[0].Name, s)
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

// isTestFile reports whether a file need not be listed, because it only names the sample as an example.
func isTestFile(name string) bool {
	return strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test")
}

// names reports whether a file contains the sample as a whole word, or is named after it.
func (l list) names(name, content string) bool {
	for _, sample := range l.sample {
		if matched, _ := path.Match(sample, name); matched {
			return true
		}
		for at := 0; ; {
			i := strings.Index(content[at:], sample)
			if i < 0 {
				break
			}
			at += i + len(sample)
			if !continuesWord(content[:at-len(sample)], sample, content[at:]) {
				return true
			}
		}
	}
	return false
}

var (
	endsInWord   = regexp.MustCompile(`\w$`)
	beginsInWord = regexp.MustCompile(`^\w`)
)

// continuesWord reports whether an occurrence of the sample is part of a longer word.
func continuesWord(before, sample, after string) bool {
	before, after = before[max(0, len(before)-1):], after[:min(1, len(after))]
	return endsInWord.MatchString(before) && beginsInWord.MatchString(sample) || endsInWord.MatchString(sample) &&
		beginsInWord.MatchString(after)
}

func TestListsThatDoNotHoldAreNoticed(t *testing.T) {
	files := map[string]string{
		"a.go": "package a\ntype Sample int", "b.go": "package b\nvar x Sample\nvar y int", "a_test.go": "Sample(1)",
		"c.go":                 "SampleOther, aSample",
		"templates/sample.txt": "text", "sampletest/d.go": "Sample",
	}
	document := func(sample string, rows ...string) string {
		return "# Adding\n\n## A sample\n\n" + sample + "\n\n| file | what |\n|---|---|\n| " +
			strings.Join(rows, " | x |\n| ") + " | x |\n"
	}
	const (
		sample = "Sample: `Sample`, `templates/sample.*`. 3 files by hand."
		edits  = "Sample: `Sample`, `templates/sample.*`. 3 edits by hand."
	)
	tests := map[string]struct {
		document string
		want     []string
	}{
		"it holds":         {document(sample, "`a.go`, `b.go`", "`templates/sample.txt`"), nil},
		"a test is listed": {document(sample, "`a.go`, `b.go`", "`templates/sample.txt`", "`a_test.go`"), nil},
		"a file is missing": {
			document(sample, "`a.go`", "`templates/sample.txt`"),
			[]string{"b.go names the sample: add it"},
		},
		"a file is too many": {
			document(sample, "`a.go`, `b.go`, `c.go`", "`templates/sample.txt`"),
			[]string{"c.go doesn't name the sample any more: take it out"},
		},
		"a file doesn't exist": {
			document(sample, "`a.go`, `b.go`, `e.go`", "`templates/sample.txt`"),
			[]string{"e.go doesn't exist"},
		},
		"the number is wrong": {
			document("Sample: `Sample`, `templates/sample.*`. 2 files by hand.", "`a.go`, `b.go`",
				"`templates/sample.txt`"),
			[]string{"it's 3 by hand, not 2"},
		},
		"edits": {
			document(edits, "`a.go` | `Sample`", "`b.go` | `x`", "`templates/sample.txt` |"), nil,
		},
		"a place is missing": {
			document(edits, "`a.go` |", "`b.go` | `x`", "`templates/sample.txt` |"),
			[]string{`a.go names the sample in ["Sample"], not in []`},
		},
		"a place is wrong": {
			document(edits, "`a.go` | `Sample`", "`b.go` | `x`, `y`", "`templates/sample.txt` |"),
			[]string{`b.go names the sample in ["x"], not in ["x" "y"]`},
		},
		"what isn't always edited isn't counted": {
			document("Sample: `Sample`, `templates/sample.*`. 2 edits by hand.", "`a.go` | `Sample`",
				"`templates/sample.txt` |") +
				"\n### Only if it must be\n\n| file | what |\n|---|---|\n| `b.go` | x |\n", nil,
		},
		"there is no sample": {document("", "`a.go`"), []string{"it has no line with its sample"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := listsOf(test.document)[0].problems(files); !slices.Equal(got, test.want) {
				t.Errorf("problems = %q, want %q", got, test.want)
			}
		})
	}
}
