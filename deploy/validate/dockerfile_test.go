package validate

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// stages reads a Dockerfile as BuildKit does.
func stages(t *testing.T, name string) []instructions.Stage {
	t.Helper()
	file, err := os.Open(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	parsed, err := parser.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range parsed.Warnings {
		t.Errorf("%s: %s", name, warning.Short)
	}
	found, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// last is the last command of a kind in a stage.
func last[C instructions.Command](t *testing.T, stage instructions.Stage) (found C) {
	t.Helper()
	for _, command := range slices.Backward(stage.Commands) {
		if wanted, ok := command.(C); ok {
			return wanted
		}
	}
	t.Fatalf("the stage from %s has no %T", stage.BaseName, found)
	return found
}

func TestImageHoldsTheBinaryAlone(t *testing.T) {
	all := stages(t, "Dockerfile")
	image := all[len(all)-1]
	if len(all) != 2 || image.BaseName != "scratch" {
		t.Fatalf("%d stages, the last from %s; want two, the last from scratch", len(all), image.BaseName)
	}
	if user := last[*instructions.UserCommand](t, image).User; user == "" || strings.HasPrefix(user, "root") ||
		strings.HasPrefix(user, "0") {
		t.Errorf("the image runs as %q, want somebody without rights", user)
	}
	if check := last[*instructions.HealthCheckCommand](t, image).Health.Test; !slices.Equal(check,
		[]string{"CMD", "/minicompete", "healthcheck"}) {
		t.Errorf("health check = %q, want the binary's own", check)
	}
	if entry := last[*instructions.EntrypointCommand](t, image).CmdLine; !slices.Equal(entry,
		[]string{"/minicompete"}) {
		t.Errorf("entry point = %q, want the binary", entry)
	}
}

func TestImageIsBuiltByTheOneScript(t *testing.T) {
	build := stages(t, "Dockerfile")[0]
	if line := strings.Join(last[*instructions.RunCommand](t, build).CmdLine, " "); !strings.Contains(line,
		"scripts/build /out/minicompete") {
		t.Errorf("the build runs %q, want scripts/build", line)
	}
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)
	if version == nil || !strings.HasPrefix(build.BaseName, "golang:"+string(version[1])+"-") {
		t.Errorf("the image is built with %s, but go.mod says %s", build.BaseName, version)
	}
}
