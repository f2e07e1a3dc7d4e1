package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"minicompete/internal/compete"
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
	until     time.Time // the cache's or the session's end, whichever comes first
}

// IssueCookie makes a login of the pages for the user: an opaque token that only its hash is kept of, and when it expires.
func (a *Authenticator) IssueCookie(ctx context.Context, u compete.User) (token string, expires time.Time, err error) {
	var secret [cookieTokenBytes]byte
	_, _ = rand.Read(secret[:]) // never fails, it says
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	now := compete.UTC(a.clock())
	session := compete.Session{ID: a.newID(), UserID: u.ID, TokenHash: cookieHash(token), CreatedAt: now, ExpiresAt: now.Add(CookieLife)}
	if err := a.sessions.CreateSession(ctx, session); err != nil {
		return "", time.Time{}, err
	}
	a.deny.admit(ctx, u.ID)
	return token, session.ExpiresAt, nil
}

// Cookie tells who a cookie's token belongs to, with the role that the account has now. Errors: ErrUnauthorized, ErrAccountDisabled.
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
	return login.actor, nil
}

// Ended reports whether a login has ended since it was found, because it was ended or its account disabled. It asks no database.
func (a *Authenticator) Ended(actor compete.Actor) bool { return a.deny.check(actor, a.clock()) != nil }

func (a *Authenticator) cookieLogin(ctx context.Context, hash string) (cookieLogin, error) {
	now := compete.UTC(a.clock())
	if login, ok := a.cookies.Get(hash); ok && now.Before(login.until) {
		return login, nil
	}
	session, user, err := a.sessions.SessionByTokenHash(ctx, hash, now)
	if err != nil {
		return cookieLogin{}, err
	}
	if user.DisabledAt != nil {
		return cookieLogin{}, compete.ErrAccountDisabled
	}
	login := cookieLogin{
		actor:     compete.Actor{UserID: user.ID, Role: user.Role, SessionID: session.ID},
		createdAt: session.CreatedAt,
		until:     now.Add(cookieCacheLife),
	}
	if session.ExpiresAt.Before(login.until) {
		login.until = session.ExpiresAt
	}
	a.cookies.Add(hash, login)
	return login, nil
}

func cookieHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
