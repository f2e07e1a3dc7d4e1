// Package recent caches expensive results for a limited time: Cache for many keys, Value for one.
//
// It decides how long and how much is cached. Callers decide whether a cached result may be used.
package recent

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Cache caches values with individual expiry times, compared to the time that the caller passes. When it is full, the
// least recently used are evicted. Create it with NewCache. It is safe for concurrent use.
type Cache[K comparable, V any] struct{ entries *lru.Cache[K, entry[V]] }

type entry[V any] struct {
	value V
	until time.Time
}

// NewCache creates an empty cache with room for size entries, at least one.
func NewCache[K comparable, V any](size int) *Cache[K, V] {
	entries, err := lru.New[K, entry[V]](max(size, 1))
	if err != nil {
		panic("a positive size is what lru.New takes: " + err.Error())
	}
	return &Cache[K, V]{entries}
}

// Get returns the value cached under the key, unless it has expired.
func (c *Cache[K, V]) Get(key K, now time.Time) (value V, ok bool) {
	found, ok := c.entries.Get(key)
	if !ok || !now.Before(found.until) {
		return value, false
	}
	return found.value, true
}

// Add caches a value, replacing an earlier one.
func (c *Cache[K, V]) Add(key K, value V, until time.Time) {
	c.entries.Add(key, entry[V]{value, until})
}

// Remove removes a key.
func (c *Cache[K, V]) Remove(key K) { c.entries.Remove(key) }

// RemoveIf removes all keys for which forget returns true.
func (c *Cache[K, V]) RemoveIf(forget func(K) bool) {
	for _, key := range c.entries.Keys() {
		if forget(key) {
			c.entries.Remove(key)
		}
	}
}

// Value caches one value for a fixed time. The zero value is empty.
type Value[T any] struct {
	mu    sync.Mutex // held while reading, so that concurrent callers share the result
	until time.Time
	value T
}

// Get returns the value, reading it again if it is older than life.
func (v *Value[T]) Get(life time.Duration, read func() T) T {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Now().Before(v.until) {
		return v.value
	}
	v.value = read()
	v.until = time.Now().Add(life)
	return v.value
}
