package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// pageTimeout bounds the wait for the first seats on a page.
	pageTimeout = 30 * time.Second
	// lookInterval is how often the data sent to the pages is read. One thread reads all of it, so that the pages cost
	// the machine little beside the program. Measured delays are up to this much too long.
	lookInterval = 5 * time.Millisecond
	// seatsTimeout bounds the wait until every page shows the last state.
	seatsTimeout = 5 * time.Second
)

// seen is what a page showed, and since when.
type seen struct {
	at   time.Time
	left int
}

// openPages are open live streams of one competition.
type openPages struct {
	epoll  int
	shown  map[int32][]seen // by socket
	cut    int              // streams ended by the program
	events int              // reads with seats
	stop   context.CancelFunc
	reader sync.WaitGroup

	mu sync.Mutex // guards all of the above
}

// openLivePages opens the given number of pages, waits until each has received the seats, and reads on until close.
func openLivePages(address, path string, n int) (*openPages, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	p := &openPages{epoll: epoll, shown: make(map[int32][]seen, n)}
	for i := range n {
		if err := p.open(address, path); err != nil {
			p.closeAll()
			return nil, fmt.Errorf("page %d: %w", i, err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.reader.Go(func() { p.read(ctx) })
	return p, nil
}

func (p *openPages) open(address, path string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	p.shown[int32(socket)] = nil
	timeout := syscall.NsecToTimeval(pageTimeout.Nanoseconds())
	err = errors.Join(
		syscall.Connect(socket, &syscall.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}),
		syscall.SetsockoptTimeval(socket, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &timeout),
	)
	if err != nil {
		return err
	}
	if _, err := syscall.Write(socket, getRequest(address, path)); err != nil {
		return err
	}
	var answer []byte
	for buf := make([]byte, 4<<10); len(p.shown[int32(socket)]) == 0; {
		n, err := syscall.Read(socket, buf)
		if errors.Is(err, syscall.EINTR) {
			continue // a system call with a timeout isn't restarted automatically
		}
		if err != nil || n <= 0 {
			return fmt.Errorf("a stream told no seats: %w, after %q", err, answer)
		}
		answer = append(answer, buf[:n]...)
		p.note(int32(socket), answer, time.Now())
	}
	return errors.Join(syscall.SetNonblock(socket, true),
		syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_ADD, socket,
			&syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(socket)}))
}

// note records the last seats in the data, if any.
func (p *openPages) note(socket int32, sent []byte, at time.Time) {
	mark := []byte(`"seatsLeft":`)
	i := bytes.LastIndex(sent, mark)
	if i < 0 {
		return
	}
	number, _, whole := bytes.Cut(sent[i+len(mark):], []byte(","))
	left, err := strconv.Atoi(string(number))
	if whole && err == nil {
		p.shown[socket] = append(p.shown[socket], seen{at, left})
		p.events++
	}
}

func (p *openPages) read(ctx context.Context) {
	ready := make([]syscall.EpollEvent, 1024)
	buf := make([]byte, 64<<10)
	for ctx.Err() == nil {
		n, err := syscall.EpollWait(p.epoll, ready, int(lookInterval.Milliseconds()))
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return
		}
		now := time.Now()
		p.mu.Lock()
		for _, event := range ready[:max(n, 0)] {
			got, err := syscall.Read(int(event.Fd), buf)
			switch {
			case got > 0:
				p.note(event.Fd, buf[:got], now)
			case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
			default:
				p.cut++
				_ = syscall.EpollCtl(p.epoll, syscall.EPOLL_CTL_DEL, int(event.Fd), nil)
			}
		}
		p.mu.Unlock()
		if n < len(ready) {
			time.Sleep(lookInterval)
		}
	}
}

// awaitSeats waits until every page shows the given number of seats left, and returns how many don't.
func (p *openPages) awaitSeats(left int) (stale int) {
	for begin := time.Now(); ; time.Sleep(lookInterval) {
		p.mu.Lock()
		stale = 0
		for _, shown := range p.shown {
			if shown[len(shown)-1].left != left {
				stale++
			}
		}
		p.mu.Unlock()
		if stale == 0 || time.Since(begin) > seatsTimeout {
			return stale
		}
	}
}

// delays returns how long after each accepted registration each page showed it. The registration was committed shortly
// before its response was read.
func (p *openPages) delays(capacity int, accepted []time.Time) delays {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := delays{}
	for _, shown := range p.shown {
		at := 0
		for k, answered := range accepted {
			for at < len(shown) && capacity-shown[at].left <= k {
				at++
			}
			if at < len(shown) {
				d.add(max(0, shown[at].at.Sub(answered)))
			}
		}
	}
	return d
}

func (p *openPages) close() {
	p.stop()
	p.reader.Wait()
	p.closeAll()
}

func (p *openPages) closeAll() {
	for socket := range p.shown {
		_ = syscall.Close(int(socket))
	}
	_ = syscall.Close(p.epoll)
}
