package delivery

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/check"
)

// root is the repository's path relative to this package.
const root = "../.."

// patience is how long the program may take to start or stop on a busy machine.
const patience = apptest.Patience

var buildDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if buildDir, err = os.MkdirTemp("", "minicompete-delivery-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(buildDir)
		return m.Run()
	}())
}

// build builds the binary once for all tests, in the documented way.
var build = sync.OnceValues(func() (string, error) {
	binary, err := filepath.Abs(filepath.Join(buildDir, "minicompete"))
	if err != nil {
		return "", err
	}
	command := exec.Command(filepath.Join(root, "scripts", "build"), binary) // go test's own time limit ends it
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("scripts/build: %w\n%s", err, output)
	}
	return binary, nil
})

func binary(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// settings returns the environment of a program with a fresh SQLite file, free ports and cheap password hashes.
// Additional settings take precedence.
func settings(t testing.TB, more ...string) []string {
	t.Helper()
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "minicompete.db"),
		"WEB_ADDR=127.0.0.1:0", "API_ADDR=127.0.0.1:0", "BCRYPT_COST=4", "LOG_LEVEL=warn",
	}, more...)
}

// run runs a command of the program to completion.
func run(t testing.TB, env []string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary(t), args...)
	command.Env = env
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("minicompete %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return string(output)
}

// addAdmin creates the admin used by the collection and the examples: the one in the demo data.
func addAdmin(t testing.TB, env []string) {
	t.Helper()
	run(t, append(env, "MINICOMPETE_PASSWORD=password123"), "user", "create", "admin@minicompete.com", "--role",
		"ADMIN")
}

// A server is a running program.
type server struct {
	webURL, apiURL, metricsURL string       // without a trailing slash; empty if it doesn't listen
	log                        check.Buffer // written by the process

	process *os.Process
	ended   chan struct{}
	outcome error // the process's error, once it has ended
}

// serve starts the program, waits for it to announce its addresses, and stops it after the test.
func serve(t testing.TB, env []string, args ...string) *server {
	t.Helper()
	command := exec.Command(binary(t), append([]string{"serve"}, args...)...) // stopped below, gracefully
	command.Env = env
	return follow(t, command)
}

// follow starts a command that runs a server.
func follow(t testing.TB, command *exec.Cmd) *server {
	t.Helper()
	s := &server{}
	command.Stderr = &s.log
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatalf("start the program: %v", err)
	}
	s.process, s.ended = command.Process, make(chan struct{})
	ready := make(chan struct{})
	go func() {
		s.read(output, ready)
		s.outcome = command.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() { s.stop(t) })
	select {
	case <-ready:
	case <-s.ended:
		t.Fatalf("the program ended at once: %v\n%s", s.outcome, s.log.String())
	case <-time.After(patience):
		t.Fatalf("the program doesn't say that it is ready\n%s", s.log.String())
	}
	return s
}

// read reads the addresses from the program's output; the line about its data is the last before the demo logins.
func (s *server) read(output io.Reader, ready chan<- struct{}) {
	for lines := bufio.NewScanner(output); lines.Scan(); {
		name, address, _ := strings.Cut(strings.TrimSpace(lines.Text()), "  ")
		address = strings.TrimSpace(address)
		switch name {
		case "Pages":
			s.webURL = address
		case "API":
			s.apiURL = strings.TrimSuffix(address, "/api")
		case "Metrics":
			s.metricsURL = strings.TrimSuffix(address, "/metrics")
		case "Data":
			close(ready)
		}
	}
}

// stop stops the program as a supervisor does, and waits for it to end. It can be called again.
func (s *server) stop(t testing.TB) {
	t.Helper()
	select {
	case <-s.ended:
		return
	default:
	}
	_ = s.process.Signal(syscall.SIGTERM) // it may just have ended
	select {
	case <-s.ended:
		if s.outcome != nil {
			t.Errorf("the program did not stop cleanly: %v\n%s", s.outcome, s.log.String())
		}
	case <-time.After(patience):
		_ = s.process.Kill()
		t.Errorf("the program did not stop within %v\n%s", patience, s.log.String())
	}
}

// installNodeTools installs once what tools/package.json names, beside the tests that need none of it.
var installNodeTools = sync.OnceValue(func() error {
	output, err := exec.Command(filepath.Join(root, "scripts", "install-node-tools")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("scripts/install-node-tools: %w\n%s", err, output)
	}
	return nil
})

// nodeTool returns the path of a program from npm.
func nodeTool(t testing.TB, name string) string {
	t.Helper()
	if err := installNodeTools(); err != nil {
		t.Fatal(err)
	}
	path, err := filepath.Abs(filepath.Join(root, "tools", "node_modules", ".bin", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// inRoot returns a command that runs in the repository.
func inRoot(ctx context.Context, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = root
	return command
}
