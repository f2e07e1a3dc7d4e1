package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
)

// asProgram makes the test binary run as minicompete, so that tests can kill the real program.
const asProgram = "MINICOMPETE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// command prepares a run of the program with its own environment.
func command(t *testing.T, environment map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		asProgram + "=1", "PATH=" + os.Getenv("PATH"), "GORACE=" + os.Getenv("GORACE"), "BCRYPT_COST=4",
		"QUEUE_TIMEOUT=30s", "JWT_SECRET=" + apptest.Secret,
	}
	for name, value := range environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// result is the result of a run of the program.
type result struct {
	code        int
	out, errOut string
}

// runToEnd runs a command to completion, in this process.
func runToEnd(t *testing.T, environment map[string]string, input string, args ...string) (r result) {
	t.Helper()
	t.Run(strings.Join(args, " "), func(t *testing.T) {
		t.Chdir(t.TempDir())
		t.Setenv("BCRYPT_COST", "4")
		t.Setenv("JWT_SECRET", apptest.Secret)
		for name, value := range environment {
			t.Setenv(name, value)
		}
		typed := filepath.Join(t.TempDir(), "input")
		if err := os.WriteFile(typed, []byte(input), 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(typed)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		var out, errOut bytes.Buffer
		r.code = run(t.Context(), args, streams{in, &out, &errOut})
		r.out, r.errOut = out.String(), errOut.String()
	})
	return r
}

// process is a running server.
type process struct {
	cmd         *exec.Cmd
	webURL, api string
	announced   string // its output
	ended       chan struct{}
}

// serve starts the server on free ports and waits until it responds. It is killed at the end of the test.
func serve(t *testing.T, environment map[string]string, args ...string) *process {
	t.Helper()
	cmd := command(t, environment,
		append([]string{"serve", "--web-addr=127.0.0.1:0", "--api-addr=127.0.0.1:0"}, args...)...)
	stderr := &raceWatch{to: t.Output()}
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	t.Cleanup(func() {
		p.kill()
		if stderr.seen {
			t.Error("the race detector found something in the program")
		}
	})
	lines := bufio.NewScanner(out)
	for !strings.Contains(p.announced, "  Data ") && lines.Scan() {
		p.announced += lines.Text() + "\n"
		if _, url, found := strings.Cut(lines.Text(), "  Pages    "); found {
			p.webURL = url
		}
		if _, url, found := strings.Cut(lines.Text(), "  API      "); found {
			p.api = url
		}
	}
	go func() {
		defer close(p.ended)
		_, _ = io.Copy(io.Discard, out) // to the end, before Wait closes it
		_ = cmd.Wait()                  // ProcessState has the result
	}()
	if p.api == "" {
		t.Fatalf("the server did not start; it printed: %s", p.announced)
	}
	return p
}

// raceWatch forwards a process's standard error, and detects a report of the race detector: a killed process's exit
// code doesn't show it.
type raceWatch struct {
	to   io.Writer
	line []byte // the last line, possibly incomplete
	seen bool   // read after the process has ended
}

func (w *raceWatch) Write(p []byte) (int, error) {
	w.line = append(w.line, p...)
	w.seen = w.seen || bytes.Contains(w.line, []byte("WARNING: DATA RACE"))
	w.line = w.line[bytes.LastIndexByte(w.line, '\n')+1:]
	return w.to.Write(p)
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.ended
}

// killWhile kills the process while a table has rows that meet a condition, and reports whether it had any. Nobody
// writes to the table meanwhile, so it's still so at the kill.
func (p *process) killWhile(t *testing.T, db *sql.DB, databaseURL, table, condition string) bool {
	t.Helper()
	statement := `SELECT count(*) FROM ` + table + ` WHERE ` + condition
	if n, err := ask(db, statement); n == 0 || err != nil {
		return false
	}
	tx, err := db.BeginTx(t.Context(), nil) // on SQLite, the only one that may write
	if err != nil {
		return false
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to undo
	if strings.HasPrefix(databaseURL, "postgres:") {
		if _, err := tx.ExecContext(t.Context(), `LOCK TABLE `+table+` IN SHARE MODE`); err != nil {
			t.Error(err)
		}
	}
	var n int
	if err := tx.QueryRowContext(t.Context(), statement).Scan(&n); err != nil {
		t.Error(err)
	}
	if n > 0 {
		p.kill()
	}
	return n > 0
}

// terminate asks the process to stop, and returns its exit code.
func (p *process) terminate(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(apptest.Patience):
		t.Fatal("it does not stop")
	}
	return p.cmd.ProcessState.ExitCode()
}

// call sends a request with JSON and decodes the response into what into points at, unless that is nil.
func (p *process) call(method, path, token string, body, into any) (status int, err error) {
	var encoded bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&encoded).Encode(body); err != nil {
			return 0, err
		}
	}
	response, err := p.send(method, path, token, "", &encoded, into)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, nil
}

// send sends a request, with an idempotency key unless that is empty, and reads the response's body.
func (p *process) send(method, path, token, key string, body io.Reader, into any) (*http.Response, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, p.api+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into)
	}
	return response, err
}

// mustCall is call, and fails the test if the status isn't 2xx.
func (p *process) mustCall(t *testing.T, method, path, token string, body, into any) {
	t.Helper()
	status, err := p.call(method, path, token, body, into)
	if err != nil || status/100 != 2 {
		t.Fatalf("%s %s: %d, %v", method, path, status, err)
	}
}

// registration is the API's answer to a registration.
type registration struct {
	ID  string
	Seq int
}

// answer is a registration, possibly replayed.
type answer struct {
	registration
	replayed bool
}

// press registers one of the users, with that user's own key.
func (p *process) press(competition, user, token string) (told answer, err error) {
	response, err := p.send(http.MethodPost, "/competitions/"+competition+"/register", token, "press-"+user, nil,
		&told.registration)
	if err != nil {
		return told, err
	}
	switch response.StatusCode {
	case http.StatusCreated:
	case http.StatusServiceUnavailable:
		return told, errTurnedAway
	default:
		return told, fmt.Errorf("%w: got %d", errNotTaken, response.StatusCode)
	}
	told.replayed = response.Header.Get("Idempotency-Replayed") == "true"
	return told, nil
}

var (
	errNotTaken   = errors.New("the press was not taken")
	errTurnedAway = errors.New("the press is to come again")
)

// rush registers each of the tokens, several at a time, and reports the number of answers after each. It returns the
// answers.
func (p *process) rush(
	t *testing.T, competition string, tokens map[string]string, pressed func(n int),
) (told map[string]answer) {
	t.Helper()
	told = map[string]answer{}
	var mu sync.Mutex
	eachAtOnce(32, tokens, func(user string) {
		answered, err := p.press(competition, user, tokens[user])
		if errors.Is(err, errNotTaken) || errors.Is(err, errTurnedAway) {
			t.Error(err)
		}
		if err != nil {
			return // the process was killed
		}
		mu.Lock()
		defer mu.Unlock()
		told[user] = answered
		pressed(len(told))
	})
	return told
}

// eachAtOnce calls f for each of the users, n at a time, and waits for all.
func eachAtOnce(n int, tokens map[string]string, f func(user string)) {
	users := make(chan string)
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() {
			for user := range users {
				f(user)
			}
		})
	}
	for user := range tokens {
		users <- user
	}
	close(users)
	calls.Wait()
}
