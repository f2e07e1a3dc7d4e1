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
	cookieTokenBytes = 32 // 256 bits: beyond guessing, so the stored hash needs no salt
	maxCachedCookies = 20_000
	// cookieCacheLife is how long a cookie's session is not read again. What ends a login is on the deny-list within
	// RefreshInterval all the same.
	cookieCacheLife = 15 * time.Second
)

// cookieLogin is a resolved cookie.
type cookieLogin struct {
	actor     compete.Actor
	createdAt time.Time
}

// IssueCookie makes a login of the pages for the user: an opaque token that only its hash is kept of, and when it
// expires.
func (a *Authenticator) IssueCookie(ctx context.Context, u compete.User) (token string, expires time.Time, err error) {
	var secret [cookieTokenBytes]byte
	_, _ = rand.Read(secret[:]) // never fails, it says
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

// session is a new one of the user's, on the device that the request comes from.
func (a *Authenticator) session(
	ctx context.Context, u compete.User, now time.Time, life time.Duration,
) compete.Session {
	client := compete.ClientOf(ctx)
	return compete.Session{
		ID: a.newID(), UserID: u.ID, CreatedAt: now, ExpiresAt: now.Add(life),
		Device: compete.DeviceName(client.UserAgent), Network: client.Network(),
	}
}

// Cookie tells who a cookie's token belongs to, with the role that the account has now. Errors: ErrUnauthorized,
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

// Ended reports whether a login has ended since it was found, because it was ended or its account disabled. It asks no
// database.
func (a *Authenticator) Ended(actor compete.Actor) bool { return a.deny.check(actor, a.clock()) != nil }

// Reread has the next request with a cookie's token find the account as it is then. Other replicas know it within
// cookieCacheLife.
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

// DeviceToken shows that the user was logged in on the device that keeps it. It opens nothing: a login from there is no
// news.
func (a *Authenticator) DeviceToken(u compete.User) string { return a.keys[0].deviceToken(u) }

// KnowsDevice reports whether the token is a DeviceToken of the user, made since the address was confirmed: whoever
// logged in before may have been somebody else.
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
	mac.Write([]byte("mini compete: device of " + u.ID)) // no token of the API begins so
	if u.VerifiedAt != nil {
		mac.Write([]byte(" since " + compete.UTC(*u.VerifiedAt).Format(time.RFC3339Nano)))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}
