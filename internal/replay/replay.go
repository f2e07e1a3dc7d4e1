// Package replay remembers the answers to idempotency keys in Redis, so that a repeated request costs the database
// nothing.
//
// It owns the cache alone: the record that counts commits with its effect in the database. What is not in the cache, or
// cannot be asked for because Redis is away, is found there.
package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/outage"
)

const (
	keyPrefix = "minicompete:replay:"
	// writeTimeout bounds writing a batch, which no request waits for.
	writeTimeout = 2 * time.Second
	// restAfterFailure is how long a Redis that failed is not asked, so that it adds its timeout to one request in many
	// thousands.
	restAfterFailure = 2 * time.Second
	// maxPending is how many records may wait to be written; further ones are forgotten.
	maxPending = 8192
	// scanCount is how many keys Redis looks at in one step of a scan.
	scanCount = 1000
	// maxBatch is how many records are written in one round trip.
	maxBatch = 256
)

// Cache is a compete.ReplayCache over Redis. It needs no lock: its methods may be called from many goroutines.
type Cache struct {
	redis   *redis.Client
	timeout time.Duration
	clock   func() time.Time
	pending chan compete.IdempotencyRecord
	writer  sync.WaitGroup

	outage outage.Breaker

	mu     sync.RWMutex // against a Put into the closed channel
	closed bool
}

var (
	_ compete.ReplayCache = (*Cache)(nil)
	_ compete.Rememberer  = (*Cache)(nil)
)

// New makes a cache whose writer runs until Stop. The timeout is the most that asking it may add to a request.
func New(client *redis.Client, timeout time.Duration, clock func() time.Time, logger *slog.Logger) *Cache {
	c := &Cache{
		redis: client, timeout: timeout, clock: clock,
		pending: make(chan compete.IdempotencyRecord, maxPending),
		outage: outage.Breaker{
			Report: outage.Report{
				Logger: logger,
				Away:   "Redis is unavailable; repeated requests are answered from the database",
				Back:   "Redis is back; repeated requests are answered from it again",
			},
			Rest: restAfterFailure,
		},
	}
	c.writer.Go(c.write)
	return c
}

// Stop writes what is pending and returns. Later records are forgotten.
func (c *Cache) Stop() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.pending)
	}
	c.mu.Unlock()
	c.writer.Wait()
}

// Get finds the record under a user's key, if the cache remembers it and answers in time.
func (c *Cache) Get(ctx context.Context, userID, key string) (compete.IdempotencyRecord, bool) {
	var record compete.IdempotencyRecord
	if !c.outage.Ask() {
		return record, false
	}
	asking, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	stored, err := c.redis.Get(asking, redisKey(userID, key)).Bytes()
	if errors.Is(err, redis.Nil) {
		c.outage.Note(nil)
		return record, false
	}
	if err != nil {
		if ctx.Err() == nil { // else it is the request that went away
			c.outage.Note(err)
		}
		return record, false
	}
	c.outage.Note(nil)
	if json.Unmarshal(stored, &record) != nil || record.UserID != userID || record.Key != key ||
		!json.Valid(record.Body) {
		return compete.IdempotencyRecord{}, false // not ours; the database knows
	}
	return record, true
}

// Put remembers a record until it expires. It never waits.
func (c *Cache) Put(r compete.IdempotencyRecord) {
	// Only the writer, which talks to Redis, may take the try at the end of a rest: here it would be spent on nothing.
	if c.outage.Resting() {
		return
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return
	}
	select {
	case c.pending <- r:
	default: // the database remembers it
	}
}

// write sends what is pending in batches, until Stop.
func (c *Cache) write() {
	for first := range c.pending {
		batch := []compete.IdempotencyRecord{first}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case r, open := <-c.pending:
				if more = open; open {
					batch = append(batch, r)
				}
			default:
				more = false
			}
		}
		if c.outage.Ask() {
			c.writeBatch(batch)
		}
	}
}

func (c *Cache) writeBatch(batch []compete.IdempotencyRecord) {
	pipeline := c.redis.Pipeline()
	now := c.clock()
	for _, r := range batch {
		encoded, err := json.Marshal(r)
		if life := r.ExpiresAt.Sub(now); err == nil && life > 0 {
			pipeline.Set(context.Background(), redisKey(r.UserID, r.Key), encoded, life)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	_, err := pipeline.Exec(ctx)
	c.outage.Note(err)
}

func redisKey(userID, key string) string { return keyPrefix + userID + ":" + key }

// Options sets a client up so that a Redis that is away is noticed in time: without it, retries of the client add to
// each timeout.
func Options(o *redis.Options) *redis.Options {
	o.DialTimeout = time.Second
	o.DialerRetries = 1
	o.MaxRetries = 1
	o.ContextTimeoutEnabled = true
	return o
}

// Forget implements compete.Rememberer: the user's own answers go, and those of others that name the user, as their
// competition's organizer.
func (c *Cache) Forget(ctx context.Context, userID string) error {
	keys := c.redis.Scan(ctx, 0, keyPrefix+"*", scanCount).Iterator()
	var gone []string
	for keys.Next(ctx) {
		key := keys.Val()
		if strings.HasPrefix(key, redisKey(userID, "")) {
			gone = append(gone, key)
			continue
		}
		stored, err := c.redis.Get(ctx, key).Bytes()
		if err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
		var record compete.IdempotencyRecord
		if json.Unmarshal(stored, &record) == nil && bytes.Contains(record.Body, []byte(userID)) {
			gone = append(gone, key)
		}
	}
	if err := keys.Err(); err != nil || len(gone) == 0 {
		return err
	}
	return c.redis.Del(ctx, gone...).Err()
}
