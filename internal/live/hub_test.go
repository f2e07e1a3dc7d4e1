package live_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"minicompete/internal/compete"
	"minicompete/internal/live"
	"minicompete/internal/testservices"
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

const race = "race"

func newLedger() *ledger {
	return &ledger{competitions: map[string]compete.Competition{race: {
		ID: race, Status: compete.StatusPublished, Capacity: 1000, SeatsLeft: 1000, RegDeadline: time.Now().Add(24 * time.Hour),
	}}}
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

func watch(t *testing.T, h *live.Hub, id string) <-chan compete.Seats {
	t.Helper()
	w, err := h.Watch(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func wantSeats(t *testing.T, w <-chan compete.Seats, left int, phase compete.Phase) {
	t.Helper()
	got, open := <-w
	if want := (compete.Seats{CompetitionID: race, Capacity: 1000, SeatsLeft: left, Phase: phase}); got != want || !open {
		t.Errorf("got %+v (open: %v), want %+v", got, open, want)
	}
}

func wantNothing(t *testing.T, w <-chan compete.Seats) {
	t.Helper()
	synctest.Wait()
	select {
	case got, open := <-w:
		t.Errorf("got %+v (open: %v), want nothing", got, open)
	default:
	}
}

func TestWatchersHearEachChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		a := watch(t, h, race)
		wantSeats(t, a, 1000, compete.PhaseOpen)
		b := watch(t, h, race)
		wantSeats(t, b, 1000, compete.PhaseOpen)
		if l.readings != 1 {
			t.Errorf("%d readings for two watchers, want one", l.readings)
		}
		l.set(race, seatsLeft(999))
		h.Changed(race, "another")
		wantSeats(t, a, 999, compete.PhaseOpen)
		wantSeats(t, b, 999, compete.PhaseOpen)
		h.Changed(race)
		time.Sleep(time.Second)
		wantNothing(t, a)
	})
}

func TestARushIsTold4TimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, nil)
		fast, slow := watch(t, h, race), watch(t, h, race)
		wantSeats(t, fast, 1000, compete.PhaseOpen)
		heard := make(chan int)
		go func() {
			n := 0
			for range fast {
				n++
			}
			heard <- n
		}()
		for left := 999; left >= 0; left-- {
			l.set(race, seatsLeft(left))
			h.Changed(race)
			time.Sleep(2 * time.Millisecond)
		}
		time.Sleep(time.Second)
		wantSeats(t, slow, 0, compete.PhaseFull)
		h.Stop()
		if n := <-heard; n < 8 || n > 10 {
			t.Errorf("1,000 changes in two seconds were told %d times, want 8 to 10", n)
		}
		if _, open := <-slow; open {
			t.Error("the channel stays open after the hub stopped")
		}
		if _, err := h.Watch(t.Context(), race); !errors.Is(err, compete.ErrStopping) {
			t.Errorf("after Stop: got %v", err)
		}
	})
}

func TestPhasesChangeByTimeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		opens := time.Now().Add(90 * time.Second)
		l.set(race, func(c *compete.Competition) { c.RegOpensAt = &opens })
		h := start(t, l, nil)
		w := watch(t, h, race)
		wantSeats(t, w, 1000, compete.PhaseUpcoming)
		wantSeats(t, w, 1000, compete.PhaseOpen)
		if late := time.Since(opens); late < 0 || late > 5*time.Millisecond {
			t.Errorf("told %v after the opening", late)
		}
		wantSeats(t, w, 1000, compete.PhaseClosed)
		if late := time.Since(l.competitions[race].RegDeadline); late < 0 || late > 5*time.Millisecond {
			t.Errorf("told %v after the deadline", late)
		}
	})
}

func TestALostEventIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		w := watch(t, start(t, l, nil), race)
		wantSeats(t, w, 1000, compete.PhaseOpen)
		l.set(race, seatsLeft(7))
		since := time.Now()
		wantSeats(t, w, 7, compete.PhaseOpen)
		if took := time.Since(since); took > 6*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestWatchRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		h := start(t, l, func(c *live.Config) { c.MaxWatchers = 2 })
		if _, err := h.Watch(t.Context(), "missing"); !errors.Is(err, compete.ErrCompetitionMissing) {
			t.Errorf("an unknown competition: got %v", err)
		}
		l.away = true
		if _, err := h.Watch(t.Context(), race); !errors.Is(err, compete.ErrDatabase) {
			t.Errorf("without a database: got %v", err)
		}
		l.away = false
		ctx, cancel := context.WithCancel(t.Context())
		a, err := h.Watch(ctx, race)
		if err != nil {
			t.Fatal(err)
		}
		watch(t, h, race)
		if _, err := h.Watch(t.Context(), race); !errors.Is(err, compete.ErrBusy) {
			t.Errorf("one too many: got %v", err)
		}
		cancel()
		synctest.Wait()
		wantSeats(t, a, 1000, compete.PhaseOpen)
		if _, open := <-a; open {
			t.Error("the channel stays open after its request ended")
		}
		watch(t, h, race)
		if _, err := h.Watch(ctx, race); !errors.Is(err, context.Canceled) && !errors.Is(err, compete.ErrBusy) {
			t.Errorf("a request that has ended: got %v", err)
		}
	})
}

func redisClient(t *testing.T) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(testservices.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// A change on one replica is told on another long before that polls, and again after the connection to Redis was cut.
func TestReplicasTellEachOther(t *testing.T) {
	l := newLedger()
	here := start(t, l, func(c *live.Config) { c.Redis = redisClient(t) })
	client := redisClient(t)
	there := start(t, l, func(c *live.Config) { c.Redis = client })
	w := watch(t, there, race)
	wantSeats(t, w, 1000, compete.PhaseOpen)
	tellsWithin := func(left int) {
		t.Helper()
		deadline := time.Now().Add(4 * time.Second) // a poll may come in between, so only one of several is proof
		for polled := 0; ; polled++ {
			l.set(race, seatsLeft(left))
			here.Changed(race)
			since := time.Now()
			wantSeats(t, w, left, compete.PhaseOpen)
			if time.Since(since) < time.Second {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("changes arrive only by polling")
			}
			left++
		}
	}
	tellsWithin(500)
	if err := client.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err(); err != nil {
		t.Fatal(err)
	}
	tellsWithin(100)
}

func TestMoreThanOneMessageHolds(t *testing.T) {
	l := newLedger()
	here := start(t, l, func(c *live.Config) { c.Redis = redisClient(t) })
	there := start(t, l, func(c *live.Config) { c.Redis = redisClient(t) })
	w := watch(t, there, race)
	wantSeats(t, w, 1000, compete.PhaseOpen)
	ids := make([]string, 2000)
	for i := range ids {
		ids[i] = fmt.Sprintf("competition-%d", i)
	}
	l.set(race, seatsLeft(3))
	here.Changed(append(ids, race)...)
	wantSeats(t, w, 3, compete.PhaseOpen)
}

// Without Redis nothing but the other replicas' speed changes.
func TestRedisAway(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer func() { _ = client.Close() }()
	l := newLedger()
	h := start(t, l, func(c *live.Config) { c.Redis = client })
	w := watch(t, h, race)
	wantSeats(t, w, 1000, compete.PhaseOpen)
	l.set(race, seatsLeft(8))
	h.Changed(race)
	wantSeats(t, w, 8, compete.PhaseOpen)
	h.Stop()
}

func BenchmarkTelling5000Watchers(b *testing.B) {
	l := newLedger()
	h := live.New(live.Config{Read: l.read, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	h.Start()
	defer h.Stop()
	for range 5000 {
		if _, err := h.Watch(b.Context(), race); err != nil {
			b.Fatal(err)
		}
	}
	left := 0
	for b.Loop() {
		left++
		l.set(race, seatsLeft(left))
		h.Tell(race)
	}
}
