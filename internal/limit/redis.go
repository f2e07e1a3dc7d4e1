package limit

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"minicompete/internal/compete"
)

const (
	redisPrefix = "minicompete:limit:"
	// askTimeout is the most that asking Redis may add to a request.
	askTimeout = 100 * time.Millisecond
	// restAfterFailure is how long a Redis that failed isn't asked: this process counts alone meanwhile.
	restAfterFailure = 2 * time.Second
)

// Redis counts for all replicas together. While Redis is away, each process counts for itself. Take it from NewRedis. It implements
// compete.Limiter and compete.Guesses.
type Redis struct {
	client *redis.Client
	rate   *redis_rate.Limiter
	logger *slog.Logger
	free   int

	limits  *Memory
	guesses *MemoryGuesses

	restUntil atomic.Int64 // Unix nanoseconds
	away      atomic.Bool  // told once when it begins and once when it ends
}

var (
	_ compete.Limiter = (*Redis)(nil)
	_ compete.Guesses = (*Redis)(nil)
)

// NewRedis lets so many guesses pass before the first wait.
func NewRedis(client *redis.Client, free int, clock func() time.Time, logger *slog.Logger) *Redis {
	return &Redis{
		client: client, rate: redis_rate.NewLimiter(client), logger: logger, free: free,
		limits: NewMemory(clock), guesses: NewMemoryGuesses(free, clock),
	}
}

// Take implements compete.Limiter.
func (r *Redis) Take(ctx context.Context, l compete.Limit, key string) time.Duration {
	var wait time.Duration
	asked := r.ask(ctx, func(ctx context.Context) error {
		result, err := r.rate.Allow(ctx, redisPrefix+key, redis_rate.Limit{Rate: l.Times, Burst: l.Times, Period: l.Window})
		if err == nil && result.Allowed == 0 {
			wait = max(result.RetryAfter, time.Millisecond)
		}
		return err
	})
	if !asked {
		return r.limits.Take(ctx, l, key)
	}
	return wait
}

// try counts an attempt, or answers how many milliseconds to wait. The waits are those of waitAfter, by Redis' clock.
var try = redis.NewScript(`
local count = tonumber(redis.call("HGET", KEYS[1], "count") or "0")
local now = redis.call("TIME")
now = now[1] * 1000 + math.floor(now[2] / 1000)
if count >= tonumber(ARGV[1]) then
	local wait = math.min(tonumber(ARGV[2]) * 2 ^ math.min(count - tonumber(ARGV[1]), 30), tonumber(ARGV[3]))
	local left = tonumber(redis.call("HGET", KEYS[1], "last")) + wait - now
	if left > 0 then return math.ceil(left) end
end
redis.call("HSET", KEYS[1], "count", count + 1, "last", now)
redis.call("PEXPIRE", KEYS[1], ARGV[4])
return 0`)

// Try implements compete.Guesses.
func (r *Redis) Try(ctx context.Context, key string) time.Duration {
	var wait int64
	asked := r.ask(ctx, func(ctx context.Context) (err error) {
		wait, err = try.Run(ctx, r.client, []string{guessKey(key)},
			r.free, firstWait.Milliseconds(), longestWait.Milliseconds(), forgetAfter.Milliseconds()).Int64()
		return err
	})
	if !asked {
		return r.guesses.Try(ctx, key)
	}
	return time.Duration(wait) * time.Millisecond
}

// Right implements compete.Guesses.
func (r *Redis) Right(ctx context.Context, key string) {
	r.guesses.Right(ctx, key)
	r.ask(ctx, func(ctx context.Context) error { return r.client.Del(ctx, guessKey(key)).Err() })
}

func guessKey(key string) string { return redisPrefix + "guess:" + key }

// ask reports whether Redis answered.
func (r *Redis) ask(ctx context.Context, question func(context.Context) error) bool {
	if time.Now().UnixNano() < r.restUntil.Load() {
		return false
	}
	asking, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	err := question(asking)
	switch {
	case err == nil:
		if r.away.CompareAndSwap(true, false) {
			r.logger.Info("Redis counts limits again")
		}
		return true
	case ctx.Err() != nil: // the request went away
		return false
	}
	r.restUntil.Store(time.Now().Add(restAfterFailure).UnixNano())
	if r.away.CompareAndSwap(false, true) {
		r.logger.Warn("Redis is away: each process counts limits for itself", "error", err)
	}
	return false
}
