package arch

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestListsOfWhatToTouchHold traces the samples of docs/adding.md through the repository.
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

// written are parts of the names of files that nobody writes by hand.
var written = []string{
	"_templ.go", "/testdata/", "clients/typescript/src/schema.ts", "internal/web/static/dist/",
	"package-lock.json",
}

// A list is a section of docs/adding.md.
type list struct {
	title  string
	sample []string // names, and patterns of files
	byHand string   // how many files
	files  []string
}

var (
	sampleLine = regexp.MustCompile(`(?m)^Sample: (.*)\. (\d+) files by hand\.$`)
	fileCell   = regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|")
	code       = regexp.MustCompile("`([^`]+)`")
)

func listsOf(document string) []list {
	var lists []list
	for _, section := range strings.Split(document, "\n## ")[1:] {
		l := list{}
		l.title, section, _ = strings.Cut(section, "\n")
		if sample := sampleLine.FindStringSubmatch(section); sample != nil {
			l.sample, l.byHand = spans(sample[1]), sample[2]
		}
		for _, cell := range fileCell.FindAllStringSubmatch(section, -1) {
			l.files = append(l.files, spans(cell[1])...)
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
	for name, content := range files {
		switch listed := slices.Contains(l.files, name); {
		case !l.names(name, content):
			if listed {
				found = append(found, name+" doesn't name the sample any more: take it out")
			}
		case isTestFile(name):
		case !listed:
			found = append(found, name+" names the sample: add it")
		default:
			byHand++
		}
	}
	for _, name := range l.files {
		if _, exists := files[name]; !exists {
			found = append(found, name+" doesn't exist")
		}
	}
	if len(found) == 0 && fmt.Sprint(byHand) != l.byHand {
		found = append(found, fmt.Sprintf("it's %d files by hand, not %s", byHand, l.byHand))
	}
	slices.Sort(found)
	return found
}

// isTestFile tells files that need not be listed, because they name the sample as an example.
func isTestFile(name string) bool {
	return strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test")
}

// names reports whether a file names the sample, as whole words, or is named by it.
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
			if !goesOn(content[:at-len(sample)], sample, content[at:]) {
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

// goesOn reports whether a sample that was found is a part of a longer word.
func goesOn(before, sample, after string) bool {
	before, after = before[max(0, len(before)-1):], after[:min(1, len(after))]
	return endsInWord.MatchString(before) && beginsInWord.MatchString(sample) || endsInWord.MatchString(sample) &&
		beginsInWord.MatchString(after)
}

func TestListsThatDoNotHoldAreNoticed(t *testing.T) {
	files := map[string]string{
		"a.go": "type Sample int", "b.go": "var x Sample", "a_test.go": "Sample(1)", "c.go": "SampleOther, aSample",
		"templates/sample.txt": "text", "sampletest/d.go": "Sample",
	}
	document := func(sample string, rows ...string) string {
		return "# Adding\n\n## A sample\n\n" + sample + "\n\n| file | what |\n|---|---|\n| " +
			strings.Join(rows, " | x |\n| ") + " | x |\n"
	}
	const sample = "Sample: `Sample`, `templates/sample.*`. 3 files by hand."
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
			[]string{"it's 3 files by hand, not 2"},
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
