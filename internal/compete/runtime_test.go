package compete

import (
	"log/slog"
	"testing"
	"time"
)

func testRuntime() Runtime {
	return Runtime{Clock: time.Now, NewID: func() string { return noUserID }, Log: slog.New(slog.DiscardHandler)}
}

// hasher is a PasswordHasher that can be a nil pointer inside the interface.
type hasher struct{ PasswordHasher }

func TestConstructorsNameWhatIsMissing(t *testing.T) {
	complete := OperatorConfig{
		Runtime: testRuntime(), Users: struct{ UserStore }{}, Passwords: &hasher{}, Links: struct{ LinkStore }{},
		Factors: struct{ FactorStore }{},
		Wording: struct{ AccountWording }{},
	}
	for want, spoil := range map[string]func(*OperatorConfig){
		"":      func(*OperatorConfig) {},
		"Clock": func(c *OperatorConfig) { c.Clock = nil },
		"Log":   func(c *OperatorConfig) { c.Log = nil },
		"Users": func(c *OperatorConfig) { c.Users = nil },
		"Passwords: it's an interface around nil": func(c *OperatorConfig) { c.Passwords = (*hasher)(nil) },
	} {
		config := complete
		spoil(&config)
		got := panicOf(func() { NewOperator(config) })
		if want != "" {
			want = "compete: compete.OperatorConfig lacks " + want
		}
		if got != want {
			t.Errorf("it panics with %q, want %q", got, want)
		}
	}
}

func panicOf(f func()) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = p.(string)
		}
	}()
	f()
	return ""
}
