package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/server"
)

// log is the server's output, one JSON object per line.
type log struct{ check.Buffer }

func (l *log) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.SplitSeq(strings.TrimSpace(l.String()), "\n") {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		lines = append(lines, fields)
	}
	return lines
}

func start(t *testing.T, handler http.Handler, change func(*server.Config)) (*server.Server, string, *log) {
	t.Helper()
	written := &log{}
	var ids atomic.Int64
	c := server.Config{
		Endpoints: []server.Endpoint{{Name: "api", Addr: "127.0.0.1:0", Handler: handler}},
		NewID:     func() string { return fmt.Sprintf("made-%d", ids.Add(1)) },
		Logger:    slog.New(server.LogRequestIDs(slog.NewJSONHandler(written, nil))),
		Drain:     time.Millisecond,
	}
	if change != nil {
		change(&c)
	}
	s := server.New(c)
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, "http://" + s.Addr("api"), written
}

func get(t *testing.T, url string, header map[string]string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestRequestIDs(t *testing.T) {
	_, url, _ := start(t, http.NotFoundHandler(), nil)
	for sent, want := range map[string]string{
		"": "made-", "abc_1.2-3": "abc_1.2-3", strings.Repeat("x", 128): "xxx", strings.Repeat("x", 129): "made-",
		"with space": "made-", "<script>": "made-", "é": "made-",
	} {
		response, _ := get(t, url, map[string]string{"X-Request-Id": sent})
		if got := response.Header.Get("X-Request-Id"); !strings.HasPrefix(got, want) {
			t.Errorf("sent %q: got %q", sent, got)
		}
	}
}

func TestOneLineARequest(t *testing.T) {
	s, url, written := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short")
	}), nil)
	get(t, url+"/a/b?token=hunter2", map[string]string{"Authorization": "Bearer hunter2", "X-Request-Id": "the-id"})
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	lines := written.lines(t)
	if len(lines) != 1 {
		t.Fatalf("got %d lines: %v", len(lines), lines)
	}
	for name, want := range map[string]any{
		"msg": "request", "method": "GET", "path": "/a/b", "status": 418.0, "bytes": 5.0, "request_id": "the-id",
		"at": "api",
	} {
		if got := lines[0][name]; got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if strings.Contains(written.String(), "hunter2") {
		t.Errorf("a secret is logged: %s", written.String())
	}
}

func TestPanics(t *testing.T) {
	broken := func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/twice") {
			panic("the error page's own reason")
		}
		http.Error(w, "broken", http.StatusInternalServerError)
	}
	s, url, written := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip") // for a response that is never sent
		w.Header().Set("Content-Disposition", "attachment")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if strings.HasSuffix(r.URL.Path, "/half") {
			_, _ = io.WriteString(w, "half an")
			_ = http.NewResponseController(w).Flush()
		}
		panic("the reason")
	}), func(c *server.Config) {
		pages := c.Endpoints[0]
		pages.Name, pages.Broken = "pages", http.HandlerFunc(broken)
		c.Endpoints = append(c.Endpoints, pages)
	})
	pages := s.Addr("pages")
	for _, tc := range []struct{ url, mediaType, want string }{
		{url + "/api/x", "application/problem+json", `"code":"internal_error"`},
		{"http://" + pages + "/page", "text/plain; charset=utf-8", "broken"},
		{"http://" + pages + "/twice", "application/problem+json", `"code":"internal_error"`},
	} {
		response, body := get(t, tc.url, map[string]string{"Accept-Encoding": "identity"})
		h := response.Header
		if response.StatusCode != 500 || h.Get("Content-Type") != tc.mediaType || !strings.Contains(body, tc.want) ||
			strings.Contains(body, "reason") {
			t.Errorf("%s: got %d %s %s", tc.url, response.StatusCode, h.Get("Content-Type"), body)
		}
		if h.Get("Content-Encoding") != "" || h.Get("Content-Disposition") != "" ||
			h.Get("Access-Control-Allow-Origin") != "*" || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: the headers are %v", tc.url, h)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/half", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if half, err := io.ReadAll(response.Body); err == nil {
		t.Errorf("half an answer looks whole: %q", half)
	}
	if !strings.Contains(written.String(), "the reason") {
		t.Error("the panic is not logged")
	}
}

func TestClientAddress(t *testing.T) {
	var seen atomic.Value
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			t.Error(err)
		}
		seen.Store(host)
	})
	_, open, _ := start(t, handler, nil)
	_, proxied, _ := start(t, handler, func(c *server.Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	for _, tc := range []struct{ url, forwarded, want string }{
		{open, "203.0.113.9", "127.0.0.1"},
		{proxied, "", "127.0.0.1"},
		{proxied, "203.0.113.9", "203.0.113.9"},
		{proxied, "1.2.3.4, 203.0.113.9, 10.1.1.1", "203.0.113.9"},
		{proxied, "1.2.3.4, nonsense, 10.1.1.1", "10.1.1.1"},
		{proxied, "nonsense", "127.0.0.1"},
		{proxied, "::ffff:203.0.113.9", "203.0.113.9"},
		{proxied, "2001:db8::1", "2001:db8::1"},
		{proxied, "10.0.0.1, 10.0.0.2", "10.0.0.1"},
	} {
		get(t, tc.url, map[string]string{"X-Forwarded-For": tc.forwarded})
		if got := seen.Load(); got != tc.want {
			t.Errorf("X-Forwarded-For %q: got %v, want %s", tc.forwarded, got, tc.want)
		}
	}
}

func TestAnAddressThatIsTaken(t *testing.T) {
	s, url, _ := start(t, http.NotFoundHandler(), nil)
	other := server.New(
		server.Config{Endpoints: []server.Endpoint{
			{Name: "web", Addr: "127.0.0.1:0"},
			{Name: "api", Addr: strings.TrimPrefix(url, "http://")},
		}},
	)
	if err := other.Listen(t.Context()); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), "api") {
		t.Errorf("got %v", err)
	}
	if s.Addr("nobody") != "" {
		t.Error("an unknown endpoint has an address")
	}
}

