package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"minicompete/internal/compete"
)

func testUsers(t *testing.T, f *fixture) {
	t.Run("created ones come back", func(t *testing.T) { testCreateUser(t, f) })
	t.Run("an email is taken whatever its case", func(t *testing.T) { testEmailTaken(t, f) })
	t.Run("unknown ones are missing", func(t *testing.T) { testUserMissing(t, f) })
	t.Run("changes", func(t *testing.T) { testUpdateUser(t, f) })
	t.Run("a new password ends other logins", func(t *testing.T) { testSetPassword(t, f) })
	t.Run("list and search", func(t *testing.T) { testListUsers(t, f) })
}

func testCreateUser(t *testing.T, f *fixture) {
	u := compete.User{ID: newID(), Email: "grace@example.com", Name: "Grace Hopper", Role: compete.RoleOrganizer, DisabledAt: f.agoPointer(time.Hour), CreatedAt: f.now, UpdatedAt: f.now}
	must(t, f.CreateUser(t.Context(), u, "a hash"))
	got, err := f.User(t.Context(), u.ID)
	must(t, err)
	want(t, "user", got, storedUser(u))
	if zone, _ := got.CreatedAt.Zone(); zone != "UTC" {
		t.Errorf("CreatedAt is in zone %q, want UTC", zone)
	}
	got, hash, err := f.UserByEmail(t.Context(), "grace@example.com")
	must(t, err)
	want(t, "user by email", got, storedUser(u))
	want(t, "hash by email", hash, "a hash")
	hash, err = f.PasswordHash(t.Context(), u.ID)
	must(t, err)
	want(t, "hash", hash, "a hash")
	// A tool outside may have written the email as it liked.
	f.exec(t, `UPDATE users SET email = 'Grace@Example.COM' WHERE id = $1`, u.ID)
	if _, _, err = f.UserByEmail(t.Context(), "grace@example.com"); err != nil {
		t.Errorf("an email in capitals isn't found: %v", err)
	}
}

func testEmailTaken(t *testing.T, f *fixture) {
	first := f.addUser(t, compete.RoleParticipant)
	second := first
	second.ID, second.Email = newID(), strings.ToUpper(first.Email)
	wantError(t, "the same email in capitals", f.CreateUser(t.Context(), second, ""), compete.ErrEmailTaken)
	second.ID, second.Email = first.ID, "another@example.com"
	err := f.CreateUser(t.Context(), second, "")
	wantError(t, "the same id", err, compete.ErrConstraint)
	if compete.AsError(err).Kind != compete.KindInternal {
		t.Errorf("the same id: %v, want an internal error", err)
	}
	second.ID, second.Role = newID(), "BOSS"
	wantError(t, "an unknown role", f.CreateUser(t.Context(), second, ""), compete.ErrConstraint)
}

func testUserMissing(t *testing.T, f *fixture) {
	for _, id := range append([]string{newID()}, notIDs...) {
		_, err := f.User(t.Context(), id)
		wantError(t, "User", err, compete.ErrUserMissing)
		_, err = f.PasswordHash(t.Context(), id)
		wantError(t, "PasswordHash", err, compete.ErrUserMissing)
		wantError(t, "SetName", f.SetName(t.Context(), id, "x", f.now), compete.ErrUserMissing)
		wantError(t, "SetPassword", f.SetPassword(t.Context(), id, "x", "", compete.Message{}, f.now), compete.ErrUserMissing)
		wantError(t, "UpdateUser", f.UpdateUser(t.Context(), compete.User{ID: id, Role: compete.RoleAdmin}), compete.ErrUserMissing)
	}
	for _, email := range []string{"nobody@example.com", "", "nul\x00@example.com", "bad\xff@example.com"} {
		_, _, err := f.UserByEmail(t.Context(), email)
		wantError(t, fmt.Sprintf("UserByEmail %q", email), err, compete.ErrUserMissing)
	}
}

