package delivery

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// A stage is the environment for one document's commands: shells in a fresh clone, and the services that the document
// assumes. Its ports may be in use on this machine, and its databases may belong to somebody: so each local address is
// mapped to a free port, and each PostgreSQL or Redis to a fresh one for tests. Commands are otherwise unchanged, and
// in their output the document's addresses are restored.
type stage struct {
	t       *testing.T
	dir     string
	ports   map[string]string // by the document's port
	urls    map[string]string // of databases, by the document's URL
	shell   *shell
	servers []*shell
	blocks  int
}

// openStage prepares the environment for a document; everything it starts is ended after the test.
func openStage(t *testing.T, dir string) *stage {
	t.Helper()
	s := &stage{t: t, dir: dir, ports: map[string]string{}, urls: map[string]string{}}
	for _, left := range []string{"data", ".env"} { // left by another document
		if err := os.RemoveAll(filepath.Join(dir, left)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, server := range slices.Backward(s.servers) {
			server.end(syscall.SIGTERM)
		}
		if s.shell != nil {
			s.shell.end(syscall.SIGTERM)
		}
	})
	return s
}

var (
	localPort   = regexp.MustCompile(`((?:localhost|127\.0\.0\.1|_ADDR=):)(\d{4,5})\b`)
	postgresURL = regexp.MustCompile(`\bpostgres://[^\s"'<>]*@localhost(?::\d+)?/[^\s"'<>]*`)
	redisURL    = regexp.MustCompile(`\bredis://[^\s"'<>]*localhost(?::\d+)?(?:/\d+)?`)
)

// real replaces the document's addresses by their actual ones.
func (s *stage) real(text string) string {
	fresh := func(open func(testing.TB) string) func(string) string {
		return func(shown string) string {
			if s.urls[shown] == "" {
				s.urls[shown] = open(s.t)
			}
			return s.urls[shown]
		}
	}
	text = localPort.ReplaceAllStringFunc(text, func(address string) string {
		part := localPort.FindStringSubmatch(address)
		return part[1] + s.port(part[2])
	})
	text = postgresURL.ReplaceAllStringFunc(text, fresh(emptyPostgres))
	return redisURL.ReplaceAllStringFunc(text, fresh(testservices.Redis))
}

// shown undoes real in a command's output.
func (s *stage) shown(text string) string {
	for shown, url := range s.urls {
		text = strings.ReplaceAll(text, url, shown)
	}
	for shown, port := range s.ports {
		text = strings.ReplaceAll(text, ":"+port, ":"+shown)
	}
	return text
}

func (s *stage) port(shown string) string {
	if s.ports[shown] == "" {
		s.ports[shown] = freePort(s.t)
	}
	return s.ports[shown]
}

// environment returns the machine's own, without the program's settings, and with mapped addresses.
func (s *stage) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.Contains(config.Names(), name) || strings.HasPrefix(name, "MINICOMPETE_") ||
			strings.HasPrefix(name, "MAKE")
	})
	return append(env, "WEB_ADDR=127.0.0.1:"+s.port("3000"), "API_ADDR=127.0.0.1:"+s.port("3001"), "BCRYPT_COST=4")
}

// run types a block of commands and waits until they have ended, or a server runs. It fails if one of them did.
func (s *stage) run(code string) (output string, err error) {
	if s.shell == nil {
		if s.shell, err = openShell(s.dir, s.environment()); err != nil {
			return "", err
		}
	}
	s.blocks++
	file := filepath.Join(s.t.TempDir(), strconv.Itoa(s.blocks)+".sh")
	if err := os.WriteFile(file, []byte(s.real(code)), 0o600); err != nil {
		return "", err
	}
	output, serves, err := s.shell.run(file)
	if serves {
		s.servers = append(s.servers, s.shell)
		s.shell = nil
	}
	return s.shown(output), err
}

// stopNewestServer presses Ctrl-C in the terminal of the newest server.
func (s *stage) stopNewestServer() {
	if len(s.servers) == 0 {
		s.t.Fatal("the document stops a server, and none runs")
	}
	last := len(s.servers) - 1
	s.servers[last].end(syscall.SIGINT)
	s.servers = s.servers[:last]
}

// A shell is a terminal with a POSIX shell.
type shell struct {
	command *exec.Cmd
	keys    io.WriteCloser
	screen  screen
	ended   chan struct{} // closed when it and all its children have ended
	outcome error
}

// openShell opens a shell that exits at the first failing command.
func openShell(dir string, env []string) (*shell, error) {
	s := &shell{command: exec.Command("sh", "-e"), ended: make(chan struct{})} // ended by end
	s.command.Dir, s.command.Env = dir, env
	s.command.Stdout, s.command.Stderr = &s.screen, &s.screen
	s.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if s.keys, err = s.command.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		s.outcome = s.command.Wait()
		close(s.ended)
	}()
	return s, nil
}

// prompt is printed after the commands of a block.
const prompt = "\nminicompete-documents-prompt\n"

// serving is what the program prints once it serves; the line about its data is the last but for the demo logins.
var serving = regexp.MustCompile(`(?m)^Mini Compete .* is running\.$[\s\S]*^  Data .*\n`)

// run types the commands of a file, and waits until they have ended or one of them serves.
func (s *shell) run(file string) (output string, serves bool, err error) {
	before := len(s.screen.text())
	if _, err := fmt.Fprintf(s.keys, ". '%s' </dev/null\nprintf '\\n%s\\n'\n", file,
		strings.TrimSpace(prompt)); err != nil {
		return "", false, fmt.Errorf("the shell has ended: %w", err)
	}
	for deadline := time.After(10 * patience); ; {
		changed := s.screen.next()
		output = s.screen.text()[before:]
		if output, ended := strings.CutSuffix(output, prompt); ended {
			return output, false, nil
		}
		if serving.MatchString(output) {
			return output, true, nil
		}
		select {
		case <-changed:
		case <-s.ended:
			return s.screen.text()[before:], false, fmt.Errorf("a command failed: %w", s.outcome)
		case <-deadline:
			return output, false, errors.New("the commands don't come to an end")
		}
	}
}

// end signals the shell and all its children, and waits for them.
func (s *shell) end(signal syscall.Signal) {
	_ = s.keys.Close() // it may have ended
	_ = syscall.Kill(-s.command.Process.Pid, signal)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = syscall.Kill(-s.command.Process.Pid, syscall.SIGKILL)
		<-s.ended
	}
}

// A screen collects the output of commands, and notifies waiting readers of changes.
type screen struct {
	mu      sync.Mutex
	buffer  bytes.Buffer
	changed chan struct{}
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
	return s.buffer.Write(p)
}

// next returns a channel that is closed at the next change.
func (s *screen) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buffer.String()
}

// freePort returns an unused port.
func freePort(t *testing.T) string {
	t.Helper()
	socket, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	_, port, err := net.SplitHostPort(socket.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func emptyPostgres(t testing.TB) string {
	return testservices.EmptyDatabaseURL(t, testservices.KindPostgres)
}
