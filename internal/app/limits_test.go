package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/testservices"
)

// The networks that clients come from, as reported by the test acting as a proxy.
const (
	attacker = "198.51.100.1"
	hall     = "198.51.100.2"
	owner    = "203.0.113.7"
)

// limited starts an app that trusts X-Forwarded-For.
func limited(t *testing.T, o apptest.Options, change func(*config.Config)) *apptest.App {
	t.Helper()
	o.Settings = func(c *config.Config) {
		c.TrustedProxies = []string{"127.0.0.0/8"}
		if change != nil {
			change(c)
		}
	}
	return apptest.Start(t, o)
}

// post sends JSON from a network and returns the status and headers of the response.
func post(ctx context.Context, t *testing.T, a *apptest.App, from, path string, body any) (int, http.Header) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.APIURL+path, strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", from)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() == nil {
			t.Error(err)
		}
		return 0, nil
	}
	defer response.Body.Close()
	return response.StatusCode, response.Header
}

func credentials(email, password string) map[string]string {
	return map[string]string{"email": email, "password": password}
}

func TestAFloodOfLogInsLocksNobodyElseOut(t *testing.T) {
	a := limited(t, apptest.Options{}, func(c *config.Config) { c.BcryptCost = 9 }) // slow compared with a request
	known := a.As(compete.RoleParticipant)
	ctx, enough := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	defer flood.Wait()
	defer enough()
	for i := range 2 * auth.WaitingPerHash {
		flood.Go(func() {
			for n := 0; ctx.Err() == nil && n < 50; n++ {
				post(ctx, t, a, attacker, "/api/auth/login",
					credentials(fmt.Sprintf("nobody%d-%d@example.com", i, n), "password123"))
			}
		})
	}
	for i := range 5 {
		if status, _ := post(t.Context(), t, a, hall, "/api/auth/login",
			credentials(known.User.Email, apptest.Password)); status != http.StatusOK {
			t.Errorf("a login from elsewhere gets %d", status)
		}
		status, _ := post(t.Context(), t, a, hall, "/api/auth/signup", map[string]string{
			"name": "Newcomer", "email": fmt.Sprintf("newcomer%d@example.com", i), "password": "a whole sentence",
			"role": "PARTICIPANT",
		})
		if status != http.StatusCreated {
			t.Errorf("a sign-up from elsewhere gets %d", status)
		}
	}
}

func TestGuessingAPassword(t *testing.T) {
	for name, redisURL := range map[string]func(testing.TB) string{
		"one process": noRedis,
		"over Redis":  testservices.Redis,
	} {
		t.Run(name, func(t *testing.T) {
			clock := &movedClock{stands: time.Now()}
			a := limited(t, apptest.Options{RedisURL: redisURL(t), Clock: clock.now}, nil)
			known := a.As(compete.RoleParticipant)
			for _, email := range []string{known.User.Email, "nobody@example.com"} { // makes no difference
				for range 30 {
					post(t.Context(), t, a, attacker, "/api/auth/login",
						credentials(strings.ToUpper(email), "a wrong one"))
				}
				status, header := post(t.Context(), t, a, attacker, "/api/auth/login",
					credentials(email, apptest.Password))
				if wait, err := strconv.Atoi(header.Get("Retry-After")); status != http.StatusTooManyRequests ||
					err != nil || wait < 1 {
					t.Errorf("%s after 30 guesses: got %d, Retry-After %q", email, status, header.Get("Retry-After"))
				}
			}
			if status, _ := post(t.Context(), t, a, owner, "/api/auth/login",
				credentials(known.User.Email, apptest.Password)); status != http.StatusOK {
				t.Errorf("the owner, elsewhere, gets %d", status)
			}
		})
	}
}

func noRedis(testing.TB) string { return "" }

func TestLimitsOfOneNetwork(t *testing.T) {
	clock := &movedClock{stands: time.Now()}
	a := limited(t, apptest.Options{Clock: clock.now}, func(c *config.Config) {
		c.LimitSignUps, c.LimitLogIns, c.LimitLinks = 3, 3, 3
	})
	for path, body := range map[string]func(i int) map[string]string{
		"/api/auth/login": func(i int) map[string]string {
			return credentials(fmt.Sprintf("nobody%d@example.com", i), "password123")
		},
		"/api/auth/signup": func(i int) map[string]string {
			return map[string]string{
				"name": "A", "email": fmt.Sprintf("a%d@example.com", i),
				"password": "a whole sentence", "role": "PARTICIPANT",
			}
		},
		"/api/auth/password/forgot": func(i int) map[string]string {
			return map[string]string{"email": fmt.Sprintf("nobody%d@example.com", i)}
		},
	} {
		for i := range 3 {
			if status, _ := post(t.Context(), t, a, hall, path, body(i)); status == http.StatusTooManyRequests {
				t.Errorf("%s: request %d of 3 gets 429", path, i+1)
			}
		}
		status, header := post(t.Context(), t, a, hall, path, body(3))
		if status != http.StatusTooManyRequests || header.Get("Retry-After") == "" ||
			header.Get("RateLimit-Limit") != "3" ||
			header.Get("RateLimit-Remaining") != "0" || header.Get("RateLimit-Reset") != header.Get("Retry-After") {
			t.Errorf("%s: one more gets %d with %v", path, status, header)
		}
		if status, _ := post(t.Context(), t, a, owner, path, body(4)); status == http.StatusTooManyRequests {
			t.Errorf("%s: another network gets 429", path)
		}
	}
}

// TestDefaultLimitsLeaveRoomForAHall has a hall of people, who share one network, sign up, log in and register at the
// same moment: the clock stands still, so no limit refills.
func TestDefaultLimitsLeaveRoomForAHall(t *testing.T) {
	const people = 2000
	now := time.Now()
	a := limited(t, apptest.Options{Clock: func() time.Time { return now }}, nil)
	competition := a.As(compete.RoleOrganizer).Create(map[string]any{
		"capacity":    people,
		"regDeadline": now.Add(time.Hour),
	})
	var next atomic.Int64
	var crowd sync.WaitGroup
	for range 8 { // concurrent, so that the queue of hashes has room for them
		crowd.Go(func() {
			for i := next.Add(1); i <= people && !t.Failed(); i = next.Add(1) {
				person := a.Visitor()
				ask := func(path string, body any) *apptest.Answer {
					answer, err := person.Try(http.MethodPost, path, body, "X-Forwarded-For", hall)
					if err != nil || answer.Status >= http.StatusBadRequest {
						t.Errorf("person %d, %s: %+v %v", i, path, answer, err)
					}
					return answer
				}
				email := fmt.Sprintf("person%d@hall.example", i)
				ask("/api/auth/signup", map[string]string{
					"name": "One of many", "email": email,
					"password": apptest.Password, "role": "PARTICIPANT",
				})
				var login struct{ Token string }
				if answer := ask("/api/auth/login", credentials(email, apptest.Password)); !t.Failed() &&
					json.Unmarshal(answer.Body, &login) == nil {
					person.Token = login.Token
					ask("/api/competitions/"+competition+"/register", nil)
				}
			}
		})
	}
	crowd.Wait()
}
