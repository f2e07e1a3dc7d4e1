package auth_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestASessionKnowsItsDevice(t *testing.T) {
	f := newFixture(t)
	ctx := compete.WithClient(t.Context(), compete.Client{
		Addr:      netip.MustParseAddr("2001:db8:1:2:3:4:5:6"),
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
	})
	if _, _, err := f.IssueCookie(ctx, f.user); err != nil {
		t.Fatal(err)
	}
	if _, err := f.IssueToken(ctx, f.user); err != nil {
		t.Fatal(err)
	}
	for _, s := range f.store.sessions {
		if s.Device != "Firefox on Linux" || s.Network != "2001:db8:1:2::/64" {
			t.Errorf("a session is on %q in %q", s.Device, s.Network)
		}
	}
}

// Requests only update memory; one write saves them all.
func TestUsesAreNotedTogether(t *testing.T) {
	f := newFixture(t)
	l := f.logIn(t)
	f.advance(time.Minute) // the external token is valid for less than an hour
	used := f.clock()
	for range 3 {
		l.want(t, f.Authenticator, nil, nil, nil)
	}
	if f.store.notes != 0 {
		t.Fatal("a request wrote")
	}
	f.store.away = true
	if err := f.NoteUses(t.Context()); !errors.Is(err, compete.ErrDatabase) {
		t.Fatalf("with the database away: %v", err)
	}
	f.store.away = false
	f.advance(time.Hour)
	for range 2 {
		if err := f.NoteUses(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if f.store.notes != 1 {
		t.Errorf("%d notes, want one", f.store.notes)
	}
	for _, s := range f.store.sessions {
		if !s.LastUsedAt.Equal(used) {
			t.Errorf("a session was used at %v, want %v", s.LastUsedAt, used)
		}
	}
}

func TestAnIdleSessionEnds(t *testing.T) {
	f := newFixture(t)
	l := f.logIn(t)
	f.advance(idle - time.Hour)
	if _, err := f.Cookie(t.Context(), l.cookie); err != nil {
		t.Fatal(err)
	}
	if err := f.NoteUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.advance(2 * time.Hour)
	if _, err := f.Cookie(t.Context(), l.cookie); err != nil {
		t.Errorf("used two hours ago: %v", err)
	}
	if err := f.NoteUses(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := 0
	for _, s := range f.store.sessions {
		if s.EndedAt != nil {
			ended++
		}
	}
	if ended != 1 {
		t.Errorf("%d sessions ended, want that of the token, which was never used", ended)
	}
	f.advance(idle)
	if _, err := f.Cookie(t.Context(), l.cookie); !errors.Is(err, compete.ErrUnauthorized) {
		t.Errorf("not used for so long: %v, want ErrUnauthorized before any note", err)
	}
}

func TestDeviceTokens(t *testing.T) {
	f := newFixture(t)
	token := f.DeviceToken(f.user)
	another, confirmed, ended := f.user, f.user, f.user
	another.ID, confirmed.VerifiedAt, ended.LoginsEndedAt = f.newID(), &f.user.CreatedAt, &f.user.CreatedAt
	rotated := f.authenticatorWith(t, []byte("another secret, which is new now"), secret)
	for what, c := range map[string]struct{ got, want bool }{
		"the user's":                          {f.KnowsDevice(f.user, token), true},
		"another's":                           {f.KnowsDevice(another, token), false},
		"none":                                {f.KnowsDevice(f.user, ""), false},
		"of the secret before":                {rotated.KnowsDevice(f.user, token), true},
		"of before the address was confirmed": {f.KnowsDevice(confirmed, token), false},
		"of after that":                       {f.KnowsDevice(confirmed, f.DeviceToken(confirmed)), true},
		"of before all logins were ended":     {f.KnowsDevice(ended, token), false},
		"of after they were":                  {f.KnowsDevice(ended, f.DeviceToken(ended)), true},
	} {
		if c.got != c.want {
			t.Errorf("%s: known: %t, want %t", what, c.got, c.want)
		}
	}
}
