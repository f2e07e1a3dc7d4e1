package app_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// pressWithKey registers with a key of the client's own.
func pressWithKey(t *testing.T, c *apptest.Client, competition string) *apptest.Answer {
	t.Helper()
	return c.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil, "Idempotency-Key",
		"key-of-"+c.User.ID).Want(t, http.StatusCreated)
}

// wantReplay checks that an answer repeats the first one.
func wantReplay(t *testing.T, first, again *apptest.Answer) {
	t.Helper()
	if got := again.Header.Get("Idempotency-Replayed"); got != "true" || !bytes.Equal(again.Body, first.Body) {
		t.Errorf("a second time: Idempotency-Replayed %q, %s; the first time: %s", got, again.Body, first.Body)
	}
}

// Replays come from Redis first: the database may have lost the record.
func TestReplaysComeFromRedis(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		redisURL := testservices.Redis(t)
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL, RedisURL: redisURL})
		options, err := redis.ParseURL(redisURL)
		if err != nil {
			t.Fatal(err)
		}
		client := redis.NewClient(options)
		defer client.Close()
		organizer := a.As(compete.RoleOrganizer)
		competition := organizer.Create(nil)
		create := map[string]any{"title": "Once", "capacity": 5, "regDeadline": time.Now().Add(time.Hour)}
		participant := a.Crowd(1)[0]
		for name, send := range map[string]func() *apptest.Answer{
			"register": func() *apptest.Answer { return pressWithKey(t, participant, competition) },
			"create": func() *apptest.Answer {
				return organizer.Do(http.MethodPost, "/api/competitions", create, "Idempotency-Key",
					"key-of-a-new-one").Want(t, http.StatusCreated)
			},
		} {
			t.Run(name, func(t *testing.T) {
				before, err := client.DBSize(t.Context()).Result()
				if err != nil {
					t.Fatal(err)
				}
				first := send()
				apptest.Eventually(t, apptest.Patience, "Redis has the answer", func() bool {
					now, err := client.DBSize(t.Context()).Result()
					return err == nil && now > before
				})
				if _, err := a.Store().Writer().ExecContext(t.Context(), `DELETE FROM idempotency_keys`); err != nil {
					t.Fatal(err)
				}
				wantReplay(t, first, send())
			})
		}
	})
}

// While Redis is unavailable, replays come from the database, whether Redis stopped, was never there, or doesn't
// answer.
func TestRedisAway(t *testing.T) {
	cut, restore, silence, speak := (*testservices.Proxy).Cut, (*testservices.Proxy).Restore,
		(*testservices.Proxy).Silence, (*testservices.Proxy).Speak
	for name, outage := range map[string]struct {
		atStart    bool
		begin, end func(*testservices.Proxy)
	}{
		"goes": {false, cut, restore}, "is away at the start": {true, cut, restore},
		"falls silent": {false, silence, speak}, "is silent at the start": {true, silence, speak},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it mostly waits for health, which gives Redis time to answer
			testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
				t.Parallel()
				through, proxy := testservices.BehindProxy(t, testservices.Redis(t))
				if outage.atStart {
					outage.begin(proxy)
				}
				a := apptest.Start(t, apptest.Options{
					DatabaseURL: databaseURL, RedisURL: through, RedisTimeout: 100 * time.Millisecond,
				})
				competition := a.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 100})
				crowd := a.Crowd(30)
				first := pressWithKey(t, crowd[0], competition)
				if !outage.atStart {
					outage.begin(proxy)
				}
				wantRedis(t, a, "down")
				for _, c := range crowd[1:] {
					wantReplay(t, pressWithKey(t, c, competition), pressWithKey(t, c, competition))
				}
				wantReplay(t, first, pressWithKey(t, crowd[0], competition))

				outage.end(proxy)
				wantReplay(t, first, pressWithKey(t, crowd[0], competition))
				wantRedis(t, a, "up")
			})
		})
	}
}

// wantRedis waits until health reports this status of Redis. The program stays healthy, unless a busy machine kept its
// dependencies from answering.
func wantRedis(t *testing.T, a *apptest.App, status string) {
	t.Helper()
	apptest.Eventually(t, apptest.Patience, "health says that Redis is "+status, func() bool {
		answer := a.Visitor().Do(http.MethodGet, "/api/health", nil)
		var told struct {
			Checks map[string]struct{ Status string }
		}
		answer.JSON(t, &told)
		if told.Checks["database"].Status == "up" && told.Checks["queue"].Status == "up" {
			answer.Want(t, http.StatusOK)
		}
		return answer.Status == http.StatusOK && told.Checks["redis"].Status == status
	})
}
