package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// module is the module's path, the prefix of its packages' import paths.
const module = "github.com/minicompete/minicompete/"

// A goPackage is the part of a package that the rules examine. Build tags are ignored: every file counts.
type goPackage struct {
	imports     []string // of non-test files
	testImports []string // of _test.go files
	documented  bool
	testOnly    bool
}

// modulePackages reads the packages of the main module, by path within it, such as "internal/store". Nested modules are
// left out.
func modulePackages(t *testing.T) map[string]*goPackage {
	t.Helper()
	packages := map[string]*goPackage{}
	for _, name := range repositoryFiles(t) {
		dir := path.Dir(name)
		if path.Ext(name) != ".go" || strings.Contains(name, "/testdata/") || strings.HasPrefix(name, "tools/") ||
			strings.HasPrefix(name, "deploy/") {
			continue
		}
		if packages[dir] == nil {
			packages[dir] = &goPackage{testOnly: true}
		}
		packages[dir].add(t, name)
	}
	return packages
}

func (p *goPackage) add(t *testing.T, name string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil,
		parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	imports := importPaths(t, file)
	if strings.HasSuffix(name, "_test.go") {
		p.testImports = append(p.testImports, imports...)
		return
	}
	p.testOnly = false
	p.imports = append(p.imports, imports...)
	p.documented = p.documented || file.Doc != nil
}

func importPaths(t *testing.T, file *ast.File) []string {
	t.Helper()
	var paths []string
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("read the import %s: %v", spec.Path.Value, err)
		}
		paths = append(paths, imported)
	}
	return paths
}
