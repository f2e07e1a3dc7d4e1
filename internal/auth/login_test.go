package auth_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
)

func TestCookie(t *testing.T) {
	f := newFixture(t)
	token, expires, err := f.IssueCookie(t.Context(), f.user)
	if err != nil || !expires.Equal(f.clock().Add(auth.CookieLife)) {
		t.Fatalf("got %v, %v", expires, err)
	}
	for range 3 {
		actor, err := f.Cookie(t.Context(), token)
		if err != nil || actor.UserID != f.user.ID || actor.Role != compete.RoleParticipant || actor.SessionID == "" {
			t.Fatalf("got %+v, %v", actor, err)
		}
	}
	if f.store.reads != 1 {
		t.Errorf("the session was read %d times for three requests, want once", f.store.reads)
	}
	f.user.Role = compete.RoleOrganizer
	f.store.users[f.user.ID] = f.user
	f.advance(time.Minute)
	if actor, err := f.Cookie(t.Context(), token); err != nil || actor.Role != compete.RoleOrganizer {
		t.Errorf("a minute after the role changed: got %+v, %v", actor, err)
	}
	for _, wrong := range []string{"", "x", token + "x", token[1:] + "x"} {
		if _, err := f.Cookie(t.Context(), wrong); !errors.Is(err, compete.ErrUnauthorized) {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
	f.advance(auth.CookieLife)
	if _, err := f.Cookie(t.Context(), token); !errors.Is(err, compete.ErrUnauthorized) {
		t.Errorf("after its time: got %v", err)
	}
}

// logins holds one user's logins of every kind.
type logins struct {
	cookie, token, foreign string
}

func (f *fixture) logIn(t *testing.T) logins {
	t.Helper()
	cookie, _, err := f.IssueCookie(t.Context(), f.user)
	if err != nil {
		t.Fatal(err)
	}
	token, err := f.IssueToken(t.Context(), f.user)
	if err != nil {
		t.Fatal(err)
	}
	l := logins{cookie: cookie, token: token, foreign: foreign(t, jwt.SigningMethodHS256, secret, f.claims(nil))}
	l.want(t, f.Authenticator, nil, nil, nil)
	return l
}

// want checks the current result of each login.
func (l logins) want(t *testing.T, a *auth.Authenticator, cookie, token, foreign error) {
	t.Helper()
	if _, err := a.Cookie(t.Context(), l.cookie); !errors.Is(err, cookie) {
		t.Errorf("cookie: got %v, want %v", err, cookie)
	}
	if _, err := a.Token(t.Context(), l.token); !errors.Is(err, token) {
		t.Errorf("token: got %v, want %v", err, token)
	}
	if _, err := a.Token(t.Context(), l.foreign); !errors.Is(err, foreign) {
		t.Errorf("token from outside: got %v, want %v", err, foreign)
	}
}

func TestEndingOneLogin(t *testing.T) {
	f := newFixture(t)
	l := f.logIn(t)
	actor, err := f.Cookie(t.Context(), l.cookie)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.End(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	l.want(t, f.Authenticator, compete.ErrUnauthorized, nil, nil)
	if err := f.End(t.Context(), compete.Actor{UserID: f.user.ID}); err != nil {
		t.Errorf("a login without a session: %v", err)
	}
	l.want(t, f.Authenticator, compete.ErrUnauthorized, nil, compete.ErrUnauthorized)
}

func (f *fixture) setUser(ctx context.Context, user compete.User) error {
	_, err := f.users.UpdateUser(ctx, user.ID, "", func(u *compete.User) { *u = user })
	return err
}

func TestDisabledAccount(t *testing.T) {
	f := newFixture(t)
	l := f.logIn(t)
	now := f.clock()
	disabled := f.user
	disabled.DisabledAt = &now
	if err := f.setUser(t.Context(), disabled); err != nil {
		t.Fatal(err)
	}
	l.want(t, f.Authenticator, compete.ErrAccountDisabled, compete.ErrAccountDisabled, compete.ErrAccountDisabled)
	if err := f.setUser(t.Context(), f.user); err != nil {
		t.Fatal(err)
	}
	l.want(t, f.Authenticator, nil, nil, nil)
}

// An account enabled on another replica can log in here at once, before this replica rereads its list.
func TestLoginOfAnAccountEnabledElsewhere(t *testing.T) {
	for _, way := range []string{"cookie", "token"} {
		t.Run(way, func(t *testing.T) {
			f := newFixture(t)
			now := f.clock()
			disabled := f.user
			disabled.DisabledAt = &now
			if err := f.setUser(t.Context(), disabled); err != nil {
				t.Fatal(err)
			}
			f.store.users[f.user.ID] = f.user // by another replica
			var token string
			var err error
			check := f.Token
			if way == "cookie" {
				token, _, err = f.IssueCookie(t.Context(), f.user)
				check = f.Cookie
			} else {
				token, err = f.IssueToken(t.Context(), f.user)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := check(t.Context(), token); err != nil {
				t.Errorf("the new login is turned away: %v", err)
			}
		})
	}
}

func TestNewPasswordEndsOtherLogins(t *testing.T) {
	f := newFixture(t)
	l, kept := f.logIn(t), f.logIn(t)
	actor, err := f.Token(t.Context(), kept.token)
	if err != nil {
		t.Fatal(err)
	}
	f.advance(time.Second)
	if err := f.users.UpdateProfile(t.Context(), f.user.ID,
		compete.ProfileUpdate{Password: &compete.NewPassword{Hash: "hash", KeepSessionID: actor.SessionID}},
		f.clock()); err != nil {
		t.Fatal(err)
	}
	l.want(t, f.Authenticator, compete.ErrUnauthorized, compete.ErrUnauthorized, compete.ErrUnauthorized)
	kept.want(t, f.Authenticator, compete.ErrUnauthorized, nil, compete.ErrUnauthorized)
	f.logIn(t)

	// It still counts days later, also on another replica.
	f.advance(20 * time.Hour)
	for range 3 {
		f.advance(30 * time.Second)
		if err := f.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	f.store.sessions[actor.SessionID] = compete.Session{
		ID: actor.SessionID, UserID: f.user.ID,
		ExpiresAt: f.clock().Add(time.Hour),
	}
	longLived := foreign(t, jwt.SigningMethodHS256, secret,
		f.claims(map[string]any{"iat": f.clock().Add(-21 * time.Hour).Unix()}))
	for name, a := range map[string]*auth.Authenticator{"this": f.Authenticator, "another": f.authenticator(t)} {
		if _, err := a.Token(t.Context(), longLived); !errors.Is(err, compete.ErrUnauthorized) {
			t.Errorf("%s replica takes a token from before the password: %v", name, err)
		}
	}
}

// A token older than the deny-list's range is looked up, once a day.
func TestOldTokens(t *testing.T) {
	f := newFixture(t)
	now := f.clock()
	old := foreign(t, jwt.SigningMethodHS256, secret,
		f.claims(map[string]any{"iat": now.AddDate(-1, 0, 0).Unix(), "exp": now.AddDate(1, 0, 0).Unix()}))
	check := func(when string, want error, lookUps int) {
		t.Helper()
		f.store.lookUps = 0
		for range 3 {
			if _, err := f.Token(t.Context(), old); !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", when, err, want)
			}
		}
		if f.store.lookUps != lookUps {
			t.Errorf("%s: it was looked up %d times, want %d", when, f.store.lookUps, lookUps)
		}
	}
	f.store.away = true
	check("while the database is away", compete.ErrDatabase, 3)
	f.store.away = false
	check("for the first time", nil, 1)
	check("again", nil, 0)
	f.advance(25 * time.Hour)
	check("a day later", nil, 1)

	// Revocation puts it on the deny-list first; the database keeps it permanently.
	if err := f.users.UpdateProfile(t.Context(), f.user.ID,
		compete.ProfileUpdate{Password: &compete.NewPassword{Hash: "hash"}}, f.clock()); err != nil {
		t.Fatal(err)
	}
	check("after a new password", compete.ErrUnauthorized, 0)
	f.advance(30 * 24 * time.Hour)
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("a month after the new password", compete.ErrUnauthorized, 1)
}

// An ended session stays ended even if tokens used to live longer than the deny-list's range now.
func TestOldSessions(t *testing.T) {
	f := newFixture(t)
	ended, other := f.newID(), f.newID()
	for _, id := range []string{ended, other} {
		f.store.sessions[id] = compete.Session{ID: id, UserID: f.user.ID, ExpiresAt: f.clock().AddDate(1, 0, 0)}
	}
	if err := f.store.EndSession(t.Context(), ended, f.clock().AddDate(0, 0, -20)); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]error{
		ended: compete.ErrUnauthorized, f.newID(): compete.ErrUnauthorized,
		other: nil,
	} {
		token := foreign(t, jwt.SigningMethodHS256, secret,
			f.claims(map[string]any{"sid": id, "iat": f.clock().AddDate(0, 0, -30).Unix()}))
		if _, err := f.Token(t.Context(), token); !errors.Is(err, want) {
			t.Errorf("session %s: got %v, want %v", id, err, want)
		}
	}
}

func TestTheLastListStaysWhileTheDatabaseIsAway(t *testing.T) {
	f := newFixture(t)
	l := f.logIn(t)
	actor, err := f.Token(t.Context(), l.token)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.End(t.Context(), actor); err != nil {
		t.Fatal(err)
	}
	f.store.away = true
	if err := f.Refresh(t.Context()); !errors.Is(err, compete.ErrDatabase) {
		t.Errorf("got %v, want ErrDatabase", err)
	}
	l.want(t, f.Authenticator, nil, compete.ErrUnauthorized, nil)
	f.advance(time.Minute)
	l.want(t, f.Authenticator, compete.ErrDatabase, compete.ErrUnauthorized, nil)
}

// Between full reads of the list, only new entries are read.
func TestRefreshReadsWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		start := f.clock()
		other := f.authenticator(t)
		ctx, cancel := context.WithCancel(t.Context())
		go other.Run(ctx)
		l := f.logIn(t)
		actor, err := f.Token(t.Context(), l.token)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.End(t.Context(), actor); err != nil {
			t.Fatal(err)
		}
		l.want(t, other, nil, nil, nil)
		time.Sleep(auth.RefreshInterval)
		synctest.Wait()
		l.want(t, other, nil, compete.ErrUnauthorized, nil)
		if since := f.store.sinces[len(f.store.sinces)-1]; start.Sub(since) > 2*time.Minute {
			t.Errorf("read all that ended since %v, %v before the start", since, start.Sub(since))
		}
		f.advance(2 * time.Minute)
		time.Sleep(auth.RefreshInterval)
		synctest.Wait()
		if since := f.store.sinces[len(f.store.sinces)-1]; start.Sub(since) < 6*24*time.Hour {
			t.Errorf("after a minute the whole list is to be read again; read since %v", since)
		}
		cancel()
		synctest.Wait()
	})
}
