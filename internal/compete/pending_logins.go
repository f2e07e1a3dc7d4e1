package compete

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

const pendingPurpose = "login whose password was right"

// pendingLogin is a login between the password and the second factor.
type pendingLogin struct {
	UserID  string    `json:"u"`
	Expires time.Time `json:"e"`
}

// PendingLogin seals that a user's password was right, for the page that asks for the second factor.
func (s *Logins) PendingLogin(user User) string {
	pending, err := json.Marshal(pendingLogin{UserID: user.ID, Expires: s.config.now().Add(PendingLoginLife)})
	if err != nil {
		panic(err) // it is made of an id and a time
	}
	return s.config.Sealer.Seal(pendingPurpose, pending)
}

// pendingUser is the user of a pending login, which ends with all others: by a new password, for example. Errors:
// ErrLoginExpired, ErrAccountDisabled.
func (s *Logins) pendingUser(ctx context.Context, sealed string) (User, error) {
	plain, err := s.config.Sealer.Open(pendingPurpose, sealed)
	var pending pendingLogin
	if err != nil || json.Unmarshal(plain, &pending) != nil || !s.config.now().Before(pending.Expires) {
		return User{}, ErrLoginExpired
	}
	user, err := s.config.Users.User(ctx, pending.UserID)
	if errors.Is(err, ErrUserMissing) {
		return User{}, ErrLoginExpired
	}
	if err != nil {
		return User{}, err
	}
	if user.DisabledAt != nil {
		return user, ErrAccountDisabled
	}
	ended, err := s.config.Store.TokensValidAfter(ctx, user.ID, "")
	if err == nil && !pending.Expires.Add(-PendingLoginLife).After(ended) {
		err = ErrLoginExpired
	}
	return user, err
}

// PendingFactors are what a pending login can be finished with. Errors: ErrLoginExpired, ErrAccountDisabled.
func (s *Logins) PendingFactors(ctx context.Context, pending string) (Factors, error) {
	user, err := s.pendingUser(ctx, pending)
	if err != nil {
		return Factors{}, err
	}
	return s.config.Factors.of(ctx, user.ID)
}

// LogInWithCode finishes a pending login. Errors: ErrLoginExpired, ErrAccountDisabled, ErrWrongCode, ErrTooManyGuesses.
func (s *Logins) LogInWithCode(ctx context.Context, pending, code string) (User, error) {
	user, err := s.pendingUser(ctx, pending)
	if err != nil {
		return User{}, err
	}
	err = s.config.Factors.checkCode(ctx, user, code)
	s.observeLogIn(ctx, user, err)
	return user, err
}

// ChallengePending challenges the passkeys of a pending login. Errors: ErrLoginExpired, ErrAccountDisabled,
// ErrFactorMissing.
func (s *Logins) ChallengePending(ctx context.Context, pending string) (Challenge, error) {
	user, err := s.pendingUser(ctx, pending)
	if err != nil {
		return Challenge{}, err
	}
	return s.config.Factors.challengeOf(ctx, user.ID, false)
}

// FinishWithPasskey finishes a pending login by what answered ChallengePending. Errors: ErrLoginExpired,
// ErrAccountDisabled, ErrPasskeyRefused.
func (s *Logins) FinishWithPasskey(ctx context.Context, pending, state, answer string) (User, error) {
	user, err := s.pendingUser(ctx, pending)
	if err != nil {
		return User{}, err
	}
	_, err = s.usePasskey(ctx, user.ID, false, state, answer)
	s.observeLogIn(ctx, user, err)
	return user, err
}
