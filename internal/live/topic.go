package live

import (
	"context"
	"time"

	"minicompete/internal/compete"
)

// topic is a competition that somebody watches.
type topic struct {
	competition compete.Competition
	known       bool          // competition has been read
	told        compete.Seats // what the watchers heard last; zero before the first time
	ready       chan struct{} // closed when it has been told for the first time, or dropped
	err         error         // why it was dropped, set before ready is closed
	watchers    map[chan compete.Seats]struct{}
}

// Watch sends the present state at once and each later one until ctx ends or the hub stops; then the channel is closed. A slow
// reader misses states in between, never the last. Errors: ErrCompetitionMissing, ErrBusy, ErrStopping, those of Config.Read.
func (h *Hub) Watch(ctx context.Context, competitionID string) (<-chan compete.Seats, error) {
	t, w, err := h.join(competitionID)
	if err != nil {
		return nil, err
	}
	select {
	case <-t.ready:
	case <-ctx.Done():
		h.leave(competitionID, t, w)
		return nil, context.Cause(ctx)
	}
	if t.err != nil {
		return nil, t.err
	}
	context.AfterFunc(ctx, func() { h.leave(competitionID, t, w) })
	return w, nil
}

func (h *Hub) join(id string) (*topic, chan compete.Seats, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, compete.ErrStopping
	}
	if h.watchers >= h.config.MaxWatchers {
		return nil, nil, compete.ErrBusy
	}
	t := h.topics[id]
	if t == nil {
		t = &topic{ready: make(chan struct{}), watchers: map[chan compete.Seats]struct{}{}}
		h.topics[id] = t
		h.fresh[id] = true
		h.signal()
	}
	w := make(chan compete.Seats, 1)
	t.watchers[w] = struct{}{}
	h.watchers++
	if t.told != (compete.Seats{}) {
		w <- t.told
	}
	return t, w, nil
}

func (h *Hub) leave(id string, t *topic, w chan compete.Seats) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, there := t.watchers[w]; !there {
		return // the topic was dropped
	}
	delete(t.watchers, w)
	close(w)
	h.watchers--
	if len(t.watchers) == 0 {
		h.drop(id, t, compete.ErrStopping)
	}
}

// drop forgets a topic and closes the channels of its watchers. h.mu is held.
func (h *Hub) drop(id string, t *topic, err error) {
	for w := range t.watchers {
		close(w)
	}
	h.watchers -= len(t.watchers)
	clear(t.watchers)
	delete(h.topics, id)
	delete(h.changed, id)
	delete(h.fresh, id)
	if t.told == (compete.Seats{}) {
		t.err = err
		close(t.ready)
	}
}

// tell sends every state that watchers have not heard, also when only time has passed (registration opens, the deadline comes).
// It returns how long until the next such moment.
func (h *Hub) tell() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.config.Clock()
	next := time.Hour // a poll comes sooner anyway
	for _, t := range h.topics {
		if !t.known {
			continue
		}
		t.tell(now)
		for _, moment := range []*time.Time{t.competition.RegOpensAt, &t.competition.RegDeadline} {
			if moment != nil && moment.After(now) {
				next = min(next, moment.Sub(now))
			}
		}
	}
	return next
}

func (t *topic) tell(now time.Time) {
	seats := t.competition.Seats(now)
	if seats == t.told {
		return
	}
	if t.told == (compete.Seats{}) {
		close(t.ready)
	}
	t.told = seats
	for w := range t.watchers {
		select { // only this goroutine fills the channel once it is told, so after taking the unread state there is room
		case <-w:
		default:
		}
		w <- seats
	}
}
