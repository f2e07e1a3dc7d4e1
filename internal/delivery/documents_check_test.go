package delivery

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = "Build it.\n\n```sh\nmake build\n```\n\nIt prints\n\n```text\nbin/minicompete\n```\n\n" +
	"Stop the server with\nCtrl-C. A setting:\n\n```\nX=1\n```\n\n" +
	"- In a list:\n\n  Not run by the tests: it needs\n  a Docker engine.\n\n" +
	"  ```sh\n  docker compose up\n    --detach\n  ```\n\n```go\nx := 1\n```\n"

func TestDocumentsAreRead(t *testing.T) {
	got, err := parseDocument(sample)
	if err != nil {
		t.Fatal(err)
	}
	want := []block{
		{line: 4, code: "make build\n", prints: "bin/minicompete\n", printed: "text"},
		{line: 26, code: "docker compose up\n  --detach\n", excuse: "it needs a Docker engine.", stops: true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(block{})); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	for name, broken := range map[string]string{
		"marked otherwise":        "```bash\nmake\n```\n",
		"not closed":              "```sh\nmake\n",
		"output of nothing":       "```json\n{}\n```\n",
		"output after other code": "```sh\nmake\n```\n```go\n```\n```text\nx\n```\n",
	} {
		if blocks, err := parseDocument(broken); err == nil {
			t.Errorf("%s: got %+v, want an error", name, blocks)
		}
	}
	// A reason for not running only applies to the block directly below it.
	far := "Not run by the tests: it is dangerous.\n\nMore text.\n\n```sh\nrm x\n```\n\n```sh\nrm y\n```\n"
	for _, b := range must(parseDocument(far)) {
		if b.excuse != "" {
			t.Errorf("line %d is excused", b.line)
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestShownOutputIsHeldToWhatIsPrinted(t *testing.T) {
	const id, other = "018f6b1e-2222-7d0a-9b3e-5a1f0c2d4e6f", "019f6b1e-2222-7d0a-9b3e-000000000000"
	for _, test := range []struct {
		language, shown, output string
		same                    bool
	}{
		{"text", "It is done.\n", "It is done.\r\n", true},
		{"text", "It is done.\n", "It is done.\nAnd more.\n", false},
		{"text", "It is done.\n", "It is not done.\n", false},
		{"text", "It is done.\n", "", false},
		{"text", "at " + id + "\n", "at " + other + "\n", true},
		{"text", "at " + id + "\n", "at home\n", false},
		{"text", "took … ms\n…\nend\n", "took 3 ms\na\nb\nend\n", true},
		{"text", "took … ms\n…\nend\n", "took 3 ms\nend\nmore\n", false},
		{"json", `{"id": "` + id + `", "n": 1}`, `{"n":1,"id":"` + other + `"}`, true},
		{"json", `{"n": 1}`, `{"n":2}`, false},
		{"json", `{"n": 1}`, `{"n":1,"m":2}`, false},
		{"json", `{"n": 1, "…": "…"}`, `{"n":1,"m":2}`, true},
		{"json", `{"n": 1, "m": 2}`, `{"n":1}`, false},
		{"json", `[{"title": "A…"}]`, `[{"title":"A race"}]`, true},
		{"json", `[{"title": "A…"}]`, `[{"title":"The race"}]`, false},
		{"json", `[]`, `[1]`, false},
		{"json", `{"n": null}`, `{"n":0}`, false},
		{"json", `{"at": "2026-04-01T09:00:00Z"}`, `{"at":"2031-01-01T00:00:00.5Z"}`, true},
		{"json", `{"at": "2026-04-01T09:00:00Z"}`, `{"at":"soon"}`, false},
		{"json", `{}`, `no JSON`, false},
	} {
		if err := checkOutput(test.language, test.shown, test.output); (err == nil) != test.same {
			t.Errorf("%s %q for %q: got %v, want the same: %v", test.language, test.output, test.shown, err, test.same)
		}
	}
}

func TestShellsNoticeWhatHappens(t *testing.T) {
	s := openStage(t, t.TempDir())
	// in one write, as the program does
	const server = "printf 'Mini Compete 1 is running.\\n  Data     x.db\\nhttp://localhost:3000\\n'\n"
	for _, step := range []struct {
		commands, want string
		fails          bool
	}{
		{"word=kept\nfield() { echo \"$1\"; }\n", "", false},
		{"field $word\n", "kept\n", false},
		{"echo before\nfalse\necho after\n", "before\n", true},
	} {
		output, err := s.run(step.commands)
		if output != step.want || (err != nil) != step.fails {
			t.Errorf("%q: got %q, %v", step.commands, output, err)
		}
	}
	s = openStage(t, t.TempDir())
	output, err := s.run("word=lost\n" + server + "sleep 600\n")
	if err != nil || !strings.HasSuffix(output, "http://localhost:3000\n") || len(s.servers) != 1 {
		t.Fatalf("a server: got %q, %v", output, err)
	}
	if output, err := s.run("echo \"$word\" $WEB_ADDR localhost:3000\n"); err != nil ||
		output != " 127.0.0.1:3000 localhost:3000\n" {
		t.Errorf("in another shell: got %q, %v", output, err)
	}
	if s.ports["3000"] == "3000" {
		t.Error("the document's own port is used")
	}
	s.stopNewestServer()
	if len(s.servers) != 0 {
		t.Error("the server wasn't stopped")
	}
}
