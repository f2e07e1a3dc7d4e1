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
	// yields is how often others may go first while fewer than smallBatch wait. Where there are none it takes 7 µs.
	yields = 100
)

// queue is a bounded first-in-first-out queue. Commands are stamped under its lock, so that stamps and order agree.
type queue struct {
	mu      sync.Mutex
	waiting sync.Cond // signalled when commands wait or the queue closes
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

// take waits for commands and returns up to most of them, the oldest first; none when the queue is closed and empty. It
// lets others go first until there are enough: in a rush those just answered are about to press again, and a batch of a
// few costs nearly as much as one of a hundred.
func (q *queue) take(most int) []*command {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.gather(most); len(q.items) == 0; q.gather(most) { // those gathered may have been refused meanwhile
		if q.closed {
			return nil
		}
	}
	return q.cut(min(most, max(smallBatch, (len(q.items)+1)/2), len(q.items)))
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
