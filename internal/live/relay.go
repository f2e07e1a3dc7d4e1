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
	// everything is sent instead of ids when too many competitions have changed to list.
	everything = "*"
	// maxRelayed is the maximum number of ids in one message.
	maxRelayed = 500
	// publishInterval is the minimum time between two messages of a replica.
	publishInterval = 50 * time.Millisecond
	// publishTimeout bounds sending one message, so that a hanging Redis doesn't keep the hub from stopping.
	publishTimeout = 2 * time.Second
)

// relay exchanges ids of changed competitions between replicas. A message is the sender's name and ids, separated by
// spaces.
type relay struct {
	redis    *redis.Client
	outage   outage.Report
	instance string // identifies this replica's own messages
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
	default: // a message is pending and will include these too
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

// publish sends changes until ctx ends. A message that couldn't be sent isn't retried: the other replicas poll.
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

// listen marks the changes that other replicas report until ctx ends, and everything after each (re)connection, since
// messages sent in between are lost.
func (r *relay) listen(ctx context.Context, mark func(ids ...string), markAll func()) {
	subscription := r.redis.Subscribe(ctx, channel) // reconnects automatically
	incoming := subscription.ChannelWithSubscriptions()
	for {
		select {
		case <-ctx.Done():
			_ = subscription.Close() // closing can't lose anything
			for range incoming {
				// wait for its goroutine to end
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
