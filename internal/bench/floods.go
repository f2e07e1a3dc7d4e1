package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	floodFor     = 10 * time.Second
	floodCrowd   = 1_000                  // connections of each flood, each again as soon as it gets a response
	floodPresses = 100                    // connections that register beside it
	pressPause   = 100 * time.Millisecond // between two registrations on one of them, so at most 1,000 a second
)

// measureFloods has a thousand connections read, log in or open live pages, each again as soon as it gets a response,
// while a hundred register and somebody does each of the other things. It reports how long everyone waited.
func measureFloods(ctx context.Context, o options, kind string) (err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return err
	}
	defer done()
	organizers, err := addPeople(ctx, db, compete.RoleOrganizer, 1)
	if err != nil {
		return err
	}
	people, err := addPeople(ctx, db, compete.RoleParticipant, overloadPeople)
	if err != nil {
		return err
	}
	competitions, err := addCompetitions(ctx, db, organizers[0], overloadCompetitions, overloadPeople)
	if err != nil {
		return err
	}
	s, err := startProduct(ctx, o.binary, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	f := &floods{server: s, people: people, competitions: competitions}
	for _, of := range []string{"nothing", "reads", "pages", "logins", "streams"} {
		if err := f.measure(ctx, kind, of); err != nil {
			return fmt.Errorf("of %s: %w", of, err)
		}
	}
	return nil
}

type floods struct {
	server       *server
	people       []person
	competitions []string
	next         atomic.Int64
}

// measure runs one flood, and prints what everyone experienced.
func (f *floods) measure(ctx context.Context, kind, of string) error {
	ctx, end := context.WithTimeout(ctx, floodFor)
	defer end()
	var (
		flood, presses, reads, logins, streams answers
		errs                                   [4]error
		all                                    sync.WaitGroup
	)
	switch of {
	case "reads":
		all.Go(func() { flood, errs[0] = f.repeat(ctx, f.server.address, floodCrowd, 0, f.list) })
	case "pages":
		all.Go(func() { flood, errs[0] = f.repeat(ctx, f.server.web, floodCrowd, 0, f.page) })
	case "logins":
		all.Go(func() { flood, errs[0] = f.repeat(ctx, f.server.address, floodCrowd, 0, f.login) })
	case "streams":
		all.Go(func() { flood = f.openStreams(ctx, floodCrowd, 0) })
	}
	all.Go(func() { presses, errs[1] = f.repeat(ctx, f.server.address, floodPresses, pressPause, f.press) })
	all.Go(func() { reads, errs[2] = f.repeat(ctx, f.server.address, 1, probeInterval, f.list) })
	all.Go(func() { logins, errs[3] = f.repeat(ctx, f.server.address, 1, probeInterval, f.login) })
	all.Go(func() { streams = f.openStreams(ctx, 1, probeInterval) })
	all.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	_, peak, err := f.server.memory()
	fmt.Printf("%-9s flood of %s: %.0f/s, p99 %v, %v; registering p50 %v p99 %v longest %v %v; reading p99 %v %v; "+
		"logging in p99 %v %v; opening a page's stream p99 %v %v; memory %.0f MB at peak\n", kind, of,
		float64(len(flood.took))/floodFor.Seconds(), flood.percentile(.99), flood.statuses(),
		presses.percentile(.5), presses.percentile(.99), presses.percentile(1), presses.statuses(),
		reads.percentile(.99), reads.statuses(), logins.percentile(.99), logins.statuses(),
		streams.percentile(.99), streams.statuses(), peak)
	return err
}

func (f *floods) repeat(
	ctx context.Context, address string, connections int, pause time.Duration, request func(n int) []byte,
) (answers, error) {
	conns, hangUp, err := dial(ctx, address, connections)
	if err != nil {
		return answers{}, err
	}
	defer hangUp()
	return repeat(ctx, conns, pause, func() []byte { return request(int(f.next.Add(1))) }), nil
}

func (f *floods) press(n int) []byte {
	who, competition := f.people[n%len(f.people)], f.competitions[n/len(f.people)%len(f.competitions)]
	who.id += competition[len(competition)-12:] // it is the key, and each registration has its own
	return registerRequest(f.server.address, who, competition)
}

func (f *floods) list(n int) []byte {
	if n%2 == 0 {
		return getRequest(f.server.address, "/api/competitions")
	}
	return getRequest(f.server.address, "/api/competitions/"+f.competitions[n%len(f.competitions)])
}

func (f *floods) page(n int) []byte {
	if n%2 == 0 {
		return getRequest(f.server.web, "/competitions")
	}
	return getRequest(f.server.web, "/competitions/"+f.competitions[n%len(f.competitions)])
}

func (f *floods) login(n int) []byte {
	return loginRequest(f.server.address, fmt.Sprintf("nobody%d@example.com", n), n)
}

// openStreams opens live pages, waits for the first seats on each and leaves again, until ctx ends.
func (f *floods) openStreams(ctx context.Context, atOnce int, pause time.Duration) (all answers) {
	var (
		mu sync.Mutex
		wg sync.WaitGroup
	)
	for range atOnce {
		wg.Go(func() {
			for ctx.Err() == nil {
				start := time.Now()
				status, err := f.openStream(ctx, int(f.next.Add(1)))
				if err != nil && ctx.Err() != nil {
					return
				}
				mu.Lock()
				all.at, all.took = append(all.at, start), append(all.took, time.Since(start))
				all.status = append(all.status, status)
				mu.Unlock()
				select {
				case <-ctx.Done():
				case <-time.After(pause):
				}
			}
		})
	}
	wg.Wait()
	return all
}

// openStream returns the status once the seats have come, or noAnswer.
func (f *floods) openStream(ctx context.Context, n int) (int, error) {
	// not with the deadline of ctx, at which dialling fails a moment before ctx has ended
	conn, err := (&net.Dialer{Timeout: requestTimeout}).DialContext(context.WithoutCancel(ctx), "tcp", f.server.web)
	if err != nil {
		return noAnswer, err
	}
	defer conn.Close()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // or the ports of thousands of closed connections would run out
	}
	if err := conn.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return noAnswer, err
	}
	if _, err := conn.Write(getRequest(f.server.web, "/live?c="+f.competitions[n%len(f.competitions)])); err != nil {
		return noAnswer, err
	}
	reader := bufio.NewReaderSize(conn, 4<<10)
	line, err := reader.ReadSlice('\n')
	if err != nil {
		return noAnswer, err
	}
	if !bytes.Contains(line, []byte(" 200 ")) {
		return http.StatusServiceUnavailable, nil
	}
	for !bytes.Contains(line, []byte(`"seatsLeft":`)) {
		line, err = reader.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return noAnswer, err
		}
	}
	return http.StatusOK, nil
}
