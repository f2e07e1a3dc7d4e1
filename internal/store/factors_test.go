package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestFactors(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		t.Run("an app", func(t *testing.T) { testApp(t, f) })
		t.Run("each code once", func(t *testing.T) { testCodesOnce(t, f) })
		t.Run("passkeys", func(t *testing.T) { testPasskeys(t, f) })
		t.Run("recovery codes go with the last factor", func(t *testing.T) { testLastFactor(t, f) })
		t.Run("by a login that has ended", func(t *testing.T) { testFactorsOfAnEndedLogin(t, f) })
	})
}

func (f *fixture) newFactor(codes ...string) compete.NewFactor {
	return compete.NewFactor{CodeHashes: codes, Now: f.now}
}

// withApp adds an app with a sealed secret to a user.
func (f *fixture) withApp(t *testing.T, userID string, codes ...string) (withCodes bool) {
	t.Helper()
	const secret = "sealed"
	must(t, f.StartApp(t.Context(), userID, secret, f.now))
	withCodes, err := f.ConfirmApp(t.Context(), userID, secret, 7, f.newFactor(codes...))
	must(t, err)
	return withCodes
}

func (f *fixture) passkey(t *testing.T, userID, credential string) (compete.Passkey, bool) {
	t.Helper()
	p := compete.Passkey{
		ID: newID(), UserID: userID, CredentialID: credential, Record: `{"n":1}`, Name: "Phone",
		CreatedAt: compete.UTC(f.now),
	}
	withCodes, err := f.AddPasskey(t.Context(), p, f.spent("create "+credential), f.newFactor("one", "two"))
	must(t, err)
	return p, withCodes
}

func (f *fixture) spent(challenge string) compete.SpentChallenge {
	return compete.SpentChallenge{Hash: challenge, Expires: f.now.Add(time.Minute)}
}

func (f *fixture) wantFactor(t *testing.T, userID string, want bool) {
	t.Helper()
	has, err := f.HasFactor(t.Context(), userID)
	must(t, err)
	if has != want {
		t.Errorf("has a factor: %t, want %t", has, want)
	}
}

func testFactorsOfAnEndedLogin(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	session := f.addSession(t, user)
	ctx := compete.WithClient(t.Context(), compete.Client{})
	compete.Enter(ctx, compete.ViaPage, compete.Actor{UserID: user.ID, Role: user.Role, SessionID: session.ID})
	must(t, f.StartApp(ctx, user.ID, "sealed", f.now))
	must(t, f.EndSession(t.Context(), session.ID, f.now))
	_, err := f.ConfirmApp(ctx, user.ID, "sealed", 7, f.newFactor())
	wantError(t, "after it has ended", err, compete.ErrUnauthorized)
	f.wantFactor(t, user.ID, false)
}

func testApp(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	_, err := f.StartedApp(t.Context(), user.ID)
	wantError(t, "no app is started", err, compete.ErrFactorMissing)
	wantError(t, "an app of nobody", f.StartApp(t.Context(), newID(), "sealed", f.now), compete.ErrUserMissing)
	must(t, f.StartApp(t.Context(), user.ID, "first", f.now))
	must(t, f.StartApp(t.Context(), user.ID, "second", f.now))
	f.wantFactor(t, user.ID, false)
	_, err = f.ConfirmApp(t.Context(), user.ID, "first", 7, f.newFactor())
	wantError(t, "a secret that was replaced", err, compete.ErrFactorMissing)
	secret, err := f.StartedApp(t.Context(), user.ID)
	must(t, err)
	want(t, "the secret", secret, "second")
	withCodes, err := f.ConfirmApp(t.Context(), user.ID, "second", 7, f.newFactor("one", "two"))
	must(t, err)
	want(t, "the first factor comes with codes", withCodes, true)
	f.wantFactor(t, user.ID, true)
	wantError(t, "another app", f.StartApp(t.Context(), user.ID, "third", f.now), compete.ErrFactorExists)
	got, err := f.Factors(t.Context(), user.ID)
	must(t, err)
	want(t, "the factors", got, compete.Factors{
		App:      &compete.AuthenticatorApp{Secret: "second", ConfirmedAt: compete.UTC(f.now)},
		Passkeys: []compete.Passkey{}, RecoveryCodes: 2,
	})
	must(t, f.SealApp(t.Context(), user.ID, "first", "not this"))
	must(t, f.SealApp(t.Context(), user.ID, "second", "sealed anew"))
	apps, err := f.Apps(t.Context())
	must(t, err)
	want(t, "the secret that was sealed anew", apps[user.ID], "sealed anew")
	must(t, f.RemoveApp(t.Context(), user.ID, compete.Message{}))
	wantError(t, "an app that is gone", f.RemoveApp(t.Context(), user.ID, compete.Message{}), compete.ErrFactorMissing)
	wantError(t, "its codes", f.UseStep(t.Context(), user.ID, 99), compete.ErrWrongCode)
}

