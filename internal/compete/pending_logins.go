package compete

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

const pendingPurpose = "login whose password was right"

// pendingLogin is a login waiting for its second factor.
type pendingLogin struct {
	UserID  string    `json:"u"`
	Expires time.Time `json:"e"`
}

// PendingLogin returns a sealed proof that the user's password was right, for the page that asks for the second factor.
func (s *Logins) PendingLogin(user User) string {
	pending, err := json.Marshal(pendingLogin{UserID: user.ID, Expires: s.config.now().Add(PendingLoginLife)})
	if err != nil {
		panic(err) // can't fail: it holds only an id and a time
	}
	return s.config.Sealer.Seal(pendingPurpose, pending)
}

// pendingUser returns the user of a pending login. Whatever ends all sessions, such as a new password, also ends
// pending logins. Errors: ErrLoginExpired, ErrAccountDisabled.
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
		return user, user.disabled()
	}
	ended, err := s.config.Store.TokensValidAfter(ctx, user.ID, "")
	if err == nil && !pending.Expires.Add(-PendingLoginLife).After(ended) {
		err = ErrLoginExpired
	}
	return user, err
}

// PendingFactors returns the factors that can finish a pending login. Errors: ErrLoginExpired, ErrAccountDisabled.
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

// ChallengePending returns a challenge for the passkeys of a pending login. Errors: ErrLoginExpired,
// ErrAccountDisabled, ErrFactorMissing.
func (s *Logins) ChallengePending(ctx context.Context, pending string) (Challenge, error) {
	user, err := s.pendingUser(ctx, pending)
	if err != nil {
		return Challenge{}, err
	}
	return s.config.Factors.challengeOf(ctx, user.ID, false)
}

// FinishWithPasskey finishes a pending login with an answer to ChallengePending. Errors: ErrLoginExpired,
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
