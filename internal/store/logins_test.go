package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestLogins(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		t.Run("devices that are known", func(t *testing.T) { testNoteLogin(t, f) })
		t.Run("networks that are known", func(t *testing.T) { testKnowsNetwork(t, f) })
		t.Run("a notice of guesses, once", func(t *testing.T) { testNoteGuessing(t, f) })
	})
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

func testKnowsNetwork(t *testing.T, f *fixture) {
	u, other := f.addUser(t, compete.RoleParticipant), f.addUser(t, compete.RoleParticipant)
	s := f.addSession(t, u)
	for _, c := range []struct {
		what, userID, network string
		want                  bool
	}{
		{"one's own", u.ID, s.Network, true},
		{"one where nobody was", u.ID, "203.0.113.8", false},
		{"another's", other.ID, s.Network, false},
		{"nobody's", newID(), s.Network, false},
	} {
		known, err := f.KnowsNetwork(t.Context(), c.userID, c.network)
		must(t, err)
		want(t, c.what, known, c.want)
	}
	must(t, f.EndSession(t.Context(), s.ID, f.now))
	known, err := f.KnowsNetwork(t.Context(), u.ID, s.Network)
	must(t, err)
	want(t, "after logging out", known, true)
	for _, id := range notIDs {
		_, err := f.KnowsNetwork(t.Context(), id, s.Network)
		must(t, err)
	}
}

func testNoteGuessing(t *testing.T, f *fixture) {
	u := f.addUser(t, compete.RoleParticipant)
	note := func(at time.Time) error {
		m := f.accountMessage(u, compete.MessageSecurity, "")
		m.SentAt = at
		return f.NoteGuessing(t.Context(), m, at.Add(-24*time.Hour))
	}
	messages := func() int {
		t.Helper()
		page, err := f.Messages(t.Context(), u.ID, compete.Cursor{}, 10)
		must(t, err)
		return len(page.Items)
	}
	var at sync.WaitGroup
	for range 5 {
		at.Go(func() {
			if err := note(f.now); err != nil {
				t.Error(err)
			}
		})
	}
	at.Wait()
	want(t, "notices of five at once", messages(), 1)
	must(t, note(f.ago(-23*time.Hour)))
	want(t, "notices within a day", messages(), 1)
	must(t, note(f.ago(-24*time.Hour)))
	want(t, "notices a day later", messages(), 2)
	for _, id := range append([]string{newID()}, notIDs...) {
		m := f.accountMessage(u, compete.MessageSecurity, "")
		m.UserID = id
		if err := f.NoteGuessing(t.Context(), m, f.now); err != nil && !errors.Is(err, compete.ErrUserMissing) {
			t.Errorf("nobody's: %v", err)
		}
	}
}
