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
	state       *state        // nil until it is known
	ready       chan struct{} // closed when there is a state, or the topic was dropped
	err         error         // why it was dropped, set before ready is closed
	followers   int           // open pages
	// those of them that know the state; the others are due already, however often it changes
	informed map[*Page]struct{}
}

// state is what pages are told of a competition, until the next one. It is put into words once for each feed.
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

// follow finds a competition's topic or makes one, which is read at once. h.mu is held.
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

// renew gives a topic a new state, of which its pages are told. h.mu is held.
func (h *Hub) renew(t *topic, seats compete.Seats) {
	if t.state == nil {
		close(t.ready)
	}
	t.state = &state{seats: seats, words: map[*Feed]string{}}
	for p := range t.informed {
		h.hurry(p)
	}
	clear(t.informed)
}

// drop forgets a topic. h.mu is held.
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
