package limit_test

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/limit"
	"github.com/minicompete/minicompete/internal/testservices"
)

var tenAMinute = compete.Limit{Name: "test", Times: 10, Window: time.Minute}

const freeGuesses = 3

// key returns a guess that is counted under a key.
func key(key string) compete.Guess { return compete.Guess{Limit: "test", Key: key, Free: freeGuesses} }

// clock is a time controlled by the test.
type clock struct{ now time.Time }

func (c *clock) read() time.Time { return c.now }

// each runs a test with memory and with Redis.
func each(t *testing.T, test func(t *testing.T, l compete.Limiter)) {
	t.Run("memory", func(t *testing.T) {
		test(t, limit.NewMemory(time.Now))
	})
	t.Run("Redis", func(t *testing.T) {
		r := limit.NewRedis(connect(t, testservices.Redis(t)), time.Minute, time.Now, slog.New(slog.DiscardHandler))
		test(t, r)
	})
	t.Run("Redis away", func(t *testing.T) {
		r := limit.NewRedis(connect(t, "redis://127.0.0.1:1/0"), time.Minute, time.Now, slog.New(slog.DiscardHandler))
		test(t, r)
	})
}

func connect(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	options.ReadTimeout = time.Minute // on a busy machine, a slow Redis isn't an unavailable one
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestSoManyAtOnceAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, l compete.Limiter) {
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
		back := int(time.Since(start)/(6*time.Second)) + 1 // a token returns every 6 s
		if passed < tenAMinute.Times || passed > tenAMinute.Times+back {
			t.Errorf("%d of 50 passed, want %d", passed, tenAMinute.Times)
		}
		if wait := l.Take(t.Context(), tenAMinute, "b"); wait != 0 {
			t.Errorf("another key has to wait %v", wait)
		}
	})
}

// eachClock runs a test of guesses with memory and with Redis, using a clock controlled by the test.
func eachClock(t *testing.T, test func(t *testing.T, g compete.Guesses, c *clock)) {
	t.Run("memory", func(t *testing.T) {
		c := &clock{time.Now()}
		test(t, limit.NewMemoryGuesses(c.read), c)
	})
	for name, url := range map[string]func(testing.TB) string{
		"Redis": testservices.Redis, "Redis away": func(testing.TB) string { return "redis://127.0.0.1:1/0" },
	} {
		t.Run(name, func(t *testing.T) {
			c := &clock{time.Now()}
			test(t, limit.NewRedis(connect(t, url(t)), time.Minute, c.read, slog.New(slog.DiscardHandler)), c)
		})
	}
}

// try checks that an attempt has to wait for the given time, in Redis's precision of milliseconds.
func try(t *testing.T, g compete.Guesses, want time.Duration, guesses ...compete.Guess) compete.Guess {
	t.Helper()
	got, by := g.Try(t.Context(), guesses...)
	if (got - want).Abs() > time.Millisecond {
		t.Errorf("has to wait %v, want %v", got, want)
	}
	return by
}

func TestWaitsDoubleUpToALimitAndAreForgotten(t *testing.T) {
	eachClock(t, func(t *testing.T, g compete.Guesses, c *clock) {
		for range freeGuesses {
			try(t, g, 0, key("a"))
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
			want *= time.Second
			try(t, g, want, key("a"))
			try(t, g, want, key("a")) // attempts that have to wait aren't counted
			c.now = c.now.Add(want)
			try(t, g, 0, key("a"))
		}
		try(t, g, 0, key("b"))
		c.now = c.now.Add(time.Hour)
		for range freeGuesses {
			try(t, g, 0, key("a"))
		}
		try(t, g, time.Second, key("a"))
		g.Right(t.Context(), key("a"))
		try(t, g, 0, key("a"))
	})
}

func TestGuessesAreTakenBackAndCountedAlone(t *testing.T) {
	eachClock(t, func(t *testing.T, g compete.Guesses, c *clock) {
		add := func(n, want int) {
			t.Helper()
			if got := g.Add(t.Context(), "a", n); got != want {
				t.Errorf("%+d: there are %d, want %d", n, got, want)
			}
		}
		add(0, 0)
		add(-1, 0)
		for range freeGuesses {
			try(t, g, 0, key("a"))
		}
		add(0, freeGuesses)
		add(-1, freeGuesses-1)
		try(t, g, 0, key("a"))
		try(t, g, time.Second, key("a"))
		c.now = c.now.Add(50 * time.Minute)
		add(-1, freeGuesses-1)
		c.now = c.now.Add(10 * time.Minute) // taking one back doesn't make the others younger
		add(0, 0)
		add(2, 2)
		c.now = c.now.Add(time.Hour - time.Millisecond)
		add(1, 3)
		g.Right(t.Context(), key("a"))
		add(0, 0)
	})
}

func TestGuessesThatAreCountedTogether(t *testing.T) {
	eachClock(t, func(t *testing.T, g compete.Guesses, _ *clock) {
		account := compete.Guess{Limit: "account", Key: "account", Free: 5}
		for range freeGuesses {
			try(t, g, 0, key("one"), account)
		}
		for range 5 {
			if by := try(t, g, time.Second, key("one"), account); by != key("one") {
				t.Errorf("the wait is by %+v", by)
			}
		}
		for range 2 { // the attempts that had to wait weren't counted for the account
			try(t, g, 0, key("two"), account)
		}
		if by := try(t, g, time.Second, key("two"), account); by != account {
			t.Errorf("the wait is by %+v", by)
		}
		try(t, g, 0, key("two"))
		g.Right(t.Context(), key("two"), account)
		try(t, g, 0, key("two"), account)
		try(t, g, 0)
	})
}

func TestGuessesAtOnceAreAllCounted(t *testing.T) {
	eachClock(t, func(t *testing.T, g compete.Guesses, _ *clock) {
		var (
			all    sync.WaitGroup
			passed atomic.Int64
		)
		for range 30 {
			all.Go(func() {
				if wait, _ := g.Try(t.Context(), key("a")); wait == 0 {
					passed.Add(1)
				}
			})
		}
		all.Wait()
		if passed.Load() != freeGuesses {
			t.Errorf("%d of 30 passed, want %d", passed.Load(), freeGuesses)
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

func TestForgottenGuesses(t *testing.T) {
	eachClock(t, func(t *testing.T, g compete.Guesses, _ *clock) {
		guess := func(key string) compete.Guess { return compete.Guess{Key: key, Free: 1} }
		all := []compete.Guess{guess("account"), guess("account:a"), guess("other:a")}
		g.Try(t.Context(), all...)
		if err := g.Forget(t.Context(), "account"); err != nil && t.Name() != "TestForgottenGuesses/Redis_away" {
			t.Fatal(err)
		}
		if wait, by := g.Try(t.Context(), all[:2]...); wait > 0 {
			t.Fatalf("after that one has to wait %v by %v", wait, by)
		}
		if wait, _ := g.Try(t.Context(), all[2]); wait == 0 {
			t.Error("the attempts under another key are forgotten too")
		}
	})
}
