// Package limit counts what networks and organizers do, and slows down who guesses passwords: in the memory of one
// process, or in Redis for all replicas together.
//
// It owns the counting. What is counted, under which key, and what a refusal says is package compete's.
package limit

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/recent"
)

// maxKeys is how many keys one process remembers, of each kind; about 20 MB at the most. Those used longest ago go
// first.
const maxKeys = 100_000

// Memory counts in the memory of this process. Take it from NewMemory. It implements compete.Limiter.
type Memory struct {
	clock func() time.Time
	mu    sync.Mutex // a key is looked up and made in one step
	keys  *recent.Cache[string, *rate.Limiter]
}

var _ compete.Limiter = (*Memory)(nil)

// NewMemory makes an empty Memory.
func NewMemory(clock func() time.Time) *Memory {
	return &Memory{clock: clock, keys: recent.NewCache[string, *rate.Limiter](maxKeys)}
}

// Take implements compete.Limiter: each key has a bucket of Times tokens, which fills again within Window.
func (m *Memory) Take(_ context.Context, l compete.Limit, key string) time.Duration {
	now := m.clock()
	m.mu.Lock()
	bucket, ok := m.keys.Get(key, now)
	if !ok {
		bucket = rate.NewLimiter(rate.Every(l.Window/time.Duration(l.Times)), l.Times)
	}
	m.keys.Add(key, bucket, now.Add(l.Window)) // by then it is full again, as a new one
	m.mu.Unlock()
	if bucket.AllowN(now, 1) {
		return 0
	}
	missing := 1 - bucket.TokensAt(now)
	return max(time.Duration(missing*float64(time.Second)/float64(bucket.Limit())), time.Millisecond)
}
