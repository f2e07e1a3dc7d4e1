package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/sse"
)

const (
	// liveEvery holds a page to four events a second, as its reader can't follow more.
	liveEvery = 250 * time.Millisecond
	// heartbeatEvery keeps proxies from closing a quiet stream.
	heartbeatEvery = 20 * time.Second
	// maxWatched is how many competitions one page may follow; live.js asks for no more.
	maxWatched = 100
)

// live is the one event stream of a page: the server's clock once, then the seats of the competitions
// on the page and the viewer's unread messages, each when it changes.
func (a *app) live(r *http.Request, _ *visit) (response, error) {
	ids := r.URL.Query()["c"]
	if len(ids) > maxWatched {
		return nil, errBadForm
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context())) // the stream goes on when the request has ended
	follow := context.AfterFunc(r.Context(), cancel)
	changes, err := a.watch(ctx, ids)
	if err != nil {
		cancel()
		return nil, err
	}
	return func(v *visit) error {
		follow()
		s := &stream{app: a, actor: v.actor, pending: make(map[string]compete.Seats, 1)}
		if cookie, err := r.Cookie(a.sessionCookie()); err == nil {
			s.session = cookie.Value
		}
		sse.Serve(v.w, r, a.Streams, a.Log, func(out *sse.Stream) {
			defer cancel()
			s.out = out
			s.run(changes)
		})
		return nil
	}, nil
}

// watch follows several competitions through one channel, which is closed when the feed stops. Those
// that are gone are left out.
func (a *app) watch(ctx context.Context, ids []string) (<-chan compete.Seats, error) {
	var feeds []<-chan compete.Seats
	for _, id := range ids {
		if !compete.ValidID(id) {
			continue
		}
		feed, err := a.Feed.Watch(ctx, id)
		if errors.Is(err, compete.ErrCompetitionMissing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		feeds = append(feeds, feed)
	}
	switch len(feeds) {
	case 0:
		return nil, nil
	case 1:
		return feeds[0], nil // the page of one competition, thousands of which are open in a rush
	}
	return merge(ctx, feeds), nil
}

func merge(ctx context.Context, feeds []<-chan compete.Seats) <-chan compete.Seats {
	merged := make(chan compete.Seats)
	var wg sync.WaitGroup
	for _, feed := range feeds {
		wg.Go(func() {
			for seats := range feed {
				select {
				case merged <- seats:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		wg.Wait()
		close(merged)
	}()
	return merged
}

// stream writes the events of one page. It holds nothing of the request, which may be over long before.
type stream struct {
	app     *app
	actor   compete.Actor
	session string // the cookie's token, empty for a visitor
	out     *sse.Stream
	pending map[string]compete.Seats // by competition, until the next flush
	err     error                    // the first failed write: the reader is gone
}

func (s *stream) run(changes <-chan compete.Seats) {
	s.send(event("clock", strconv.FormatInt(s.app.clock().UnixMilli(), 10)))
	var unread <-chan int
	if s.actor.LoggedIn() {
		counts, leave := s.app.unread.join(s.actor.UserID)
		defer leave()
		unread = counts
	}
	heartbeat := time.NewTicker(heartbeatEvery)
	defer heartbeat.Stop()
	due := time.NewTimer(0) // runs while something is pending, and for liveEvery after a flush
	defer due.Stop()
	waiting := true
	for s.err == nil {
		select {
		case <-s.out.Context().Done():
			return
		case seats, ok := <-changes:
			if !ok {
				return // the server stops: the page comes back to another
			}
			s.pending[seats.CompetitionID] = seats
			if !waiting {
				waiting = true
				due.Reset(0)
			}
		case <-due.C:
			waiting = len(s.pending) > 0
			if waiting {
				s.sendPending()
				due.Reset(liveEvery)
			}
		case n := <-unread:
			s.send(event("unread", strconv.Itoa(n)))
		case <-heartbeat.C:
			s.heartbeat()
		}
	}
}

func (s *stream) sendPending() {
	events := ""
	for id, seats := range s.pending {
		data, err := renderedSeats(seats)
		if err != nil {
			s.err = err
			return
		}
		events += event("seats", data)
		delete(s.pending, id)
	}
	s.send(events)
}

// heartbeat keeps the stream open, and ends it when the session behind it has ended.
func (s *stream) heartbeat() {
	if s.actor.LoggedIn() {
		if _, s.err = s.app.Sessions.Cookie(s.out.Context(), s.session); s.err != nil {
			return
		}
	}
	s.send(": still here\n\n")
}

func (s *stream) send(events string) {
	if s.err == nil {
		s.err = s.out.Send(events)
	}
}

func event(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
