package compete

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// onePasskey accepts every answer as that of one person's passkey.
type onePasskey struct {
	PasskeyVerifier
	userID string
}

func (p onePasskey) Asked(
	string, bool, string, string, time.Time, func(string) ([]Passkey, error),
) (Passkey, SpentChallenge, error) {
	return Passkey{UserID: p.userID}, SpentChallenge{}, nil
}

type spentChallenges struct{ FactorStore }

func (spentChallenges) UsePasskey(context.Context, Passkey, SpentChallenge, time.Time) error {
	return nil
}

type oneUser struct {
	UserStore
	user User
}

func (u oneUser) User(context.Context, string) (User, error) { return u.user, nil }

// auditedFailures keeps what is recorded.
type auditedFailures struct {
	AuditStore
	records []AuditRecord
}

func (a *auditedFailures) Record(_ context.Context, r AuditRecord) error {
	a.records = append(a.records, r)
	return nil
}

// TestPasskeyOfADisabledAccount logs in with the right passkey: the person is told why the account is disabled, as
// after the right password, and the audit log says whose it is.
func TestPasskeyOfADisabledAccount(t *testing.T) {
	now := time.Now()
	user := User{ID: "ada", DisabledAt: &now, DisabledReason: Reason{Text: "Sold seats", Shown: true}}
	runtime := Runtime{
		Clock: func() time.Time { return now }, NewID: func() string { return "id" },
		Log: slog.New(slog.DiscardHandler),
	}
	users, audit := oneUser{user: user}, &auditedFailures{}
	sealer, wording := struct{ Sealer }{}, struct{ AccountWording }{}
	logins := NewLogins(LoginsConfig{
		Runtime: runtime, Store: struct{ LoginStore }{}, Users: users, Passwords: struct{ PasswordHasher }{},
		Factors: NewSecondFactors(SecondFactorsConfig{
			Runtime: runtime, Store: spentChallenges{}, Users: users, Sealer: sealer, AppCodes: struct{ AppCodes }{},
			Passkeys: onePasskey{userID: user.ID}, Wording: wording, Throttle: &Throttle{},
		}),
		Sealer: sealer, Audit: audit, Wording: wording, Throttle: &Throttle{},
	})
	got, err := logins.LogInWithPasskey(t.Context(), "state", "answer")
	if got.ID != "" || !errors.Is(err, ErrAccountDisabled) || !strings.Contains(AsError(err).Detail, "Sold seats") {
		t.Errorf("got %q and %v, want nobody, and the reason", got.ID, err)
	}
	if len(audit.records) != 1 || audit.records[0].UserID != user.ID {
		t.Errorf("recorded %+v, want one about %s", audit.records, user.ID)
	}
}