// counted records an Observer's calls, one line per request.
type counted struct {
	mu    sync.Mutex
	lines []string
}

func (c *counted) Request(listener, method, pattern string, status int, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if took <= 0 {
		c.lines = append(c.lines, "no time passed")
	}
	c.lines = append(c.lines, fmt.Sprintf("%s %s %s %d", listener, method, pattern, status))
}

func (*counted) TurnedAway() {}

func TestRequestsAreCountedByPattern(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /things/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/", http.NotFound)
	told := &counted{}
	_, url, _ := start(t, mux, func(c *server.Config) { c.Observer = told })
	for _, path := range []string{"/things/1", "/things/2", "/nothing", "/livez"} {
		get(t, url+path, nil)
	}
	told.mu.Lock()
	defer told.mu.Unlock()
	want := []string{
		"api GET GET /things/{id} 200", "api GET GET /things/{id} 200", "api GET / 404",
		"api GET /livez 200",
	}
	if !slices.Equal(told.lines, want) {
		t.Errorf("got %q, want %q", told.lines, want)
	}
}

func TestProbes(t *testing.T) {
	var failure atomic.Pointer[error]
	_, url, written := start(t, http.NotFoundHandler(), func(c *server.Config) {
		c.Ready = func(context.Context) error {
			if err := failure.Load(); err != nil {
				return *err
			}
			return nil
		}
	})
	probe := func(path string, status int, says string) {
		t.Helper()
		if response, body := get(t, url+path, nil); response.StatusCode != status || body != says+"\n" {
			t.Errorf("%s: got %d %q, want %d %q", path, response.StatusCode, body, status, says)
		}
	}
	probe("/livez", http.StatusOK, "ok")
	probe("/readyz", http.StatusOK, "ok")
	away := errors.New("the database is away")
	failure.Store(&away)
	probe("/livez", http.StatusOK, "ok")
	probe("/readyz", http.StatusServiceUnavailable, "the database is away")
	failure.Store(nil)
	probe("/readyz", http.StatusOK, "ok")
	if strings.Contains(written.String(), "livez") {
		t.Error("probes fill the log")
	}
}

// Under load, a stopping server answers every request it has accepted: a client gets a response, or finds that nobody
// is listening.
func TestStopUnderLoad(t *testing.T) {
	for name, transport := range map[string]*http.Transport{
		"connections that are kept":  {MaxIdleConnsPerHost: 32},
		"one connection per request": {DisableKeepAlives: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // ignored clients retry after a second
			stopUnderLoad(t, transport)
		})
	}
}

func stopUnderLoad(t *testing.T, transport *http.Transport) {
	s, url, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Millisecond) // work, so that requests are in progress at the stop
		_, _ = io.Copy(w, r.Body)
	}), func(c *server.Config) {
		c.Drain = server.DefaultDrain
		c.Logger = slog.New(slog.DiscardHandler)
	})
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var answered, refused atomic.Int64
	var load sync.WaitGroup
	for range 32 {
		load.Go(func() {
			for refused.Load() == 0 {
				response, err := client.Post(url, "text/plain", strings.NewReader("hello"))
				if errors.Is(err, syscall.ECONNREFUSED) {
					refused.Add(1)
					return
				}
				if err != nil {
					t.Errorf("cut off: %v", err)
					return
				}
				body, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if err != nil || string(body) != "hello" {
					t.Errorf("cut off: %q, %v", body, err)
					return
				}
				answered.Add(1)
			}
		})
	}
	check.Eventually(t, "500 requests are answered", func() bool { return answered.Load() >= 500 })
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	load.Wait()
	if refused.Load() == 0 {
		t.Error("nobody was refused after the stop")
	}
}

func TestStopGivesUp(t *testing.T) {
	release := make(chan struct{})
	taken := make(chan struct{})
	s, url, _ := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(taken)
		<-release
	}), nil)
	s.SetLastAnswers(10 * time.Millisecond)
	done := make(chan error)
	go func() {
		response, err := http.Get(url)
		if err == nil {
			_ = response.Body.Close()
		}
		done <- err
	}()
	<-taken
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := <-done; err == nil {
		t.Error("the connection stayed open")
	}
	close(release)
}

func TestStopTellsThoseWhoStillWaitToComeAgain(t *testing.T) {
	taken := make(chan struct{})
	s, url, _ := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(taken)
		<-r.Context().Done()
		w.WriteHeader(http.StatusServiceUnavailable)
	}), nil)
	s.SetLastAnswers(time.Minute) // enough for a busy machine
	status := make(chan int, 1)
	go func() {
		response, err := http.Get(url)
		if err != nil {
			t.Errorf("the request was cut: %v", err)
			status <- 0
			return
		}
		_ = response.Body.Close()
		status <- response.StatusCode
	}()
	<-taken
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("got %v, want a clean stop", err)
	}
	if got := <-status; got != http.StatusServiceUnavailable {
		t.Errorf("got %d, want %d", got, http.StatusServiceUnavailable)
	}
}
