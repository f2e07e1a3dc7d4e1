package server

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
)

const requestIDHeader = "X-Request-Id" // in canonical form, as a key of http.Header

// wrap adds the processing that every request to an endpoint needs.
func (s *Server) wrap(e Endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		id := r.Header.Get(requestIDHeader)
		if !sane(id) {
			id = s.config.NewID()
		}
		w.Header()[requestIDHeader] = []string{id}
		s.protect(w.Header())
		if s.stopping.Load() {
			w.Header().Set("Connection", "close")
		}
		handler, probe := s.handler(e, r)
		press := !probe && e.Presses != nil && e.Presses(r)
		ctx, span := s.follow(r, id, e.Quiet || probe)
		arrived, complete := start, false
		if press {
			complete = readAhead(r)
			arrived = time.Now()
		}
		addr := clientAddr(r, s.config.TrustedProxies)
		ctx = compete.WithClient(ctx, clientOf(r, addr, id, arrived))
		recorder := &recorder{ResponseWriter: w, ctx: ctx, began: arrived, bodyRead: complete}
		within := ctx
		if complete && s.config.PressLimit > 0 {
			var stop context.CancelFunc
			within, stop = context.WithDeadline(ctx, arrived.Add(s.config.PressLimit))
			defer stop()
		}
		r = r.WithContext(within)
		r.RemoteAddr = addr
		if !e.Quiet && !probe {
			recorder.refusals = s.refusals
		}
		// Deferred, so that a deliberately aborted response (http.ErrAbortHandler) is logged too.
		defer func() {
			took := time.Since(start)
			if s.config.Observer != nil {
				s.config.Observer.Request(e.Name, r.Method, r.Pattern, recorder.status, took)
			}
			end(span, r, recorder.status)
			level := slog.LevelInfo
			if e.Quiet || probe {
				level = slog.LevelDebug
			}
			var user slog.Attr // omitted if empty
			if actor := compete.OriginOf(r.Context()).Actor; actor.LoggedIn() {
				user = slog.String("user", actor.UserID)
			}
			// Only the path: a query may contain search text or a token.
			s.config.Logger.LogAttrs(ctx, level, "request", slog.String("method", r.Method),
				slog.String("path", r.URL.Path),
				slog.Int("status", recorder.status), slog.Int64("bytes", recorder.bytes), slog.Duration("took", took),
				slog.String("client", r.RemoteAddr), slog.String("at", e.Name), user)
		}()
		defer recorder.endTurn()
		switch {
		case probe:
		case press:
			if complete {
				handler = s.inLine(handler, e.Busy, recorder, r)
			}
		case e.Reads != nil && e.Reads(r):
			handler = s.reads.inTurn(handler, e.Busy, recorder, r)
		case e.Streams != nil && e.Streams(r):
			handler = s.streams.inTurn(handler, e.Busy, recorder, r)
		}
		s.serve(handler, e.Broken, recorder, r)
	})
}

// serve runs the handler. A panic is logged, and broken responds if nothing was sent yet.
func (s *Server) serve(handler, broken http.Handler, w *recorder, r *http.Request) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler { //nolint:errorlint // a panic's value, compared as net/http does
			panic(cause)
		}
		s.config.Logger.ErrorContext(r.Context(), "a handler panicked", "panic", cause, "path", r.URL.Path, "stack",
			string(debug.Stack()))
		if w.status != 0 {
			panic(http.ErrAbortHandler) // a partial response must not look complete
		}
		for _, name := range ofTheAnswer {
			w.Header().Del(name)
		}
		if broken == nil {
			Broken(w, r)
			return
		}
		s.serve(broken, nil, w, r) // broken may panic too
	}()
	handler.ServeHTTP(w, r)
	if w.status == 0 {
		w.status = http.StatusOK // what net/http sends for an empty response
	}
}

// Broken is an endpoint's default response after a panic: a problem document with status 500.
func Broken(w http.ResponseWriter, _ *http.Request) { problem.Write(w, errPanicked) }

// ofTheAnswer lists headers that a handler may have set for a response that was never sent, and that wouldn't fit
// another one.
var ofTheAnswer = []string{
	"Content-Disposition", "Content-Encoding", "Content-Length", "Content-Type", "ETag",
	"Last-Modified", "Link", "Location",
}

// sane reports whether a client's request id can be used as is: it appears in logs and in the response.
func sane(id string) bool {
	if len(id) < 1 || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// recorder records the response's status and size.
type recorder struct {
	http.ResponseWriter
	ctx      context.Context    // of the request, without the deadline of a registration
	began    time.Time          // when the request had arrived
	refusals *pacer             // delays responses that tell clients to retry; nil means no delay
	turn     interface{ end() } // the request's turn; nil if it has none
	bodyRead bool               // the whole body was read before the turn
	status   int
	bytes    int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // 1xx responses precede the final one
		w.status = status
		w.endTurn()
		if status == http.StatusServiceUnavailable && w.refusals != nil {
			w.refusals.wait(w.ctx, w.began)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
		w.endTurn()
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

func (w *recorder) endTurn() {
	if w.turn != nil {
		w.turn.end()
		w.turn = nil
	}
}

// SetReadDeadline bounds the reading of the body. It saves a body that was read the cost.
func (w *recorder) SetReadDeadline(t time.Time) error {
	if w.bodyRead {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(t)
}

// Hijack ends the turn: a stream has begun.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.endTurn()
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap lets http.ResponseController reach other deadlines and Flush.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush supports handlers that use http.Flusher.
func (w *recorder) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() } // the client may be gone
