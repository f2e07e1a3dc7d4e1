package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
)

func TestLinks(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		t.Run("are asked for and written", func(t *testing.T) { testRequestLink(t, f) })
		t.Run("are asked for only so often", func(t *testing.T) { testLinkTooSoon(t, f) })
		t.Run("are asked for once at the same moment", func(t *testing.T) { testLinksAtOnce(t, f) })
		t.Run("can be used once, and for a while", func(t *testing.T) { testUseLinkOnce(t, f) })
		t.Run("verify an address", func(t *testing.T) { testVerifyLink(t, f) })
		t.Run("change an address", func(t *testing.T) { testChangeLink(t, f) })
		t.Run("reset a password", func(t *testing.T) { testResetLink(t, f) })
		t.Run("what whoever had the account left", func(t *testing.T) { testForgottenHolder(t, f) })
		t.Run("reminders", func(t *testing.T) { testSetReminders(t, f) })
	})
}

// link returns a link requested now, not stored yet.
func (f *fixture) link(purpose compete.LinkPurpose, email string) compete.Link {
	return compete.Link{
		ID: newID(), Purpose: purpose, Email: email, CreatedAt: f.now,
		ExpiresAt: f.now.Add(purpose.Life()),
	}
}

func storedLink(l compete.Link) compete.Link {
	l.CreatedAt, l.ExpiresAt = compete.UTC(l.CreatedAt), compete.UTC(l.ExpiresAt)
	return l
}

// usable stores a valid link of the user's.
func (f *fixture) usable(t *testing.T, purpose compete.LinkPurpose, u compete.User, email string) compete.Link {
	t.Helper()
	l := f.link(purpose, email)
	l.UserID, l.TokenHash = u.ID, compete.HashToken(l.ID)
	must(t, f.SaveLink(t.Context(), l))
	return storedLink(l)
}

func (f *fixture) wantVoid(t *testing.T, what string, l compete.Link, now time.Time) {
	t.Helper()
	_, err := f.Link(t.Context(), l.TokenHash, now)
	wantError(t, what, err, compete.ErrLinkVoid)
}

func (f *fixture) wantUsable(t *testing.T, what string, l compete.Link) {
	t.Helper()
	got, err := f.Link(t.Context(), l.TokenHash, f.now)
	must(t, err)
	want(t, what, got, l)
}

// Until the job runs, it makes no difference whether the address has an account.
func testRequestLink(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	for _, email := range []string{user.Email, "nobody@example.com"} {
		jobs, l := f.enqueued(t), f.link(compete.LinkReset, email)
		must(t, f.RequestLink(t.Context(), l))
		want(t, "job", jobs(),
			inQueue(t, compete.AccountMailJob{LinkID: l.ID, Purpose: compete.LinkReset, Email: email}))
	}
	jobs, l := f.enqueued(t), f.link(compete.LinkVerify, user.Email)
	l.UserID = user.ID
	must(t, f.RequestLink(t.Context(), l))
	l.TokenHash = compete.HashToken("a token")
	f.wantVoid(t, "before it is written", l, f.now)
	message := f.accountMessage(user, compete.MessageVerifyEmail, l.ID)
	must(t, f.WriteLink(t.Context(), l, message))
	f.wantUsable(t, "written", storedLink(l))

	again := l // the job runs again
	again.TokenHash = compete.HashToken("another token")
	must(t, f.WriteLink(t.Context(), again, f.accountMessage(user, compete.MessageVerifyEmail, l.ID)))
	f.wantUsable(t, "written again", storedLink(l))
	f.wantVoid(t, "another token", again, f.now)
	page, err := f.Messages(t.Context(), user.ID, compete.Cursor{}, 10)
	must(t, err)
	if len(page.Items) != 1 || page.Items[0].ID != message.ID {
		t.Errorf("the mailbox holds %+v, want the message of the first time", page.Items)
	}
	want(t, "jobs", jobs(), inQueue(t,
		compete.AccountMailJob{LinkID: l.ID, Purpose: compete.LinkVerify, Email: user.Email, UserID: user.ID},
		// links are always sent, by email or to a developer
		compete.MailJob{MessageID: message.ID, UserID: user.ID, About: compete.MessageVerifyEmail},
	))
}

