package sse

import (
	"bytes"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// lastChunk marks the end of a complete chunked stream.
const lastChunk = "0\r\n\r\n"

// direct writes to a connection without blocking, as far as the kernel's buffer has room.
type direct struct {
	conn    net.Conn
	raw     syscall.RawConn
	chunked bool

	mu   sync.Mutex
	rest []byte // the part of the last events that didn't fit into the buffer
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// Offer implements Stream.
func (d *direct) Offer(events string) bool {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	d.mu.Lock()
	defer d.mu.Unlock()
	*buf = appendEvents(append((*buf)[:0], d.rest...), events, d.chunked)
	n, err := writeNow(d.raw, *buf)
	if err != nil {
		_ = d.conn.Close() // wakes the goroutine that waits for the reader to leave
		return true
	}
	if n <= len(d.rest) {
		d.rest = d.rest[n:]
		return false
	}
	d.rest = bytes.Clone((*buf)[n:])
	return true
}

// End implements Stream.
func (d *direct) End() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.chunked && len(d.rest) == 0 {
		_, _ = writeNow(d.raw, []byte(lastChunk)) // the client may be gone
	}
	_ = d.conn.Close()
}

// appendEvents appends events as encoded for HTTP.
func appendEvents(buf []byte, events string, chunked bool) []byte {
	if !chunked {
		return append(buf, events...)
	}
	buf = strconv.AppendInt(buf, int64(len(events)), 16)
	buf = append(buf, "\r\n"...)
	buf = append(buf, events...)
	return append(buf, "\r\n"...)
}
