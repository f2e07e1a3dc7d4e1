// Package recent remembers for a while what is expensive to find out: Cache for many keys, Value for one.
//
// It owns how long and how much. Whether what is remembered may be used is up to whoever asks.
package recent

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Cache remembers values until a moment of their own, by the clock of whoever asks. Beyond its size, those used longest
// ago go first. Take it from NewCache. Its methods may be called from many goroutines.
type Cache[K comparable, V any] struct{ entries *lru.Cache[K, entry[V]] }

type entry[V any] struct {
	value V
	until time.Time
}

// NewCache makes an empty cache of so many entries, one at least.
func NewCache[K comparable, V any](size int) *Cache[K, V] {
	entries, err := lru.New[K, entry[V]](max(size, 1))
	if err != nil {
		panic("a positive size is what lru.New takes: " + err.Error())
	}
	return &Cache[K, V]{entries}
}

// Get is what is remembered under the key now.
func (c *Cache[K, V]) Get(key K, now time.Time) (value V, ok bool) {
	found, ok := c.entries.Get(key)
	if !ok || !now.Before(found.until) {
		return value, false
	}
	return found.value, true
}

// Add remembers a value in place of an earlier one.
func (c *Cache[K, V]) Add(key K, value V, until time.Time) {
	c.entries.Add(key, entry[V]{value, until})
}

// Remove forgets a key.
func (c *Cache[K, V]) Remove(key K) { c.entries.Remove(key) }

// RemoveIf forgets all keys of which forget says so.
func (c *Cache[K, V]) RemoveIf(forget func(K) bool) {
	for _, key := range c.entries.Keys() {
		if forget(key) {
			c.entries.Remove(key)
		}
	}
}

// Value remembers one value for a fixed time. The zero value is empty.
type Value[T any] struct {
	mu    sync.Mutex // held while reading: whoever comes meanwhile waits for the same value
	until time.Time
	value T
}

// Get is the value, read anew when it's older than life.
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
