package auth_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
)

// memory is a session store whose database can be made unavailable. It implements only the part of a user store that
// ends logins.
type memory struct {
	compete.UserStore

	mu       sync.Mutex
	away     bool
	users    map[string]compete.User
	sessions map[string]compete.Session
	tokens   map[string]time.Time // by user: tokens issued before this time are void
	reads    int                  // of sessions by cookie
	sinces   []time.Time          // arguments of Revocations
	lookUps  int                  // of single logins
	notes    int                  // of uses
}

func (m *memory) CreateSession(_ context.Context, s compete.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return compete.ErrDatabase
	}
	s.LastUsedAt = s.CreatedAt
	m.sessions[s.ID] = s
	return nil
}

func (m *memory) SessionByTokenHash(
	_ context.Context, hash string, now time.Time,
) (compete.Session, compete.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	if m.away {
		return compete.Session{}, compete.User{}, compete.ErrDatabase
	}
	for _, s := range m.sessions {
		if s.TokenHash == hash && hash != "" && s.EndedAt == nil && now.Before(s.ExpiresAt) {
			return s, m.users[s.UserID], nil
		}
	}
	return compete.Session{}, compete.User{}, compete.ErrUnauthorized
}

func (m *memory) EndSession(_ context.Context, id string, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return compete.ErrDatabase
	}
	s := m.sessions[id]
	s.EndedAt = &now
	m.sessions[id] = s
	return nil
}

func (m *memory) Revocations(_ context.Context, since time.Time) (compete.Revocations, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return compete.Revocations{}, compete.ErrDatabase
	}
	m.sinces = append(m.sinces, since)
	r := compete.Revocations{
		DisabledUsers: map[string]bool{}, EndedSessions: map[string]bool{},
		TokensBefore: map[string]time.Time{},
	}
	for id, u := range m.users {
		if u.DisabledAt != nil {
			r.DisabledUsers[id] = true
		}
	}
	for id, s := range m.sessions {
		if s.EndedAt != nil && s.EndedAt.After(since) {
			r.EndedSessions[id] = true
		}
	}
	for id, before := range m.tokens {
		if before.After(since) {
			r.TokensBefore[id] = before
		}
	}
	return r, nil
}

func (m *memory) TokensValidAfter(_ context.Context, userID, sessionID string) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lookUps++
	if m.away {
		return time.Time{}, compete.ErrDatabase
	}
	session, known := m.sessions[sessionID]
	if _, found := m.users[userID]; !found || sessionID != "" && (!known || session.EndedAt != nil) {
		return time.Time{}, compete.ErrUnauthorized
	}
	if sessionID != "" {
		return time.Time{}, nil
	}
	return m.tokens[userID], nil
}

func (m *memory) UpdateUser(_ context.Context, id, _ string, change func(*compete.User)) (compete.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u := m.users[id]
	change(&u)
	m.users[id] = u
	return u, nil
}

func (m *memory) UpgradeHash(context.Context, string, string, string) error { return nil }

func (m *memory) EndTokens(_ context.Context, userID string, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens[userID] = before
	return nil
}

func (m *memory) SessionsUsed(_ context.Context, at map[string]time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return compete.ErrDatabase
	}
	m.notes++
	for id, used := range at {
		s := m.sessions[id]
		s.LastUsedAt = used
		m.sessions[id] = s
	}
	return nil
}

func (m *memory) EndIdleSessions(_ context.Context, lastUse, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, s := range m.sessions {
		if s.EndedAt == nil && !s.LastUsedAt.After(lastUse) {
			s.EndedAt = &now
			m.sessions[id] = s
		}
	}
	return nil
}

func (m *memory) UpdateProfile(_ context.Context, userID string, u compete.ProfileUpdate, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, s := range m.sessions {
		if s.UserID == userID && id != u.Password.KeepSessionID {
			s.EndedAt = &now
			m.sessions[id] = s
		}
	}
	m.tokens[userID] = now
	return nil
}

// fixture is an Authenticator over memory, with a clock controlled by the test.
type fixture struct {
	*auth.Authenticator
	store *memory
	users compete.UserStore
	user  compete.User

	mu  sync.Mutex
	now time.Time
	ids int
}

const idle = 30 * 24 * time.Hour

var secret = []byte("0123456789abcdef0123456789abcdef")

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{
		store: &memory{
			users: map[string]compete.User{}, sessions: map[string]compete.Session{},
			tokens: map[string]time.Time{},
		},
		now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	f.user = compete.User{ID: f.newID(), Email: "ada@example.com", Name: "Ada", Role: compete.RoleParticipant}
	f.store.users[f.user.ID] = f.user
	f.Authenticator = f.authenticator(t)
	f.users = f.Users(f.store)
	return f
}

func (f *fixture) authenticator(t testing.TB) *auth.Authenticator {
	t.Helper()
	return f.authenticatorWith(t, secret, nil)
}

func (f *fixture) authenticatorWith(t testing.TB, secret, previous []byte) *auth.Authenticator {
	t.Helper()
	a, err := auth.New(t.Context(), auth.Config{
		Sessions: f.store, Secret: secret, Previous: previous, TokenLife: 24 * time.Hour, Idle: idle, Clock: f.clock,
		NewID: f.newID, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) newID() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ids++
	return fmt.Sprintf("00000000-0000-7000-8000-%012d", f.ids)
}
