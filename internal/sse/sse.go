// Package sse carries streams of server-sent events. Where it can, it takes their connections over from net/http and
// writes to them without a goroutine for each and without waiting for anybody, so that thousands of open streams are
// cheap: what stays of one is a goroutine that notices when its reader has left.
//
// It owns the connection. What is sent, and when, belongs to packages live, api and web.
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
	// writeTimeout is how long a write may take where it has to be waited for; a reader that is slower is gone.
	writeTimeout = 10 * time.Second
	// minRetry and maxRetry are between what a reader waits before it comes back, in milliseconds. Those of a server
	// that stops come back spread over the time between.
	minRetry, maxRetry = 1000, 3000
	// sendBuffer bounds in bytes what the kernel keeps for a reader that doesn't read.
	sendBuffer = 64 << 10
)

// Stream is an open stream of events. Its methods may be called from several goroutines.
type Stream interface {
	// Offer sends whole events (or comments), each ended by an empty line, without waiting for the reader. It returns
	// false, and nothing of them is sent, while the reader has not taken what came before. Once the reader has left it
	// does nothing.
	Offer(events string) bool
	// End ends the stream. A reader comes back by itself.
	End()
}

// Serve answers with a stream. begin is called with it once it is open, and end when it is over, because the reader
// left or Stream.End was called. Mostly Serve returns once it has begun: the request's context means nothing to the
// stream.
func Serve(w http.ResponseWriter, r *http.Request, begin func(Stream), end func()) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
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
		if !begun { // it panicked; whoever recovers has no way to the connection
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

// head is the status line and the header of the answer.
func head(h http.Header, chunked bool) []byte {
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	h.Set("Connection", "close")
	if chunked {
		h.Set("Transfer-Encoding", "chunked")
	}
	text := writer("HTTP/1.1 200 OK\r\n")
	_ = h.Write(&text) // it cannot fail
	return append(text, "\r\n"...)
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

// untilGone returns when the client closes the connection, or this side does. A client sends nothing on it.
func untilGone(conn net.Conn) {
	var ignored [16]byte
	for {
		if _, err := conn.Read(ignored[:]); err != nil {
			return
		}
	}
}

// throughResponse sends through net/http, whose own write deadline the stream outlives.
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
	_ = q.run(r.Context(), write) // the reader is gone, however it ended
}

// throughConn sends on a connection of a kind that cannot be written to without waiting.
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
