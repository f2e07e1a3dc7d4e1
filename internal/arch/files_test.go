package arch

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = "../.."

// repositoryFiles returns the slash-separated paths, from the repository's root, of every file that belongs to it:
// what .gitignore names at the top is left out. It walks instead of asking git, so that it also works in an unpacked
// archive, and so that go's test cache notices a new file.
func repositoryFiles(t *testing.T) []string {
	t.Helper()
	skipped := ignoredAtTheTop(t)
	var files []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(relative)
		switch {
		case entry.IsDir() && skipped[name]:
			return filepath.SkipDir
		case entry.Type().IsRegular() && !skipped[name]:
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walk the repository: %v", err)
	}
	return files
}

func ignoredAtTheTop(t *testing.T) map[string]bool {
	t.Helper()
	file, err := os.Open(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatalf("read .gitignore: %v", err)
	}
	defer func() { _ = file.Close() }()
	// A worktree has a file of this name instead of a directory.
	ignored := map[string]bool{".git": true}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, anchored := strings.CutPrefix(lines.Text(), "/"); anchored {
			ignored[strings.TrimSuffix(name, "/")] = true
		}
	}
	return ignored
}
