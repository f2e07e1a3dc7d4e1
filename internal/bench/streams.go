package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/store"
)

const (
	// openStreams is how many pages of one competition are open, by the figure.
	openStreams = 5000
	// openAtOnce bounds the connections that are being made at a time.
	openAtOnce = 64
	// streamTimeout bounds the wait for the first seats on a stream.
	streamTimeout = 30 * time.Second
)

// measureStreams runs a rush with nobody looking and with thousands of open pages, in turn, and tells what the pages cost.
func measureStreams(ctx context.Context, o options, kind string) error {
	var quiet, watched []rush
	var memory float64
	for range o.rounds {
		for _, pages := range []int{0, openStreams} {
			r, held, err := runWatchedRush(ctx, o, kind, pages)
			if err != nil {
				return err
			}
			if pages == 0 {
				quiet = append(quiet, r)
			} else {
				watched = append(watched, r)
				memory = max(memory, held)
			}
		}
	}
	q, w := median(quiet), median(watched)
	fmt.Printf("%-9s %d open pages hold %.0f MB; rush %.0f accepted/s with them and %.0f without: %.2f of the rate\n",
		kind, openStreams, memory, w.accepted(), q.accepted(), w.accepted()/q.accepted())
	return nil
}

// runWatchedRush is a rush on one competition of which so many pages are open; held is what they cost in MB before it.
func runWatchedRush(ctx context.Context, o options, kind string, pages int) (r rush, held float64, err error) {
	url, drop, err := newDatabase(ctx, o, kind)
	if err != nil {
		return r, 0, err
	}
	defer drop()
	db, err := store.Open(ctx, store.Config{URL: url})
	if err != nil {
		return r, 0, err
	}
	defer db.Close()
	organizers, err := addPeople(ctx, db, compete.RoleOrganizer, 1)
	if err != nil {
		return r, 0, err
	}
	people, err := addPeople(ctx, db, compete.RoleParticipant, o.participants)
	if err != nil {
		return r, 0, err
	}
	competitions, err := addCompetitions(ctx, db, organizers[0], 1, o.participants)
	if err != nil {
		return r, 0, err
	}
	s, err := startProduct(ctx, o.binary, url)
	if err != nil {
		return r, 0, err
	}
	defer func() { err = firstError(err, s.stop()) }()
	before, _, err := s.memory()
	if err != nil {
		return r, 0, err
	}
	closeAll, err := openPages(ctx, s.web, competitions[0], pages)
	if err != nil {
		return r, 0, err
	}
	defer closeAll()
	after, _, err := s.memory()
	if err != nil {
		return r, 0, err
	}
	r, err = rushOn(ctx, o, db, s, people, competitions[0], true)
	return r, after - before, err
}

// openPages opens the live stream of so many pages, waits until each has told the seats, and reads on until closed.
func openPages(ctx context.Context, address, competitionID string, n int) (closeAll func(), err error) {
	var mu sync.Mutex
	var conns []net.Conn
	closeAll = func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}
	errs := make([]error, n)
	slots := make(chan struct{}, openAtOnce)
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			conn, err := openPage(ctx, address, competitionID)
			errs[i] = err
			if err == nil {
				mu.Lock()
				conns = append(conns, conn)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		closeAll()
		return nil, err
	}
	return closeAll, nil
}

func openPage(ctx context.Context, address, competitionID string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(streamTimeout)) // a connection just made takes it
	if _, err = conn.Write(getRequest(address, "/live?c="+competitionID)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	reader := bufio.NewReaderSize(conn, 1<<10)
	for line := ""; !strings.Contains(line, "event: seats"); {
		if line, err = reader.ReadString('\n'); err != nil {
			return nil, errors.Join(fmt.Errorf("a stream told no seats: %w", err), conn.Close())
		}
	}
	_ = conn.SetDeadline(time.Time{})
	go func() { _, _ = io.Copy(io.Discard, conn) }() // ends when the connection is closed
	return conn, nil
}
