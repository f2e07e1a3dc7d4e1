package live

import (
	"sync"

	"github.com/minicompete/minicompete/internal/compete"
)

// topic is a competition that open pages follow.
type topic struct {
	id          string
	competition compete.Competition
	known       bool          // competition has been read
	state       *state        // nil until known
	ready       chan struct{} // closed when there is a state or the topic was dropped
	err         error         // why it was dropped; set before ready is closed
	followers   int           // number of open pages
	// those that have the current state, or may not see it; the others are already due, however often it changes
	informed map[*Page]struct{}
}

// state is the version of a competition that pages are sent until the next one. It is encoded once per feed.
type state struct {
	seats compete.Seats
	mu    sync.Mutex
	words map[*Feed]string
}

func (s *state) event(f *Feed) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	event, ok := s.words[f]
	if !ok {
		event = f.event(s.seats)
		s.words[f] = event
	}
	return event
}

// follow returns a competition's topic. It creates a missing one and has it read at once. h.mu is held.
func (h *Hub) follow(id string) *topic {
	t := h.topics[id]
	if t == nil {
		t = &topic{id: id, ready: make(chan struct{}), informed: map[*Page]struct{}{}}
		h.topics[id] = t
		h.fresh[id] = true
		signal(h.toRead)
	}
	t.followers++
	return t
}

// renew sets a topic's new state and schedules its pages. h.mu is held.
func (h *Hub) renew(t *topic, seats compete.Seats) {
	if t.state == nil {
		close(t.ready)
	}
	t.state = &state{seats: seats, words: map[*Feed]string{}}
	for p := range t.informed {
		if t.competition.VisibleTo(p.actor) { // the others don't even notice a change
			h.hurry(p)
			delete(t.informed, p)
		}
	}
}

// drop removes a topic. h.mu is held.
func (h *Hub) drop(t *topic, err error) {
	if h.topics[t.id] != t {
		return
	}
	delete(h.topics, t.id)
	delete(h.fresh, t.id)
	if t.state == nil {
		t.err = err
		close(t.ready)
	}
}
