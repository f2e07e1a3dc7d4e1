//go:build !unix

package sse

import (
	"errors"
	"net"
	"syscall"
)

// rawConn returns nil on this platform: each stream gets a writing goroutine.
func rawConn(net.Conn) syscall.RawConn { return nil }

func writeNow(syscall.RawConn, []byte) (int, error) { return 0, errors.ErrUnsupported }
