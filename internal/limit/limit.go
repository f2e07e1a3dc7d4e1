// Package limit counts the actions of networks and organizers, and slows down password guessing: in the memory of one
// process, or in Redis for all replicas together.
//
// It only counts. Package compete decides what is counted, under which key, and words the refusals.
package limit

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/recent"
)

// maxKeys is how many keys of each kind one process stores, about 20 MB at most. The least recently used are evicted.
const maxKeys = 100_000

// Memory counts in this process's memory. Create it with NewMemory. It implements compete.Limiter.
type Memory struct {
	clock func() time.Time
	mu    sync.Mutex // makes lookup and creation of a key atomic
	keys  *recent.Cache[string, *rate.Limiter]
}

var _ compete.Limiter = (*Memory)(nil)

// NewMemory creates an empty Memory.
func NewMemory(clock func() time.Time) *Memory {
	return &Memory{clock: clock, keys: recent.NewCache[string, *rate.Limiter](maxKeys)}
}

// Take implements compete.Limiter: each key has a bucket of Times tokens that refills within Window.
func (m *Memory) Take(_ context.Context, l compete.Limit, key string) time.Duration {
	now := m.clock()
	m.mu.Lock()
	bucket, ok := m.keys.Get(key, now)
	if !ok {
		bucket = rate.NewLimiter(rate.Every(l.Window/time.Duration(l.Times)), l.Times)
	}
	m.keys.Add(key, bucket, now.Add(l.Window)) // by then it is full again, like a new one
	m.mu.Unlock()
	if bucket.AllowN(now, 1) {
		return 0
	}
	missing := 1 - bucket.TokensAt(now)
	return max(time.Duration(missing*float64(time.Second)/float64(bucket.Limit())), time.Millisecond)
}
