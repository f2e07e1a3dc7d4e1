//go:build !unix

package sse

import (
	"errors"
	"net"
	"syscall"
)

// rawConn is nil: each stream gets a goroutine that writes.
func rawConn(net.Conn) syscall.RawConn { return nil }

func writeNow(syscall.RawConn, []byte) (int, error) { return 0, errors.ErrUnsupported }
