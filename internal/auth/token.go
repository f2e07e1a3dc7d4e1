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

// claims are the contents of our tokens. External tools issue tokens with only sub, email, role, iat and exp; ours also
// name their session.
type claims struct {
	jwt.RegisteredClaims
	Email     string       `json:"email"`
	Role      compete.Role `json:"role"`
	SessionID string       `json:"sid,omitempty"`
}

// sent are the relevant claims of a token being checked: decoding the full claims takes twice as long, which would slow
// the registrar in a rush. A missing time is 0, so a token can't rely on a time of 0.
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

// The issuer and audience in this program's tokens. External tokens have neither.
const (
	tokenIssuer   = "minicompete"
	tokenAudience = "minicompete-api"
)

// maxSkew is how far ahead a token issuer's clock may be.
const maxSkew = 30 * time.Second

// seconds is a NumericDate (RFC 7519, section 2) as in JSON.
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

// newParser pins the algorithm: a token that says "none" or HS512 is refused whatever its signature.
func newParser(clock func() time.Time) *jwt.Parser {
	return jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(clock))
}

// IssueToken creates a bearer token for the user, with a session that ends through End, a new password or an admin.
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

// Token returns the actor that a bearer token belongs to. It queries the database only for tokens older than the
// deny-list's range, and once a day at most. Errors: ErrUnauthorized, ErrAccountDisabled; ErrDatabase for such an old
// token.
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
	// oldTokenLife is how long the status of an old login is cached. If it is revoked in that time, the deny-list
	// covers it for longer.
	oldTokenLife = 24 * time.Hour
)

// oldLogin identifies a login whose token is older than the deny-list's range.
type oldLogin struct{ userID, sessionID string }

// checkOld fails with ErrUnauthorized if the login ended before the deny-list's range, and with ErrDatabase if that
// can't be determined.
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

// revokes reports whether a cutoff at end voids tokens issued at the given time. Tokens state their time of issue in
// whole seconds: one issued in the second of the change counts as issued after it.
func revokes(end, issued time.Time) bool { return issued.Before(end.Truncate(time.Second)) }

// signingKey is a secret with the id that tokens use for it.
type signingKey struct {
	id     string
	secret []byte
}

// newSigningKey derives the id from the secret, so that all processes agree on it; the id reveals nothing about an
// unguessable secret.
func newSigningKey(secret []byte) signingKey {
	sum := sha256.Sum256(append([]byte("mini compete: id of a signing key\x00"), secret...))
	return signingKey{id: base64.RawURLEncoding.EncodeToString(sum[:6]), secret: secret}
}

// key returns the key that a token names, or else all keys: external tools don't know the ids, or use their own.
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
