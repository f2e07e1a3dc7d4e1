package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
	"github.com/minicompete/minicompete/internal/mail/mailtest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// movedClock is the real time, or a fixed one, plus an offset set by the test.
type movedClock struct {
	stands time.Time // a fixed time, so that the test's own duration doesn't matter; zero means the real time

	mu    sync.Mutex
	ahead time.Duration
}

func (c *movedClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stands.IsZero() {
		return c.stands.Add(c.ahead)
	}
	return time.Now().Add(c.ahead)
}

func (c *movedClock) move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += by
}

// postForm submits a form of the pages from a network, with cookies.
func postForm(
	t *testing.T, a *apptest.App, from, path string, fields url.Values, cookies ...*http.Cookie,
) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.WebURL+path,
		strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Forwarded-For", from)
	for _, cookie := range cookies {
		request.AddCookie(cookie)
	}
	response, err := http.DefaultTransport.RoundTrip(request) // doesn't follow redirects
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response
}

func cookieOf(t *testing.T, r *http.Response, name string) *http.Cookie {
	t.Helper()
	for _, cookie := range r.Cookies() {
		if cookie.Name == name && cookie.MaxAge >= 0 {
			return cookie
		}
	}
	t.Fatalf("%s %d sets no cookie %s", r.Request.URL.Path, r.StatusCode, name)
	return nil
}

// Many networks together can't guess one password faster than the account's limit, and the owner never has to wait on a
// known device or in a known network.
func TestGuessingOnePasswordFromManyNetworks(t *testing.T) {
	for name, redisURL := range map[string]func(testing.TB) string{
		"one process": noRedis,
		"over Redis":  testservices.Redis,
	} {
		t.Run(name, func(t *testing.T) {
			clock := &movedClock{stands: time.Now()}
			a := limited(t, apptest.Options{RedisURL: redisURL(t), Clock: clock.now},
				func(c *config.Config) { c.LimitGuesses, c.LimitAccountGuesses = 2, 6 })
			known := a.As(compete.RoleParticipant)
			email := known.User.Email
			right := url.Values{"email": {email}, "password": {apptest.Password}}
			device := cookieOf(t, postForm(t, a, owner, "/auth/login", right), "device")

			network := 0
			guess := func(email, password string) (int, http.Header) {
				network++
				return post(t.Context(), t, a, fmt.Sprintf("192.0.2.%d", network), "/api/auth/login",
					credentials(email, password))
			}
			for _, email := range []string{email, "nobody@example.com"} { // makes no difference
				for i := range 6 {
					if status, _ := guess(email, "a wrong one"); status != http.StatusUnauthorized {
						t.Fatalf("%s: guess %d gets %d", email, i+1, status)
					}
				}
				status, header := guess(email, apptest.Password)
				if status != http.StatusTooManyRequests || header.Get("Retry-After") != "1" ||
					header.Get("RateLimit-Limit") != "6" ||
					header.Get("RateLimit-Remaining") != "0" || header.Get("RateLimit-Reset") != "1" {
					t.Errorf("%s: from another network after 6 guesses: got %d with %v", email, status, header)
				}
			}
			clock.move(time.Second)
			if status, _ := guess(email, "a wrong one"); status != http.StatusUnauthorized {
				t.Errorf("a second later: got %d", status)
			}
			if status, header := guess(email, "a wrong one"); status != http.StatusTooManyRequests ||
				header.Get("Retry-After") != "2" {
				t.Errorf("then: got %d, Retry-After %q, want twice as long", status, header.Get("Retry-After"))
			}

			if status, _ := post(t.Context(), t, a, owner, "/api/auth/login",
				credentials(email, apptest.Password)); status != http.StatusOK {
				t.Errorf("the owner, in a network of theirs, gets %d", status)
			}
			if got := postForm(t, a, "203.0.113.99", "/auth/login", right,
				device).StatusCode; got != http.StatusSeeOther {
				t.Errorf("the owner, on a device of theirs in a new network, gets %d", got)
			}
			if status, _ := guess(email, apptest.Password); status != http.StatusTooManyRequests {
				t.Errorf("the owner's logins let others guess on: got %d", status)
			}
			wrong := url.Values{"email": {email}, "password": {"a wrong one"}}
			for range 2 {
				postForm(t, a, attacker, "/auth/login", wrong, device)
			}
			if got := postForm(t, a, attacker, "/auth/login", wrong,
				device); got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") != "1" {
				t.Errorf("a device that is known guesses on: got %d, Retry-After %q", got.StatusCode,
					got.Header.Get("Retry-After"))
			}
			clock.move(time.Hour)
			if status, _ := guess(email, apptest.Password); status != http.StatusOK {
				t.Errorf("after an hour without guesses: got %d", status)
			}
		})
	}
}

