package sqldb

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// Coalesced answers identical concurrent reads with one read of the database. A request only joins a read that starts
// after the request arrived, so its answer is as fresh as from a read of its own: per key, at most one read is in
// progress, and one is pending with all requests that arrived since. As measured on SQLite, with 64 requests for the
// same list at once, each costs 17 µs of processor time instead of 313. The zero value is ready to use.
type Coalesced[K comparable, V any] struct {
	mu      sync.Mutex
	running map[K]*sharedRead[V]
}

// sharedRead is one read with all its waiting requests.
type sharedRead[V any] struct {
	done  chan struct{} // closed when value and err are set
	value V
	err   error

	read func(context.Context) (V, error) // the most recently requested one: its "now" is the latest
	next *sharedRead[V]                   // for requests that arrived while this one ran
}

// Read returns the result of read, or of an identical one, run from now on. A request that finds nothing to join runs
// the read for all who join, unless its context has a deadline; the others stop waiting when their context ends. If the
// read panics, all get an error with the stack.
func (c *Coalesced[K, V]) Read(ctx context.Context, key K, read func(context.Context) (V, error)) (V, error) {
	mine, before, leads := c.join(key, read)
	if leads {
		lead := func() {
			if before != nil {
				<-before.done
			}
			c.run(context.WithoutCancel(ctx), key, mine)
		}
		if _, limited := ctx.Deadline(); !limited {
			lead()
			return mine.value, mine.err
		}
		go lead()
	}
	select {
	case <-mine.done:
		return mine.value, mine.err
	case <-ctx.Done():
		var none V
		return none, ctx.Err()
	}
}

// join returns the read that starts next, and the one in progress before it. leads reports that the caller has to run
// it.
func (c *Coalesced[K, V]) join(key K, read func(context.Context) (V, error)) (mine, before *sharedRead[V], leads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before = c.running[key]
	if before != nil && before.next != nil {
		before.next.read = read
		return before.next, before, false
	}
	mine = &sharedRead[V]{done: make(chan struct{}), read: read}
	switch {
	case before != nil:
		before.next = mine
	case c.running == nil:
		c.running = map[K]*sharedRead[V]{key: mine}
	default:
		c.running[key] = mine
	}
	return mine, before, true
}

// errPanic is the error of a read that panicked.
var errPanic = errors.New("a shared read panicked")

func (c *Coalesced[K, V]) run(ctx context.Context, key K, r *sharedRead[V]) {
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
		c.mu.Lock()
		if r.next == nil {
			delete(c.running, key)
		} else {
			c.running[key] = r.next
		}
		c.mu.Unlock()
		close(r.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, ReadTimeout)
	defer cancel()
	r.value, r.err = r.read(ctx) // no longer changes: only a pending read can be joined
}
