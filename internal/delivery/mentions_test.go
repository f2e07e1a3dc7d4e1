package delivery

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	linkTarget = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading    = regexp.MustCompile(`(?m)^#{1,6} (.*)$`)
	makeTarget = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	helpLine   = regexp.MustCompile(`(?m)^  make ([a-z-]+) +\S`)
	npmScript  = regexp.MustCompile(`\bnpm run ([\w:-]+)`)
	goTool     = regexp.MustCompile(`^go tool (?:-modfile=(\S+) )?([\w-]+)`)
	commandRow = regexp.MustCompile(`^(?:bin/|/)?minicompete((?: [a-z][a-z-]*)*)((?: --[a-z-]+)*)`)
)

// prose returns a document without its fenced blocks.
func prose(content string) string {
	var kept []string
	fenced := false
	for line := range strings.SplitSeq(content, "\n") {
		if _, _, fence := fence(line); fence {
			fenced = !fenced
			continue
		}
		if !fenced {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func makeTargets(t *testing.T) []string {
	t.Helper()
	var targets []string
	for _, target := range makeTarget.FindAllStringSubmatch(readDocument(t, "Makefile"), -1) {
		targets = append(targets, target[1])
	}
	return targets
}

func TestMakeListsEveryTarget(t *testing.T) {
	output, err := inRoot(t.Context(), "make").CombinedOutput()
	if err != nil {
		t.Fatalf("make: %v\n%s", err, output)
	}
	var listed []string
	for _, line := range helpLine.FindAllStringSubmatch(string(output), -1) {
		listed = append(listed, line[1])
	}
	if targets := makeTargets(t); !slices.Equal(listed, targets) || len(targets) < 5 {
		t.Errorf("make lists %q, the Makefile has %q", listed, targets)
	}
}

// TestDocumentsMentionWhatIsThere checks the commands in running text, which aren't run: that the make targets, the
// commands and flags of the program and of setup.sh, the scripts and the tools exist.
func TestDocumentsMentionWhatIsThere(t *testing.T) {
	targets, helps := makeTargets(t), map[string]string{}
	mentioned := 0
	for _, name := range documents(t) {
		for _, span := range codeSpan.FindAllStringSubmatch(prose(readDocument(t, name)), -1) {
			words := strings.Fields(span[1])
			command := commandRow.FindStringSubmatch(span[1])
			switch {
			case words[0] == "make" && len(words) > 1:
				if !slices.Contains(targets, words[1]) {
					t.Errorf("%s: there is no `make %s`", name, words[1])
				}
			case strings.HasPrefix(words[0], "scripts/"), strings.HasPrefix(words[0], ".ci/"),
				strings.HasSuffix(words[0], "setup.sh"):
				checkScript(t, name, words)
			case npmScript.MatchString(span[1]):
				checkNPMScript(t, name, npmScript.FindStringSubmatch(span[1])[1])
			case goTool.MatchString(span[1]):
				tool := goTool.FindStringSubmatch(span[1])
				checkGoTool(t, name, cmp.Or(tool[1], "go.mod"), tool[2])
			case command != nil && command[1]+command[2] != "":
				checkCommand(t, helps, name, strings.Fields(command[1]), strings.Fields(command[2]))
			default:
				continue
			}
			mentioned++
		}
	}
	if mentioned < 10 {
		t.Errorf("found %d commands in running text, want all", mentioned)
	}
}

// checkScript checks that a script exists and knows the flags.
func checkScript(t *testing.T, document string, words []string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, words[0]))
	if err != nil {
		t.Errorf("%s: there is no %s", document, words[0])
	}
	for _, word := range words[1:] {
		if strings.HasPrefix(word, "--") && !strings.Contains(string(content), word+")") {
			t.Errorf("%s: %s has no %s", document, words[0], word)
		}
	}
}

// checkNPMScript checks that the package.json beside the document, or else the repository's, has the script.
func checkNPMScript(t *testing.T, document, script string) {
	t.Helper()
	for _, dir := range []string{filepath.Dir(document), "."} {
		content, err := os.ReadFile(filepath.Join(root, dir, "package.json"))
		if err != nil {
			continue
		}
		if !strings.Contains(string(content), `"`+script+`": "`) {
			t.Errorf("%s: %s/package.json has no script %s", document, dir, script)
		}
		return
	}
	t.Errorf("%s: there is no package.json with the script %s", document, script)
}

func checkGoTool(t *testing.T, document, modFile, tool string) {
	t.Helper()
	if !regexp.MustCompile(`(?m)^(?:tool )?\s*\S+/` + regexp.QuoteMeta(tool) +
		`$`).MatchString(readDocument(t, modFile)) {
		t.Errorf("%s: %s names no tool %s", document, modFile, tool)
	}
}

// checkCommand compares a command in a document with the program's help, which is run once per command.
func checkCommand(t *testing.T, helps map[string]string, document string, words, flags []string) {
	t.Helper()
	command := strings.Join(words, " ")
	if _, known := helps[command]; !known {
		output, err := inRoot(t.Context(), binary(t), append(words, "--help")...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: there is no `minicompete %s`: %s", document, command, output)
		}
		helps[command] = string(output)
	}
	for _, flag := range flags {
		if !strings.Contains(helps[command], flag) {
			t.Errorf("%s: `minicompete %s` has no %s", document, command, flag)
		}
	}
}

func TestLinksOfDocumentsLeadSomewhere(t *testing.T) {
	links := 0
	for _, name := range documents(t) {
		for _, link := range linkTarget.FindAllStringSubmatch(prose(readDocument(t, name)), -1) {
			if strings.Contains(link[1], ":") {
				continue // on another site
			}
			links++
			file, anchor, _ := strings.Cut(link[1], "#")
			target := name
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s, which isn't there", name, link[1])
			} else if anchor != "" && !slices.Contains(anchors(readDocument(t, target)), anchor) {
				t.Errorf("%s links to %s, and %s has no such heading", name, link[1], target)
			}
		}
	}
	if links < 10 {
		t.Errorf("found %d links, want all", links)
	}
}

// anchors returns the names that GitHub gives the headings of a document.
func anchors(content string) []string {
	var names []string
	for _, h := range heading.FindAllStringSubmatch(prose(content), -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127:
				return r
			}
			return -1
		}, strings.ToLower(h[1]))
		names = append(names, name)
	}
	return names
}
