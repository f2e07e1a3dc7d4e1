package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/minicompete/minicompete/internal/store"
)

// jwtSecret is the secret of the programs started by the bench, so that it can create their users' tokens itself.
const jwtSecret = "the bench makes its own tokens with this secret"

// healthTimeout bounds how long a started program may take to become healthy.
const healthTimeout = 30 * time.Second

// server is a program started by the bench.
type server struct {
	address string
	web     string // address of the product's pages
	metrics string // address of the product's metrics, if it was started with them
	cmd     *exec.Cmd
	started time.Duration // from start to healthy
}

// startProduct starts the real binary on the database, with additional settings, and waits until it is healthy.
func startProduct(ctx context.Context, binary, database string, settings ...string) (*server, error) {
	web, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s, err := start(ctx, "/api/health", func(address string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, binary, "serve")
		cmd.Env = append(os.Environ(), "DATABASE_URL="+database, "REDIS_URL=", "API_ADDR="+address, "WEB_ADDR="+web,
			"TRUSTED_PROXIES=127.0.0.1", "JWT_SECRET="+jwtSecret, "LOG_LEVEL=warn")
		cmd.Env = append(cmd.Env, settings...)
		return cmd
	})
	if s != nil {
		s.web = web
	}
	return s, err
}

// startBaseline starts this program as one of the baselines.
func startBaseline(ctx context.Context, baseline, database string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, "/", func(address string) *exec.Cmd {
		return exec.CommandContext(ctx, self, "-serve", baseline+"@"+address, "-database", database)
	})
}

func start(ctx context.Context, health string, command func(address string) *exec.Cmd) (*server, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	cmd := command(address)
	cmd.Stderr = os.Stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{address: address, cmd: cmd}
	for time.Since(begin) < healthTimeout && ctx.Err() == nil {
		if healthy(ctx, "http://"+address+health) {
			s.started = time.Since(begin)
			return s, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil, fmt.Errorf("%s did not become healthy: %w", cmd.Path, s.stop())
}

func healthy(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// stop ends the program as an operator would, and waits until it has ended.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// memory reads the current resident memory, and its peak since resetPeak, in MB.
func (s *server) memory() (now, peak float64, err error) {
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status"))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch kilobytes, _ := strconv.ParseFloat(fields[1], 64); fields[0] {
		case "VmRSS:":
			now = kilobytes / 1024
		case "VmHWM:":
			peak = kilobytes / 1024
		}
	}
	return now, peak, nil
}

// clockTicks is the number of ticks per second in proc(5)'s stat. Linux has used 100 on every platform since 2.6.
const clockTicks = 100

// cpu reads how much processor time the program has used so far.
func (s *server) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "stat"))
	if err != nil {
		return 0, err
	}
	// starting with the third: the second is the name
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / clockTicks, err
}

// resetPeak resets the peak to the current memory (proc(5), clear_refs).
func (s *server) resetPeak() error {
	return os.WriteFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "clear_refs"), []byte("5"), 0)
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// newDatabase creates an empty, migrated database of the kind. drop removes it.
func newDatabase(ctx context.Context, o options, kind string) (url string, drop func(), err error) {
	if kind == "sqlite" {
		dir, err := os.MkdirTemp("", "minicompete-bench-")
		if err != nil {
			return "", nil, err
		}
		url, drop = "sqlite://"+filepath.Join(dir, "bench.db"), func() { _ = os.RemoveAll(dir) }
	} else if url, drop, err = newPostgres(ctx, o.postgres); err != nil {
		return "", nil, err
	}
	db, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		return "", nil, err
	}
	defer db.Close()
	return url, drop, db.Migrate(ctx)
}

// openFresh opens an empty, migrated database of the kind. done closes and removes it.
func openFresh(ctx context.Context, o options, kind string) (url string, db *store.Store, done func(), err error) {
	url, drop, err := newDatabase(ctx, o, kind)
	if err != nil {
		return "", nil, nil, err
	}
	db, err = store.Open(ctx, store.Config{URL: url})
	if err != nil {
		drop()
		return "", nil, nil, err
	}
	return url, db, func() { _ = db.Close(); drop() }, nil
}
