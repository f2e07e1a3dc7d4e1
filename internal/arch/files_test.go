package arch

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the repository's path relative to this package.
const root = "../.."

// repositoryFiles returns the slash-separated paths, relative to the repository's root, of all its files, except those
// ignored by the top-level .gitignore. It walks the tree instead of asking git, so that it also works in an unpacked
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
	// In a worktree, this is a file instead of a directory.
	ignored := map[string]bool{".git": true}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, anchored := strings.CutPrefix(lines.Text(), "/"); anchored {
			ignored[strings.TrimSuffix(name, "/")] = true
		}
	}
	return ignored
}
