package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"minicompete/internal/compete"
)

// claims are what a token says. Tools outside make tokens with sub, email, role, iat and exp alone; ours name their session too.
type claims struct {
	jwt.RegisteredClaims
	Email     string       `json:"email"`
	Role      compete.Role `json:"role"`
	SessionID string       `json:"sid,omitempty"`
}

// newParser pins the algorithm: a token that says "none", or HS512, is refused whatever its signature.
func newParser(clock func() time.Time) *jwt.Parser {
	return jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(clock))
}

// IssueToken makes a bearer token for the user, with a session that End, a new password or an admin can end.
func (a *Authenticator) IssueToken(ctx context.Context, u compete.User) (string, error) {
	now := compete.UTC(a.clock())
	session := compete.Session{ID: a.newID(), UserID: u.ID, CreatedAt: now, ExpiresAt: now.Add(a.tokenLife)}
	if err := a.sessions.CreateSession(ctx, session); err != nil {
		return "", err
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: u.ID, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(session.ExpiresAt),
		},
		Email: u.Email, Role: u.Role, SessionID: session.ID,
	}).SignedString(a.secret)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// Token tells who a bearer token belongs to. It asks no database. Errors: ErrUnauthorized, ErrAccountDisabled.
func (a *Authenticator) Token(_ context.Context, bearer string) (compete.Actor, error) {
	var c claims
	if _, err := a.parser.ParseWithClaims(bearer, &c, a.key); err != nil {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	if !c.Role.Valid() || !compete.ValidID(c.Subject) || c.SessionID != "" && !compete.ValidID(c.SessionID) {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	if c.IssuedAt == nil || a.clock().Sub(c.IssuedAt.Time) > a.window {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	actor := compete.Actor{UserID: c.Subject, Role: c.Role, SessionID: c.SessionID}
	if err := a.deny.check(actor, c.IssuedAt.Time); err != nil {
		return compete.Actor{}, err
	}
	return actor, nil
}

func (a *Authenticator) key(*jwt.Token) (any, error) { return a.secret, nil }
