package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
)

const (
	benchPassword = "a password of the bench"
	usualCost     = 12  // the default cost of hashing a password
	loginsAlone   = 100 // one after the other
	loginsAtOnce  = 300
	loginsBeside  = 16  // connections for those
	floodOf       = 200 // connections that log in repeatedly
)

// measureLogIns measures how long logging in takes, the memory it needs, and how a flood of logins affects a rush.
func measureLogIns(ctx context.Context, o options, kind string) error {
	if err := measureHashing(ctx, o, kind); err != nil {
		return err
	}
	var quiet, beside []rush
	logins := map[int]int{}
	for range o.rounds {
		r, err := runRush(ctx, o, kind, "product")
		if err != nil {
			return err
		}
		quiet = append(quiet, r)
		r, answers, err := runFloodedRush(ctx, o, kind)
		if err != nil {
			return err
		}
		beside = append(beside, r)
		for status, n := range answers {
			logins[status] += n
		}
	}
	q, b := median(quiet), median(beside)
	fmt.Printf("%-9s rush beside %d connections that log in: %.0f accepted/s, without: %.0f, ratio %.2f; p99 %v and "+
		"%v; responses to logins %v\n",
		kind, floodOf, b.accepted(), q.accepted(), b.accepted()/q.accepted(), b.percentile(.99),
		q.percentile(.99), logins)
	return nil
}

// measureHashing logs in one user after another, and then as many at once as keep the hashing busy.
func measureHashing(ctx context.Context, o options, kind string) (err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return err
	}
	defer done()
	people, err := addLogIns(ctx, db, loginsAtOnce)
	if err != nil {
		return err
	}
	s, err := startProduct(ctx, o.binary, url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	login := func(i int) []byte { return loginRequest(s.address, people[i].id+"@example.com", i) }
	time.Sleep(time.Second) // wait for the start to finish, so that memory is measured while idle
	idle, _, err := s.memory()
	if err != nil {
		return err
	}
	if _, err := press(ctx, s.address, 1, 5, login); err != nil { // the first ones warm up
		return err
	}
	before, err := s.cpu()
	if err != nil {
		return err
	}
	alone, err := press(ctx, s.address, 1, loginsAlone, login)
	if err != nil {
		return err
	}
	after, err := s.cpu()
	if err != nil {
		return err
	}
	busy, err := press(ctx, s.address, loginsBeside, loginsAtOnce, login)
	if err != nil {
		return err
	}
	_, peak, err := s.memory()
	fmt.Printf("%-9s login alone: p50 %v p99 %v CPU %v %v; %d at a time: %.1f/s, p50 %v p99 %v %v; memory "+
		"%.0f MB idle, %.0f MB at peak\n", kind,
		alone.percentile(.5), alone.percentile(.99), ((after - before) / loginsAlone).Round(time.Millisecond),
		alone.statuses, loginsBeside, busy.rate(http.StatusOK), busy.percentile(.5),
		busy.percentile(.99), busy.statuses,
		idle, peak)
	return err
}

// addLogIns inserts participants with the bench's password.
func addLogIns(ctx context.Context, db *store.Store, n int) ([]person, error) {
	people, err := addPeople(ctx, db, compete.RoleParticipant, n)
	if err != nil {
		return nil, err
	}
	hasher, err := auth.NewHasher(auth.HasherConfig{Cost: usualCost})
	if err != nil {
		return nil, err
	}
	hash, err := hasher.Hash(ctx, benchPassword)
	if err != nil {
		return nil, err
	}
	_, err = db.Writer().ExecContext(ctx, "UPDATE users SET password_hash = $1", hash)
	return people, err
}

// loginRequest comes from the network with the given number. Each request uses a different network, so that limits per
// network don't delay it.
func loginRequest(address, email string, network int) []byte {
	body := fmt.Sprintf(`{"email":%q,"password":%q}`, email, benchPassword)
	from := fmt.Sprintf("10.%d.%d.%d", network>>16&255, network>>8&255, network&255)
	return fmt.Appendf(nil,
		"POST /api/auth/login HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: %s\r\nContent-Type: "+
			"application/json\r\nContent-Length: %d\r\n\r\n%s",
		address, from, len(body), body)
}

// runFloodedRush runs a rush while others log in. It also returns the responses to the logins, by status.
func runFloodedRush(ctx context.Context, o options, kind string) (r rush, answers map[int]int, err error) {
	url, db, done, err := openFresh(ctx, o, kind)
	if err != nil {
		return r, nil, err
	}
	defer done()
	crowd, err := addCrowd(ctx, db, o.participants, 1, o.participants)
	if err != nil {
		return r, nil, err
	}
	s, err := startProduct(ctx, o.binary, url)
	if err != nil {
		return r, nil, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	f, err := startFlood(ctx, s.address)
	if err != nil {
		return r, nil, err
	}
	r, err = rushOn(ctx, o, db, s, crowd.people, crowd.competitions[0], true)
	return r, f.stop(), err
}

// flood is a number of connections that log in to nonexistent accounts. Each uses its own network, and logs in again as
// soon as it gets a response. It ends when it gets none.
type flood struct {
	end      context.CancelFunc
	done     sync.WaitGroup
	networks atomic.Int64
	mu       sync.Mutex
	answers  map[int]int
}

// noAnswer is used as the status if no response came within requestTimeout.
const noAnswer = 0

func startFlood(ctx context.Context, address string) (*flood, error) {
	ctx, end := context.WithCancel(ctx)
	f := &flood{end: end, answers: map[int]int{}}
	for range floodOf {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			end()
			return nil, err
		}
		f.done.Go(func() {
			defer conn.Close()
			f.note(f.logIn(ctx, address, conn))
		})
	}
	return f, nil
}

// logIn logs in repeatedly until ctx ends, and returns the responses by status.
func (f *flood) logIn(ctx context.Context, address string, conn net.Conn) (map[int]int, error) {
	answers := map[int]int{}
	for ctx.Err() == nil {
		n := int(f.networks.Add(1))
		p := presses{
			requests:  [][]byte{loginRequest(address, fmt.Sprintf("nobody%d@example.com", n), n)},
			latencies: make([]time.Duration, 1), answered: make([]time.Time, 1), statuses: make([]int, 1),
		}
		if err := p.work(ctx, conn); err != nil && ctx.Err() == nil {
			return answers, err
		}
		answers[p.statuses[0]]++
	}
	return answers, nil
}

func (f *flood) note(answers map[int]int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for status, n := range answers {
		f.answers[status] += n
	}
	if err != nil {
		f.answers[noAnswer]++
	}
}

func (f *flood) stop() map[int]int {
	f.end()
	f.done.Wait()
	return f.answers
}
