package testservices

import (
	"context"
	"errors"
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

// Cluster is a test's own PostgreSQL server, which can be killed and restarted. Create it with StartCluster.
type Cluster struct {
	t         testing.TB
	bindir    string
	dir, port string
	owner     *syscall.Credential // nil means the user running the test
	process   *exec.Cmd
	ended     chan struct{} // closed when the process ends
}

// StartCluster starts a server, which runs until the test ends. It returns nil if this machine has no PostgreSQL
// because the tests' own servers run in containers.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	bindir, err := exec.CommandContext(t.Context(), filepath.Join(repository(t), "scripts", "postgres-bindir")).Output()
	if err != nil {
		return nil
	}
	c := &Cluster{t: t, bindir: strings.TrimSpace(string(bindir)), port: SteadyPort(t)}
	if c.dir, err = os.MkdirTemp("", "minicompete-cluster-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(c.dir) })
	c.chooseOwner()
	initdb := c.command("initdb", "-D", filepath.Join(c.dir, "data"), "-U", "minicompete", "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--no-sync")
	if output, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, output)
	}
	t.Cleanup(c.Kill)
	c.Start()
	return c
}

// repository returns the directory that contains go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("the test doesn't run in the repository")
	return ""
}

// chooseOwner gives the directory to a user other than root, because PostgreSQL refuses to run as root.
func (c *Cluster) chooseOwner() {
	c.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		c.t.Fatal(err)
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr, os.Chown(c.dir, int(uid), int(gid))); err != nil {
		c.t.Fatal(err)
	}
	c.owner = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	program := filepath.Join(c.bindir, name)
	if _, err := os.Stat(program); err != nil {
		program = name // a client's program may only be on the PATH
	}
	command := exec.CommandContext(context.Background(), program, args...)
	command.Dir = c.dir
	command.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	return command
}

// Start starts the server and waits until it answers. The processes of a killed server may hold its memory for a
// moment; in that case it tries again.
func (c *Cluster) Start() {
	c.t.Helper()
	for deadline := time.Now().Add(2 * answerTimeout); ; time.Sleep(50 * time.Millisecond) {
		if err := c.start(); err == nil {
			return
		} else if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
			c.t.Fatalf("the server doesn't start: %v\n%s", err, log)
		}
	}
}

func (c *Cluster) start() error {
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	// Nothing waits for the disk, because a killed process loses nothing that it has written.
	process := c.command("postgres", "-D", filepath.Join(c.dir, "data"), "-p", c.port, "-c",
		"listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "fsync=off")
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = process.Wait() // fails if the process was killed
	}()
	c.process, c.ended = process, ended
	for {
		conn, err := connect(context.Background(), c.url("postgres"))
		if err == nil {
			return conn.Close(context.Background())
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill kills the server, if it is running, without a chance to clean up.
func (c *Cluster) Kill() {
	if c.process == nil {
		return
	}
	_ = c.process.Process.Kill() // it may have ended
	<-c.ended
}

func (c *Cluster) url(database string) string {
	server := url.URL{
		Scheme: "postgres", User: url.User("minicompete"), Host: "127.0.0.1:" + c.port, Path: "/" + database,
		RawQuery: "sslmode=disable",
	}
	return server.String()
}

// Database creates a database with the program's schema and returns its URL.
func (c *Cluster) Database() string {
	c.t.Helper()
	server := c.url("postgres")
	template, err := postgresSchema(server)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		c.t.Fatal(err)
	}
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name+" STRATEGY FILE_COPY TEMPLATE "+template)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		c.t.Fatal(err)
	}
	return c.url(name)
}

// SteadyPort returns a free port below those assigned to outgoing connections, which could take the port while its
// server restarts.
func SteadyPort(t testing.TB) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(12_000))
		socket, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = socket.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}
