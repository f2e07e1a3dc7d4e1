package live_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/live"
	"github.com/minicompete/minicompete/internal/testservices"
)

func redisClient(t *testing.T) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(testservices.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

// never is longer than a test: whatever pages are told was notified.
const never = time.Hour

// withRedis configures a hub that only hears of other replicas' changes through Redis.
func withRedis(client *redis.Client) func(*live.Config) {
	return func(c *live.Config) { c.Redis, c.Poll = client, never }
}

// A commit on one replica updates pages on another, within one process and through Redis alike.
func TestWhatChangesHereIsToldThere(t *testing.T) {
	for name, replicas := range map[string]func(t *testing.T, l *ledger) (here, there *live.Hub){
		"in process": func(t *testing.T, l *ledger) (here, there *live.Hub) {
			h := start(t, l, func(c *live.Config) { c.Poll = never })
			return h, h
		},
		"over Redis": func(t *testing.T, l *ledger) (here, there *live.Hub) {
			return start(t, l, withRedis(redisClient(t))), start(t, l, withRedis(redisClient(t)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			here, there := replicas(t, l)
			r := open(t, there.Feed(words), race, run)
			r.wants(t, "hello;race 1000 open;run 1000 open;")
			wantTold(t, l, here, r, 500)
			many := make([]string, 2000) // more than fit into one message
			for i := range many {
				many[i] = fmt.Sprintf("competition-%d", i)
			}
			l.set(run, seatsLeft(3))
			here.Changed(append(many, run)...)
			r.wants(t, "run 3 open;")
			for left := 99; left >= 0; left-- { // in a rush, the last state arrives
				l.set(race, seatsLeft(left))
				here.Changed(race)
			}
			for last := ""; last != "race 0 full;"; {
				last = (<-r.told).events
			}
		})
	}
}

// wantTold changes the seats, and says so until the page knows: a notification may get lost while replicas connect.
func wantTold(t *testing.T, l *ledger, here *live.Hub, r *reader, left int) {
	t.Helper()
	l.set(race, seatsLeft(left))
	want := fmt.Sprintf("race %d open;", left)
	for {
		here.Changed(race)
		select {
		case got := <-r.told:
			if got.events != want {
				t.Errorf("the page was told %q, want %q", got.events, want)
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func TestRedisConnectsAgain(t *testing.T) {
	l := newLedger()
	client := redisClient(t)
	here, there := start(t, l, withRedis(redisClient(t))), start(t, l, withRedis(client))
	r := open(t, there.Feed(words), race)
	r.wants(t, "hello;race 1000 open;")
	wantTold(t, l, here, r, 500)
	if err := client.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err(); err != nil {
		t.Fatal(err)
	}
	wantTold(t, l, here, r, 100)
}

// Without Redis, only updates from other replicas are slower.
func TestRedisAway(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer func() { _ = client.Close() }()
	l := newLedger()
	h := start(t, l, withRedis(client))
	r := open(t, h.Feed(words), race)
	r.wants(t, "hello;race 1000 open;")
	l.set(race, seatsLeft(8))
	h.Changed(race)
	r.wants(t, "race 8 open;")
	h.Stop()
}
