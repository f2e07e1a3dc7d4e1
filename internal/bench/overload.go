package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	overloadCompetitions = 50
	overloadPeople       = 20_000
	probeInterval        = 100 * time.Millisecond // between two requests of a person doing something else
	calmTime             = 5 * time.Second        // how long registrations are observed afterwards
	calmPress            = 100 * time.Millisecond // the maximum duration of a registration when all is well
	soon                 = 500 * time.Millisecond // what 99% of the accepted ones shall take at most
)

// measureOverload registers on thousands of connections for half a minute, each again as soon as it gets a response,
// ignoring Retry-After. It reports the results of the registrations and how long the accepted ones took, the experience
// of two people who read and log in at the same time, and registrations afterwards.
func measureOverload(ctx context.Context, o options, kind string) (err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return err
	}
	defer done()
	c, err := addCrowd(ctx, db, overloadPeople, overloadCompetitions, overloadPeople)
	if err != nil {
		return err
	}
	s, err := startProduct(ctx, o.binary, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	var next atomic.Int64
	press := func() []byte {
		n := int(next.Add(1))
		who, competition := c.people[n%len(c.people)], c.competitions[n/len(c.people)%len(c.competitions)]
		who.id += competition[len(competition)-12:] // it is the key, and each registration has its own
		return registerRequest(s.address, who, competition)
	}
	read := func() []byte { return getRequest(s.address, "/api/competitions/"+c.competitions[0]) }
	login := func() []byte {
		n := int(next.Add(1))
		return loginRequest(s.address, fmt.Sprintf("nobody%d@example.com", n), n)
	}

	conns, hangUp, err := dial(ctx, s.address, o.crowd+2)
	if err != nil {
		return err
	}
	defer hangUp()
	crowd, one, other := conns[2:], conns[:1], conns[1:2]
	during, end := context.WithTimeout(ctx, o.overload)
	defer end()
	var reads, logins answers
	var beside sync.WaitGroup
	beside.Go(func() { reads = repeat(during, one, probeInterval, read) })
	beside.Go(func() { logins = repeat(during, other, probeInterval, login) })
	pressed := repeat(during, crowd, 0, press)
	beside.Wait()
	_, peak, err := s.memory()
	if err != nil {
		return err
	}
	after, end := context.WithTimeout(ctx, calmTime)
	defer end()
	began := time.Now()
	calm := repeat(after, one, probeInterval, press)
	recovered := time.Duration(0)
	for i, took := range calm.took {
		if took > calmPress || calm.status[i] != http.StatusCreated {
			recovered = calm.at[i].Sub(began)
		}
	}
	printOverload(o, kind, pressed, reads, logins, peak, recovered)
	return nil
}

// printOverload prints what the registrations and the two people beside them experienced. The peak of memory is in MB.
func printOverload(o options, kind string, pressed, reads, logins answers, peak float64, recovered time.Duration) {
	total := len(pressed.took)
	fmt.Printf("%-9s overload of %d connections for %v: %.0f presses/s, %.0f accepted/s; accepted p50 %v p99 %v "+
		"longest %v; all longest %v; responses %v\n", kind,
		o.crowd, o.overload, float64(total)/o.overload.Seconds(),
		float64(pressed.count(http.StatusCreated))/o.overload.Seconds(),
		pressed.percentile(.5, http.StatusCreated), pressed.percentile(.99, http.StatusCreated),
		pressed.percentile(1, http.StatusCreated), pressed.percentile(1), pressed.statuses())
	later := pressed.since(time.Second)
	fmt.Printf("%-9s overload: accepted of those after the first second p50 %v p99 %v longest %v; %d of all took "+
		"over %v\n", kind,
		later.percentile(.5, http.StatusCreated), later.percentile(.99, http.StatusCreated),
		later.percentile(1, http.StatusCreated), pressed.over(soon), soon)
	fmt.Printf("%-9s overload: reading meanwhile p50 %v p99 %v %v; logging in p50 %v p99 %v %v; memory %.0f MB at "+
		"peak; presses again within %v after %v\n", kind,
		reads.percentile(.5), reads.percentile(.99), reads.statuses(), logins.percentile(.5), logins.percentile(.99),
		logins.statuses(), peak, calmPress, recovered.Round(time.Millisecond))
}

// answers collects the responses to repeated requests.
type answers struct {
	at     []time.Time
	took   []time.Duration
	status []int // noAnswer if the connection broke
}

func (a *answers) count(status int) (n int) {
	for _, s := range a.status {
		if s == status {
			n++
		}
	}
	return n
}

// since returns the responses to the requests that were sent this long after the first one, or later.
func (a *answers) since(passed time.Duration) (later answers) {
	if len(a.at) == 0 {
		return later
	}
	from := slices.MinFunc(a.at, time.Time.Compare).Add(passed)
	for i, at := range a.at {
		if !at.Before(from) {
			later.at, later.took = append(later.at, at), append(later.took, a.took[i])
			later.status = append(later.status, a.status[i])
		}
	}
	return later
}

// over counts the accepted ones that took longer.
func (a *answers) over(limit time.Duration) (n int) {
	for i, took := range a.took {
		if took > limit && a.status[i] == http.StatusCreated {
			n++
		}
	}
	return n
}

func (a *answers) statuses() map[int]int {
	counts := map[int]int{}
	for _, s := range a.status {
		counts[s]++
	}
	return counts
}

// percentile returns a percentile of the responses with the given statuses, or of all if none is given.
func (a *answers) percentile(p float64, statuses ...int) time.Duration {
	var took []time.Duration
	for i, s := range a.status {
		if len(statuses) == 0 || slices.Contains(statuses, s) {
			took = append(took, a.took[i])
		}
	}
	slices.Sort(took)
	return load{latencies: took}.percentile(p)
}

// dial opens connections; end closes them.
func dial(ctx context.Context, address string, n int) (conns []net.Conn, end func(), err error) {
	end = func() {
		for _, conn := range conns {
			_ = conn.Close() // nothing is lost
		}
	}
	for range n {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			end()
			return nil, nil, err
		}
		conns = append(conns, conn)
	}
	return conns, end, nil
}

// repeat sends requests on the connections until ctx ends, each after a pause since the previous response. A broken
// connection is recorded, and sends no more requests.
func repeat(ctx context.Context, conns []net.Conn, pause time.Duration, request func() []byte) answers {
	var (
		all answers
		mu  sync.Mutex
		wg  sync.WaitGroup
	)
	for _, conn := range conns {
		wg.Go(func() {
			own := repeatOn(ctx, conn, pause, request)
			mu.Lock()
			defer mu.Unlock()
			all.at, all.took, all.status = append(all.at, own.at...), append(all.took, own.took...),
				append(all.status, own.status...)
		})
	}
	wg.Wait()
	return all
}

func repeatOn(ctx context.Context, conn net.Conn, pause time.Duration, request func() []byte) (a answers) {
	note := func(start time.Time, status int) {
		a.at, a.took, a.status = append(a.at, start), append(a.took, time.Since(start)), append(a.status, status)
	}
	var err error
	reader := bufio.NewReaderSize(conn, 4<<10)
	for ctx.Err() == nil {
		start := time.Now()
		status := noAnswer
		if err = conn.SetDeadline(start.Add(requestTimeout)); err == nil {
			_, err = conn.Write(request())
		}
		if err == nil {
			status, err = readAnswer(reader)
		}
		note(start, status)
		if err != nil {
			return a
		}
		if pause > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
	return a
}
