// Package sse serves streams of server-sent events. Where possible, it takes over their connections from net/http and
// writes to them without blocking and without a writing goroutine per stream, so that thousands of open streams are
// cheap: each only keeps a goroutine that notices when its reader has left.
//
// The package handles connections. Packages live, api and web decide what is sent, and when.
package sse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

const (
	// writeTimeout bounds a blocking write; a slower reader is treated as gone.
	writeTimeout = 10 * time.Second
	// minRetry and maxRetry are the bounds of the time a reader waits before it reconnects, in milliseconds. It is
	// random, so that the readers of a stopping server don't all return at once.
	minRetry, maxRetry = 1000, 3000
	// sendBuffer bounds the kernel's buffer for a reader that doesn't read, in bytes.
	sendBuffer = 64 << 10
)

// Stream is an open stream of events. It is safe for concurrent use.
type Stream interface {
	// Offer sends complete events (or comments), each terminated by an empty line, without waiting for the reader. If
	// the reader hasn't accepted earlier events yet, it returns false and sends nothing. Once the reader has left, it
	// does nothing.
	Offer(events string) bool
	// End ends the stream. Readers reconnect automatically.
	End()
}

// Serve responds with a stream. It calls begin once the stream is open, and end when it is over, because the reader
// left or Stream.End was called. Serve usually returns right after begin: the stream doesn't depend on the request's
// context.
func Serve(w http.ResponseWriter, r *http.Request, begin func(Stream), end func()) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // keeps nginx from buffering events
	if r.Method == http.MethodHead {
		end()
		w.WriteHeader(http.StatusOK)
		return
	}
	//nolint:gosec // spreads out reconnections, guards nothing
	first := fmt.Sprintf("retry: %d\n\n", minRetry+rand.IntN(maxRetry-minRetry))
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, or a test's recorder
		defer end()
		w.WriteHeader(http.StatusOK)
		throughResponse(w, r, first, begin)
		return
	}
	chunked := r.ProtoAtLeast(1, 1)
	start := head(h, chunked)
	raw := rawConn(conn)
	if raw == nil {
		defer end()
		throughConn(conn, chunked, append(start, appendEvents(nil, first, chunked)...), begin)
		return
	}
	s := &direct{conn: conn, raw: raw, chunked: chunked, rest: start}
	begun := false
	defer func() {
		if !begun { // begin panicked, and the recovering handler can't access the connection
			_ = conn.Close()
			end()
		}
	}()
	s.Offer(first)
	begin(s)
	begun = true
	go func() {
		defer end()
		defer conn.Close()
		untilGone(conn)
	}()
}

// head returns the response's status line and header.
func head(h http.Header, chunked bool) []byte {
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Set("Connection", "close")
	if chunked {
		h.Set("Transfer-Encoding", "chunked")
	}
	text := writer("HTTP/1.1 200 OK\r\n")
	_ = h.Write(&text) // can't fail
	return append(text, "\r\n"...)
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

// untilGone returns when either side closes the connection. Clients send nothing on it.
func untilGone(conn net.Conn) {
	var ignored [16]byte
	for {
		if _, err := conn.Read(ignored[:]); err != nil {
			return
		}
	}
}

// throughResponse sends through net/http, and lifts its write deadline for the stream.
func throughResponse(w http.ResponseWriter, r *http.Request, first string, begin func(Stream)) {
	out := http.NewResponseController(w)
	write := func(events string) error {
		if err := out.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil &&
			!errors.Is(err, http.ErrNotSupported) {
			return err
		}
		if _, err := io.WriteString(w, events); err != nil {
			return err
		}
		return out.Flush()
	}
	if write(first) != nil {
		return
	}
	q := newQueued()
	begin(q)
	_ = q.run(r.Context(), write) // however it ended, the reader is gone
}

// throughConn sends on a connection that doesn't support non-blocking writes.
func throughConn(conn net.Conn, chunked bool, start []byte, begin func(Stream)) {
	defer conn.Close()
	write := func(p []byte) error {
		if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		_, err := conn.Write(p)
		return err
	}
	if write(start) != nil {
		return
	}
	ctx, gone := context.WithCancel(context.Background())
	go func() {
		defer gone()
		untilGone(conn)
	}()
	q := newQueued()
	begin(q)
	if q.run(ctx, func(events string) error { return write(appendEvents(nil, events, chunked)) }) == nil && chunked {
		_ = write([]byte(lastChunk)) // the client may be gone
	}
}
