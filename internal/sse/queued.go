package sse

import (
	"context"
	"sync"
)

// queued hands events to a goroutine that may wait for the reader.
type queued struct {
	events chan string // holds what the reader has not been sent yet
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

// run writes what is offered until the reader has left, which is an error, or the stream is ended.
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
