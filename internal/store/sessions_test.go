package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
)

func (f *fixture) addSession(t *testing.T, u compete.User) compete.Session {
	t.Helper()
	u, err := f.User(t.Context(), u.ID)
	must(t, err)
	id := newID()
	s := compete.Session{
		LoginsEndedAt: u.LoginsEndedAt,
		ID:            id, UserID: u.ID, TokenHash: "hash of " + id, CreatedAt: f.now, ExpiresAt: f.ago(-time.Hour),
		Device: "Chrome on Android", Network: "203.0.113.7",
	}
	must(t, f.CreateSession(t.Context(), s))
	s.CreatedAt, s.ExpiresAt = compete.UTC(s.CreatedAt), compete.UTC(s.ExpiresAt)
	s.LastUsedAt, s.LoginsEndedAt = s.CreatedAt, nil
	return s
}

func TestSessionByToken(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		u := f.addUser(t, compete.RoleParticipant)
		s := f.addSession(t, u)
		got, user, err := f.SessionByTokenHash(t.Context(), s.TokenHash, f.now)
		must(t, err)
		want(t, "session", got, s)
		want(t, "its user", user, u)
		for _, hash := range []string{"", "unknown", "nul\x00"} {
			_, _, err := f.SessionByTokenHash(t.Context(), hash, f.now)
			wantError(t, fmt.Sprintf("token %q", hash), err, compete.ErrUnauthorized)
		}
		_, _, err = f.SessionByTokenHash(t.Context(), s.TokenHash, s.ExpiresAt)
		wantError(t, "an expired session", err, compete.ErrUnauthorized)

		for range 2 { // API tokens have no hash, and don't conflict with each other
			must(t, f.CreateSession(t.Context(),
				compete.Session{ID: newID(), UserID: u.ID, CreatedAt: f.now, ExpiresAt: f.ago(-time.Hour)}))
		}
		wantError(t, "a session of nobody",
			f.CreateSession(t.Context(), compete.Session{
				ID: newID(), UserID: newID(), CreatedAt: f.now,
				ExpiresAt: f.now,
			}), compete.ErrUnauthorized)

		ended := f.ago(-time.Minute)
		must(t, f.EndSession(t.Context(), s.ID, ended))
		must(t, f.EndSession(t.Context(), s.ID, f.ago(-time.Hour))) // only the first end counts
		must(t, f.EndSession(t.Context(), "nonsense", ended))
		_, _, err = f.SessionByTokenHash(t.Context(), s.TokenHash, f.now)
		wantError(t, "an ended session", err, compete.ErrUnauthorized)

		testTokensValidAfter(t, f, u, s)

		disabled := f.addUser(t, compete.RoleParticipant)
		disabled.DisabledAt, disabled.UpdatedAt = &ended, ended
		f.setUser(t, disabled)
		got2, err := f.Revocations(t.Context(), ended.Add(-time.Microsecond))
		must(t, err)
		want(t, "revocations", got2, compete.Revocations{
			DisabledUsers: map[string]bool{disabled.ID: true}, ErasedUsers: map[string]bool{},
			EndedSessions: map[string]bool{s.ID: true},
			TokensBefore:  map[string]time.Time{disabled.ID: compete.UTC(ended)},
		})
		got2, err = f.Revocations(t.Context(), ended)
		must(t, err)
		want(t, "revocations since", got2, compete.Revocations{
			DisabledUsers: map[string]bool{disabled.ID: true}, ErasedUsers: map[string]bool{},
			EndedSessions: map[string]bool{},
			TokensBefore:  map[string]time.Time{},
		})
	})
}

// testTokensValidAfter checks individual logins of a user, one ended and one not.
func testTokensValidAfter(t *testing.T, f *fixture, u compete.User, ended compete.Session) {
	other := f.addUser(t, compete.RoleParticipant)
	lasting := f.addSession(t, other)
	for _, login := range []struct{ userID, sessionID string }{
		{u.ID, ended.ID},
		{u.ID, lasting.ID},
		{other.ID, newID()},
		{other.ID, "nonsense"},
		{newID(), ""},
		{"nonsense", ""},
		{"", ""},
	} {
		_, err := f.TokensValidAfter(t.Context(), login.userID, login.sessionID)
		wantError(t, fmt.Sprintf("login %v", login), err, compete.ErrUnauthorized)
	}
	for _, sessionID := range []string{"", lasting.ID} {
		after, err := f.TokensValidAfter(t.Context(), other.ID, sessionID)
		must(t, err)
		want(t, "tokens valid after", after, time.Time{})
	}
	must(t, f.UpdateProfile(t.Context(), other.ID, compete.ProfileUpdate{
		Password: &compete.NewPassword{Hash: "hash", KeepSessionID: lasting.ID},
	}, f.ago(2*time.Hour)))
	after, err := f.TokensValidAfter(t.Context(), other.ID, "")
	must(t, err)
	want(t, "tokens valid after", after, compete.UTC(f.ago(2*time.Hour)))
}

