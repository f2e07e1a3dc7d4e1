package auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/minicompete/minicompete/internal/compete"
)

// foreign signs claims as an external tool does.
func foreign(t testing.TB, method jwt.SigningMethod, key any, c jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, c).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (f *fixture) claims(change map[string]any) jwt.MapClaims {
	c := jwt.MapClaims{
		"sub": f.user.ID, "email": f.user.Email, "role": "PARTICIPANT",
		"iat": f.clock().Unix(), "exp": f.clock().Add(time.Hour).Unix(),
	}
	for name, value := range change {
		if value == nil {
			delete(c, name)
		} else {
			c[name] = value
		}
	}
	return c
}

func TestTokenIssued(t *testing.T) {
	f := newFixture(t)
	token, err := f.IssueToken(t.Context(), f.user)
	if err != nil {
		t.Fatal(err)
	}
	actor, err := f.Token(t.Context(), token)
	if err != nil || actor.UserID != f.user.ID || actor.Role != f.user.Role || actor.SessionID == "" {
		t.Errorf("got %+v, %v", actor, err)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(payload, &c); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"sub": f.user.ID, "email": f.user.Email, "role": "PARTICIPANT",
		"iss": "minicompete", "iat": float64(f.clock().Unix()), "exp": float64(f.clock().Add(24 * time.Hour).Unix()),
		"sid": actor.SessionID,
	} {
		if c[name] != want {
			t.Errorf("claim %s: got %v, want %v", name, c[name], want)
		}
	}
	f.advance(24 * time.Hour)
	if _, err := f.Token(t.Context(), token); !errors.Is(err, compete.ErrUnauthorized) {
		t.Errorf("after its time: got %v", err)
	}
}

func TestTokenFromOutside(t *testing.T) {
	f := newFixture(t)
	now := f.clock()
	for _, tc := range []struct {
		name   string
		token  string
		accept bool
	}{
		{"the five claims", foreign(t, jwt.SigningMethodHS256, secret, f.claims(nil)), true},
		{"without an email", foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"email": nil})), true},
		{"long-lived", foreign(t, jwt.SigningMethodHS256, secret,
			f.claims(map[string]any{"exp": now.AddDate(10, 0, 0).Unix()})), true},
		{"expired", foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"exp": now.Unix()})), false},
		{"without exp", foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"exp": nil})), false},
		{"without iat", foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"iat": nil})), false},
		{
			"issued long ago",
			foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"iat": now.AddDate(-3, 0, 0).Unix()})),
			true,
		},
		{
			"issued long ago to nobody",
			foreign(t, jwt.SigningMethodHS256, secret,
				f.claims(map[string]any{"iat": now.AddDate(-3, 0, 0).Unix(), "sub": f.newID()})), false,
		},
		{
			"not yet valid",
			foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"nbf": now.Add(time.Minute).Unix()})),
			false,
		},
		{"unknown role", foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"role": "OWNER"})), false},
		{"without a role", foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"role": nil})), false},
		{
			"issued in the future",
			foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"iat": now.Add(time.Minute).Unix()})),
			false,
		},
		{
			"issued by a clock a bit ahead",
			foreign(t, jwt.SigningMethodHS256, secret,
				f.claims(map[string]any{"iat": now.Add(10 * time.Second).Unix()})), true,
		},
		{
			"of this program",
			foreign(t, jwt.SigningMethodHS256, secret,
				f.claims(map[string]any{"iss": "minicompete", "aud": "minicompete-api"})), true,
		},
		{
			"for several, this program too",
			foreign(t, jwt.SigningMethodHS256, secret,
				f.claims(map[string]any{"aud": []string{"x", "minicompete-api"}})), true,
		},
		{
			"of another program",
			foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"iss": "another"})),
			false,
		},
		{
			"for another program",
			foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"aud": []string{"another"}})), false,
		},
		{"wrong aud", foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"aud": 7})), false},
		{"wrong sub", foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"sub": "1 OR 1=1"})), false},
		{"wrong sid", foreign(t, jwt.SigningMethodHS256, secret, f.claims(map[string]any{"sid": "x"})), false},
		{"another key", foreign(t, jwt.SigningMethodHS256, []byte(strings.Repeat("k", 32)), f.claims(nil)), false},
		{"HS512", foreign(t, jwt.SigningMethodHS512, secret, f.claims(nil)), false},
		{"none", foreign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, f.claims(nil)), false},
		{"empty", "", false},
		{"not a token", "a.b.c", false},
	} {
		actor, err := f.Token(t.Context(), tc.token)
		actor.LoggedInAt = time.Time{}
		switch {
		case tc.accept && (err != nil || actor != compete.Actor{UserID: f.user.ID, Role: compete.RoleParticipant}):
			t.Errorf("%s: got %+v, %v; want it accepted", tc.name, actor, err)
		case !tc.accept && !errors.Is(err, compete.ErrUnauthorized):
			t.Errorf("%s: got %+v, %v; want ErrUnauthorized", tc.name, actor, err)
		}
	}
}

// FuzzToken checks that only tokens signed with HS256 and the secret are accepted.
func FuzzToken(f *testing.F) {
	fix := newFixture(f)
	f.Add(foreign(f, jwt.SigningMethodHS256, secret, fix.claims(nil)))
	f.Add(foreign(f, jwt.SigningMethodHS512, secret, fix.claims(nil)))
	f.Add(foreign(f, jwt.SigningMethodHS256, secret, fix.claims(map[string]any{"exp": 1e300, "iat": -1e300})))
	f.Add(foreign(f, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, fix.claims(nil)))
	f.Add("..")
	f.Add("e30.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		actor, err := fix.Token(t.Context(), token)
		if err != nil {
			if !errors.Is(err, compete.ErrUnauthorized) {
				t.Errorf("refused with %v", err)
			}
			return
		}
		signed, signature, _ := strings.Cut(token[strings.IndexByte(token, '.')+1:], ".")
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(token[:strings.IndexByte(token, '.')+1] + signed))
		got, decodeErr := base64.RawURLEncoding.DecodeString(signature)
		if decodeErr != nil || !hmac.Equal(got, mac.Sum(nil)) {
			t.Errorf("%q is accepted without a signature", token)
		}
		if !actor.Role.Valid() || !compete.ValidID(actor.UserID) {
			t.Errorf("accepted as %+v", actor)
		}
	})
}

func BenchmarkToken(b *testing.B) {
	f := newFixture(b)
	token, err := f.IssueToken(b.Context(), f.user)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Token(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