// Who knew the password once can't keep the owner waiting on a device that was known then.
func TestANewPasswordForgetsDevices(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := limited(t, apptest.Options{DatabaseURL: databaseURL}, func(c *config.Config) { c.LimitGuesses = 2 })
		email := a.As(compete.RoleParticipant).User.Email
		form := func(password string) url.Values { return url.Values{"email": {email}, "password": {password}} }
		former := cookieOf(t, postForm(t, a, attacker, "/auth/login", form(apptest.Password)), "device")
		login := postForm(t, a, owner, "/auth/login", form(apptest.Password))
		const fresh = "another sentence"
		changed := postForm(t, a, owner, "/account/password",
			url.Values{"currentPassword": {apptest.Password}, "password": {fresh}}, login.Cookies()...)
		device := cookieOf(t, changed, "device")
		for range 3 {
			postForm(t, a, attacker, "/auth/login", form("a wrong one"), former)
		}
		if got := postForm(t, a, "203.0.113.99", "/auth/login", form(fresh), device).StatusCode; got !=
			http.StatusSeeOther {
			t.Errorf("the owner, on the device where the password was changed, gets %d", got)
		}
	})
}

// Who logs out their other devices stays known on this one.
func TestLoggingOutOtherDevicesKeepsThisOne(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := limited(t, apptest.Options{DatabaseURL: databaseURL},
			func(c *config.Config) { c.LimitGuesses, c.LimitAccountGuesses = 2, 2 })
		form := url.Values{"email": {a.As(compete.RoleParticipant).User.Email}, "password": {apptest.Password}}
		other := cookieOf(t, postForm(t, a, attacker, "/auth/login", form), "device")
		login := postForm(t, a, owner, "/auth/login", form)
		device := cookieOf(t, postForm(t, a, owner, "/account/sessions/end", nil, login.Cookies()...), "device")
		wrong := url.Values{"email": form["email"], "password": {"a wrong one"}}
		for _, network := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
			postForm(t, a, network, "/auth/login", wrong)
		}
		for network, c := range map[string]struct {
			device *http.Cookie
			want   int
		}{"203.0.113.98": {other, http.StatusTooManyRequests}, "203.0.113.99": {device, http.StatusSeeOther}} {
			if got := postForm(t, a, network, "/auth/login", form, c.device).StatusCode; got != c.want {
				t.Errorf("from %s: got %d, want %d", network, got, c.want)
			}
		}
	})
}

// Somebody else in the same hall guesses: the owner doesn't have to wait on a known device, nor where they are logged
// in.
func TestGuessingInTheOwnersNetwork(t *testing.T) {
	clock := &movedClock{stands: time.Now()}
	a := limited(t, apptest.Options{Clock: clock.now}, func(c *config.Config) { c.LimitGuesses = 2 })
	known := a.As(compete.RoleParticipant)
	right := url.Values{"email": {known.User.Email}, "password": {apptest.Password}}
	device := cookieOf(t, postForm(t, a, hall, "/auth/login", right), "device")
	for range 3 {
		post(t.Context(), t, a, hall, "/api/auth/login", credentials(known.User.Email, "a wrong one"))
	}
	if got := postForm(t, a, hall, "/auth/login", right).StatusCode; got != http.StatusTooManyRequests {
		t.Errorf("without the device: got %d", got)
	}
	if got := postForm(t, a, hall, "/auth/login", right, device).StatusCode; got != http.StatusSeeOther {
		t.Errorf("on the device: got %d", got)
	}
	change := map[string]string{"password": "another sentence", "currentPassword": apptest.Password}
	known.Do(http.MethodPatch, "/api/users/me", change, "X-Forwarded-For", hall).Want(t, http.StatusOK)
}

// While others guess, a new password set through a link gives access at once, even in a new network on a new device.
func TestAResetLeadsPastGuesses(t *testing.T) {
	clock := &movedClock{stands: time.Now()}
	a := limited(t, apptest.Options{Clock: clock.now}, func(c *config.Config) { c.LimitAccountGuesses = 1 })
	known := a.As(compete.RoleParticipant)
	guess := func(from string) int {
		status, _ := post(t.Context(), t, a, from, "/api/auth/login", credentials(known.User.Email, "a wrong one"))
		return status
	}
	guess("192.0.2.1")
	if got := guess("192.0.2.2"); got != http.StatusTooManyRequests {
		t.Fatalf("the second guess gets %d", got)
	}
	token, err := a.Operator().PasswordResetToken(t.Context(), known.User.Email)
	if err != nil {
		t.Fatal(err)
	}
	reset := postForm(t, a, owner, "/auth/reset", url.Values{"token": {token}, "password": {"another sentence"}})
	guess("192.0.2.3")
	got := postForm(t, a, owner, "/auth/login",
		url.Values{"email": {known.User.Email}, "password": {"another sentence"}}, cookieOf(t, reset, "device"))
	if got.StatusCode != http.StatusSeeOther {
		t.Errorf("with the new password: got %d", got.StatusCode)
	}
}

