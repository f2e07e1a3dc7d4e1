package delivery

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/goldentest"
)

const typeScriptDir = "clients/typescript"

// The types are those of the API's document, as openapi-typescript writes them.
func TestGoldenTypeScriptTypes(t *testing.T) {
	written := filepath.Join(t.TempDir(), "schema.ts")
	command := inRoot(t.Context(), nodeTool(t, "openapi-typescript"), openAPIFile,
		"--output", written, "--alphabetize", "--immutable", "--default-non-nullable=false")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("openapi-typescript: %v\n%s", err, output)
	}
	want, err := os.ReadFile(written)
	if err != nil {
		t.Fatal(err)
	}
	goldentest.File(t, filepath.Join(root, typeScriptDir, "src/schema.ts"), string(want))
}

// The client compiles under the strictest rules, and its example does what it says.
func TestTypeScriptClientRuns(t *testing.T) {
	compiled := t.TempDir()
	command := inRoot(t.Context(), nodeTool(t, "tsc"), "--project", typeScriptDir, "--outDir", compiled)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("tsc: %v\n%s", err, output)
	}
	// So that node takes the files for modules, as it does beside the client's own package.json.
	if err := os.WriteFile(filepath.Join(compiled, "package.json"), []byte(`{"type":"module"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	example := exec.CommandContext(t.Context(), "node", filepath.Join(compiled, "examples/register.js"))
	example.Env = []string{"PATH=" + os.Getenv("PATH"), "API_URL=" + serve(t, settings(t)).apiURL}
	output, err := example.CombinedOutput()
	if err != nil {
		t.Fatalf("the example: %v\n%s", err, output)
	}
	const want = `Petra: PENDING, number 1, once
Quirin: WAITLISTED, place 1 on the waitlist
Quirin again: 409 already_registered
Petra cancelled, so Quirin has the seat: true
Changed; with the old version: 412 version_mismatch
Found by its tag: true
`
	if diff := cmp.Diff(want, string(output)); diff != "" {
		t.Errorf("the example prints something else (-want +got):\n%s", diff)
	}
}
