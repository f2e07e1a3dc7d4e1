package limit_test

import (
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"minicompete/internal/compete"
	"minicompete/internal/limit"
	"minicompete/internal/testservices"
)

var tenAMinute = compete.Limit{Name: "test", Times: 10, Window: time.Minute}

const freeGuesses = 3

// each runs a test over memory and over Redis.
func each(t *testing.T, test func(t *testing.T, l compete.Limiter, g compete.Guesses)) {
	t.Run("memory", func(t *testing.T) {
		test(t, limit.NewMemory(time.Now), limit.NewMemoryGuesses(freeGuesses, time.Now))
	})
	t.Run("Redis", func(t *testing.T) {
		r := limit.NewRedis(connect(t, testservices.Redis(t)), freeGuesses, time.Now, slog.New(slog.DiscardHandler))
		test(t, r, r)
	})
	t.Run("Redis away", func(t *testing.T) {
		r := limit.NewRedis(connect(t, "redis://127.0.0.1:1/0"), freeGuesses, time.Now, slog.New(slog.DiscardHandler))
		test(t, r, r)
	})
}

func connect(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestSoManyAtOnceAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, l compete.Limiter, _ compete.Guesses) {
		var (
			all    sync.WaitGroup
			mu     sync.Mutex
			passed int
			start  = time.Now()
		)
		for range 50 {
			all.Go(func() {
				wait := l.Take(t.Context(), tenAMinute, "a")
				mu.Lock()
				defer mu.Unlock()
				if wait == 0 {
					passed++
				} else if wait > time.Minute {
					t.Errorf("told to wait %v, longer than the window", wait)
				}
			})
		}
		all.Wait()
		back := int(time.Since(start)/(6*time.Second)) + 1 // a token comes back each 6 s
		if passed < tenAMinute.Times || passed > tenAMinute.Times+back {
			t.Errorf("%d of 50 passed, want %d", passed, tenAMinute.Times)
		}
		if wait := l.Take(t.Context(), tenAMinute, "b"); wait != 0 {
			t.Errorf("another key has to wait %v", wait)
		}
	})
}

func TestGuessesGrowSlower(t *testing.T) {
	each(t, func(t *testing.T, _ compete.Limiter, g compete.Guesses) {
		var last time.Time
		for i := range freeGuesses {
			last = time.Now()
			if wait := g.Try(t.Context(), "a"); wait != 0 {
				t.Fatalf("guess %d has to wait %v", i+1, wait)
			}
		}
		if wait := g.Try(t.Context(), "a"); wait > time.Second || wait <= 0 && time.Since(last) < time.Second {
			t.Errorf("after %d guesses the next has to wait %v, want up to a second", freeGuesses, wait)
		}
		if wait := g.Try(t.Context(), "b"); wait != 0 {
			t.Errorf("another key has to wait %v", wait)
		}
		g.Right(t.Context(), "a")
		if wait := g.Try(t.Context(), "a"); wait != 0 {
			t.Errorf("after the right password one has to wait %v", wait)
		}
	})
}

func TestWaitsDoubleUpToALimitAndAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := limit.NewMemoryGuesses(freeGuesses, time.Now)
		for range freeGuesses {
			g.Try(t.Context(), "a")
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
			want *= time.Second
			if got := g.Try(t.Context(), "a"); got != want {
				t.Fatalf("has to wait %v, want %v", got, want)
			}
			time.Sleep(want)
			if got := g.Try(t.Context(), "a"); got != 0 {
				t.Fatalf("after %v one still has to wait %v", want, got)
			}
		}
		time.Sleep(time.Hour)
		for range freeGuesses {
			if got := g.Try(t.Context(), "a"); got != 0 {
				t.Errorf("after an hour one has to wait %v", got)
			}
		}
	})
}

func TestTokensComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limit.NewMemory(time.Now)
		for range tenAMinute.Times {
			m.Take(t.Context(), tenAMinute, "a")
		}
		wait := m.Take(t.Context(), tenAMinute, "a")
		if wait != 6*time.Second {
			t.Errorf("has to wait %v, want 6s", wait)
		}
		time.Sleep(wait)
		if wait := m.Take(t.Context(), tenAMinute, "a"); wait != 0 {
			t.Errorf("then still has to wait %v", wait)
		}
	})
}