func testUpdateUser(t *testing.T, f *fixture) {
	u := f.addUser(t, compete.RoleParticipant)
	session := f.addSession(t, u)
	must(t, f.SetName(t.Context(), u.ID, "Ada Lovelace", f.ago(-time.Minute)))
	u.Name, u.UpdatedAt = "Ada Lovelace", compete.UTC(f.ago(-time.Minute))
	f.wantUser(t, u)

	u.UpdatedAt = compete.UTC(f.ago(-2 * time.Minute))
	must(t, f.UpdateUser(t.Context(), u))
	f.wantUser(t, u)
	f.wantLogins(t, u, []string{session.ID}, time.Time{})

	u.Role, u.Name = compete.RoleOrganizer, "Not to be written"
	must(t, f.UpdateUser(t.Context(), u))
	u.Name = "Ada Lovelace"
	f.wantUser(t, u)
	f.wantLogins(t, u, nil, u.UpdatedAt)

	session = f.addSession(t, u)
	disabled := compete.UTC(f.ago(-3 * time.Minute))
	u.DisabledAt, u.UpdatedAt = &disabled, disabled
	must(t, f.UpdateUser(t.Context(), u))
	f.wantUser(t, u)
	f.wantLogins(t, u, nil, disabled)

	u.DisabledAt, u.UpdatedAt = nil, compete.UTC(f.ago(-4*time.Minute))
	must(t, f.UpdateUser(t.Context(), u))
	f.wantUser(t, u)
	f.wantLogins(t, u, nil, disabled) // enabled again: what was ended stays ended, nothing more
}

func (f *fixture) wantUser(t *testing.T, u compete.User) {
	t.Helper()
	got, err := f.User(t.Context(), u.ID)
	must(t, err)
	want(t, "user", got, u)
}