// wantLogins checks which of the user's sessions are active, and since when other tokens are valid; the zero time means
// always.
func (f *fixture) wantLogins(t *testing.T, u compete.User, sessionIDs []string, validAfter time.Time) {
	t.Helper()
	rows, err := f.Reader().QueryContext(t.Context(),
		`SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL ORDER BY id`, u.ID)
	must(t, err)
	defer rows.Close()
	var got []string
	for rows.Next() {
		var id string
		must(t, rows.Scan(&id))
		got = append(got, id)
	}
	must(t, rows.Err())
	slices.Sort(sessionIDs)
	want(t, "sessions that last", got, sessionIDs)
	revoked, err := f.Revocations(t.Context(), time.Time{}.AddDate(1970, 0, 0))
	must(t, err)
	want(t, "tokens valid after", revoked.TokensBefore[u.ID], validAfter)
}

func TestSessions(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		t.Run("a user's sessions", func(t *testing.T) { testListSessions(t, f) })
		t.Run("end one, end all others", func(t *testing.T) { testEndSessions(t, f) })
		t.Run("uses, and sessions without", func(t *testing.T) { testUses(t, f) })
	})
}

func testListSessions(t *testing.T, f *fixture) {
	u, stranger := f.addUser(t, compete.RoleParticipant), f.addUser(t, compete.RoleParticipant)
	for i := range 9 { // three at the same time; every other one is an API token
		s := compete.Session{
			ID: newID(), UserID: u.ID, CreatedAt: f.ago(time.Duration(i/3) * time.Minute), ExpiresAt: f.ago(-time.Hour),
			Device: "Firefox on Linux", Network: "2001:db8::/64",
		}
		if i%2 == 0 {
			s.TokenHash = "hash of " + s.ID
		}
		must(t, f.CreateSession(t.Context(), s))
	}
	ended := f.addSession(t, u)
	must(t, f.EndSession(t.Context(), ended.ID, f.now))
	must(t, f.CreateSession(t.Context(),
		compete.Session{ID: newID(), UserID: u.ID, CreatedAt: f.ago(time.Hour), ExpiresAt: f.now}))
	f.addSession(t, stranger)
	all := walk(t, "sessions", func(c compete.Cursor) (compete.Page[compete.Session], error) {
		return f.Sessions(t.Context(), u.ID, f.now, c, 4)
	})
	wantOrder(t, all, 9, func(s compete.Session) string { return s.ID }, func(a, b compete.Session) bool {
		return a.CreatedAt.After(b.CreatedAt) || a.CreatedAt.Equal(b.CreatedAt) && a.ID > b.ID
	})
	tokens := 0
	for _, s := range all {
		if s.API {
			tokens++
		}
		if s.TokenHash != "" || s.Device != "Firefox on Linux" || s.Network != "2001:db8::/64" ||
			!s.LastUsedAt.Equal(s.CreatedAt) || s.UserID != u.ID {
			t.Errorf("listed as %+v", s)
		}
	}
	want(t, "tokens of the API", tokens, 4)
	for _, cursor := range outOfBounds("sessions") {
		_, err := f.Sessions(t.Context(), u.ID, f.now, cursor, 10)
		must(t, err)
	}
	for _, id := range notIDs {
		page, err := f.Sessions(t.Context(), id, f.now, compete.Cursor{}, 10)
		must(t, err)
		want(t, "sessions of nobody", len(page.Items), 0)
	}
	// External tools may insert only the original columns.
	f.exec(t, `INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`, newID(),
		stranger.ID, compete.UTC(f.ago(time.Minute)), compete.UTC(f.ago(-time.Hour)))
	page, err := f.Sessions(t.Context(), stranger.ID, f.now, compete.Cursor{}, 10)
	must(t, err)
	if s := page.Items[1]; !s.LastUsedAt.Equal(s.CreatedAt) || s.Device != "" {
		t.Errorf("inserted from outside, it is %+v", s)
	}
}

