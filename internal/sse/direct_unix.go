//go:build unix

package sse

import (
	"errors"
	"net"
	"syscall"
)

// rawConn returns access for non-blocking writes to a TCP connection; nil for other kinds of connection.
func rawConn(conn net.Conn) syscall.RawConn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	_ = tcp.SetWriteBuffer(sendBuffer) // the stream works without it too
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// writeNow writes as much as the kernel accepts at once; n may be 0.
func writeNow(raw syscall.RawConn, p []byte) (n int, err error) {
	closed := raw.Write(func(fd uintptr) bool {
		for {
			n, err = syscall.Write(int(fd), p)
			if !errors.Is(err, syscall.EINTR) {
				return true
			}
		}
	})
	switch {
	case closed != nil:
		return 0, closed
	case errors.Is(err, syscall.EAGAIN):
		return 0, nil
	}
	return n, err
}
