package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// Two at a time, each for ten milliseconds longer than it takes, are two hundred a second.
func TestTurnsOfAPaceLastLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		paced := newTurns(2, time.Second)
		paced.pause = 10 * time.Millisecond
		start := time.Now()
		for i := range 6 {
			if err := paced.begin(t.Context()); err != nil {
				t.Fatal(err)
			}
			paced.end()
			if took, want := time.Since(start), time.Duration(i/2)*paced.pause; took != want {
				t.Errorf("number %d began after %v, want %v", i, took, want)
			}
		}
		time.Sleep(paced.pause)
		synctest.Wait()
		if len(paced.taken) != 0 {
			t.Error("a turn has not ended")
		}
	})
}

// Streams are opened in turn, too. A turn ends once the stream has begun, and reads and changes don't wait for it.
func TestStreamsAreOpenedInTurn(t *testing.T) {
	working, begin, begun, finish := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
	s := New(Config{Logger: slog.New(slog.DiscardHandler), NewID: func() string { return "id" }})
	s.streams = newTurns(1, time.Millisecond)
	wrapped := s.wrap(Endpoint{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/stream" {
				return
			}
			close(working)
			<-begin
			_, _, _ = http.NewResponseController(w).Hijack() // which a test's recorder can't do
			close(begun)
			<-finish
		}),
		Reads:   func(r *http.Request) bool { return r.URL.Path == "/read" },
		Streams: func(r *http.Request) bool { return r.URL.Path != "/read" },
		Busy: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}),
	})
	want := func(what, path string, status int) {
		t.Helper()
		w := httptest.NewRecorder()
		wrapped.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		if w.Code != status {
			t.Errorf("%s: status %d, want %d", what, w.Code, status)
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		want("the first", "/stream", http.StatusOK)
	}()
	<-working
	want("while another is being opened", "/other", http.StatusServiceUnavailable)
	want("a read meanwhile", "/read", http.StatusOK)
	close(begin)
	<-begun
	want("while another is open", "/other", http.StatusOK)
	close(finish)
	<-ended
	if len(s.streams.taken) != 0 {
		t.Error("a turn has not ended")
	}
}

// Read-only requests wait for a turn, until the previous one starts its response; other requests don't.
func TestReadsTakeTurns(t *testing.T) {
	working, answer, told, finish := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/long" {
			return
		}
		close(working)
		<-answer
		w.WriteHeader(http.StatusOK)
		close(told)
		<-finish
	})
	s := New(Config{Logger: slog.New(slog.DiscardHandler), NewID: func() string { return "id" }})
	wrapped := s.wrap(Endpoint{
		Handler: handler, Reads: func(r *http.Request) bool { return r.Method == http.MethodGet },
		Busy: http.HandlerFunc(func(w http.ResponseWriter,
			_ *http.Request,
		) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}),
	})
	serve := func(method, path string) int {
		w := httptest.NewRecorder()
		wrapped.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody))
		return w.Code
	}
	want := func(what, method, path string, status int) {
		t.Helper()
		if got := serve(method, path); got != status {
			t.Errorf("%s: status %d, want %d", what, got, status)
		}
	}

	s.reads = newTurns(1, time.Millisecond)
	first := make(chan int)
	go func() { first <- serve(http.MethodGet, "/long") }()
	<-working
	want("while another is worked on", http.MethodGet, "/", http.StatusServiceUnavailable)
	want("a change meanwhile", http.MethodPost, "/", http.StatusOK)
	want("a probe meanwhile", http.MethodGet, livePattern, http.StatusOK)
	close(answer)
	<-told
	want("while another is being told", http.MethodGet, "/", http.StatusOK)
	want("after one that said nothing", http.MethodGet, "/", http.StatusOK)
	close(finish)
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first: status %d", status)
	}
	if len(s.reads.taken) != 0 {
		t.Error("a turn has not ended")
	}
}
