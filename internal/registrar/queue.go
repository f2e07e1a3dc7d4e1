package registrar

import (
	"runtime"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// smallBatch is how many commands are taken together whoever else waits. Of more than twice as many only half are
	// taken: while they are committed, those answered before them can come back and queue behind the other half. Taken
	// all at once, everybody would wait for the disk, and then the disk for everybody.
	smallBatch = 128
	// alwaysRoom is how many may wait in an overload, however few were served of late: a batch costs too much to be
	// small.
	alwaysRoom = 4 * smallBatch
	// yields is how often others may go first while fewer than smallBatch wait. Where there are none it takes 7 µs.
	yields = 100
)

// queue is a bounded first-in-first-out queue. Commands are stamped under its lock, so that stamps and order agree.
//
// A queue that is long for a moment is a rush, and works it off; one that stays long is an overload, in which everybody
// waits for nothing but those before them (the idea of CoDel, RFC 8289). So once the first has waited for longer than
// target, again and again for longer than burst, only as many may wait as are served in twice the target, until that
// has not been so for as long.
type queue struct {
	mu      sync.Mutex
	waiting sync.Cond // signalled when commands wait or the queue closes
	items   []*command
	size    int
	closed  bool

	target, burst time.Duration // 0: a long queue is never an overload
	// when the first had waited for longer than target: at the beginning, and the last time
	longSince, long time.Time
	served          int // since windowed
	windowed        time.Time
	room            int // what was served in twice the target, lately
}

func (q *queue) init(size int, maxWait time.Duration) {
	q.size, q.target, q.burst = size, maxWait/12, maxWait/2
	q.waiting.L = &q.mu
}

func (q *queue) put(c *command, clock func() time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := compete.UTC(clock())
	switch {
	case q.closed:
		return compete.ErrStopping
	case q.hasNoRoom(now):
		return compete.ErrBusy
	}
	c.arrived = now
	q.items = append(q.items, c)
	q.waiting.Signal()
	return nil
}

func (q *queue) full(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.hasNoRoom(now)
}

func (q *queue) hasNoRoom(now time.Time) bool { return len(q.items) >= q.size || q.overloaded(now) }

// overloaded reports whether the queue has been long for longer than a burst, and is so now.
func (q *queue) overloaded(now time.Time) bool {
	return q.target > 0 && len(q.items) >= max(q.room, alwaysRoom) && q.long.Sub(q.longSince) > q.burst &&
		now.Sub(q.long) <= q.burst
}

// measure notes how long the first of n that are taken has waited, and how many are served.
func (q *queue) measure(n int, now time.Time) {
	if q.target == 0 {
		return
	}
	if now.Sub(q.items[0].arrived) > q.target {
		if now.Sub(q.long) > q.burst {
			q.longSince = now
		}
		q.long = now
	}
	if passed := now.Sub(q.windowed); passed >= q.target {
		q.room = int(float64(q.served) * float64(2*q.target) / float64(passed))
		q.served, q.windowed = 0, now
	}
	q.served += n
}

// take waits for commands and returns up to most of them, the oldest first; none when the queue is closed and empty. It
// lets others go first until there are enough: in a rush those just answered are about to press again, and a batch of a
// few costs nearly as much as one of a hundred.
func (q *queue) take(most int, clock func() time.Time) []*command {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.gather(most); len(q.items) == 0; q.gather(most) { // those gathered may have been refused meanwhile
		if q.closed {
			return nil
		}
	}
	n := min(most, max(smallBatch, (len(q.items)+1)/2), len(q.items))
	q.measure(n, compete.UTC(clock()))
	return q.cut(n)
}

// gather waits for commands, and then lets others go first.
func (q *queue) gather(most int) {
	for len(q.items) == 0 && !q.closed {
		q.waiting.Wait()
	}
	for i := 0; i < yields && len(q.items) < min(most, smallBatch); i++ {
		q.mu.Unlock()
		runtime.Gosched()
		q.mu.Lock()
	}
}

// takeBefore takes the commands that arrived before a moment, without waiting.
func (q *queue) takeBefore(moment time.Time) []*command {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < len(q.items) && q.items[n].arrived.Before(moment) {
		n++
	}
	return q.cut(n)
}

// cut takes the first n.
func (q *queue) cut(n int) []*command {
	taken := q.items[:n:n]
	if q.items = q.items[n:]; len(q.items) == 0 {
		q.items = nil // lets go of the array that the taken ones share
	}
	return taken
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.waiting.Broadcast()
}

func (q *queue) depth() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}
