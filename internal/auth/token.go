package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/minicompete/minicompete/internal/compete"
)

// claims are what a token of ours says. Tools outside make tokens with sub, email, role, iat and exp alone; ours name
// their session too.
type claims struct {
	jwt.RegisteredClaims
	Email     string       `json:"email"`
	Role      compete.Role `json:"role"`
	SessionID string       `json:"sid,omitempty"`
}

// sent are the claims of a token that is being checked, those that matter: reading them as claims takes twice as long,
// which the registrar would miss in a rush. A time that is not there is 0, and so is never one that a token may depend
// on.
type sent struct {
	Subject   string       `json:"sub"`
	Role      compete.Role `json:"role"`
	SessionID string       `json:"sid"`
	IssuedAt  seconds      `json:"iat"`
	NotBefore seconds      `json:"nbf"`
	ExpiresAt seconds      `json:"exp"`

	Issuer   string           `json:"iss"`
	Audience jwt.ClaimStrings `json:"aud"`
}

// What the tokens of this program name as their issuer and audience. Those made outside name none.
const (
	tokenIssuer   = "minicompete"
	tokenAudience = "minicompete-api"
)

// maxSkew is how far ahead the clock of who made a token may be.
const maxSkew = 30 * time.Second

// seconds are a NumericDate (RFC 7519, section 2) as it stands in JSON.
type seconds float64

var errNoTime = errors.New("not a time")

func (s seconds) date() (*jwt.NumericDate, error) {
	switch {
	case s == 0:
		return nil, nil
	case math.Abs(float64(s)) > 1<<40: // 36,000 years
		return nil, errNoTime
	}
	return jwt.NewNumericDate(time.Unix(int64(s), 0)), nil
}

// GetExpirationTime implements jwt.Claims, as the other methods do.
func (c *sent) GetExpirationTime() (*jwt.NumericDate, error) { return c.ExpiresAt.date() }

// GetIssuedAt implements jwt.Claims.
func (c *sent) GetIssuedAt() (*jwt.NumericDate, error) { return c.IssuedAt.date() }

// GetNotBefore implements jwt.Claims.
func (c *sent) GetNotBefore() (*jwt.NumericDate, error) { return c.NotBefore.date() }

// GetIssuer implements jwt.Claims.
func (c *sent) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject implements jwt.Claims.
func (c *sent) GetSubject() (string, error) { return c.Subject, nil }

// GetAudience implements jwt.Claims.
func (c *sent) GetAudience() (jwt.ClaimStrings, error) { return c.Audience, nil }

// newParser pins the algorithm: a token that says "none", or HS512, is refused whatever its signature.
func newParser(clock func() time.Time) *jwt.Parser {
	return jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(clock))
}

// IssueToken makes a bearer token for the user, with a session that End, a new password or an admin can end.
func (a *Authenticator) IssueToken(ctx context.Context, u compete.User) (string, error) {
	now := compete.UTC(a.clock())
	session := a.session(ctx, u, now, a.tokenLife)
	if err := a.sessions.CreateSession(ctx, session); err != nil {
		return "", err
	}
	a.deny.admit(ctx, u.ID)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: tokenIssuer, Audience: jwt.ClaimStrings{tokenAudience}, Subject: u.ID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(session.ExpiresAt),
		},
		Email: u.Email, Role: u.Role, SessionID: session.ID,
	})
	unsigned.Header["kid"] = a.keys[0].id
	token, err := unsigned.SignedString(a.keys[0].secret)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// Token tells who a bearer token belongs to. It asks the database only about a token that is older than the deny-list
// reaches back, and about that once a day. Errors: ErrUnauthorized, ErrAccountDisabled; ErrDatabase for such an old
// one.
func (a *Authenticator) Token(ctx context.Context, bearer string) (compete.Actor, error) {
	var c sent
	if _, err := a.parser.ParseWithClaims(bearer, &c, a.key); err != nil {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	if !c.Role.Valid() || !compete.ValidID(c.Subject) || c.SessionID != "" && !compete.ValidID(c.SessionID) {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	if c.Issuer != "" && c.Issuer != tokenIssuer || len(c.Audience) > 0 && !slices.Contains(c.Audience, tokenAudience) {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	date, err := c.GetIssuedAt()
	if err != nil || date == nil || date.After(a.clock().Add(maxSkew)) {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	actor, issued := compete.Actor{UserID: c.Subject, Role: c.Role, SessionID: c.SessionID, LoggedInAt: date.Time},
		date.Time
	if err := a.deny.check(actor, issued); err != nil {
		return compete.Actor{}, err
	}
	if now := compete.UTC(a.clock()); now.Sub(issued) > a.memory {
		if err := a.checkOld(ctx, actor, issued, now); err != nil {
			return compete.Actor{}, err
		}
	}
	if actor.SessionID != "" {
		a.uses.mark(actor.SessionID, a.clock())
	}
	return actor, nil
}

const (
	maxCachedOldTokens = 20_000
	// oldTokenLife is how long the standing of an old login is remembered. What ends it meanwhile is on the deny-list
	// for longer.
	oldTokenLife = 24 * time.Hour
)

// oldLogin names a login whose token is older than the deny-list reaches back.
type oldLogin struct{ userID, sessionID string }

// checkOld fails with ErrUnauthorized when the login ended before the deny-list reaches back, and with ErrDatabase when
// nobody can tell.
func (a *Authenticator) checkOld(ctx context.Context, actor compete.Actor, issued, now time.Time) error {
	login := oldLogin{actor.UserID, actor.SessionID}
	validAfter, ok := a.old.Get(login, now)
	if !ok {
		var err error
		validAfter, err = a.sessions.TokensValidAfter(ctx, actor.UserID, actor.SessionID)
		if err != nil {
			return err
		}
		a.old.Add(login, validAfter, now.Add(oldTokenLife))
	}
	if revokes(validAfter, issued) {
		return compete.ErrUnauthorized
	}
	return nil
}

// revokes reports whether tokens issued then ended at the given moment. A token says when it was issued in whole
// seconds: one made in the second of the change is taken for made after it.
func revokes(end, issued time.Time) bool { return issued.Before(end.Truncate(time.Second)) }

// signingKey is a secret, and the id by which tokens name it.
type signingKey struct {
	id     string
	secret []byte
}

// newSigningKey makes the id from the secret, so that all processes agree; it tells nothing about a secret that can't
// be guessed.
func newSigningKey(secret []byte) signingKey {
	sum := sha256.Sum256(append([]byte("mini compete: id of a signing key\x00"), secret...))
	return signingKey{id: base64.RawURLEncoding.EncodeToString(sum[:6]), secret: secret}
}

// key is the key that a token names, or any of them: tools outside know no ids, or have their own.
func (a *Authenticator) key(t *jwt.Token) (any, error) {
	if id, _ := t.Header["kid"].(string); id != "" {
		for _, key := range a.keys {
			if key.id == id {
				return key.secret, nil
			}
		}
	}
	if len(a.keys) == 1 {
		return a.keys[0].secret, nil
	}
	var all jwt.VerificationKeySet
	for _, key := range a.keys {
		all.Keys = append(all.Keys, key.secret)
	}
	return all, nil
}
