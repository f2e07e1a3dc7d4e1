package auth

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// noting serializes the notes of visitors whose waits end at the same moment.
var noting sync.Mutex

// visitor enters a queue from an address, and records the result.
func visitor(ctx context.Context, q *queue, in int, addr string, ended func(string)) {
	ctx = compete.WithClient(ctx, compete.Client{Addr: netip.MustParseAddr(addr)})
	go func() {
		err := q.enter(ctx, in)
		noting.Lock()
		defer noting.Unlock()
		if err != nil {
			ended(addr + " refused")
			return
		}
		ended(addr)
	}()
	synctest.Wait()
}

func TestQueueIsFairBetweenNetworksAndRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 4, time.Hour)
		var got []string
		ended := func(what string) { got = append(got, what) }
		visitor(t.Context(), q, roomLogIn, "192.0.2.1", ended) // admitted
		for range 4 {
			visitor(t.Context(), q, roomLogIn, "192.0.2.1", ended)
		}
		visitor(t.Context(), q, roomLogIn, "192.0.2.1", ended) // its own line is full
		time.Sleep(turnAwayAfter / 2)
		visitor(t.Context(), q, roomLogIn, "192.0.2.2", ended)      // takes the place of the last of them
		visitor(t.Context(), q, roomLogIn, "2001:db8::1", ended)    // likewise
		visitor(t.Context(), q, roomLogIn, "2001:db8::ffff", ended) // same network as the previous one
		visitor(t.Context(), q, roomSignUp, "192.0.2.3", ended)     // alone in its room
		time.Sleep(2 * turnAwayAfter)
		for range 6 {
			q.leave()
			synctest.Wait()
		}
		want := []string{
			// removed for others; then those that found it full, a second later
			"192.0.2.1", "192.0.2.1 refused", "192.0.2.1 refused",
			"192.0.2.1 refused", "2001:db8::ffff refused",
			"192.0.2.1", "192.0.2.3", "192.0.2.2", "2001:db8::1", "192.0.2.1",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if q.free != 1 || q.rooms[roomLogIn].waiting != 0 {
			t.Errorf("%d places are free, want 1", q.free)
		}
	})
}

// Refused requests wait a second for their answer, as long as there aren't too many.
func TestQueueHoldsThoseItTurnsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(0, 0, time.Hour)
		start, refused := time.Now(), map[time.Duration]int{}
		for range maxHeld + 3 {
			visitor(t.Context(), q, roomLogIn, "192.0.2.1", func(string) { refused[time.Since(start)]++ })
		}
		ctx, leave := context.WithCancel(t.Context())
		time.Sleep(turnAwayAfter)
		synctest.Wait() // by now, all delayed refusals have been answered
		if refused[0] != 3 || refused[turnAwayAfter] != maxHeld || q.held != 0 {
			t.Errorf("refused after %v, and %d are held; want 3 at once, the others later", refused, q.held)
		}
		start = time.Now()
		visitor(ctx, q, roomLogIn, "192.0.2.1", func(string) { refused[time.Since(start)]++ })
		leave()
		synctest.Wait()
		if refused[0] != 4 {
			t.Error("one who went away is held")
		}
	})
}

func TestQueueKeepsNoPlaceForWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 4, time.Hour)
		visitor(t.Context(), q, roomLogIn, "192.0.2.1", func(string) {})
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		ended := func(what string) { got = append(got, what) }
		visitor(ctx, q, roomLogIn, "192.0.2.2", ended)
		visitor(t.Context(), q, roomLogIn, "192.0.2.3", ended)
		cancel()
		synctest.Wait()
		q.leave()
		synctest.Wait()
		if want := []string{"192.0.2.2 refused", "192.0.2.3"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Whoever has waited for long enough is refused, and those behind move up.
func TestQueueLetsNobodyWaitForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 2 * time.Second
		q := newQueue(1, 4, patience)
		start, got := time.Now(), map[string]time.Duration{}
		ended := func(what string) { got[what] = time.Since(start) }
		visitor(t.Context(), q, roomLogIn, "192.0.2.1", ended)
		visitor(t.Context(), q, roomLogIn, "192.0.2.2", ended)
		visitor(t.Context(), q, roomSignUp, "192.0.2.3", ended)
		time.Sleep(patience / 2)
		visitor(t.Context(), q, roomLogIn, "192.0.2.4", ended)
		time.Sleep(patience * 3 / 4)
		q.leave()
		synctest.Wait()
		want := map[string]time.Duration{
			"192.0.2.1": 0, "192.0.2.2 refused": patience, "192.0.2.3 refused": patience, "192.0.2.4": patience * 5 / 4,
		}
		if !maps.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

// A turn that comes while its owner gives up is passed on: in any order of events, no slot is lost.
func TestQueueLosesNoPlace(t *testing.T) {
	q := newQueue(2, 50, time.Hour)
	done := make(chan error)
	for i := range 200 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			err := q.enter(ctx, i%rooms)
			if err == nil {
				q.leave()
			}
			done <- err
		}()
		if i%3 == 0 {
			go cancel()
		} else {
			defer cancel()
		}
	}
	for range 200 {
		if err := <-done; err != nil && !errors.Is(err, compete.ErrBusy) {
			t.Error(err)
		}
	}
	if q.free != 2 || q.rooms[roomLogIn].waiting+q.rooms[roomSignUp].waiting != 0 {
		t.Errorf("%d places are free, want 2", q.free)
	}
}
