package limit

import (
	"context"
	"log/slog"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/outage"
)

const (
	redisPrefix = "minicompete:limit:"
	guessPrefix = redisPrefix + "guess:"
	// scanCount is how many keys Redis examines per step of a scan.
	scanCount = 1000
	// restAfterFailure is how long Redis isn't asked after a failure: meanwhile, this process counts by itself.
	restAfterFailure = 2 * time.Second
)

// Redis counts for all replicas together. While Redis is unavailable, each process counts by itself. Create it with
// NewRedis. It implements compete.Limiter and compete.Guesses.
type Redis struct {
	client *redis.Client
	rate   *redis_rate.Limiter
	clock  func() time.Time

	timeout time.Duration
	limits  *Memory
	guesses *MemoryGuesses

	outage outage.Breaker
}

var (
	_ compete.Limiter = (*Redis)(nil)
	_ compete.Guesses = (*Redis)(nil)
)

// NewRedis creates a Redis. The timeout bounds how much a query may add to a request. Waits are as inaccurate as the
// clocks of the processes sharing a Redis differ.
func NewRedis(client *redis.Client, timeout time.Duration, clock func() time.Time, logger *slog.Logger) *Redis {
	return &Redis{
		client: client, rate: redis_rate.NewLimiter(client), clock: clock, timeout: timeout,
		limits: NewMemory(clock), guesses: NewMemoryGuesses(clock),
		outage: outage.Breaker{
			Report: outage.Report{
				Logger: logger,
				Away:   "Redis is unavailable; each process counts limits separately",
				Back:   "Redis is back; processes share limits again",
			},
			Rest: restAfterFailure,
		},
	}
}

// Take implements compete.Limiter.
func (r *Redis) Take(ctx context.Context, l compete.Limit, key string) time.Duration {
	var wait time.Duration
	asked := r.ask(ctx, func(ctx context.Context) error {
		result, err := r.rate.Allow(ctx, redisPrefix+key,
			redis_rate.Limit{Rate: l.Times, Burst: l.Times, Period: l.Window})
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

// try counts an attempt under all keys, or returns the wait in milliseconds and its key. The waits are those of
// waitAfter.
var try = redis.NewScript(`
local now, first, longest, forget = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local counts, wait, by = {}, 0, 0
for i, key in ipairs(KEYS) do
	local free, last = tonumber(ARGV[4 + i]), tonumber(redis.call("HGET", key, "last") or "0")
	counts[i] = now - last < forget and tonumber(redis.call("HGET", key, "count") or "0") or 0
	if counts[i] >= free then
		local left = last + math.min(first * 2 ^ math.min(counts[i] - free, 30), longest) - now
		if left > wait then wait, by = left, i end
	end
end
if wait > 0 then return {math.ceil(wait), by} end
for i, key in ipairs(KEYS) do
	redis.call("HSET", key, "count", counts[i] + 1, "last", now)
	redis.call("PEXPIRE", key, forget)
end
return {0, 0}`)

// Try implements compete.Guesses.
func (r *Redis) Try(ctx context.Context, guesses ...compete.Guess) (wait time.Duration, by compete.Guess) {
	args := []any{
		r.clock().UnixMilli(), firstWait.Milliseconds(), longestWait.Milliseconds(),
		forgetAfter.Milliseconds(),
	}
	for _, g := range guesses {
		args = append(args, g.Free)
	}
	var answer []int64
	asked := r.ask(ctx, func(ctx context.Context) (err error) {
		answer, err = try.Run(ctx, r.client, guessKeys(guesses), args...).Int64Slice()
		return err
	})
	if !asked {
		return r.guesses.Try(ctx, guesses...)
	}
	if answer[0] == 0 {
		return 0, by
	}
	return time.Duration(answer[0]) * time.Millisecond, guesses[answer[1]-1]
}

// add changes the number of attempts under a key, and returns it.
var add = redis.NewScript(`
local key, now, forget, n = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local last = tonumber(redis.call("HGET", key, "last") or "0")
local count = now - last < forget and tonumber(redis.call("HGET", key, "count") or "0") or 0
count = math.max(count + n, 0)
if n > 0 then
	redis.call("HSET", key, "count", count, "last", now)
	redis.call("PEXPIRE", key, forget)
elseif n < 0 and redis.call("EXISTS", key) == 1 then
	redis.call("HSET", key, "count", count)
end
return count`)

// Add implements compete.Guesses.
func (r *Redis) Add(ctx context.Context, key string, n int) (count int) {
	asked := r.ask(ctx, func(ctx context.Context) (err error) {
		count, err = add.Run(ctx, r.client, guessKeys([]compete.Guess{{Key: key}}), r.clock().UnixMilli(),
			forgetAfter.Milliseconds(), n).Int()
		return err
	})
	if !asked {
		return r.guesses.Add(ctx, key, n)
	}
	return count
}

// Right implements compete.Guesses.
func (r *Redis) Right(ctx context.Context, guesses ...compete.Guess) {
	r.guesses.Right(ctx, guesses...)
	if len(guesses) > 0 {
		r.ask(ctx, func(ctx context.Context) error { return r.client.Del(ctx, guessKeys(guesses)...).Err() })
	}
}

// Forget implements compete.Guesses.
func (r *Redis) Forget(ctx context.Context, prefix string) error {
	if err := r.guesses.Forget(ctx, prefix); err != nil {
		return err
	}
	var keys []string
	found := r.client.Scan(ctx, 0, guessPrefix+prefix+"*", scanCount).Iterator()
	for found.Next(ctx) {
		keys = append(keys, found.Val())
	}
	if err := found.Err(); err != nil || len(keys) == 0 {
		return err
	}
	return r.client.Del(ctx, keys...).Err()
}

func guessKeys(guesses []compete.Guess) []string {
	keys := make([]string, len(guesses))
	for i, g := range guesses {
		keys[i] = guessPrefix + g.Key
	}
	return keys
}

// ask reports whether Redis answered.
func (r *Redis) ask(ctx context.Context, question func(context.Context) error) bool {
	if !r.outage.Ask() {
		return false
	}
	asking, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	err := question(asking)
	if err == nil || ctx.Err() == nil { // else it is the request that went away
		r.outage.Note(err)
	}
	return err == nil
}
