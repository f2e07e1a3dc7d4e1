package arch

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// foreign matches text that belongs to a particular machine rather than the project: absolute paths of a build, and the
// package registries that a machine is configured with (an npm lock file contains them in "resolved", unless told not
// to).
var foreign = regexp.MustCompile(`(?m)(?:^|[^\w.~/-])/(?:root|work|home/\w+|Users/\w+)/` +
	`|"resolved"\s*:` +
	`|\b(?:registry\.(?:npmjs\.org|yarnpkg\.com)|(?:proxy|sum)\.golang\.org|(?:deb|security)\.debian\.org|pypi\.org)\b`)

func TestFilesSpeakOfTheProjectAlone(t *testing.T) {
	files := repositoryFiles(t)
	if len(files) < 10 {
		t.Fatalf("found %d files, want the whole repository", len(files))
	}
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if line, found := firstForeign(content); found {
			t.Errorf("%s:%d speaks of a machine or a registry: keep its paths and hosts out of the repository", name,
				line)
		}
	}
}

// maxPicture bounds the pictures in documents, in bytes, so that clones stay small and pages load fast.
const maxPicture = 200 << 10

func TestPicturesAreSmallAndShown(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := filepath.Glob(filepath.Join(root, "docs", "images", "*"))
	if err != nil || len(pictures) < 2 {
		t.Fatalf("docs/images has %v (%v), want two pictures at least", pictures, err)
	}
	for _, picture := range pictures {
		info, err := os.Stat(picture)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxPicture {
			t.Errorf("%s has %d bytes, want at most %d", info.Name(), info.Size(), maxPicture)
		}
		if !bytes.Contains(readme, []byte("docs/images/"+info.Name())) {
			t.Errorf("the README does not show %s", info.Name())
		}
	}
}

// firstForeign returns the number of the first line with foreign text. Binary files have none.
func firstForeign(content []byte) (line int, found bool) {
	if bytes.IndexByte(content, 0) >= 0 {
		return 0, false
	}
	at := foreign.FindIndex(content)
	if at == nil {
		return 0, false
	}
	return 1 + bytes.Count(content[:at[1]], []byte("\n")), true
}

func TestForeignIsNoticed(t *testing.T) {
	// The samples are concatenated here, because this file is checked too.
	const slash, dot = "/", "."
	tests := map[string]struct {
		content string
		want    int // the line; 0 means no match
	}{
		"build path":         {"built\nin " + slash + "work/main/cmd", 2},
		"home of root":       {"`" + slash + "root/go/pkg`", 1},
		"home of a user":     {"see " + slash + "home/ann/code", 1},
		"at the start":       {slash + "root/x", 1},
		"lock file":          {`"resolved"` + `: "https:..."`, 1},
		"npm's registry":     {"https://registry" + dot + "npmjs.org/templ", 1},
		"Go's proxy":         {"GOPROXY=https://proxy" + dot + "golang.org", 1},
		"a route":            {"GET https://example.com/work/1 and ./work/x and internal/work/", 0},
		"the word alone":     {"it was resolved; the root of the work", 0},
		"binary":             {"\x00 " + slash + "root/x", 0},
		"a file in data dir": {"sqlite:data/minicompete.db", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if line, _ := firstForeign([]byte(test.content)); line != test.want {
				t.Errorf("found in line %d, want %d", line, test.want)
			}
		})
	}
}
