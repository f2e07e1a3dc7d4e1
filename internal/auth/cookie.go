package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

const (
	cookieTokenBytes = 32 // 256 bits can't be guessed, so the stored hash needs no salt
	maxCachedCookies = 20_000
	// cookieCacheLife is how long a cookie's session is cached. Ended logins are still noticed within RefreshInterval,
	// through the deny-list.
	cookieCacheLife = 15 * time.Second
)

// cookieLogin is the login that a cookie resolved to.
type cookieLogin struct {
	actor     compete.Actor
	createdAt time.Time
}

// IssueCookie creates a login on the pages for the user. It returns an opaque token, stored only as a hash, and its
// expiry.
func (a *Authenticator) IssueCookie(ctx context.Context, u compete.User) (token string, expires time.Time, err error) {
	var secret [cookieTokenBytes]byte
	_, _ = rand.Read(secret[:]) // documented never to fail
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	now := compete.UTC(a.clock())
	session := a.session(ctx, u, now, CookieLife)
	session.TokenHash = cookieHash(token)
	if err := a.sessions.CreateSession(ctx, session); err != nil {
		return "", time.Time{}, err
	}
	a.deny.admit(ctx, u.ID)
	return token, session.ExpiresAt, nil
}

// session creates a session for the user on the requesting device.
func (a *Authenticator) session(
	ctx context.Context, u compete.User, now time.Time, life time.Duration,
) compete.Session {
	client := compete.ClientOf(ctx)
	return compete.Session{
		ID: a.newID(), UserID: u.ID, CreatedAt: now, ExpiresAt: now.Add(life),
		Device: compete.DeviceName(client.UserAgent), Network: client.Network(), LoginsEndedAt: u.LoginsEndedAt,
	}
}

// Cookie returns the actor that a cookie's token belongs to, with the account's current role. Errors: ErrUnauthorized,
// ErrAccountDisabled.
func (a *Authenticator) Cookie(ctx context.Context, token string) (compete.Actor, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(cookieTokenBytes) {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	login, err := a.cookieLogin(ctx, cookieHash(token))
	if err != nil {
		return compete.Actor{}, err
	}
	if err := a.deny.check(login.actor, login.createdAt); err != nil {
		return compete.Actor{}, err
	}
	a.uses.mark(login.actor.SessionID, compete.UTC(a.clock()))
	return login.actor, nil
}

// Ended reports whether a resolved login has ended in the meantime, because it was revoked or its account disabled. It
// doesn't query the database.
func (a *Authenticator) Ended(actor compete.Actor) bool { return a.deny.check(actor, a.clock()) != nil }

// Reread removes a cookie's login from the cache, so that the next request reads the account again. Other replicas
// notice changes within cookieCacheLife.
func (a *Authenticator) Reread(token string) { a.cookies.Remove(cookieHash(token)) }

func (a *Authenticator) cookieLogin(ctx context.Context, hash string) (cookieLogin, error) {
	now := compete.UTC(a.clock())
	if login, ok := a.cookies.Get(hash, now); ok {
		return login, nil
	}
	session, user, err := a.sessions.SessionByTokenHash(ctx, hash, now)
	if err != nil {
		return cookieLogin{}, err
	}
	if user.DisabledAt != nil {
		return cookieLogin{}, compete.ErrAccountDisabled
	}
	if a.isIdle(session.LastUsedAt, now) {
		return cookieLogin{}, compete.ErrUnauthorized
	}
	login := cookieLogin{
		actor: compete.Actor{
			UserID: user.ID, Role: user.Role, SessionID: session.ID, LoggedInAt: session.CreatedAt,
			Zone: user.Zone,
		},
		createdAt: session.CreatedAt,
	}
	until := now.Add(cookieCacheLife)
	if session.ExpiresAt.Before(until) {
		until = session.ExpiresAt
	}
	a.cookies.Add(hash, login, until)
	return login, nil
}

func cookieHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// DeviceToken returns a token that proves that the user was logged in on the device that stores it. It grants no
// access: it only marks later logins there as coming from a known device.
func (a *Authenticator) DeviceToken(u compete.User) string { return a.keys[0].deviceToken(u) }

// KnowsDevice reports whether the token is a DeviceToken of the user, created after the address was confirmed and after
// all logins were last ended, as by a new password: earlier logins may have been by somebody else.
func (a *Authenticator) KnowsDevice(u compete.User, token string) bool {
	for _, key := range a.keys {
		if hmac.Equal([]byte(token), []byte(key.deviceToken(u))) {
			return true
		}
	}
	return false
}

func (k signingKey) deviceToken(u compete.User) string {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte("mini compete: device of " + u.ID)) // no API token has this prefix
	if u.VerifiedAt != nil {
		mac.Write([]byte(" since " + compete.UTC(*u.VerifiedAt).Format(time.RFC3339Nano)))
	}
	if u.LoginsEndedAt != nil {
		mac.Write([]byte(" after " + compete.UTC(*u.LoginsEndedAt).Format(time.RFC3339Nano)))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}
