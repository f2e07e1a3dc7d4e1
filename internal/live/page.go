package live

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sse"
)

// Feed opens the pages of one front door (API or web), which receive the same events.
type Feed struct {
	hub   *Hub
	words func(compete.Seats) (string, error)
}

// Feed makes a feed that encodes seats with words.
func (h *Hub) Feed(words func(compete.Seats) (event string, err error)) *Feed { return &Feed{h, words} }

// event never fails: a page that can't be told of one competition is told of the others.
func (f *Feed) event(seats compete.Seats) (event string) {
	defer func() {
		if cause := recover(); cause != nil { // no request stands behind it, and so nobody else would
			f.hub.config.Logger.Error("could not encode a seat update", "competition", seats.CompetitionID, "panic",
				cause)
		}
	}()
	event, err := f.words(seats)
	if err != nil {
		f.hub.config.Logger.Error("could not encode a seat update", "competition", seats.CompetitionID, "error", err)
	}
	return event
}

// Page is an open page that follows competitions.
type Page struct {
	feed    *Feed
	follows []following

	// What follows is guarded by Hub.mu.
	stream sse.Stream // nil until Start
	left   bool
	own    string    // events for this page alone that it has not been told
	told   time.Time // when it was told something last
	stuck  time.Time // since when its reader takes nothing; zero: it does
	due    time.Time // when it is told next
	place  int       // in the queue; -1 before Start and while it is being told
}

// following is one competition that a page follows.
type following struct {
	topic *topic
	told  *state // what the page knows
	next  *state // what it is being told; nil: nothing
}

// Open makes room for a page and returns when the present state of the competitions is known. Those that don't exist
// are left out. Call Leave when the page is gone, also when it was never started. Errors: ErrBusy, ErrStopping, those
// of Config.Read.
func (f *Feed) Open(ctx context.Context, competitionIDs ...string) (*Page, error) {
	p, err := f.hub.join(f, competitionIDs)
	if err != nil {
		return nil, err
	}
	for _, f := range p.follows {
		select {
		case <-f.topic.ready:
			err = f.topic.err
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err != nil && !errors.Is(err, compete.ErrCompetitionMissing) {
			p.Leave()
			return nil, err
		}
	}
	p.follows = slices.DeleteFunc(p.follows, func(f following) bool { return f.topic.err != nil })
	return p, nil
}

func (h *Hub) join(feed *Feed, ids []string) (*Page, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, compete.ErrStopping
	}
	if len(h.pages) >= h.config.MaxPages {
		return nil, compete.ErrBusy
	}
	p := &Page{feed: feed, place: -1}
	h.pages[p] = struct{}{}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	p.follows = make([]following, len(ids))
	for i, id := range ids {
		p.follows[i].topic = h.follow(id)
	}
	return p, nil
}

// Start tells the page first and the present state at once, and each later state until Leave. A slow reader misses
// states in between, never the last; one that takes nothing for stuckTimeout is cut off. A quiet stream gets a comment
// every heartbeat.
func (p *Page) Start(stream sse.Stream, first string) {
	h := p.feed.hub
	h.mu.Lock()
	if h.closed || p.left {
		h.mu.Unlock()
		stream.End()
		return
	}
	p.stream = stream
	p.own = first + p.own
	own := p.collect()
	h.mu.Unlock()
	taken := p.send(own)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requeue(p, own, taken)
}

// Tell tells the page an event of its own, beside seats. It replaces one that the page has not been told yet.
func (p *Page) Tell(event string) {
	h := p.feed.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	p.own = event
	h.hurry(p)
}

// End ends the page's stream.
func (p *Page) End() {
	h := p.feed.hub
	h.mu.Lock()
	stream := p.stream
	h.mu.Unlock()
	if stream != nil {
		stream.End()
	}
}

// Leave forgets the page. It may be called again.
func (p *Page) Leave() {
	h := p.feed.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.left {
		return
	}
	p.left = true
	delete(h.pages, p)
	for _, f := range p.follows {
		delete(f.topic.informed, p)
		if f.topic.followers--; f.topic.followers == 0 {
			h.drop(f.topic, compete.ErrStopping) // nobody waits for it any more
		}
	}
	h.unqueue(p)
}

// pending reports whether there is something that the page has not been told. h.mu is held.
func (p *Page) pending() bool {
	return p.own != "" || slices.ContainsFunc(p.follows, func(f following) bool { return f.told != f.topic.state })
}

// collect returns the page's own events, and notes what it is told of seats. h.mu is held.
func (p *Page) collect() (own string) {
	for i := range p.follows {
		f := &p.follows[i]
		f.next = nil
		if f.told != f.topic.state {
			f.next = f.topic.state
		}
	}
	return p.own
}

// send offers the page what collect noted, or a sign of life. The page is out of the queue, so that nobody else does.
func (p *Page) send(own string) (taken bool) {
	events := own
	for i := range p.follows {
		if next := p.follows[i].next; next != nil {
			events += next.event(p.feed) // mostly the only one, and nothing is copied
		}
	}
	if events == "" {
		events = signOfLife
	}
	return p.stream.Offer(events)
}
