package sse_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"minicompete/internal/sse"
)

// serve answers every request with a stream that run fills.
func serve(t *testing.T, logger *slog.Logger, run func(*sse.Stream)) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Kept", "yes")
		sse.Serve(w, r, nil, logger, run)
	}))
	server.Config.WriteTimeout = time.Millisecond // which a stream outlives
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func get(ctx context.Context, t *testing.T, url string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestStream(t *testing.T) {
	next := make(chan string)
	server := serve(t, slog.Default(), func(s *sse.Stream) {
		for event := range next {
			if err := s.Send(event); err != nil {
				t.Error(err)
			}
		}
	})
	response := get(t.Context(), t, server.URL)
	for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Kept": "yes"} {
		if got := response.Header.Get(name); got != want || response.StatusCode != http.StatusOK {
			t.Errorf("%d with %s %q, want %q", response.StatusCode, name, got, want)
		}
	}
	for _, event := range []string{"event: a\ndata: 1\n\n", ": still here\n\n", "data: " + strings.Repeat("x", 100_000) + "\n\n"} {
		next <- event
		got := make([]byte, len(event))
		if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != event {
			t.Fatalf("got %.40q, %v; want %.40q", got, err, event)
		}
	}
	close(next)
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
		t.Errorf("after the end: %q, %v", rest, err)
	}
}

func TestTheStreamEndsWithItsClient(t *testing.T) {
	ended := make(chan struct{})
	server := serve(t, slog.Default(), func(s *sse.Stream) {
		if err := s.Send(": hello\n\n"); err != nil {
			t.Error(err)
		}
		<-s.Context().Done()
		close(ended)
	})
	ctx, leave := context.WithCancel(t.Context())
	get(ctx, t, server.URL)
	leave()
	<-ended
}

func TestHTTP10HasNoChunks(t *testing.T) {
	server := serve(t, slog.Default(), func(s *sse.Stream) {
		if err := s.Send("data: 1\n\n"); err != nil {
			t.Error(err)
		}
	})
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasSuffix(string(answer), "\r\n\r\ndata: 1\n\n") {
		t.Errorf("got %q, %v", answer, err)
	}
}

func TestWithoutAConnectionToTakeOver(t *testing.T) {
	recorder := httptest.NewRecorder()
	sse.Serve(recorder, httptest.NewRequest(http.MethodGet, "/", nil), nil, slog.Default(), func(s *sse.Stream) {
		if err := s.Send("data: 1\n\n"); err != nil {
			t.Error(err)
		}
	})
	if recorder.Code != http.StatusOK || recorder.Body.String() != "data: 1\n\n" || !recorder.Flushed {
		t.Errorf("got %d %q, flushed: %v", recorder.Code, recorder.Body, recorder.Flushed)
	}
}

func TestAPanicEndsItsStreamAlone(t *testing.T) {
	var mu sync.Mutex
	var written bytes.Buffer
	logger := slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return written.Write(p)
	}), nil))
	server := serve(t, logger, func(*sse.Stream) { panic("the reason") })
	if _, err := io.ReadAll(get(t.Context(), t, server.URL).Body); err == nil {
		t.Error("the stream looks whole")
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(written.String(), "the reason") {
		t.Error("the panic is not logged")
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
