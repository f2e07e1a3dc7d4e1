package limit

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/recent"
)

// The wait starts at one second after the free guesses and doubles with each further one. After a pause of forgetAfter,
// counting starts over.
const (
	firstWait   = time.Second
	longestWait = 15 * time.Minute
	forgetAfter = time.Hour
)

// waitAfter returns the wait after the given number of wrong guesses.
func waitAfter(guesses, free int) time.Duration {
	beyond := guesses - free
	if beyond < 0 {
		return 0
	}
	if beyond >= 10 { // 2^10 s exceeds the maximum
		return longestWait
	}
	return min(firstWait<<beyond, longestWait)
}

// MemoryGuesses stores attempts in this process's memory. Create it with NewMemoryGuesses. It implements
// compete.Guesses.
type MemoryGuesses struct {
	clock func() time.Time
	mu    sync.Mutex // counting reads and writes
	keys  *recent.Cache[string, attempts]
}

type attempts struct {
	count int
	last  time.Time
}

var _ compete.Guesses = (*MemoryGuesses)(nil)

// NewMemoryGuesses creates an empty MemoryGuesses.
func NewMemoryGuesses(clock func() time.Time) *MemoryGuesses {
	return &MemoryGuesses{clock: clock, keys: recent.NewCache[string, attempts](maxKeys)}
}

// Try implements compete.Guesses.
func (m *MemoryGuesses) Try(_ context.Context, guesses ...compete.Guess) (wait time.Duration, by compete.Guess) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	counted := make([]attempts, len(guesses))
	for i, g := range guesses {
		a, _ := m.keys.Get(g.Key, now)
		if left := a.last.Add(waitAfter(a.count, g.Free)).Sub(now); a.count > 0 && left > wait {
			wait, by = left, g
		}
		counted[i] = attempts{a.count + 1, now}
	}
	if wait > 0 {
		return wait, by
	}
	for i, g := range guesses {
		m.keys.Add(g.Key, counted[i], now.Add(forgetAfter))
	}
	return 0, by
}

// Add implements compete.Guesses.
func (m *MemoryGuesses) Add(_ context.Context, key string, n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	a, found := m.keys.Get(key, now)
	if a.count = max(a.count+n, 0); n > 0 {
		a.last = now
	}
	if n > 0 || n < 0 && found {
		m.keys.Add(key, a, a.last.Add(forgetAfter))
	}
	return a.count
}

// Right implements compete.Guesses.
func (m *MemoryGuesses) Right(_ context.Context, guesses ...compete.Guess) {
	for _, g := range guesses {
		m.keys.Remove(g.Key)
	}
}

// Forget implements compete.Guesses.
func (m *MemoryGuesses) Forget(_ context.Context, prefix string) error {
	m.keys.RemoveIf(func(key string) bool { return strings.HasPrefix(key, prefix) })
	return nil
}
