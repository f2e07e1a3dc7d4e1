package web_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/app"
	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/config"
)

// busyHasher refuses everything while it is busy.
type busyHasher struct {
	compete.PasswordHasher
	busy atomic.Bool
}

func (b *busyHasher) Hash(ctx context.Context, password string) (string, error) {
	if b.busy.Load() {
		return "", compete.ErrBusy
	}
	return b.PasswordHasher.Hash(ctx, password)
}

func (b *busyHasher) Check(ctx context.Context, hash, password string) error {
	if b.busy.Load() {
		return compete.ErrBusy
	}
	return b.PasswordHasher.Check(ctx, hash, password)
}

func (b *busyHasher) wrap(passwords compete.PasswordHasher) compete.PasswordHasher {
	b.PasswordHasher = passwords
	return b
}

// TestFormsSayHowLongToWait has password forms refused by limits and by overload: the form keeps its input, and says in
// its text and headers when to retry.
func TestFormsSayHowLongToWait(t *testing.T) {
	passwords := &busyHasher{}
	now := time.Now()
	s := openSiteWith(t, apptest.Options{
		Wrap: app.Wrap{Passwords: passwords.wrap}, Clock: func() time.Time { return now },
		Settings: func(c *config.Config) {
			c.LimitGuesses, c.LimitLogIns, c.LimitSignUps, c.LimitLinks = 2, 8, 2, 1
		},
	})
	b := s.browser(t)
	const email = "ada@example.com"
	waits := func(what string, got page, status int, quota string, texts ...string) {
		t.Helper()
		b.want(got, status, texts...)
		if header := got.header; header.Get("Retry-After") == "" || header.Get("RateLimit-Limit") != quota ||
			quota != "" && header.Get("RateLimit-Remaining") != "0" {
			t.Errorf("%s: the headers are %v", what, header)
		}
	}
	signUp := func(email string) page {
		return b.post("/auth/signup", "name", "Ada Lovelace", "email", email, "password", password,
			"role", "PARTICIPANT")
	}
	logIn := func(b *browser, email, password string) page {
		return b.post("/auth/login", "email", email, "password", password)
	}
	b.want(signUp(email), http.StatusSeeOther)
	for range 2 {
		b.want(b.post("/account/password", "currentPassword", "a wrong one", "password", "another password"),
			http.StatusUnprocessableEntity)
	}
	waits("a new password", b.post("/account/password", "currentPassword", "a wrong one", "password",
		"another password"), http.StatusTooManyRequests, "2",
		"Too many wrong passwords. Try again in 1 second")
	waits("a new address", b.post("/account/email", "currentPassword", "a wrong one", "email", "new@example.com"),
		http.StatusTooManyRequests, "2",
		"Too many wrong passwords. Try again in 1 second")
	waits("a deletion", b.post("/account/delete", "password", "a wrong one"), http.StatusTooManyRequests, "2",
		"Too many wrong passwords. Try again in 1 second", `action="/account/delete"`)

	b = s.browser(t)
	for range 2 {
		b.want(logIn(b, email, "a wrong one"), http.StatusUnprocessableEntity, "Wrong email or password.")
	}
	waits("guesses", logIn(b, email, password), http.StatusTooManyRequests, "2",
		"Too many wrong passwords. Try again in 1 second", `action="/auth/login"`, `value="`+email+`"`)
	passwords.busy.Store(true)
	waits("busy", logIn(b, "someone@example.com", password), http.StatusServiceUnavailable, "",
		"too busy", `action="/auth/login"`, `value="someone@example.com"`)
	waits("busy to sign up", signUp("new@example.com"), http.StatusServiceUnavailable, "", "too busy",
		`action="/auth/signup"`, `value="Ada Lovelace"`)
	passwords.busy.Store(false)
	waits("sign-ups", signUp("new@example.com"), http.StatusTooManyRequests, "2",
		"Too many requests from your network. Try again in", `action="/auth/signup"`, `value="Ada Lovelace"`)
	forgot := func() page { return b.post("/auth/forgot", "email", "nobody@example.com") }
	b.want(forgot(), http.StatusOK)
	waits("links", forgot(), http.StatusTooManyRequests, "1", "Too many requests from your network. Try again in",
		`action="/auth/forgot"`)
	for range 4 {
		logIn(b, "nobody@example.com", password)
	}
	waits("logins", logIn(b, "other@example.com", password), http.StatusTooManyRequests, "8",
		"Too many requests from your network. Try again in", `action="/auth/login"`, `value="other@example.com"`)
}