func testEndSessions(t *testing.T, f *fixture) {
	u, stranger := f.addUser(t, compete.RoleParticipant), f.addUser(t, compete.RoleParticipant)
	kept, one, two := f.addSession(t, u), f.addSession(t, u), f.addSession(t, u)
	theirs := f.addSession(t, stranger)
	for _, id := range append([]string{newID(), theirs.ID}, notIDs...) {
		wantError(t, "another's session", f.EndSessionOf(t.Context(), u.ID, id, f.now), compete.ErrSessionMissing)
	}
	wantError(t, "nobody's", f.EndSessionOf(t.Context(), "nonsense", one.ID, f.now), compete.ErrSessionMissing)
	for range 2 {
		must(t, f.EndSessionOf(t.Context(), u.ID, one.ID, f.now))
	}
	f.wantLogins(t, u, []string{kept.ID, two.ID}, time.Time{})
	must(t, f.EndOtherSessions(t.Context(), u.ID, kept.ID, f.now))
	f.wantLogins(t, u, []string{kept.ID}, compete.UTC(f.now))
	must(t, f.EndOtherSessions(t.Context(), stranger.ID, "", f.now)) // by a token without a session, which stays valid
	f.wantLogins(t, stranger, nil, time.Time{})
	must(t, f.EndTokens(t.Context(), stranger.ID, f.now))
	f.wantLogins(t, stranger, nil, compete.UTC(f.now))
	wantError(t, "a login that began before", f.CreateSession(t.Context(), compete.Session{
		ID: newID(), UserID: u.ID, CreatedAt: f.now, ExpiresAt: f.ago(-time.Hour),
	}), compete.ErrUnauthorized)
	again := f.addSession(t, u)
	f.wantLogins(t, u, []string{kept.ID, again.ID}, compete.UTC(f.now))
	must(t, f.EndLogins(t.Context(), u.ID, f.ago(-time.Minute)))
	f.wantLogins(t, u, nil, compete.UTC(f.ago(-time.Minute)))
	for _, id := range notIDs {
		must(t, f.EndLogins(t.Context(), id, f.now))
		must(t, f.EndOtherSessions(t.Context(), id, "", f.now))
		must(t, f.EndTokens(t.Context(), id, f.now))
	}
}

func testUses(t *testing.T, f *fixture) {
	u := f.addUser(t, compete.RoleParticipant)
	busy, idle := f.addSession(t, u), f.addSession(t, u)
	later := compete.UTC(f.ago(-10 * time.Minute))
	must(t, f.SessionsUsed(t.Context(), nil))
	must(t, f.SessionsUsed(t.Context(), map[string]time.Time{busy.ID: later, newID(): later}))
	must(t, f.SessionsUsed(t.Context(), map[string]time.Time{busy.ID: f.now})) // an older time from another replica
	got, _, err := f.SessionByTokenHash(t.Context(), busy.TokenHash, f.now)
	must(t, err)
	want(t, "last use", got.LastUsedAt, later)
	must(t, f.EndIdleSessions(t.Context(), idle.LastUsedAt.Add(-time.Microsecond), later))
	f.wantLogins(t, u, []string{busy.ID, idle.ID}, time.Time{})
	must(t, f.EndIdleSessions(t.Context(), idle.LastUsedAt, later))
	f.wantLogins(t, u, []string{busy.ID}, time.Time{})
}

// Whatever is made at the moment when all logins end either isn't made, or ends too.
func TestLoginsMadeWhileAllEnd(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		for range 40 {
			u := f.addUser(t, compete.RoleParticipant)
			failures := make([]error, 8)
			check.Together(len(failures), func(i int) {
				if i == 0 {
					failures[i] = f.EndLogins(t.Context(), u.ID, f.now)
					return
				}
				failures[i] = f.CreateSession(t.Context(), compete.Session{
					ID: newID(), UserID: u.ID, CreatedAt: f.now, ExpiresAt: f.ago(-time.Hour),
				})
			})
			must(t, failures[0])
			for _, err := range failures[1:] {
				if err != nil {
					wantError(t, "too late", err, compete.ErrUnauthorized)
				}
			}
			left, err := f.Sessions(t.Context(), u.ID, f.now, compete.Cursor{}, 10)
			must(t, err)
			want(t, "logins left", len(left.Items), 0)
		}
	})
}
