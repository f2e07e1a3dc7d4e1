package compete

import (
	"strings"
	"testing"
)

func TestSignUpValidation(t *testing.T) {
	good := SignUp{Name: " Ada ", Email: " Ada@Example.COM ", Password: "password", Role: RoleParticipant}
	if err := good.validate(); err != nil || good.Email != "ada@example.com" || good.Name != "Ada" {
		t.Errorf("got %+v, %v", good, err)
	}
	for name, change := range map[string]func(*SignUp){
		"name":     func(s *SignUp) { s.Name = strings.Repeat("x", MaxNameLength+1) },
		"email":    func(s *SignUp) { s.Email = "Ada <ada@example.com>" },
		"password": func(s *SignUp) { s.Password = strings.Repeat("ü", MaxPasswordLength/2) + "x" },
		"role":     func(s *SignUp) { s.Role = RoleAdmin },
	} {
		s := good
		change(&s)
		err := AsError(s.validate())
		if len(err.Fields) != 1 || err.Fields[0].Field != name {
			t.Errorf("%s: got %v", name, err)
		}
		if strings.Contains(err.Error(), s.Password) {
			t.Errorf("%s: the message repeats what was sent: %v", name, err)
		}
	}
	if err := (&SignUp{}).validate(); len(AsError(err).Fields) != 4 {
		t.Errorf("an empty form must name all four fields: %v", err)
	}
}

func TestEmails(t *testing.T) {
	for email, valid := range map[string]bool{
		"ada@example.com": true, "ada+tag@mail.example.org": true, "ü@example.com": true,
		"": false, "ada": false, "ada@localhost": false, "ada@example.com\n": false, "a b@example.com": false,
		"ada@example.com\x00":               false,
		strings.Repeat("a", 250) + "@e.com": false,
	} {
		var v validation
		v.email(email)
		if got := v.err() == nil; got != valid {
			t.Errorf("%q: valid = %v, want %v", email, got, valid)
		}
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"01890b5e-7e2c-7000-8000-0123456789ab": true, "01890B5E-7E2C-7000-8000-0123456789AB": false,
		"": false, "1": false, "01890b5e-7e2c-7000-8000-0123456789a": false,
		"01890b5e-7e2c-7000-8000-0123456789a\x00": false,
		"01890b5e07e2c-7000-8000-0123456789ab":    false,
	} {
		if got := ValidID(id); got != want {
			t.Errorf("ValidID(%q) = %v", id, got)
		}
	}
}

func TestCursor(t *testing.T) {
	c := Cursor{List: "newest", Key: -1789, ID: "01890b5e-7e2c-7000-8000-0123456789ab"}
	if got, err := ParseCursor("newest", c.String()); err != nil || got != c {
		t.Errorf("got %+v, %v; want %+v", got, err, c)
	}
	if _, err := ParseCursor("deadline", c.String()); err == nil {
		t.Error("the cursor of another list was taken")
	}
	if got, err := ParseCursor("newest", ""); err != nil || !got.IsZero() {
		t.Errorf("no cursor: %+v, %v", got, err)
	}
	for _, s := range []string{"x", "!", "bmV3ZXN0", strings.Repeat("A", 10_000)} {
		if _, err := ParseCursor("newest", s); err == nil {
			t.Errorf("%.20q was taken", s)
		}
	}
}
