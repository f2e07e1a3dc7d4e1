package sqldb

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// gate is a read that blocks until released, and counts its calls from 1.
type gate struct {
	calls int
	open  chan struct{}
}

func (g *gate) read(context.Context) (int, error) {
	g.calls++
	call := g.calls
	<-g.open
	return call, nil
}

// ask reads in the background and sends the answer on the channel.
func ask(ctx context.Context, c *Coalesced[string, int], g *gate) chan any {
	answer := make(chan any, 1)
	go func() {
		v, err := c.Read(ctx, "key", g.read)
		if err != nil {
			answer <- err
			return
		}
		answer <- v
	}()
	synctest.Wait()
	return answer
}

func TestCoalescedJoinsOnlyWhatStartsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Coalesced[string, int]
		g := &gate{open: make(chan struct{})}
		first := ask(t.Context(), &c, g)
		// These arrive during the first read, whose answer may be too old for them, so they share the next one.
		var late []chan any
		for range 5 {
			late = append(late, ask(t.Context(), &c, g))
		}
		if g.calls != 1 {
			t.Fatalf("%d reads are under way, want 1", g.calls)
		}
		g.open <- struct{}{}
		if got := <-first; got != 1 {
			t.Errorf("the first request got %v, want the answer of read 1", got)
		}
		synctest.Wait()
		last := ask(t.Context(), &c, g)
		for range 2 {
			g.open <- struct{}{}
		}
		for _, answer := range late {
			if got := <-answer; got != 2 {
				t.Errorf("a request that came during read 1 got %v, want the answer of read 2", got)
			}
		}
		if got := <-last; got != 3 {
			t.Errorf("a request that came during read 2 got %v, want the answer of read 3", got)
		}
		if len(c.running) != 0 {
			t.Errorf("%d reads are left over", len(c.running))
		}
	})
}

func TestCoalescedOutlivesWhoBeganIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Coalesced[string, int]
		g := &gate{open: make(chan struct{})}
		first := ask(t.Context(), &c, g)
		ctx, cancel := context.WithCancel(t.Context())
		leader := ask(ctx, &c, g)
		follower := ask(t.Context(), &c, g)
		gone := ask(ctx, &c, g)
		cancel()
		if got, _ := (<-gone).(error); !errors.Is(got, context.Canceled) {
			t.Errorf("a request that went away got %v", got)
		}
		for range 2 {
			g.open <- struct{}{}
		}
		if got := <-follower; got != 2 {
			t.Errorf("who waited with a request that went away got %v, want the answer of read 2", got)
		}
		<-first
		<-leader
	})
}

// A panic is the error of everybody who waits for the read, whoever runs it.
func TestCoalescedPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Coalesced[string, int]
		limited, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, leader := range []context.Context{t.Context(), limited} {
			g := &gate{open: make(chan struct{})}
			first := ask(t.Context(), &c, g)
			failed := make(chan error, 2)
			for _, ctx := range []context.Context{leader, t.Context()} {
				go func() {
					_, err := c.Read(ctx, "key", func(context.Context) (int, error) { panic("the driver is broken") })
					failed <- err
				}()
				synctest.Wait()
			}
			g.open <- struct{}{}
			for range 2 {
				if err := <-failed; !errors.Is(err, errPanic) || !strings.Contains(err.Error(), "driver is broken") {
					t.Errorf("got %v, want %v", err, errPanic)
				}
			}
			<-first
		}
		if len(c.running) != 0 {
			t.Errorf("%d reads are left over", len(c.running))
		}
	})
}

// A request with a deadline doesn't wait for longer, even if it runs the read; those who joined get their answer.
func TestCoalescedEndsInTimeForWhoRunsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Coalesced[string, int]
		g := &gate{open: make(chan struct{})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		first, second := ask(ctx, &c, g), ask(ctx, &c, g)
		other := ask(t.Context(), &c, g)
		<-ctx.Done()
		for _, answer := range []chan any{first, second} {
			if err, failed := (<-answer).(error); !failed || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
			}
		}
		for range 2 {
			g.open <- struct{}{}
		}
		if got := <-other; got != 2 {
			t.Errorf("who joined the second got %v, want the answer of read 2", got)
		}
	})
}
