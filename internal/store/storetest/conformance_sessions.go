package storetest

import (
	"testing"
	"time"

	"minicompete/internal/compete"
)

func testLogins(t *testing.T, f *fixture) {
	t.Run("a user's sessions", func(t *testing.T) { testListSessions(t, f) })
	t.Run("end one, end all others", func(t *testing.T) { testEndSessions(t, f) })
	t.Run("uses, and sessions without", func(t *testing.T) { testUses(t, f) })
	t.Run("devices that are known", func(t *testing.T) { testNoteLogin(t, f) })
}

func testListSessions(t *testing.T, f *fixture) {
	u, stranger := f.addUser(t, compete.RoleParticipant), f.addUser(t, compete.RoleParticipant)
	for i := range 9 { // in threes at the same moment; every other one a token of the API
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
	must(t, f.CreateSession(t.Context(), compete.Session{ID: newID(), UserID: u.ID, CreatedAt: f.ago(time.Hour), ExpiresAt: f.now}))
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
		if s.TokenHash != "" || s.Device != "Firefox on Linux" || s.Network != "2001:db8::/64" || !s.LastUsedAt.Equal(s.CreatedAt) || s.UserID != u.ID {
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
	// A tool outside may insert the columns of old.
	f.exec(t, `INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`, newID(), stranger.ID, compete.UTC(f.ago(time.Minute)), compete.UTC(f.ago(-time.Hour)))
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
	must(t, f.EndOtherSessions(t.Context(), stranger.ID, "", f.now)) // by a token without a session, which stays
	f.wantLogins(t, stranger, nil, time.Time{})
	must(t, f.EndTokens(t.Context(), stranger.ID, f.now))
	f.wantLogins(t, stranger, nil, compete.UTC(f.now))
	for _, id := range notIDs {
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
	must(t, f.SessionsUsed(t.Context(), map[string]time.Time{busy.ID: f.now})) // another replica's, from before
	got, _, err := f.SessionByTokenHash(t.Context(), busy.TokenHash, f.now)
	must(t, err)
	want(t, "last use", got.LastUsedAt, later)
	must(t, f.EndIdleSessions(t.Context(), idle.LastUsedAt.Add(-time.Microsecond), later))
	f.wantLogins(t, u, []string{busy.ID, idle.ID}, time.Time{})
	must(t, f.EndIdleSessions(t.Context(), idle.LastUsedAt, later))
	f.wantLogins(t, u, []string{busy.ID}, time.Time{})
}

func testNoteLogin(t *testing.T, f *fixture) {
	u, other := f.addUser(t, compete.RoleParticipant), f.addUser(t, compete.RoleParticipant)
	f.addSession(t, other)
	login := func(what, device, network string, wanted bool) {
		t.Helper()
		known, err := f.NoteLogin(t.Context(), u.ID, device, network, f.now)
		must(t, err)
		want(t, what, known, wanted)
	}
	login("the first login", "Chrome on Android", "203.0.113.7", true)
	login("before any session", "Chrome on Android", "203.0.113.7", false)
	s := f.addSession(t, u)
	login("the same device", "Chrome on Android", "203.0.113.7", true)
	must(t, f.EndSession(t.Context(), s.ID, f.now))
	login("after logging out", "Chrome on Android", "203.0.113.7", true)
	login("elsewhere", "Chrome on Android", "203.0.113.8", false)
	login("another device", "Firefox on Linux", "203.0.113.7", false)
	for _, id := range notIDs {
		_, err := f.NoteLogin(t.Context(), id, "", "", f.now)
		must(t, err)
	}
	message := f.accountMessage(u, compete.MessageSecurity, "")
	must(t, f.SaveMessage(t.Context(), message))
	got, err := f.Message(t.Context(), u.ID, message.ID)
	must(t, err)
	want(t, "the message", got.Subject, message.Subject)
}
