package testservices

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Replication is a PostgreSQL of the test's own with a hot standby that follows it by streaming replication.
type Replication struct {
	t       testing.TB
	dir     string
	owner   *syscall.SysProcAttr // PostgreSQL refuses to run as root
	Primary *PostgresServer
	Standby *PostgresServer
}

// PostgresServer is a server that a test can kill and start again.
type PostgresServer struct {
	r    *Replication
	name string
	port int

	command *exec.Cmd
	ended   chan struct{} // closed when command has ended
}

// replicationRole is who owns the databases: nobody with special rights, as in production.
const replicationRole = "minicompete"

// Replicate starts both servers, which end with the test. Nothing that they write waits for the disk.
func Replicate(t testing.TB) *Replication {
	t.Helper()
	dir, err := os.MkdirTemp("", "minicompete-replication")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the files of PostgreSQL: %v", err)
		}
	})
	r := &Replication{t: t, dir: dir}
	r.lendDirectory()
	r.Primary, r.Standby = &PostgresServer{r: r, name: "primary"}, &PostgresServer{r: r, name: "standby"}
	r.run("initdb", "-D", r.Primary.dir(), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
		"--no-locale", "--no-sync")
	r.Primary.Start()
	r.Primary.Exec("CREATE ROLE " + replicationRole + " LOGIN")
	r.run("pg_basebackup", "-D", r.Standby.dir(), "-h", "127.0.0.1", "-p", strconv.Itoa(r.Primary.port),
		"-U", "postgres", "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync")
	r.Standby.Start()
	return r
}

// lendDirectory has root's servers run as a user with fewer rights.
func (r *Replication) lendDirectory() {
	r.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	owner, err := user.Lookup("postgres")
	if err != nil {
		owner, err = user.Lookup("nobody")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	uid, err := strconv.ParseUint(owner.Uid, 10, 32)
	if err != nil {
		r.t.Fatal(err)
	}
	gid, err := strconv.ParseUint(owner.Gid, 10, 32)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.Chown(r.dir, int(uid), int(gid)); err != nil { //nolint:gosec // both have 32 bits
		r.t.Fatal(err)
	}
	r.owner = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// program finds one of PostgreSQL's programs, of which Debian keeps the server's off the PATH.
func (r *Replication) program(name string) string {
	r.t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	script := filepath.Join(repositoryRoot(r.t), "scripts", "postgres-bindir")
	if bindir, err := exec.CommandContext(r.t.Context(), script).Output(); err == nil {
		if path := filepath.Join(strings.TrimSpace(string(bindir)), name); executable(path) {
			return path
		}
	}
	r.t.Fatalf("this test needs PostgreSQL's own %s: install postgresql", name)
	return ""
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o111 != 0
}

func repositoryRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !executable(filepath.Join(dir, "scripts", "postgres-bindir")) {
		if dir == filepath.Dir(dir) {
			t.Fatal("this test isn't run in the repository")
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

func (r *Replication) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	r.t.Helper()
	command := exec.CommandContext(ctx, r.program(name), args...)
	command.Dir, command.SysProcAttr = r.dir, r.owner
	return command
}

func (r *Replication) run(name string, args ...string) {
	r.t.Helper()
	if out, err := r.command(r.t.Context(), name, args...).CombinedOutput(); err != nil {
		r.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// Database makes an empty database, on the primary and so on the standby, and returns the URLs there. It has no schema
// yet.
func (r *Replication) Database() (primaryURL, standbyURL string) {
	r.t.Helper()
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	r.Primary.Exec("CREATE DATABASE " + name + " OWNER " + replicationRole)
	return r.Primary.url(replicationRole, name), r.Standby.url(replicationRole, name)
}

// Pause has the standby go on to receive the log and replay none of it, until Resume.
func (r *Replication) Pause() {
	r.t.Helper()
	r.Standby.Exec("SELECT pg_wal_replay_pause()")
	const paused = "SELECT CASE pg_get_wal_replay_pause_state() WHEN 'paused' THEN 1 ELSE 0 END"
	for r.Standby.Number("postgres", paused) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

// Resume ends Pause.
func (r *Replication) Resume() {
	r.t.Helper()
	r.Standby.Exec("SELECT pg_wal_replay_resume()")
}

func (s *PostgresServer) dir() string { return filepath.Join(s.r.dir, s.name) }

func (s *PostgresServer) url(role, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User(role), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Start starts the server, on the same port as before, and returns when it answers.
func (s *PostgresServer) Start() {
	s.r.t.Helper()
	if s.port == 0 {
		s.port = freePort()
	}
	for !s.start() { // processes of a run that was killed may be about to end
		time.Sleep(20 * time.Millisecond)
	}
}

// start reports false when the server that was killed isn't gone as a whole.
func (s *PostgresServer) start() bool {
	t := s.r.t
	t.Helper()
	var log bytes.Buffer
	command, ended := s.r.command(context.Background(), "postgres", "-D", s.dir(), "-p", strconv.Itoa(s.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+s.r.dir, "-c", "fsync=off",
		"-c", "max_connections=100", "-c", "wal_keep_size=256MB", "-c", "wal_retrieve_retry_interval=100ms"), make(chan struct{})
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatalf("start the %s: %v", s.name, err)
	}
	s.command, s.ended = command, ended
	go func() {
		defer close(ended)
		_ = command.Wait() // it's told to end
	}()
	t.Cleanup(func() { stop(command, ended, syscall.SIGQUIT) })
	for !s.answers() {
		select {
		case <-ended:
			if strings.Contains(log.String(), "is still in use") {
				return false
			}
			t.Fatalf("the %s doesn't start:\n%s", s.name, log.String())
		case <-t.Context().Done():
			t.Fatalf("the %s doesn't answer", s.name)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return true
}

func (s *PostgresServer) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	conn, err := connect(ctx, s.url("postgres", "postgres"))
	return err == nil && conn.Close(ctx) == nil
}

// Kill ends the server at once.
func (s *PostgresServer) Kill() {
	s.r.t.Helper()
	stop(s.command, s.ended, syscall.SIGKILL)
}

func stop(command *exec.Cmd, ended <-chan struct{}, how syscall.Signal) {
	_ = command.Process.Signal(how) // it may have ended
	<-ended
}

// freePort is below the range from which Linux takes the ports of outgoing connections.
func freePort() int {
	for {
		port := 20_000 + rand.IntN(12_000) //nolint:gosec // guards nothing
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = listener.Close()
			return port
		}
	}
}

// Exec runs a statement as the superuser.
func (s *PostgresServer) Exec(statement string) {
	s.r.t.Helper()
	s.on("postgres", func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, statement)
		return err
	}, statement)
}

// Number reads a number from a database as the superuser.
func (s *PostgresServer) Number(database, query string) (n int64) {
	s.r.t.Helper()
	s.on(database, func(ctx context.Context, c *pgx.Conn) error { return c.QueryRow(ctx, query).Scan(&n) }, query)
	return n
}

func (s *PostgresServer) on(database string, f func(context.Context, *pgx.Conn) error, what string) {
	s.r.t.Helper()
	ctx := context.Background()
	c, err := connect(ctx, s.url("postgres", database))
	if err != nil {
		s.r.t.Fatalf("the %s doesn't answer: %v", s.name, err)
	}
	defer c.Close(ctx)
	if err := f(ctx, c); err != nil {
		s.r.t.Fatal(fmt.Errorf("%s on the %s: %w", what, s.name, err))
	}
}
