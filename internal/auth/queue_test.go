package auth

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"

	"minicompete/internal/compete"
)

// visitor enters a queue from an address, and notes how that ended.
func visitor(ctx context.Context, q *queue, in int, addr string, ended func(string)) {
	ctx = compete.WithClient(ctx, compete.Client{Addr: netip.MustParseAddr(addr)})
	go func() {
		if err := q.enter(ctx, in); err != nil {
			ended(addr + " refused")
			return
		}
		ended(addr)
	}()
	synctest.Wait()
}

func TestQueueIsFairBetweenNetworksAndRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 4)
		var got []string
		ended := func(what string) { got = append(got, what) }
		visitor(t.Context(), q, roomLogIn, "192.0.2.1", ended) // goes in
		for range 4 {
			visitor(t.Context(), q, roomLogIn, "192.0.2.1", ended)
		}
		visitor(t.Context(), q, roomLogIn, "192.0.2.1", ended)      // its own line is full
		visitor(t.Context(), q, roomLogIn, "192.0.2.2", ended)      // takes the place of the last of them
		visitor(t.Context(), q, roomLogIn, "2001:db8::1", ended)    // so does this
		visitor(t.Context(), q, roomLogIn, "2001:db8::ffff", ended) // of the same network as the one before
		visitor(t.Context(), q, roomSignUp, "192.0.2.3", ended)     // has a room to itself
		for range 6 {
			q.leave()
			synctest.Wait()
		}
		want := []string{
			"192.0.2.1", "192.0.2.1 refused", "192.0.2.1 refused", "192.0.2.1 refused", "2001:db8::ffff refused",
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

func TestQueueKeepsNoPlaceForWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 4)
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

// Turns that come while their owner gives up are passed on: whatever the order, no place is lost.
func TestQueueLosesNoPlace(t *testing.T) {
	q := newQueue(2, 50)
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