// After 20 wrong passwords the owner is notified, also by email, and then not again for a day, however many follow.
func TestTheOwnerHearsOfGuesses(t *testing.T) {
	for name, redisURL := range map[string]func(testing.TB) string{
		"one process": noRedis,
		"over Redis":  testservices.Redis,
	} {
		t.Run(name, func(t *testing.T) {
			server, clock := mailtest.Start(t, mailtest.Options{}), &movedClock{}
			a := limited(t, apptest.Options{RedisURL: redisURL(t), Clock: clock.now}, func(c *config.Config) {
				c.RequireVerifiedEmail = new(bool) // otherwise all would have to be
				c.LimitGuesses, c.SMTPURL, c.JWTExpiration = 0, config.URL(server.URL), 48*time.Hour
			})
			known, unverified := a.As(compete.RoleParticipant), a.As(compete.RoleParticipant)
			a.Verify(known.User.Email)
			guess := func(email string, n int) {
				for i := range n {
					post(t.Context(), t, a, fmt.Sprintf("192.0.2.%d", i), "/api/auth/login",
						credentials(email, "a wrong one"))
				}
			}
			messages := func(c *apptest.Client) (found []string) {
				var all []struct{ Kind, Subject string }
				c.Get("/api/users/me/mailbox", &all)
				for _, m := range all {
					if m.Kind == string(compete.MessageSecurity) {
						found = append(found, m.Subject)
					}
				}
				return found
			}
			const subject = "Wrong passwords for your account"
			mails := func() int {
				n := 0
				for _, m := range server.To(known.User.Email) {
					if m.Header.Get("Subject") == subject {
						n++
					}
				}
				return n
			}
			guess(known.User.Email, 20)
			if got := messages(known); len(got) != 0 {
				t.Errorf("after 20 wrong passwords there are %q", got)
			}
			guess(known.User.Email, 10)
			guess(unverified.User.Email, 30)
			for _, c := range []*apptest.Client{known, unverified} {
				if got := messages(c); len(got) != 1 || got[0] != subject {
					t.Errorf("after 30 wrong passwords there are %q", got)
				}
			}
			apptest.Eventually(t, apptest.Patience, "the notice is mailed", func() bool { return mails() == 1 })
			clock.move(25 * time.Hour)
			guess(known.User.Email, 30)
			if got := messages(known); len(got) != 2 {
				t.Errorf("a day later there are %q", got)
			}
			apptest.Eventually(t, apptest.Patience, "the second notice is mailed", func() bool { return mails() == 2 })
			for _, m := range server.To(unverified.User.Email) {
				if m.Header.Get("Subject") == subject {
					t.Error("the notice was mailed to an address that nobody confirmed")
				}
			}
		})
	}
}

