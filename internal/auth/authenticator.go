package auth

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/recent"
)

const (
	// MinSecretLength is the minimum length of an HS256 key, in bytes (RFC 7518, section 3.2).
	MinSecretLength = 32
	// CookieLife is the maximum duration of a login on the pages, however much it is used.
	CookieLife = 90 * 24 * time.Hour
	// MinMemory is the minimum time that the deny-list covers; a longer Config.TokenLife extends it. Older tokens,
	// which only external tools issue, are looked up once a day.
	MinMemory = 7 * 24 * time.Hour
)

// Config configures an Authenticator. All fields but Previous and Idle are required.
type Config struct {
	Sessions  compete.SessionStore
	Secret    []byte        // signs the tokens; at least MinSecretLength bytes
	Previous  []byte        // a secret whose tokens are still accepted; empty if none
	TokenLife time.Duration // lifetime of tokens from IssueToken
	Idle      time.Duration // sessions unused for this long end; 0 means never
	Clock     func() time.Time
	NewID     func() string
	Logger    *slog.Logger
}

// Authenticator issues and checks logins. It is safe for concurrent use.
type Authenticator struct {
	sessions  compete.SessionStore
	keys      []signingKey // the first one signs
	tokenLife time.Duration
	idle      time.Duration
	memory    time.Duration // how far back the deny-list goes
	logger    *slog.Logger
	uses      uses
	clock     func() time.Time
	newID     func() string
	parser    *jwt.Parser
	cookies   *recent.Cache[string, cookieLogin]
	old       *recent.Cache[oldLogin, time.Time] // tokens issued before this time are void
	deny      *denyList
}

// New creates an Authenticator. It reads the deny-list first, so that nobody on it gets in. It fails if the secret is
// too short or the database is unavailable.
func New(ctx context.Context, c Config) (*Authenticator, error) {
	if len(c.Secret) < MinSecretLength {
		return nil, fmt.Errorf("the token secret is %d bytes long but must be at least %d",
			len(c.Secret), MinSecretLength)
	}
	keys := []signingKey{newSigningKey(c.Secret)}
	if len(c.Previous) > 0 {
		keys = append(keys, newSigningKey(c.Previous))
	}
	memory := max(c.TokenLife, MinMemory)
	a := &Authenticator{
		sessions: c.Sessions, keys: keys, tokenLife: c.TokenLife, idle: c.Idle, memory: memory, logger: c.Logger,
		clock: c.Clock, newID: c.NewID,
		parser:  newParser(c.Clock),
		cookies: recent.NewCache[string, cookieLogin](maxCachedCookies),
		old:     recent.NewCache[oldLogin, time.Time](maxCachedOldTokens),
		deny:    newDenyList(c, memory),
	}
	return a, a.Refresh(ctx)
}

// Refresh updates the deny-list. If it fails with ErrDatabase, the previous list is kept.
func (a *Authenticator) Refresh(ctx context.Context) error { return a.deny.refresh(ctx) }

// Run refreshes the deny-list every RefreshInterval and saves session use every UseInterval, until ctx ends.
func (a *Authenticator) Run(ctx context.Context) {
	var noting sync.WaitGroup
	noting.Go(func() { a.noteUses(ctx) })
	a.deny.run(ctx)
	noting.Wait()
}

// End ends the actor's login, at once in this process and within RefreshInterval on other replicas. A token without a
// session, issued by an external tool, can't be told from the user's other such tokens: all those issued up to and
// including the current second end.
func (a *Authenticator) End(ctx context.Context, actor compete.Actor) error {
	now := compete.UTC(a.clock())
	if actor.SessionID == "" {
		return a.deny.after(ctx, a.sessions.EndTokens(ctx, actor.UserID, nextSecond(now)))
	}
	return a.deny.after(ctx, a.sessions.EndSession(ctx, actor.SessionID, now))
}

// nextSecond returns the cutoff that also voids tokens issued in the current second.
func nextSecond(now time.Time) time.Time { return now.Truncate(time.Second).Add(time.Second) }

// Users wraps an account store so that changes that end logins take effect in this process at once.
func (a *Authenticator) Users(store compete.UserStore) compete.UserStore {
	return users{UserStore: store, deny: a.deny}
}

type users struct {
	compete.UserStore
	deny *denyList
}

func (u users) UpdateUser(
	ctx context.Context, id, by string, change func(*compete.User),
) (compete.User, error) {
	user, err := u.UserStore.UpdateUser(ctx, id, by, change)
	return user, u.deny.after(ctx, err)
}

func (u users) UpdateProfile(ctx context.Context, id string, update compete.ProfileUpdate, now time.Time) error {
	err := u.UserStore.UpdateProfile(ctx, id, update, now)
	if update.Password == nil {
		return err
	}
	return u.deny.after(ctx, err)
}

// Logins wraps a login store so that ended logins end in this process at once.
func (a *Authenticator) Logins(store compete.LoginStore) compete.LoginStore {
	return logins{LoginStore: store, deny: a.deny}
}

type logins struct {
	compete.LoginStore
	deny *denyList
}

func (l logins) EndSessionOf(ctx context.Context, userID, id string, now time.Time) error {
	return l.deny.after(ctx, l.LoginStore.EndSessionOf(ctx, userID, id, now))
}

func (l logins) EndLogins(ctx context.Context, userID string, now time.Time) error {
	return l.deny.after(ctx, l.LoginStore.EndLogins(ctx, userID, nextSecond(now)))
}

func (l logins) EndOtherSessions(ctx context.Context, userID, keepSessionID string, now time.Time) error {
	return l.deny.after(ctx, l.LoginStore.EndOtherSessions(ctx, userID, keepSessionID, now))
}

// Erasures wraps an erasure store so that a deleted account is logged out in this process at once.
func (a *Authenticator) Erasures(store compete.ErasureStore) compete.ErasureStore {
	return erasures{ErasureStore: store, deny: a.deny}
}

type erasures struct {
	compete.ErasureStore
	deny *denyList
}

func (e erasures) EraseAccount(ctx context.Context, userID string, now time.Time) error {
	return e.deny.after(ctx, e.ErasureStore.EraseAccount(ctx, userID, now))
}
