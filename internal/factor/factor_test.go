package factor_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/factor"
)

const (
	first  = "the first secret, which is long enough"
	second = "the second secret, which is long enough"
)

func sealer(t *testing.T, secret, previous string) *factor.Sealer {
	t.Helper()
	s, err := factor.NewSealer([]byte(secret), []byte(previous))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeals(t *testing.T) {
	sealed := sealer(t, first, "").Seal("purpose", []byte("secret"))
	if strings.Contains(sealed, "secret") || sealed == sealer(t, first, "").Seal("purpose", []byte("secret")) {
		t.Error("the seal shows what it holds")
	}
	for name, tc := range map[string]struct {
		sealer          *factor.Sealer
		purpose, sealed string
		opens           bool
	}{
		"the same key":    {sealer(t, first, ""), "purpose", sealed, true},
		"as the previous": {sealer(t, second, first), "purpose", sealed, true},
		"another key":     {sealer(t, second, ""), "purpose", sealed, false},
		"another purpose": {sealer(t, first, ""), "other", sealed, false},
		"cut short":       {sealer(t, first, ""), "purpose", sealed[:len(sealed)-3], false},
		"nothing":         {sealer(t, first, ""), "purpose", "", false},
		"no base64":       {sealer(t, first, ""), "purpose", "?" + sealed, false},
	} {
		plain, err := tc.sealer.Open(tc.purpose, tc.sealed)
		if (err == nil) != tc.opens || tc.opens && string(plain) != "secret" {
			t.Errorf("%s: got %q, %v; want it to open: %t", name, plain, err, tc.opens)
		}
	}
}

func TestCodesOfApps(t *testing.T) {
	apps := factor.Apps{SiteName: func() string { return "Kubb: & Friends" }}
	secret := apps.NewSecret()
	now := time.Date(2026, 3, 29, 1, 30, 10, 0, time.UTC)
	for _, tc := range []struct {
		off time.Duration
		ok  bool
	}{
		{0, true},
		{-30 * time.Second, true},
		{30 * time.Second, true},
		{-60 * time.Second, false},
		{60 * time.Second, false},
	} {
		code, err := totp.GenerateCode(secret, now.Add(tc.off))
		if err != nil {
			t.Fatal(err)
		}
		if step, ok := apps.Step(secret, code, now); ok != tc.ok || ok && step != now.Add(tc.off).Unix()/30 {
			t.Errorf("a code that is %v off: got step %d, %t; want %t", tc.off, step, ok, tc.ok)
		}
	}
	if _, ok := apps.Step(secret, "", now); ok {
		t.Error("an empty code is right")
	}
	u, err := url.Parse(apps.URI(secret, "ada@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if u.Path != "/Kubb  & Friends:ada@example.com" || u.Query().Get("secret") != secret ||
		u.Query().Get("issuer") != "Kubb  & Friends" || strings.Contains(u.RawQuery, "+") {
		t.Errorf("the URI is %s", u)
	}
}

func passkeys(t *testing.T) *factor.Passkeys {
	t.Helper()
	p, err := factor.NewPasskeys("https://compete.example.com", sealer(t, first, ""), func() string { return "Kubb" })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPasskeysNeedADomain(t *testing.T) {
	passkeys(t)
	for _, origin := range []string{"http://192.168.1.5:3000", "http://[::1]:3000"} {
		if _, err := factor.NewPasskeys(origin, sealer(t, first, ""), func() string { return "" }); err == nil {
			t.Errorf("%s has passkeys", origin)
		}
	}
}

// A challenge has one purpose, one user and a limited lifetime. Valid answers are covered by the tests in a browser.
func TestChallenges(t *testing.T) {
	p, now := passkeys(t), time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
	ada := compete.User{ID: "018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f", Email: "ada@example.com", Name: "Ada"}
	made, err := p.Create(ada, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"name":"Kubb"`, `"id":"compete.example.com"`, "ada@example.com"} {
		if !strings.Contains(string(made.Options), part) {
			t.Errorf("no %s in %s", part, made.Options)
		}
	}
	asked, err := p.Ask("", nil, true, now)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(asked.Options), `"userVerification":"required"`) {
		t.Errorf("a passkey alone needs no verification: %s", asked.Options)
	}
	none := func(string) ([]compete.Passkey, error) { return nil, nil }
	for name, try := range map[string]func() error{
		"another's": func() error {
			_, _, err := p.Created(compete.User{ID: "bob"}, nil, made.State, "{}",
				now)
			return err
		},
		"too late": func() error {
			_, _, err := p.Created(ada, nil, made.State, "{}", now.Add(compete.ChallengeLife))
			return err
		},
		"no answer":      func() error { _, _, err := p.Created(ada, nil, made.State, "{}", now); return err },
		"another way":    func() error { _, _, err := p.Asked("", true, made.State, "{}", now, none); return err },
		"beside":         func() error { _, _, err := p.Asked("", false, asked.State, "{}", now, none); return err },
		"another user's": func() error { _, _, err := p.Asked(ada.ID, true, asked.State, "{}", now, none); return err },
		"nonsense": func() error {
			_, _,
				err := p.Asked("", true, asked.State, "nonsense", now, none)
			return err
		},
	} {
		if err := try(); !errors.Is(err, compete.ErrPasskeyRefused) {
			t.Errorf("%s: %v, want ErrPasskeyRefused", name, err)
		}
	}
}