func testLinkTooSoon(t *testing.T, f *fixture) {
	start := f.now
	defer func() { f.now = start }()
	const email = "somebody@example.com" // without an account: the same rule
	request := func(what string, purpose compete.LinkPurpose, to string, wait time.Duration) {
		t.Helper()
		err := f.RequestLink(t.Context(), f.link(purpose, to))
		if wait == 0 {
			must(t, err)
			return
		}
		wantError(t, what, err, compete.ErrLinkTooSoon)
		want(t, what, compete.AsError(err).RetryAfter, wait)
	}
	request("the first", compete.LinkReset, email, 0)
	request("another purpose", compete.LinkChange, email, 0)
	request("another address", compete.LinkReset, "else"+email, 0)
	f.now = start.Add(compete.LinkPause - time.Second)
	request("within the pause", compete.LinkReset, email, time.Second)
	for i := 1; i < compete.LinksAnHour; i++ {
		f.now = start.Add(time.Duration(i) * compete.LinkPause)
		request("after the pause", compete.LinkReset, email, 0)
	}
	f.now = start.Add(10 * time.Minute)
	request("one too many in an hour", compete.LinkReset, email, 50*time.Minute)
	f.now = start.Add(time.Hour)
	request("an hour after the first", compete.LinkReset, email, 0)
	request("at once after that", compete.LinkReset, email, time.Minute)
}

func testLinksAtOnce(t *testing.T, f *fixture) {
	const email = "popular@example.com"
	wantOneOf(t, compete.ErrLinkTooSoon,
		func() error { return f.RequestLink(t.Context(), f.link(compete.LinkReset, email)) })
}

// wantOneOf calls f many times at once, and checks that it succeeds once and is otherwise refused.
func wantOneOf(t *testing.T, refusal error, f func() error) {
	t.Helper()
	const many = 8
	failures := make([]error, many)
	check.Together(many, func(i int) { failures[i] = f() })
	done := 0
	for _, err := range failures {
		if err == nil {
			done++
		} else {
			wantError(t, "one of many", err, refusal)
		}
	}
	if done != 1 {
		t.Errorf("%d of %d at once succeeded, want 1", done, many)
	}
}

func testUseLinkOnce(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	l := f.usable(t, compete.LinkVerify, user, user.Email)
	f.wantUsable(t, "fresh", l)
	for what, other := range map[string]compete.Link{
		"expired":          {TokenHash: l.TokenHash},
		"no hash":          {},
		"the token itself": {TokenHash: l.ID},
	} {
		now := f.now
		if what == "expired" {
			now = l.ExpiresAt
		}
		f.wantVoid(t, what, other, now)
	}
	_, err := f.UseVerifyLink(t.Context(), l, l.ExpiresAt)
	wantError(t, "used too late", err, compete.ErrLinkVoid)
	otherHash := l
	otherHash.TokenHash = compete.HashToken("guessed")
	_, err = f.UseVerifyLink(t.Context(), otherHash, f.now)
	wantError(t, "used with another hash", err, compete.ErrLinkVoid)

	wantOneOf(t, compete.ErrLinkVoid, func() error {
		_, err := f.UseVerifyLink(t.Context(), l, f.now)
		return err
	})
	f.wantVoid(t, "used", l, f.now)

	l = f.usable(t, compete.LinkReset, user, user.Email)
	disabled := user
	disabled.DisabledAt = f.agoPointer(0)
	f.setUser(t, disabled)
	f.wantVoid(t, "of a disabled account", l, f.now)
}

func testVerifyLink(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	l, other := f.usable(t, compete.LinkVerify, user, user.Email), f.usable(t, compete.LinkVerify, user, user.Email)
	got, err := f.UseVerifyLink(t.Context(), l, f.now)
	must(t, err)
	f.wantVoid(t, "another of the same", other, f.now)
	user.VerifiedAt = stored(&f.now)
	user.UpdatedAt = compete.UTC(f.now)
	want(t, "user", got, user)
	f.wantUser(t, user)

	// The account's address has changed: the link no longer verifies it.
	moved := f.addUser(t, compete.RoleParticipant)
	l = f.usable(t, compete.LinkVerify, moved, moved.Email)
	f.exec(t, `UPDATE users SET email = $2 WHERE id = $1`, moved.ID, "moved-"+moved.Email)
	_, err = f.UseVerifyLink(t.Context(), l, f.now)
	wantError(t, "after a change of address", err, compete.ErrLinkVoid)
}

