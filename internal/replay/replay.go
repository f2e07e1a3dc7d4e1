// Package replay caches the answers to idempotency keys in Redis, so that a repeated request doesn't use the database.
//
// It is only a cache: the authoritative record commits with its effect in the database. Records that aren't in the
// cache, or can't be read because Redis is unavailable, are found there.
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
	// writeTimeout bounds writing a batch; no request waits for it.
	writeTimeout = 2 * time.Second
	// restAfterFailure is how long Redis isn't asked after a failure, so that it only adds its timeout to one request
	// in many thousands.
	restAfterFailure = 2 * time.Second
	// maxPending is how many records may wait to be written; further ones are dropped.
	maxPending = 8192
	// scanCount is how many keys Redis examines per step of a scan.
	scanCount = 1000
	// maxBatch is how many records are written in one round trip.
	maxBatch = 256
)

// Cache is a compete.ReplayCache using Redis. It is safe for concurrent use.
type Cache struct {
	redis   *redis.Client
	timeout time.Duration
	clock   func() time.Time
	pending chan compete.IdempotencyRecord
	writer  sync.WaitGroup

	outage outage.Breaker

	mu     sync.RWMutex // prevents a Put into the closed channel
	closed bool
}

var (
	_ compete.ReplayCache = (*Cache)(nil)
	_ compete.Rememberer  = (*Cache)(nil)
)

// New creates a cache whose writer runs until Stop. The timeout bounds how much a query may add to a request.
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

// Stop writes pending records and returns. Later records are dropped.
func (c *Cache) Stop() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.pending)
	}
	c.mu.Unlock()
	c.writer.Wait()
}

// Get returns the record under a user's key, if the cache has it and answers in time.
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
		if ctx.Err() == nil { // otherwise the request was cancelled
			c.outage.Note(err)
		}
		return record, false
	}
	c.outage.Note(nil)
	if json.Unmarshal(stored, &record) != nil || record.UserID != userID || record.Key != key ||
		!json.Valid(record.Body) {
		return compete.IdempotencyRecord{}, false // not ours; the database has the real one
	}
	return record, true
}

// Put caches a record until it expires. It never blocks.
func (c *Cache) Put(r compete.IdempotencyRecord) {
	// Only the writer, which uses Redis, may take the attempt at the end of a rest: here it would be wasted.
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
	default: // the database has it
	}
}

// write writes pending records in batches, until Stop.
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

// Options configures a client so that an unavailable Redis is noticed in time: otherwise, the client's retries add to
// each timeout.
func Options(o *redis.Options) *redis.Options {
	o.DialTimeout = time.Second
	o.DialerRetries = 1
	o.MaxRetries = 1
	o.ContextTimeoutEnabled = true
	return o
}

// Forget implements compete.Rememberer: it removes the user's own answers, and those of others that contain the user as
// the competition's organizer.
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
