package limit

import (
	"context"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"minicompete/internal/compete"
)

// How the wait grows: after the free guesses one second, then twice as long with each further one. Whoever stops guessing for
// as long as forgetAfter starts afresh.
const (
	firstWait   = time.Second
	longestWait = 15 * time.Minute
	forgetAfter = time.Hour
)

// waitAfter is how long to wait after the given number of wrong guesses.
func waitAfter(guesses, free int) time.Duration {
	beyond := guesses - free
	if beyond < 0 {
		return 0
	}
	if beyond >= 10 { // 2^10 s is more than the longest
		return longestWait
	}
	return min(firstWait<<beyond, longestWait)
}

// MemoryGuesses remembers attempts in the memory of this process. Take it from NewMemoryGuesses. It implements compete.Guesses.
type MemoryGuesses struct {
	clock func() time.Time
	free  int
	mu    sync.Mutex // counting reads and writes
	keys  *lru.Cache[string, guesses]
}

type guesses struct {
	count int
	last  time.Time
}

var _ compete.Guesses = (*MemoryGuesses)(nil)

// NewMemoryGuesses lets so many guesses pass before the first wait.
func NewMemoryGuesses(free int, clock func() time.Time) *MemoryGuesses {
	return &MemoryGuesses{clock: clock, free: free, keys: newCache[guesses]()}
}

// Try implements compete.Guesses.
func (m *MemoryGuesses) Try(_ context.Context, key string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	g, ok := m.keys.Get(key)
	if ok && now.Sub(g.last) >= forgetAfter {
		g = guesses{}
	}
	if wait := g.last.Add(waitAfter(g.count, m.free)).Sub(now); g.count > 0 && wait > 0 {
		return wait
	}
	m.keys.Add(key, guesses{g.count + 1, now})
	return 0
}

// Right implements compete.Guesses.
func (m *MemoryGuesses) Right(_ context.Context, key string) { m.keys.Remove(key) }
