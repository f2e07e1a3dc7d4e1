package live_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/live"
)

// ledger is the committed state that hubs read.
type ledger struct {
	mu           sync.Mutex
	competitions map[string]compete.Competition
	readings     int
	away         bool
}

func (l *ledger) read(_ context.Context, ids []string) ([]compete.Competition, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readings++
	if l.away {
		return nil, compete.ErrDatabase
	}
	var found []compete.Competition
	for _, id := range ids {
		if c, ok := l.competitions[id]; ok {
			found = append(found, c)
		}
	}
	return found, nil
}

func (l *ledger) goAway(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

func (l *ledger) set(id string, change func(c *compete.Competition)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.competitions[id]
	change(&c)
	l.competitions[id] = c
}

func seatsLeft(n int) func(*compete.Competition) {
	return func(c *compete.Competition) { c.SeatsLeft = n }
}

const race, run = "race", "run"

func newLedger() *ledger {
	l := &ledger{competitions: map[string]compete.Competition{}}
	for _, id := range []string{race, run} {
		l.competitions[id] = compete.Competition{
			ID: id, Status: compete.StatusPublished,
			CompetitionContent: compete.CompetitionContent{
				Capacity: 1000, RegDeadline: time.Now().Add(24 * time.Hour),
			},
			SeatsLeft: 1000,
		}
	}
	return l
}

func start(t *testing.T, l *ledger, change func(*live.Config)) *live.Hub {
	t.Helper()
	c := live.Config{Read: l.read, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	h := live.New(c)
	h.Start()
	t.Cleanup(h.Stop)
	return h
}

// words encodes seats for the feed in these tests.
func words(s compete.Seats) (string, error) {
	return fmt.Sprintf("%s %d %s;", s.CompetitionID, s.SeatsLeft, s.Phase), nil
}

// told is an event sent to a page, and its time.
type told struct {
	events string
	at     time.Time
}

// reader is the stream of a page.
type reader struct {
	page *live.Page
	told chan told

	mu     sync.Mutex
	asleep bool // it accepts nothing
	ended  bool
}

func (r *reader) Offer(events string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asleep {
		r.told <- told{events, time.Now()}
	}
	return !r.asleep
}

func (r *reader) End() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.ended = true
		close(r.told)
		go r.page.Leave() // from another goroutine, as package sse does
	}
}

func (r *reader) sleep(asleep bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asleep = asleep
}

// open opens a visitor's page and starts it.
func open(t *testing.T, feed *live.Feed, ids ...string) *reader {
	t.Helper()
	return openFor(t, compete.Actor{}, feed, ids...)
}

// openFor is open for somebody.
func openFor(t *testing.T, actor compete.Actor, feed *live.Feed, ids ...string) *reader {
	t.Helper()
	page, err := feed.Open(t.Context(), actor, ids...)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{page: page, told: make(chan told, 1000)}
	page.Start(r, "hello;")
	return r
}

// wants waits for the page's next event and returns its time.
func (r *reader) wants(t *testing.T, events string) time.Time {
	t.Helper()
	got, more := <-r.told
	if got.events != events || !more {
		t.Errorf("the page was told %q (ended: %v), want %q", got.events, !more, events)
	}
	return got.at
}

// wantsNothing checks that the page has been sent nothing so far.
func (r *reader) wantsNothing(t *testing.T) {
	t.Helper()
	synctest.Wait()
	select {
	case got, more := <-r.told:
		t.Errorf("the page was told %q (ended: %v), want nothing", got.events, !more)
	default:
	}
}

func wantLate(t *testing.T, what string, got, least, most time.Duration) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("%s: after %v, want %v to %v", what, got, least, most)
	}
}