func testChangeLink(t *testing.T, f *fixture) {
	user, owner := f.addUser(t, compete.RoleParticipant), f.addUser(t, compete.RoleParticipant)
	reset := f.usable(t, compete.LinkReset, user, user.Email)
	taken := f.usable(t, compete.LinkChange, user, owner.Email)
	_, err := f.UseChangeLink(t.Context(), taken, f.accountMessage(user, compete.MessageSecurity, ""), f.now)
	wantError(t, "an address in use", err, compete.ErrEmailTaken)
	f.wantUsable(t, "after a failure", taken)

	f = f.mailing()
	jobs := f.enqueued(t)
	l := f.usable(t, compete.LinkChange, user, "new-"+user.Email)
	message := f.accountMessage(user, compete.MessageSecurity, "")
	got, err := f.UseChangeLink(t.Context(), l, message, f.now)
	must(t, err)
	user.Email, user.VerifiedAt, user.UpdatedAt = l.Email, stored(&f.now), compete.UTC(f.now)
	want(t, "user", got, user)
	for what, void := range map[string]compete.Link{
		"used": l, "another change": taken,
		"a reset to the old address": reset,
	} {
		f.wantVoid(t, what, void, f.now)
	}
	want(t, "the old address hears of it", jobs(),
		inQueue(t, compete.MailJob{MessageID: message.ID, UserID: user.ID, About: compete.MessageSecurity}))
}

func testResetLink(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	f.addSession(t, user)
	l, other := f.usable(t, compete.LinkReset, user, user.Email), f.usable(t, compete.LinkReset, user, user.Email)
	other.TokenHash = compete.HashToken(other.ID)
	notice := f.accountMessage(user, compete.MessageSecurity, "")
	got, err := f.UseResetLink(t.Context(), l, "a new hash", notice, f.now)
	must(t, err)
	_, err = f.Message(t.Context(), user.ID, notice.ID)
	must(t, err)
	user.VerifiedAt, user.UpdatedAt = stored(&f.now), compete.UTC(f.now) // using the link verifies the address
	user.LoginsEndedAt = stored(&f.now)
	want(t, "user", got, user)
	hash, err := f.PasswordHash(t.Context(), user.ID)
	must(t, err)
	want(t, "hash", hash, "a new hash")
	f.wantLogins(t, user, nil, compete.UTC(f.now))
	f.wantVoid(t, "used", l, f.now)
	f.wantVoid(t, "another of the same", other, f.now)
	_, err = f.UseResetLink(t.Context(), l, "a third hash", compete.Message{}, f.now)
	wantError(t, "used again", err, compete.ErrLinkVoid)

	// The account's address has changed: it differs from the one the link was sent to.
	moved := f.addUser(t, compete.RoleParticipant)
	l = f.usable(t, compete.LinkVerify, moved, moved.Email)
	f.exec(t, `UPDATE users SET email = $2 WHERE id = $1`, moved.ID, "moved-"+moved.Email)
	_, err = f.UseResetLink(t.Context(), l, "a hash", compete.Message{}, f.now)
	wantError(t, "after a change of address", err, compete.ErrLinkVoid)
}

// testForgottenHolder has somebody use an account before its address is confirmed, or its password reset, by a link.
func testForgottenHolder(t *testing.T, f *fixture) {
	for what, c := range map[string]struct {
		purpose           compete.LinkPurpose
		verified, forgets bool
	}{
		"confirmed with a new password": {compete.LinkVerify, false, true},
		"reset before it was confirmed": {compete.LinkReset, false, true},
		"reset":                         {compete.LinkReset, true, false},
	} {
		user := f.addUser(t, compete.RoleParticipant)
		if c.verified {
			f.exec(t, `UPDATE users SET verified_at = created_at WHERE id = $1`, user.ID)
		}
		session := f.addSession(t, user)
		f.withApp(t, user.ID, "one", "two")
		f.passkey(t, user.ID, what)
		_, err := f.UseResetLink(t.Context(), f.usable(t, c.purpose, user, user.Email), "a new hash",
			compete.Message{}, f.now)
		must(t, err)
		factors, err := f.Factors(t.Context(), user.ID)
		must(t, err)
		network, err := f.KnowsNetwork(t.Context(), user.ID, session.Network)
		must(t, err)
		if got := factors.App == nil && len(factors.Passkeys) == 0 && factors.RecoveryCodes == 0; got != c.forgets ||
			network == c.forgets {
			t.Errorf("%s: the factors are %+v, and the network is known: %t", what, factors, network)
		}
	}
}

func testSetReminders(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	for _, on := range []bool{false, true, true} {
		must(t, f.SetReminders(t.Context(), user.ID, on, f.now))
		user.RemindersOffAt = nil
		if !on {
			user.RemindersOffAt = stored(&f.now)
		}
		f.wantUser(t, user)
	}
	for _, id := range append([]string{newID()}, notIDs...) {
		if err := f.SetReminders(t.Context(), id, false, f.now); !errors.Is(err, compete.ErrUserMissing) {
			t.Errorf("user %q: %v, want ErrUserMissing", id, err)
		}
	}
}
