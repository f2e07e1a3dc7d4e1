package auth

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"

	"minicompete/internal/compete"
)

const (
	// MinSecretLength is the least that HS256 may be keyed with, in bytes (RFC 7518, section 3.2).
	MinSecretLength = 32
	// CookieLife is how long a login of the pages lasts.
	CookieLife = 14 * 24 * time.Hour
	// MinMemory is how far back the deny-list reaches at least; a longer Config.TokenLife makes it longer. A token that is older, which
	// only tools outside make, is looked up once a day.
	MinMemory = 7 * 24 * time.Hour
)

// Config sets up an Authenticator. All fields but Previous are needed.
type Config struct {
	Sessions  compete.SessionStore
	Secret    []byte        // keys the tokens; at least MinSecretLength bytes
	Previous  []byte        // a secret whose tokens are still taken; none if empty
	TokenLife time.Duration // of the tokens that IssueToken makes
	Clock     func() time.Time
	NewID     func() string
	Logger    *slog.Logger
}

// Authenticator issues and checks logins. Its methods may be called from many goroutines.
type Authenticator struct {
	sessions  compete.SessionStore
	keys      []signingKey // the first signs
	tokenLife time.Duration
	memory    time.Duration // how far back the deny-list reaches
	clock     func() time.Time
	newID     func() string
	parser    *jwt.Parser
	cookies   *lru.Cache[string, cookieLogin]
	old       *lru.Cache[oldLogin, standing]
	deny      *denyList
}

// New reads the deny-list first, so that nobody on it slips in. It fails when the secret is too short or the database is away.
func New(ctx context.Context, c Config) (*Authenticator, error) {
	if len(c.Secret) < MinSecretLength {
		return nil, fmt.Errorf("the token secret is %d bytes long but must be at least %d", len(c.Secret), MinSecretLength)
	}
	keys := []signingKey{newSigningKey(c.Secret)}
	if len(c.Previous) > 0 {
		keys = append(keys, newSigningKey(c.Previous))
	}
	cookies, err := lru.New[string, cookieLogin](maxCachedCookies)
	if err != nil {
		return nil, fmt.Errorf("make the cache of cookies: %w", err)
	}
	old, err := lru.New[oldLogin, standing](maxCachedOldTokens)
	if err != nil {
		return nil, fmt.Errorf("make the cache of old tokens: %w", err)
	}
	memory := max(c.TokenLife, MinMemory)
	a := &Authenticator{
		sessions: c.Sessions, keys: keys, tokenLife: c.TokenLife, memory: memory, clock: c.Clock, newID: c.NewID,
		parser:  newParser(c.Clock),
		cookies: cookies, old: old,
		deny: &denyList{sessions: c.Sessions, memory: memory, clock: c.Clock, logger: c.Logger},
	}
	return a, a.Refresh(ctx)
}

// Refresh brings the deny-list up to date. It fails with ErrDatabase; the last list stays then.
func (a *Authenticator) Refresh(ctx context.Context) error { return a.deny.refresh(ctx) }

// Run refreshes the deny-list every RefreshInterval until ctx ends.
func (a *Authenticator) Run(ctx context.Context) { a.deny.run(ctx) }

// End ends the actor's login, here at once and on other replicas within RefreshInterval. A token without a session,
// made by an outside tool, cannot be ended alone: nothing happens.
func (a *Authenticator) End(ctx context.Context, actor compete.Actor) error {
	if actor.SessionID == "" {
		return nil
	}
	if err := a.sessions.EndSession(ctx, actor.SessionID, compete.UTC(a.clock())); err != nil {
		return err
	}
	a.deny.refreshNow(ctx)
	return nil
}

// Users wraps a store of accounts so that a change that ends logins takes effect in this process at once.
func (a *Authenticator) Users(store compete.UserStore) compete.UserStore {
	return users{UserStore: store, deny: a.deny}
}

type users struct {
	compete.UserStore
	deny *denyList
}

func (u users) UpdateUser(ctx context.Context, user compete.User) error {
	if err := u.UserStore.UpdateUser(ctx, user); err != nil {
		return err
	}
	u.deny.refreshNow(ctx)
	return nil
}

func (u users) SetPassword(ctx context.Context, userID, passwordHash, keepSessionID string, now time.Time) error {
	if err := u.UserStore.SetPassword(ctx, userID, passwordHash, keepSessionID, now); err != nil {
		return err
	}
	u.deny.refreshNow(ctx)
	return nil
}
