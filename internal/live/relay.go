package live

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/outage"
)

const (
	channel = "minicompete:seats"
	// everything in place of ids means that more changed than is worth listing.
	everything = "*"
	// maxRelayed is how many ids one message lists.
	maxRelayed = 500
	// publishInterval is the least time between two messages of a replica.
	publishInterval = 50 * time.Millisecond
	// publishTimeout bounds one message, so that a Redis that hangs doesn't keep the hub from stopping.
	publishTimeout = 2 * time.Second
)

// relay carries ids of changed competitions between replicas. A message is the sender's name and ids, separated by
// spaces.
type relay struct {
	redis    *redis.Client
	outage   outage.Report
	instance string // to leave out own messages
	wake     chan struct{}

	mu       sync.Mutex
	outgoing map[string]bool
	overflow bool
}

func newRelay(client *redis.Client, logger *slog.Logger) *relay {
	return &relay{
		redis: client, instance: uuid.NewString(), wake: make(chan struct{}, 1), outgoing: map[string]bool{},
		outage: outage.Report{
			Logger: logger,
			Away:   "Redis is unavailable; changes reach other replicas a few seconds late",
			Back:   "Redis is back; changes reach other replicas immediately again",
		},
	}
}

func (r *relay) changed(ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if len(r.outgoing) < maxRelayed {
			r.outgoing[id] = true
		} else if !r.outgoing[id] {
			r.overflow = true
		}
	}
	select {
	case r.wake <- struct{}{}:
	default: // a message is due already, and it will list these too
	}
}

func (r *relay) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var message strings.Builder
	message.WriteString(r.instance)
	if r.overflow {
		message.WriteString(" " + everything)
	} else {
		for id := range r.outgoing {
			message.WriteString(" " + id)
		}
	}
	clear(r.outgoing)
	r.overflow = false
	return message.String()
}

// publish sends what changed until ctx ends. A message that could not be sent is not sent again: the others poll.
func (r *relay) publish(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		sending, cancel := context.WithTimeout(ctx, publishTimeout)
		err := r.redis.Publish(sending, channel, r.take()).Err()
		cancel()
		if ctx.Err() == nil {
			r.outage.Note(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(publishInterval):
		}
	}
}

// listen marks what other replicas report until ctx ends, and everything after each (re)connection: what was sent
// meanwhile is lost.
func (r *relay) listen(ctx context.Context, mark func(ids ...string), markAll func()) {
	subscription := r.redis.Subscribe(ctx, channel) // connects again by itself
	incoming := subscription.ChannelWithSubscriptions()
	for {
		select {
		case <-ctx.Done():
			_ = subscription.Close() // nothing can be lost by it
			for range incoming {
				// until its goroutine has ended
			}
			return
		case received := <-incoming:
			switch m := received.(type) {
			case *redis.Subscription:
				markAll()
			case *redis.Message:
				ids := strings.Fields(m.Payload)
				switch {
				case len(ids) < 2 || ids[0] == r.instance:
				case ids[1] == everything:
					markAll()
				default:
					mark(ids[1:]...)
				}
			}
		}
	}
}
