package live

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sse"
)

// Feed opens pages for one front end (API or web). All receive events in the same encoding.
type Feed struct {
	hub   *Hub
	words func(compete.Seats) (string, error)
}

// Feed creates a feed that encodes seats with words.
func (h *Hub) Feed(words func(compete.Seats) (event string, err error)) *Feed { return &Feed{h, words} }

// event never fails: if one competition can't be encoded, a page still gets the others.
func (f *Feed) event(seats compete.Seats) (event string) {
	defer func() {
		if cause := recover(); cause != nil { // there is no request whose handler would recover
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
	actor   compete.Actor // who looks at it
	follows []following

	// The following is guarded by Hub.mu.
	stream sse.Stream // nil until Start
	left   bool
	own    string    // unsent events for this page only
	told   time.Time // when it was last sent an event
	stuck  time.Time // since when its reader accepts nothing; zero if it does
	due    time.Time // when it is next sent events
	place  int       // index in the queue; -1 before Start and while it is being sent events
}

// following is one competition that a page follows.
type following struct {
	topic *topic
	told  *state // last state sent to the page
	next  *state // state being sent; nil if none
}

// Open registers a page of the actor and returns once the current state of the competitions is known. Competitions that
// don't exist are left out, and nothing is sent of one as long as the actor may not see it. Call Leave when the page is
// closed, even if it was never started. Errors: ErrBusy, ErrStopping, those of Config.Read.
func (f *Feed) Open(ctx context.Context, actor compete.Actor, competitionIDs ...string) (*Page, error) {
	p, err := f.hub.join(f, actor, competitionIDs)
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

func (h *Hub) join(feed *Feed, actor compete.Actor, ids []string) (*Page, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, compete.ErrStopping
	}
	if len(h.pages) >= h.config.MaxPages {
		return nil, compete.ErrBusy
	}
	p := &Page{feed: feed, actor: actor, place: -1}
	h.pages[p] = struct{}{}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	p.follows = make([]following, len(ids))
	for i, id := range ids {
		p.follows[i].topic = h.follow(id)
	}
	return p, nil
}

// Start sends the page first and the current state at once, and each later state until Leave. A slow reader misses
// intermediate states, never the last; one that accepts nothing for stuckTimeout is disconnected. A quiet stream gets a
// comment every heartbeat.
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

// Tell sends the page an event of its own, besides seats. It replaces one that hasn't been sent yet.
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

// Leave removes the page. It may be called more than once.
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
			h.drop(f.topic, compete.ErrStopping) // nobody is waiting for it any more
		}
	}
	h.unqueue(p)
}

// pending reports whether the page has unsent events. h.mu is held.
func (p *Page) pending() bool {
	return p.own != "" || slices.ContainsFunc(p.follows, func(f following) bool { return f.told != f.topic.state })
}

// collect returns the page's own events, and marks the states to send. h.mu is held.
func (p *Page) collect() (own string) {
	for i := range p.follows {
		f := &p.follows[i]
		f.next = nil
		switch {
		case f.told == f.topic.state:
		case f.topic.competition.VisibleTo(p.actor):
			f.next = f.topic.state
		default: // hidden in the meantime, or never shown to them
			f.told = f.topic.state
		}
	}
	return p.own
}

// send offers the page's stream the collected events, or a heartbeat. The page isn't in the queue, so nothing else
// sends to it.
func (p *Page) send(own string) (taken bool) {
	events := own
	for i := range p.follows {
		if next := p.follows[i].next; next != nil {
			events += next.event(p.feed) // usually the only one, so that nothing is copied
		}
	}
	if events == "" {
		events = signOfLife
	}
	return p.stream.Offer(events)
}
