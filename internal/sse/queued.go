package sse

import (
	"context"
	"sync"
)

// queued passes events to a goroutine that may block on the reader.
type queued struct {
	events chan string // holds events not yet sent to the reader
	over   chan struct{}
	once   sync.Once
}

func newQueued() *queued { return &queued{events: make(chan string, 1), over: make(chan struct{})} }

// Offer implements Stream.
func (q *queued) Offer(events string) bool {
	select {
	case q.events <- events:
		return true
	default:
		return false
	}
}

// End implements Stream.
func (q *queued) End() { q.once.Do(func() { close(q.over) }) }

// run writes offered events until the reader has left, which is an error, or the stream has ended.
func (q *queued) run(ctx context.Context, write func(string) error) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case events := <-q.events:
			if err := write(events); err != nil {
				return err
			}
		case <-q.over:
			select {
			case events := <-q.events: // offered before the end
				return write(events)
			default:
				return nil
			}
		}
	}
}
