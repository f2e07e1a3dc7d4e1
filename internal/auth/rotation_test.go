package auth_test

import (
	"errors"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/minicompete/minicompete/internal/auth"
	"github.com/minicompete/minicompete/internal/compete"
)

var nextSecret = []byte("fedcba9876543210fedcba9876543210")

// During a key rotation, tokens signed with either secret are valid, with or without a key id; afterwards only those of
// the new one are.
func TestTwoSecretsWhileOneIsExchanged(t *testing.T) {
	f := newFixture(t)
	issue := func() string {
		t.Helper()
		token, err := f.IssueToken(t.Context(), f.user)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	outside := func(secret []byte, kid any) string {
		unsigned := jwt.NewWithClaims(jwt.SigningMethodHS256, f.claims(nil))
		if kid != nil {
			unsigned.Header["kid"] = kid
		}
		token, err := unsigned.SignedString(secret)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	kid := func(token string) any {
		parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Header["kid"]
	}
	before := issue()
	f.Authenticator = f.authenticatorWith(t, nextSecret, secret)
	during := issue()
	if kid(before) == nil || kid(during) == nil || kid(before) == kid(during) {
		t.Errorf("the ids of the keys are %v and %v", kid(before), kid(during))
	}
	tokens := map[string]struct {
		token string
		old   bool // signed with the previous secret
	}{
		"issued before": {before, true}, "issued since": {during, false},
		"outside, before": {outside(secret, nil), true}, "outside, since": {outside(nextSecret, nil), false},
		"outside, its own id":            {outside(secret, "mine"), true},
		"outside, an id of another kind": {outside(nextSecret, 7), false},
	}
	for name, tc := range tokens {
		if _, err := f.Token(t.Context(), tc.token); err != nil {
			t.Errorf("with both secrets, %s: %v", name, err)
		}
	}
	if _, err := f.Token(t.Context(), outside(secret, kid(during))); !errors.Is(err, compete.ErrUnauthorized) {
		t.Errorf("a token that names another key than signed it: %v", err)
	}
	f.Authenticator = f.authenticatorWith(t, nextSecret, nil)
	for name, tc := range tokens {
		if _, err := f.Token(t.Context(), tc.token); errors.Is(err, compete.ErrUnauthorized) != tc.old {
			t.Errorf("with the new secret alone, %s: %v", name, err)
		}
	}
}

const someID = "01890b5e-7e2c-7000-8000-0123456789ab"

func linkKeys(t *testing.T, secret, previous []byte) *auth.LinkKeys {
	t.Helper()
	keys, err := auth.NewLinkKeys(secret, previous)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// A link written with either secret gets its own token, whichever secret comes first in the meantime.
func TestLinksOfBothSecrets(t *testing.T) {
	written := linkKeys(t, secret, nil).Token(someID)
	l := compete.Link{ID: someID, TokenHash: compete.HashToken(written)}
	for name, tc := range map[string]struct {
		keys *auth.LinkKeys
		ok   bool
	}{
		"the same": {linkKeys(t, secret, nil), true}, "the next one announced": {linkKeys(t, secret, nextSecret), true},
		"exchanged":         {linkKeys(t, nextSecret, secret), true},
		"the new one alone": {linkKeys(t, nextSecret, nil), false},
	} {
		if token, ok := tc.keys.TokenOf(l); ok != tc.ok || ok && token != written {
			t.Errorf("%s: got %s, %t", name, token, ok)
		}
	}
}

func TestUnsubscribeTokensOfThePreviousSecret(t *testing.T) {
	token := linkKeys(t, secret, nil).Unsubscribe(someID)
	for name, tc := range map[string]struct {
		keys *auth.LinkKeys
		ok   bool
	}{"both": {linkKeys(t, nextSecret, secret), true}, "the new one alone": {linkKeys(t, nextSecret, nil), false}} {
		if got, ok := tc.keys.Unsubscriber(token); ok != tc.ok || ok && got != someID {
			t.Errorf("%s: got %s, %t", name, got, ok)
		}
	}
}