// testCodesOnce uses the same code many times at once: one attempt succeeds.
func testCodesOnce(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	f.withApp(t, user.ID, "one", "two")
	wantError(t, "the code that confirmed the app", f.UseStep(t.Context(), user.ID, 7), compete.ErrWrongCode)
	for what, use := range map[string]func() error{
		"a code of the app": func() error { return f.UseStep(t.Context(), user.ID, 8) },
		"a recovery code": func() error {
			return f.UseRecoveryCode(t.Context(), user.ID, "one",
				compete.Message{}, f.now)
		},
	} {
		results := make([]error, 8)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() { results[i] = use() })
		}
		wg.Wait()
		used := 0
		for _, err := range results {
			if err == nil {
				used++
			} else {
				wantError(t, what, err, compete.ErrWrongCode)
			}
		}
		want(t, "uses of "+what, used, 1)
	}
	wantError(t, "an earlier code", f.UseStep(t.Context(), user.ID, 6), compete.ErrWrongCode)
	stranger := f.addUser(t, compete.RoleParticipant)
	wantError(t, "somebody else's code", f.UseRecoveryCode(t.Context(), stranger.ID, "two", compete.Message{}, f.now),
		compete.ErrWrongCode)
	must(t, f.SetRecoveryCodes(t.Context(), user.ID, []string{"three"}, compete.Message{}))
	wantError(t, "a code that was replaced", f.UseRecoveryCode(t.Context(), user.ID, "two", compete.Message{}, f.now),
		compete.ErrWrongCode)
	must(t, f.UseRecoveryCode(t.Context(), user.ID, "three", compete.Message{}, f.now))
	wantError(t, "codes without a factor",
		f.SetRecoveryCodes(t.Context(), stranger.ID, []string{"x"}, compete.Message{}), compete.ErrFactorMissing)
}

func testPasskeys(t *testing.T, f *fixture) {
	user, stranger := f.addUser(t, compete.RoleParticipant), f.addUser(t, compete.RoleParticipant)
	p, withCodes := f.passkey(t, user.ID, "AAA"+user.ID)
	want(t, "the first factor comes with codes", withCodes, true)
	_, withCodes = f.passkey(t, user.ID, "BBB"+user.ID)
	want(t, "the second comes with codes", withCodes, false)
	again := p
	again.ID, again.UserID = newID(), stranger.ID
	_, err := f.AddPasskey(t.Context(), again, f.spent("another"+user.ID), f.newFactor())
	wantError(t, "a credential of somebody else's", err, compete.ErrPasskeyRefused)

	p.Record = `{"n":2}`
	must(t, f.UsePasskey(t.Context(), p, f.spent("use"+user.ID), f.now))
	wantError(t, "a challenge that was answered", f.UsePasskey(t.Context(), p, f.spent("use"+user.ID), f.now),
		compete.ErrPasskeyRefused)
	must(t, f.RenamePasskey(t.Context(), user.ID, p.ID, "Laptop"))
	wantError(t, "a stranger's rename", f.RenamePasskey(t.Context(), stranger.ID, p.ID, "Mine"),
		compete.ErrFactorMissing)
	wantError(t, "a stranger's removal", f.RemovePasskey(t.Context(), stranger.ID, p.ID, compete.Message{}),
		compete.ErrFactorMissing)
	got, err := f.Factors(t.Context(), user.ID)
	must(t, err)
	p.Name, p.LastUsedAt = "Laptop", stored(&f.now)
	want(t, "the passkey", got.Passkeys[0], p)

	must(t, f.RemovePasskey(t.Context(), user.ID, p.ID, compete.Message{}))
	wantError(t, "one that is gone", f.UsePasskey(t.Context(), p, f.spent("gone"+user.ID), f.now),
		compete.ErrPasskeyRefused)
	for i := range compete.MaxPasskeys - 1 {
		f.passkey(t, user.ID, fmt.Sprintf("%s %d", user.ID, i))
	}
	again.UserID, again.CredentialID = user.ID, "one too many"
	_, err = f.AddPasskey(t.Context(), again, f.spent("too many"+user.ID), f.newFactor())
	wantError(t, "one too many", err, compete.ErrTooManyPasskeys)
}

func testLastFactor(t *testing.T, f *fixture) {
	user := f.addUser(t, compete.RoleParticipant)
	p, _ := f.passkey(t, user.ID, "last"+user.ID)
	f.withApp(t, user.ID)
	must(t, f.RemovePasskey(t.Context(), user.ID, p.ID, compete.Message{}))
	must(t, f.UseRecoveryCode(t.Context(), user.ID, "one", compete.Message{}, f.now))
	must(t, f.RemoveApp(t.Context(), user.ID, compete.Message{}))
	wantError(t, "a code after the last factor",
		f.UseRecoveryCode(t.Context(), user.ID, "two", compete.Message{}, f.now), compete.ErrWrongCode)
	wantError(t, "a reset of nothing", f.ResetFactors(t.Context(), user.ID, compete.Message{}),
		compete.ErrFactorMissing)
	want(t, "the next first factor comes with codes", f.withApp(t, user.ID, "three"), true)
	f.passkey(t, user.ID, "next"+user.ID)
	must(t, f.ResetFactors(t.Context(), user.ID, compete.Message{}))
	f.wantFactor(t, user.ID, false)
	wantError(t, "a code after a reset", f.UseRecoveryCode(t.Context(), user.ID, "three", compete.Message{}, f.now),
		compete.ErrWrongCode)
}