// Metrics show why logins fail and which limit refuses requests, with labels defined by the program only.
func TestMetricsOfGuesses(t *testing.T) {
	clock := &movedClock{stands: time.Now()}
	a := limited(t, apptest.Options{Clock: clock.now}, func(c *config.Config) {
		c.MetricsAddr, c.LimitGuesses, c.LimitAccountGuesses, c.LimitSignUps = "127.0.0.1:0", 2, 3, 1
	})
	known := a.As(compete.RoleParticipant)
	for i, from := range []string{attacker, attacker, attacker, "192.0.2.1", "192.0.2.2"} {
		status, header := post(t.Context(), t, a, from, "/api/auth/login", credentials(known.User.Email, "a wrong one"))
		if want := i == 2 || i == 4; want != (status == http.StatusTooManyRequests) ||
			want && header.Get("Retry-After") == "" {
			t.Errorf("guess %d gets %d", i+1, status)
		}
	}
	post(t.Context(), t, a, attacker, "/api/auth/login", credentials("nobody@example.com", "a wrong one"))
	for range 2 {
		post(t.Context(), t, a, attacker, "/api/auth/signup",
			map[string]string{
				"name": "A", "email": "a@example.com", "password": "a whole sentence",
				"role": "PARTICIPANT",
			})
	}
	scraped := fetch(t, "http://"+a.Addr(app.EndpointMetrics)+"/metrics")
	for series, want := range map[string]float64{
		`minicompete_login_failures_total{reason="wrong_password"}`: 3,
		`minicompete_login_failures_total{reason="unknown_email"}`:  1,
		`minicompete_login_failures_total{reason="limited"}`:        2,
		`minicompete_login_failures_total{reason="disabled"}`:       0,
		`minicompete_limited_total{limit="guesses"}`:                1,
		`minicompete_limited_total{limit="account_guesses"}`:        1,
		`minicompete_limited_total{limit="signups"}`:                1,
		`minicompete_limited_total{limit="links"}`:                  0,
	} {
		if got, ok := value(scraped, series); !ok || got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
	if strings.Contains(scraped, known.User.Email) {
		t.Error("the metrics name an account")
	}
}

// Clients in one hall sign up, log in and register at once, under the default limits.
func TestAHallBehindOneAddress(t *testing.T) {
	a := limited(t, apptest.Options{}, nil)
	competition := a.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 500})
	const people = 130
	ctx := t.Context()
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			email := fmt.Sprintf("hall%d@example.com", i)
			again := func(path string, body map[string]string, want int) {
				for {
					status, header := post(ctx, t, a, hall, path, body)
					if status == http.StatusServiceUnavailable { // the queue is full: a browser retries
						wait, err := strconv.Atoi(header.Get("Retry-After"))
						if err != nil || wait < 1 {
							t.Errorf("Retry-After is %q", header.Get("Retry-After"))
						}
						time.Sleep(time.Duration(wait) * time.Second)
						continue
					}
					if status != want {
						t.Errorf("%s: person %d gets %d, want %d", path, i+1, status, want)
					}
					return
				}
			}
			again("/api/auth/signup",
				map[string]string{
					"name": "Somebody", "email": email, "password": "a whole sentence",
					"role": "PARTICIPANT",
				}, http.StatusCreated)
			again("/api/auth/login", credentials(email, "a whole sentence"), http.StatusOK)
		})
	}
	all.Wait()
	for _, person := range a.Crowd(people) { // registering isn't limited by network
		person.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil, "X-Forwarded-For", hall).Want(t,
			http.StatusCreated)
	}
}

// Somebody who signed up with another person's address can't get back in once its owner has the account: their
// passkeys, known devices and known networks are removed.
func TestConfirmingForgetsWhoSignedUp(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		now := time.Now()
		a := limited(t, apptest.Options{DatabaseURL: databaseURL, Clock: func() time.Time { return now }}, nil)
		const email, token, password = "victim@example.com", "a token in an email", "the owner's own password"
		before := postForm(t, a, attacker, "/auth/signup",
			url.Values{"name": {"Eve"}, "email": {email}, "password": {apptest.Password}, "role": {"PARTICIPANT"}})
		user, _, err := a.Store().UserByEmail(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		passkey := compete.Passkey{
			ID: uuid.NewString(), UserID: user.ID, CredentialID: "c", Record: "{}",
			Name: "Eve's", CreatedAt: now,
		}
		_, err = a.Store().AddPasskey(t.Context(), passkey,
			compete.SpentChallenge{Hash: "h", Expires: now.Add(time.Hour)}, compete.NewFactor{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Store().SaveLink(t.Context(), compete.Link{
			ID: uuid.NewString(), Purpose: compete.LinkVerify, Email: email, UserID: user.ID,
			TokenHash: compete.HashToken(token), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		}); err != nil {
			t.Fatal(err)
		}
		after := postForm(t, a, owner, "/auth/confirm", url.Values{"token": {token}, "password": {password}})
		logIn := func(from, password string, cookies []*http.Cookie, want int) {
			t.Helper()
			answer := postForm(t, a, from, "/auth/login", url.Values{"email": {email}, "password": {password}},
				cookies...)
			if answer.StatusCode != want {
				t.Errorf("from %s: got %d, want %d", from, answer.StatusCode, want)
			}
		}
		logIn(owner, password, nil, http.StatusSeeOther) // without a second factor
		for range config.Default().LimitGuesses {
			logIn(attacker, "a guess", nil, http.StatusUnprocessableEntity)
		}
		logIn(attacker, "a guess", before.Cookies(), http.StatusTooManyRequests)
		logIn(attacker, "a guess", after.Cookies(), http.StatusUnprocessableEntity)
		if known, err := a.Store().KnowsNetwork(t.Context(), user.ID, attacker); known || err != nil {
			t.Errorf("the network of whoever signed up counts as the owner's: %t %v", known, err)
		}
	})
}
