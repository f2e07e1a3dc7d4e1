//go:build !linux

package main

import (
	"errors"
	"time"
)

// openPages needs epoll.
type openPages struct{ cut, events int }

func openLivePages(string, string, int) (*openPages, error) {
	return nil, errors.ErrUnsupported
}

func (*openPages) awaitSeats(int) int             { return 0 }
func (*openPages) delays(int, []time.Time) delays { return delays{} }
func (*openPages) close()                         {}
