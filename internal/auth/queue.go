package auth

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// The rooms of a queue: flooding one doesn't affect the other.
const (
	roomLogIn  = iota // passwords to check
	roomSignUp        // passwords to hash
	rooms
)

// queue admits a few requests at a time. The rooms take turns, and within a room the networks do, so that a client with
// a thousand connections only waits behind itself.
type queue struct {
	max      int           // maximum waiting per room
	patience time.Duration // how long anybody waits

	mu    sync.Mutex
	free  int
	rooms [rooms]room
	turn  int // the room to serve next
	held  int // refused requests that haven't been answered yet
}

// A refusal is delayed by turnAwayAfter, so that a client that retries at once costs next to nothing. At most this many
// are delayed at a time; the others are answered right away.
const (
	turnAwayAfter = time.Second
	maxHeld       = 1000
)

// room has a line for each network, in order of arrival.
type room struct {
	lines   map[string][]*ticket
	order   []string // the networks with a line; the first is next
	waiting int
}

// ticket is a waiting request. done is closed when it is admitted or has to leave.
type ticket struct {
	done   chan struct{}
	thrown bool // removed in favor of a shorter line
}

func newQueue(free, maxWaiting int, patience time.Duration) *queue {
	q := &queue{max: maxWaiting, patience: patience, free: free}
	for i := range q.rooms {
		q.rooms[i].lines = map[string][]*ticket{}
	}
	return q
}

// enter waits for a turn; call leave afterwards. It fails with compete.ErrBusy if the room is full and no other
// network's line is longer, if a request from a shorter line takes the place, if the turn doesn't come within
// q.patience, and if ctx ends.
func (q *queue) enter(ctx context.Context, in int) error {
	network := compete.ClientOf(ctx).Network()
	q.mu.Lock()
	r := &q.rooms[in]
	if q.free > 0 {
		q.free--
		q.mu.Unlock()
		return nil
	}
	if r.waiting >= q.max && !r.makeRoom(network) {
		q.mu.Unlock()
		return q.turnAway(ctx)
	}
	t := r.add(network)
	q.mu.Unlock()
	enough := time.NewTimer(q.patience)
	defer enough.Stop()
	var err error = compete.ErrBusy
	select {
	case <-t.done:
		if t.thrown {
			return err
		}
		return nil
	case <-enough.C:
	case <-ctx.Done():
		err = fmt.Errorf("%w: %w", err, context.Cause(ctx))
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !r.remove(network, t) && !t.thrown {
		q.pass() // the turn had just come
	}
	return err
}

// turnAway returns compete.ErrBusy, after a delay if there is room for one.
func (q *queue) turnAway(ctx context.Context) error {
	if !q.hold(1) {
		return compete.ErrBusy
	}
	defer q.hold(-1)
	select {
	case <-time.After(turnAwayAfter):
	case <-ctx.Done():
	}
	return compete.ErrBusy
}

// hold reports whether n more refusals may be delayed.
func (q *queue) hold(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held+n > maxHeld {
		return false
	}
	q.held += n
	return true
}

// leave passes the slot to the next request.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pass()
}

func (q *queue) pass() {
	for range rooms {
		r := &q.rooms[q.turn]
		q.turn = (q.turn + 1) % rooms
		if r.waiting > 0 {
			close(r.next().done)
			return
		}
	}
	q.free++
}

func (r *room) add(network string) *ticket {
	t := &ticket{done: make(chan struct{})}
	if len(r.lines[network]) == 0 {
		r.order = append(r.order, network)
	}
	r.lines[network] = append(r.lines[network], t)
	r.waiting++
	return t
}

// next removes and returns the first ticket of the network whose turn it is.
func (r *room) next() *ticket {
	network := r.order[0]
	t := r.lines[network][0]
	r.order = append(r.order[1:], network)
	r.remove(network, t)
	return t
}

// remove removes a ticket and reports whether it was still waiting.
func (r *room) remove(network string, t *ticket) bool {
	line := r.lines[network]
	i := slices.Index(line, t)
	if i < 0 {
		return false
	}
	r.waiting--
	if len(line) > 1 {
		r.lines[network] = slices.Delete(line, i, i+1)
		return true
	}
	delete(r.lines, network)
	j := slices.Index(r.order, network)
	r.order = slices.Delete(r.order, j, j+1)
	return true
}

// makeRoom removes the last ticket of the longest line, if that line is longer than the network's will be.
func (r *room) makeRoom(network string) bool {
	longest := ""
	for other, line := range r.lines {
		if len(line) > len(r.lines[longest]) {
			longest = other
		}
	}
	line := r.lines[longest]
	if len(line) <= len(r.lines[network])+1 {
		return false
	}
	last := line[len(line)-1]
	r.remove(longest, last)
	last.thrown = true
	close(last.done)
	return true
}
