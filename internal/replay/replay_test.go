package replay_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/replay"
	"github.com/minicompete/minicompete/internal/testservices"
)

func record(key string) compete.IdempotencyRecord {
	return compete.IdempotencyRecord{
		UserID: "user", Key: key, RequestHash: "hash", Body: []byte(`{"a":1}`),
		ExpiresAt: time.Now().UTC().Add(time.Hour).Truncate(time.Microsecond),
	}
}

// newCache returns a cache that waits for a Redis on a busy machine.
func newCache(t *testing.T, options *redis.Options) *replay.Cache {
	t.Helper()
	return newImpatientCache(t, options, time.Minute)
}

func newImpatientCache(t *testing.T, options *redis.Options, timeout time.Duration) *replay.Cache {
	t.Helper()
	options.ReadTimeout = time.Minute
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	c := replay.New(client, timeout, time.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(c.Stop)
	return c
}

func options(t *testing.T) *redis.Options {
	t.Helper()
	o, err := redis.ParseURL(testservices.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestCacheRemembers(t *testing.T) {
	o := options(t)
	writer, reader := newCache(t, o), newCache(t, o)
	want := record("key-12345")
	expired := record("key-expired")
	expired.ExpiresAt = time.Now().Add(-time.Second)
	for range 1000 {
		writer.Put(want)
	}
	writer.Put(expired)
	writer.Stop()
	writer.Put(record("too-late-1"))
	got, ok := reader.Get(t.Context(), "user", want.Key)
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("found: %v\n%s", ok, diff)
	}
	for _, missing := range [][2]string{
		{"user", "other-key"},
		{"other", want.Key},
		{"user", expired.Key},
		{"user", "too-late-1"},
	} {
		if got, ok := reader.Get(t.Context(), missing[0], missing[1]); ok {
			t.Errorf("%v: found %+v", missing, got)
		}
	}
}

func TestCacheForgetsWhatIsNotARecord(t *testing.T) {
	o := options(t)
	client := redis.NewClient(o)
	defer func() { _ = client.Close() }()
	c := newCache(t, o)
	for _, malformed := range []string{
		"", "null", "{}", `{"UserID":"other","Key":"key-12345","Body":"e30="}`,
		`{"UserID":"user","Key":"key-12345","Body":"x"}`,
	} {
		if err := client.Set(t.Context(), "minicompete:replay:user:key-12345", malformed,
			time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Get(t.Context(), "user", "key-12345"); ok {
			t.Errorf("%s: found %+v", malformed, got)
		}
	}
}

// A Redis that is down, or accepts connections without answering, costs one timeout, and then nothing for a while.
func TestRedisAwayChangesNothingButSpeed(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, conn) }()
		}
	}()
	for name, addr := range map[string]string{"down": "127.0.0.1:1", "silent": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			o := replay.Options(&redis.Options{Addr: addr})
			var tries atomic.Int64
			dial := redis.NewDialer(o)
			o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
				tries.Add(1)
				return dial(ctx, network, addr)
			}
			c := newImpatientCache(t, o, 100*time.Millisecond)
			const requests = 10_000
			for range requests {
				if _, ok := c.Get(t.Context(), "user", "key-12345"); ok {
					t.Fatal("found something")
				}
				c.Put(record("key-12345"))
			}
			if n := tries.Load(); n == 0 || n > requests/10 {
				t.Errorf("%d requests tried %d times to reach Redis, want now and then", requests, n)
			}
		})
	}
}

// A cancelled request doesn't count as a failure of Redis.
func TestACancelledRequestIsNotRedisFailing(t *testing.T) {
	c := newCache(t, options(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := c.Get(ctx, "user", "key-12345"); ok {
		t.Fatal("found something")
	}
	c.Put(record("key-12345"))
	c.Stop()
	if _, ok := c.Get(t.Context(), "user", "key-12345"); !ok {
		t.Error("Redis is left alone after a cancelled request")
	}
}

// Once Redis is back, it is used again automatically.
func TestRedisAwayAndBack(t *testing.T) {
	o := options(t)
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "redis",
		"127.0.0.1:0", o.Addr)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	defer proxy.Stop()
	o.Addr = proxy.Listen
	c := newCache(t, replay.Options(o))
	found := func() bool {
		c.Put(record("key-12345"))
		_, ok := c.Get(t.Context(), "user", "key-12345")
		return ok
	}
	for deadline := time.Now().Add(time.Minute); !found() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	proxy.Stop()
	if found() {
		t.Fatal("found something without a Redis")
	}
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for !found() {
		if time.Now().After(deadline) {
			t.Fatal("Redis is back and not asked")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
