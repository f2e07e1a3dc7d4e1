package sse_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/sse"
)

// served is a server that responds to everything with a stream.
type served struct {
	*httptest.Server
	begun chan sse.Stream
	ended chan struct{}
}

// serve starts a server with listeners of the given kind.
func serve(t *testing.T, listen func(net.Listener) net.Listener) *served {
	t.Helper()
	s := &served{begun: make(chan sse.Stream, 10), ended: make(chan struct{}, 10)}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Kept", "yes")
		sse.Serve(w, r, func(stream sse.Stream) { s.begun <- stream }, func() { s.ended <- struct{}{} })
	}))
	s.Listener = listen(s.Listener)
	s.EnableHTTP2 = true
	return s
}

// startPlain starts a server with short timeouts, which a stream outlives.
func startPlain(s *httptest.Server) {
	s.Config.WriteTimeout = time.Millisecond
	s.Start()
}

func plain(l net.Listener) net.Listener { return l }

// wrapped accepts connections that don't support non-blocking writes.
type wrapped struct{ net.Listener }

func (l wrapped) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return struct{ net.Conn }{conn}, err
}

func (s *served) get(ctx context.Context, t *testing.T, method string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func eachKind(t *testing.T, test func(t *testing.T, s *served)) {
	wrapping := func(l net.Listener) net.Listener { return wrapped{l} }
	for name, kind := range map[string]struct {
		listen func(net.Listener) net.Listener
		start  func(*httptest.Server)
	}{
		"taken over":                       {plain, startPlain},
		"taken over and written to slowly": {wrapping, startPlain},
		"HTTP/2":                           {plain, (*httptest.Server).StartTLS},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, kind.listen)
			kind.start(s.Server)
			t.Cleanup(s.Close)
			test(t, s)
		})
	}
}

// offer retries until the events are accepted.
func offer(t *testing.T, stream sse.Stream, events string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !stream.Offer(events); {
		if time.Now().After(deadline) {
			t.Errorf("%.40q was not taken", events)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func wantRead(t *testing.T, body io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(body, got); err != nil || string(got) != want {
		t.Fatalf("got %.40q, %v; want %.40q", got, err, want)
	}
}

func TestStream(t *testing.T) {
	eachKind(t, func(t *testing.T, s *served) {
		response := s.get(t.Context(), t, http.MethodGet)
		for name, want := range map[string]string{
			"Content-Type": "text/event-stream", "Cache-Control": "no-store",
			"X-Kept": "yes",
		} {
			if got := response.Header.Get(name); got != want || response.StatusCode != http.StatusOK {
				t.Errorf("%d with %s %q, want %q", response.StatusCode, name, got, want)
			}
		}
		skipRetry(t, response.Body)
	})
}

func TestEventsArriveInOrderAndComplete(t *testing.T) {
	eachKind(t, func(t *testing.T, s *served) {
		body := s.get(t.Context(), t, http.MethodGet).Body
		skipRetry(t, body)
		stream := <-s.begun
		for _, event := range []string{
			"event: a\ndata: 1\n\n", ": still here\n\n",
			"data: " + strings.Repeat("x", 1<<20) + "\n\n", "data: 2\n\n",
		} {
			offered := make(chan struct{})
			go func() {
				defer close(offered)
				offer(t, stream, event)
			}()
			wantRead(t, body, event[:min(len(event), 1<<16)])
			if rest := event[min(len(event), 1<<16):]; rest != "" {
				go offer(t, stream, "data: after it\n\n") // the rest of the earlier events goes first
				wantRead(t, body, rest+"data: after it\n\n")
			}
			<-offered
		}
		stream.End()
		stream.End()
		if rest, err := io.ReadAll(body); err != nil || len(rest) > 0 {
			t.Errorf("after the end: %q, %v", rest, err)
		}
		<-s.ended
		stream.Offer("data: too late\n\n") // has no effect
	})
}

func skipRetry(t *testing.T, body io.Reader) {
	t.Helper()
	wantRead(t, body, "retry: ")
	if _, err := io.CopyN(io.Discard, body, 4); err != nil { // milliseconds, 1,000 to 2,999
		t.Fatal(err)
	}
	wantRead(t, body, "\n\n")
}

func TestAReaderThatDoesNotReadHoldsNobodyUp(t *testing.T) {
	eachKind(t, func(t *testing.T, s *served) {
		body := s.get(t.Context(), t, http.MethodGet).Body
		stream := <-s.begun
		event, taken := "data: "+strings.Repeat("x", 10_000)+"\n\n", 0
		for stream.Offer(event) && taken < 10_000 {
			taken++
			time.Sleep(100 * time.Microsecond)
		}
		if taken == 0 || taken == 10_000 {
			t.Fatalf("%d events were taken from a reader that doesn't read", taken)
		}
		// The last of them may be there in part, and what is left goes out with the next offer.
		go offer(t, stream, "data: last\n\n")
		skipRetry(t, body)
		for range taken {
			wantRead(t, body, event)
		}
		wantRead(t, body, "data: last\n\n")
	})
}

func TestTheStreamEndsWithItsReader(t *testing.T) {
	eachKind(t, func(t *testing.T, s *served) {
		ctx, leave := context.WithCancel(t.Context())
		s.get(ctx, t, http.MethodGet)
		<-s.begun
		leave()
		<-s.ended
	})
}

// The response to HEAD is an ordinary one, which the server's timeouts apply to.
func TestHeadIsNoStream(t *testing.T) {
	s := serve(t, plain)
	s.Start()
	t.Cleanup(s.Close)
	response := s.get(t.Context(), t, http.MethodHead)
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type is %q", got)
	}
	<-s.ended
}

func TestHTTP10HasNoChunks(t *testing.T) {
	s := serve(t, plain)
	startPlain(s.Server)
	t.Cleanup(s.Close)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	stream := <-s.begun
	offer(t, stream, "data: 1\n\n")
	stream.End()
	answer, err := io.ReadAll(conn)
	_, body, _ := strings.Cut(string(answer), "\r\n\r\n")
	if err != nil || !strings.HasPrefix(body, "retry: ") || !strings.HasSuffix(body, "\n\ndata: 1\n\n") {
		t.Errorf("got %q, %v", answer, err)
	}
}

func TestWithoutAConnectionToTakeOver(t *testing.T) {
	recorder := httptest.NewRecorder()
	sse.Serve(recorder, httptest.NewRequest(http.MethodGet, "/", nil), func(s sse.Stream) {
		offer(t, s, "data: 1\n\n")
		s.End()
	}, func() {})
	if body := recorder.Body.String(); recorder.Code != http.StatusOK || !strings.HasSuffix(body, "\n\ndata: 1\n\n") ||
		!recorder.Flushed {
		t.Errorf("got %d %q, flushed: %v", recorder.Code, body, recorder.Flushed)
	}
}

func TestAPanicAtTheBeginningEndsItsStreamAlone(t *testing.T) {
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { _ = recover() }()
		sse.Serve(w, r, func(sse.Stream) { panic("the reason") }, func() { close(ended) })
	}))
	defer server.Close()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadAll(response.Body); err == nil {
		t.Error("the stream looks whole")
	}
	<-ended
}
