package compete

import (
	"errors"
	"testing"
)

func TestGuessable(t *testing.T) {
	strict, lax := PasswordRules{SiteName: func() string { return "Kubb & Cornhole Union" }}, PasswordRules{Any: true}
	for password, guessable := range map[string]bool{
		"password": true, "PASSWORD": true, "password123": true, "12345678": true, "qwertyuiop": true, "iloveyou": true,
		"Football1": true, "trustno1!": false,
		"zoediaz1": true, "ZoëDíaz2026": true, "díaz-zoë": true, "zdiaz!!!": true, "example123": true,
		"zdiaz@example.com": true, "minicompete": true, "kubbunion2026": true, "Cornhole!": true,
		"Mini Compete 2026": true,
		"        ":          true,
		"\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200ba": true,
		"xyxyxyxyxyxyx":         true,
		"a b c a b c a b":       true,
		"a b c d a b c d":       false,
		"cornhole with friends": false,
		"correct horse battery": false, "zoe likes marathons": false, "vK7#q9!xT2": false, "数学オリンピック": false,
	} {
		err := strict.check(nil, password, "Zoë Díaz", "zdiaz@example.com")
		if got := err != nil; got != guessable {
			t.Errorf("%q: %v, want it refused: %t", password, err, guessable)
		}
		if err := lax.check(nil, password, "Zoë Díaz", "zdiaz@example.com"); err != nil {
			t.Errorf("%q, where any is taken: %v", password, err)
		}
	}
	other := Invalid(FieldError{Field: "name", Message: "is required"})
	if fields := AsError(strict.check(other, "password1", "", "a@b.c")).Fields; len(fields) != 2 ||
		fields[1].Field != "password" {
		t.Errorf("beside another: %v", fields)
	}
	short := Invalid(FieldError{Field: "password", Message: "is too short"})
	if err := strict.check(short, "1234", "", ""); !errors.Is(err, short) || len(AsError(err).Fields) != 1 {
		t.Errorf("a password is refused twice: %v", err)
	}
}