// wantLogins checks which sessions of the user last, and since when other tokens are valid; the zero time means ever.
func (f *fixture) wantLogins(t *testing.T, u compete.User, sessionIDs []string, validAfter time.Time) {
	t.Helper()
	rows, err := f.Reader().QueryContext(t.Context(), `SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL ORDER BY id`, u.ID)
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

func testSetPassword(t *testing.T, f *fixture) {
	u := f.addUser(t, compete.RoleParticipant)
	kept, other := f.addSession(t, u), f.addSession(t, u)
	stranger := f.addSession(t, f.addUser(t, compete.RoleParticipant))
	notice := f.accountMessage(u, compete.MessageSecurity, "")
	must(t, f.SetPassword(t.Context(), u.ID, "new hash", kept.ID, notice, f.now))
	got, err := f.Message(t.Context(), u.ID, notice.ID)
	must(t, err)
	want(t, "kind of the notice", got.Kind, compete.MessageSecurity)
	hash, err := f.PasswordHash(t.Context(), u.ID)
	must(t, err)
	want(t, "hash", hash, "new hash")
	f.wantLogins(t, u, []string{kept.ID}, compete.UTC(f.now))
	if _, _, err := f.SessionByTokenHash(t.Context(), stranger.TokenHash, f.now); err != nil {
		t.Errorf("another user's session ended: %v", err)
	}
	_, _, err = f.SessionByTokenHash(t.Context(), other.TokenHash, f.now)
	wantError(t, "the other session", err, compete.ErrUnauthorized)

	must(t, f.SetPassword(t.Context(), u.ID, "newer hash", "", compete.Message{}, f.ago(-time.Minute))) // by a token without a session
	f.wantLogins(t, u, nil, compete.UTC(f.ago(-time.Minute)))
}

func testListUsers(t *testing.T, f *fixture) {
	for _, u := range []struct{ email, name string }{
		{"özgür@example.com", "Özgür Ünal"}, {"100%@example.com", "Per_cent Sign"}, {"back@slash.example", `Back\slash`},
	} {
		must(t, f.CreateUser(t.Context(), compete.User{ID: newID(), Email: u.email, Name: u.name, Role: compete.RoleParticipant, CreatedAt: f.now, UpdatedAt: f.now}, ""))
	}
	for i := range 30 { // in threes at the same moment
		must(t, f.CreateUser(t.Context(), compete.User{
			ID: newID(), Email: fmt.Sprintf("w%02d@walk.example", i), Name: "Walker", Role: compete.RoleParticipant,
			CreatedAt: f.ago(time.Duration(i/3) * time.Second), UpdatedAt: f.now,
		}, ""))
	}
	for search, names := range map[string]int{
		"walker": 30, "WALK": 30, "w0": 10, "w01 walker": 1, "alker": 30, "walker nobody": 0,
		"özg": 1, "ÖZGÜR ün": 1, "100%": 1, "%": 1, "per_c": 1, "per%": 0, `back\s`: 1, `\`: 1, `'`: 0, `"`: 0, "nul\x00": 0,
	} {
		page, err := f.Users(t.Context(), search, compete.Cursor{}, 100)
		must(t, err)
		if len(page.Items) != names {
			t.Errorf("search %q finds %d, want %d", search, len(page.Items), names)
		}
	}
	all := walk(t, "users", func(c compete.Cursor) (compete.Page[compete.User], error) {
		return f.Users(t.Context(), "walker", c, 4)
	})
	wantOrder(t, all, 30, func(u compete.User) string { return u.ID }, func(a, b compete.User) bool {
		return a.CreatedAt.After(b.CreatedAt) || a.CreatedAt.Equal(b.CreatedAt) && a.ID > b.ID
	})
	for _, cursor := range outOfBounds("users") {
		_, err := f.Users(t.Context(), "", cursor, 10)
		must(t, err)
	}
}

// wantOrder checks that a list has n items, each once, in order.
func wantOrder[T any](t *testing.T, items []T, n int, id func(T) string, before func(a, b T) bool) {
	t.Helper()
	seen := map[string]bool{}
	for i, item := range items {
		seen[id(item)] = true
		if i > 0 && !before(items[i-1], item) {
			t.Errorf("items %d and %d are out of order: %v, %v", i-1, i, items[i-1], item)
		}
	}
	if len(items) != n || len(seen) != n {
		t.Errorf("the list has %d items, %d different ones, want %d", len(items), len(seen), n)
	}
}

func (f *fixture) addSession(t *testing.T, u compete.User) compete.Session {
	t.Helper()
	id := newID()
	s := compete.Session{
		ID: id, UserID: u.ID, TokenHash: "hash of " + id, CreatedAt: f.now, ExpiresAt: f.ago(-time.Hour),
		Device: "Chrome on Android", Network: "203.0.113.7",
	}
	must(t, f.CreateSession(t.Context(), s))
	s.CreatedAt, s.ExpiresAt = compete.UTC(s.CreatedAt), compete.UTC(s.ExpiresAt)
	s.LastUsedAt = s.CreatedAt
	return s
}

func testSessions(t *testing.T, f *fixture) {
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

	for range 2 { // tokens of the API have no hash, and don't stand in each other's way
		must(t, f.CreateSession(t.Context(), compete.Session{ID: newID(), UserID: u.ID, CreatedAt: f.now, ExpiresAt: f.ago(-time.Hour)}))
	}
	wantError(t, "a session of nobody", f.CreateSession(t.Context(), compete.Session{ID: newID(), UserID: newID(), CreatedAt: f.now, ExpiresAt: f.now}), compete.ErrUnauthorized)

	ended := f.ago(-time.Minute)
	must(t, f.EndSession(t.Context(), s.ID, ended))
	must(t, f.EndSession(t.Context(), s.ID, f.ago(-time.Hour))) // it ends once
	must(t, f.EndSession(t.Context(), "nonsense", ended))
	_, _, err = f.SessionByTokenHash(t.Context(), s.TokenHash, f.now)
	wantError(t, "an ended session", err, compete.ErrUnauthorized)

	testTokensValidAfter(t, f, u, s)

	disabled := f.addUser(t, compete.RoleParticipant)
	disabled.DisabledAt, disabled.UpdatedAt = &ended, ended
	must(t, f.UpdateUser(t.Context(), disabled))
	got2, err := f.Revocations(t.Context(), ended.Add(-time.Microsecond))
	must(t, err)
	want(t, "revocations", got2, compete.Revocations{
		DisabledUsers: map[string]bool{disabled.ID: true}, EndedSessions: map[string]bool{s.ID: true},
		TokensBefore: map[string]time.Time{disabled.ID: compete.UTC(ended)},
	})
	got2, err = f.Revocations(t.Context(), ended)
	must(t, err)
	want(t, "revocations since", got2, compete.Revocations{
		DisabledUsers: map[string]bool{disabled.ID: true}, EndedSessions: map[string]bool{}, TokensBefore: map[string]time.Time{},
	})
}

// testTokensValidAfter asks about single logins of a user: one of them ended, one not.
func testTokensValidAfter(t *testing.T, f *fixture, u compete.User, ended compete.Session) {
	other := f.addUser(t, compete.RoleParticipant)
	lasting := f.addSession(t, other)
	for _, login := range []struct{ userID, sessionID string }{
		{u.ID, ended.ID}, {u.ID, lasting.ID}, {other.ID, newID()}, {other.ID, "nonsense"}, {newID(), ""}, {"nonsense", ""}, {"", ""},
	} {
		_, err := f.TokensValidAfter(t.Context(), login.userID, login.sessionID)
		wantError(t, fmt.Sprintf("login %v", login), err, compete.ErrUnauthorized)
	}
	for _, sessionID := range []string{"", lasting.ID} {
		after, err := f.TokensValidAfter(t.Context(), other.ID, sessionID)
		must(t, err)
		want(t, "tokens valid after", after, time.Time{})
	}
	must(t, f.SetPassword(t.Context(), other.ID, "hash", lasting.ID, compete.Message{}, f.ago(2*time.Hour)))
	after, err := f.TokensValidAfter(t.Context(), other.ID, "")
	must(t, err)
	want(t, "tokens valid after", after, compete.UTC(f.ago(2*time.Hour)))
}
