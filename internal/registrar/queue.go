package registrar

import (
	"runtime"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	// smallBatch is a number of commands that is always taken at once. If more than twice as many are waiting, only
	// half of them are taken: while they are committed, clients whose commands were answered before can return and
	// queue behind the other half. If all were taken at once, everybody would wait for the disk, and then the disk for
	// everybody.
	smallBatch = 128
	// yields is how often other goroutines may run first while fewer than smallBatch commands wait. If there are none,
	// this takes 7 µs.
	yields = 100
)

// queue is a bounded first-in-first-out queue. Commands get their timestamps under its lock, so that timestamps and
// order agree.
type queue struct {
	mu      sync.Mutex
	waiting sync.Cond // signalled when commands arrive or the queue closes
	items   []*command
	size    int
	closed  bool
}

func (q *queue) init(size int) {
	q.size = size
	q.waiting.L = &q.mu
}

func (q *queue) put(c *command, clock func() time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return compete.ErrStopping
	case len(q.items) >= q.size:
		return compete.ErrBusy
	}
	c.arrived = compete.UTC(clock())
	q.items = append(q.items, c)
	q.waiting.Signal()
	return nil
}

// take waits for commands and returns at most the given number, oldest first; none if the queue is closed and empty. It
// lets other goroutines run first until there are enough: in a rush, clients that were just answered are about to send
// their next request, and a small batch costs nearly as much as one of a hundred.
func (q *queue) take(most int) []*command {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.gather(most); len(q.items) == 0; q.gather(most) { // those gathered may since have been refused
		if q.closed {
			return nil
		}
	}
	return q.cut(min(most, max(smallBatch, (len(q.items)+1)/2), len(q.items)))
}

// gather waits for commands, and then lets other goroutines run first.
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

// takeBefore takes the commands that arrived before the given time, without waiting.
func (q *queue) takeBefore(moment time.Time) []*command {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < len(q.items) && q.items[n].arrived.Before(moment) {
		n++
	}
	return q.cut(n)
}

// cut removes and returns the first n commands.
func (q *queue) cut(n int) []*command {
	taken := q.items[:n:n]
	if q.items = q.items[n:]; len(q.items) == 0 {
		q.items = nil // release the array shared with the taken commands
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
