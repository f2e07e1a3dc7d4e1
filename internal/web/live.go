package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"minicompete/internal/compete"
)

const (
	// liveEvery holds a page to four events a second, as its reader can't follow more.
	liveEvery = 250 * time.Millisecond
	// heartbeatEvery keeps proxies from closing a quiet stream.
	heartbeatEvery = 20 * time.Second
	// liveWrite is how long one event may take to be taken; a reader that is slower is gone.
	liveWrite = 10 * time.Second
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
	ctx, cancel := context.WithCancel(r.Context())
	changes, err := a.watch(ctx, ids)
	if err != nil {
		cancel()
		return nil, err
	}
	return func(v *visit) error {
		defer cancel()
		s := &stream{visit: v, out: http.NewResponseController(v.w), pending: make(map[string]compete.Seats, 1)}
		s.run(ctx, changes)
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

// stream writes the events of one page.
type stream struct {
	visit   *visit
	out     *http.ResponseController
	pending map[string]compete.Seats // by competition, until the next flush
	err     error                    // the first failed write: the reader is gone
}

func (s *stream) run(ctx context.Context, changes <-chan compete.Seats) {
	a := s.visit.app
	h := s.visit.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	s.event("clock", strconv.FormatInt(a.clock().UnixMilli(), 10))
	s.flush()

	var unread <-chan int
	if s.visit.actor.LoggedIn() {
		counts, leave := a.unread.join(s.visit.actor.UserID)
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
		case <-ctx.Done():
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
			s.event("unread", strconv.Itoa(n))
			s.flush()
		case <-heartbeat.C:
			s.heartbeat(ctx)
		}
	}
}

func (s *stream) sendPending() {
	for id, seats := range s.pending {
		data, err := renderedSeats(seats)
		if err != nil {
			s.err = err
			return
		}
		s.event("seats", data)
		delete(s.pending, id)
	}
	s.flush()
}

// heartbeat keeps the stream open, and ends it when the session behind it has ended.
func (s *stream) heartbeat(ctx context.Context) {
	if s.visit.actor.LoggedIn() {
		cookie, err := s.visit.r.Cookie(s.visit.app.sessionCookie())
		if err == nil {
			_, err = s.visit.app.Sessions.Cookie(ctx, cookie.Value)
		}
		if err != nil {
			s.err = err
			return
		}
	}
	s.write(": still here\n\n")
	s.flush()
}

func (s *stream) event(name, data string) {
	s.write("event: " + name + "\ndata: " + data + "\n\n")
}

func (s *stream) write(text string) {
	if s.err == nil {
		_, s.err = fmt.Fprint(s.visit.w, text)
	}
}

// flush sends what was written. Each has a deadline of its own, as the stream outlives the server's.
func (s *stream) flush() {
	if s.err != nil {
		return
	}
	if s.err = s.out.SetWriteDeadline(time.Now().Add(liveWrite)); s.err == nil {
		s.err = s.out.Flush()
	}
}
