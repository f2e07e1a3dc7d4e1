package compete

import (
	"context"
	"errors"
)

// LoginsConfig names what NewLogins needs.
type LoginsConfig struct {
	Runtime
	Store     LoginStore
	Users     UserStore
	Passwords PasswordHasher
	Factors   *SecondFactors
	Sealer    Sealer
	Audit     AuditStore
	Wording   AccountWording
	Throttle  *Throttle

	// LocalOnly reports whether an account's password is known to everybody, so that its owner can log in only on the
	// machine that the program runs on.
	LocalOnly func(email string) bool `optional:"there are no such accounts"`
}

// Logins is how people log in, by password, code and passkey, and show once more who they are.
type Logins struct{ config LoginsConfig }

// NewLogins panics when something is missing.
func NewLogins(c LoginsConfig) *Logins {
	mustBeComplete(c)
	return &Logins{c}
}

func (c *LoginsConfig) messages() accountMessages { return accountMessages{c.Runtime, c.Wording} }

// LogIn checks an email and a password. Unknown emails and wrong passwords take the same time and give the same
// ErrBadCredentials; ErrAccountDisabled and ErrDemoAccount are told only to who knows the password.
// ErrTooManyRequests and ErrTooManyGuesses come before any of that, ErrBusy when too many passwords are being
// checked. Where the account has a second factor, code is one of its authenticator app, or a recovery code:
// ErrSecondFactor without one comes with the user, for PendingLogin; ErrWrongCode and ErrTooManyGuesses for a wrong
// one.
func (s *Logins) LogIn(ctx context.Context, email, password, code string) (User, error) {
	user, err := s.checkLogIn(ctx, email, password)
	if err == nil {
		err = s.config.Factors.demandSecondFactor(ctx, user, code)
	}
	s.observeLogIn(ctx, user, err)
	if err != nil && !errors.Is(err, ErrSecondFactor) {
		return User{}, err
	}
	return user, err
}

// checkLogIn returns the user, if there is one, with an error too.
func (s *Logins) checkLogIn(ctx context.Context, email, password string) (User, error) {
	if err := s.config.Throttle.limited(ctx, s.config.Throttle.Limits.LogIns); err != nil {
		return User{}, err
	}
	user, hash, err := s.config.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil && !errors.Is(err, ErrUserMissing) {
		return User{}, err
	}
	right, err := s.guess(ctx, email, user)
	if err != nil {
		return user, err
	}
	if err := s.config.Passwords.Check(ctx, hash, password); err != nil {
		if errors.Is(err, ErrBadCredentials) {
			s.wrongPassword(ctx, user)
		}
		return user, err
	}
	right()
	if user.DisabledAt != nil {
		return user, user.disabled()
	}
	if s.isUsedElsewhere(ctx, user) {
		return user, ErrDemoAccount
	}
	s.upgrade(ctx, user, hash, password)
	return user, nil
}

// disabled is what somebody is told who logs in to a disabled account.
func (u *User) disabled() error {
	if u.DisabledReason.Text == "" || !u.DisabledReason.Shown {
		return ErrAccountDisabled
	}
	refusal := *ErrAccountDisabled
	refusal.Detail = "This account is disabled. The admins gave this reason: \"" + u.DisabledReason.Text +
		"\". If you think this is a mistake, contact an admin."
	return &refusal
}

// isUsedElsewhere reports whether an account that logs in on this machine alone is used on another.
func (s *Logins) isUsedElsewhere(ctx context.Context, user User) bool {
	return s.config.LocalOnly != nil && s.config.LocalOnly(user.Email) && !ClientOf(ctx).Local
}

// upgrade replaces a hash of an older version, now that the password is there. What goes wrong can wait for the next
// login.
func (s *Logins) upgrade(ctx context.Context, user User, hash, password string) {
	if !s.config.Passwords.Outdated(hash) || len(password) > MaxPasswordLength {
		return
	}
	after, err := s.config.Passwords.Hash(ctx, password)
	if err == nil {
		err = s.config.Users.UpgradeHash(ctx, user.ID, hash, after)
	}
	if err != nil {
		s.config.Log.WarnContext(ctx, "could not replace an old password hash", "user", user.ID, "error", err)
	}
}

// checkPassword holds the user to the current password, so that a login left open doesn't give the account away.
// Wrong ones are counted apart from those of visitors, who can't make the user wait. It fails with Invalid about the
// field when it's wrong.
func (s *Logins) checkPassword(ctx context.Context, user User, field, current string) error {
	right, err := s.guessLoggedIn(ctx, user)
	if err != nil {
		return err
	}
	hash, err := s.config.Users.PasswordHash(ctx, user.ID)
	if err != nil {
		return err
	}
	err = s.config.Passwords.Check(ctx, hash, current)
	if errors.Is(err, ErrBadCredentials) {
		s.recordFailure(ctx, user, FailureWrongPassword)
		s.wrongPassword(ctx, user)
		return Invalid(FieldError{Field: field, Message: "is incorrect"})
	}
	if err == nil {
		right()
	}
	return err
}

// RequireFresh fails with ErrReauthenticate when the actor's login is older than FreshLogin, and as every method does
// for who hasn't the role. It is for what none of the services does.
func (s *Logins) RequireFresh(a Actor, role Role) error { return s.config.requireFresh(a, role) }

// Confirm checks the actor's login once more, as LogIn does: the front door makes a session in place of the actor's
// then. Errors: Invalid for a wrong password or code, ErrSecondFactor without the code that the account takes,
// ErrTooManyGuesses, ErrBusy.
func (s *Logins) Confirm(ctx context.Context, a Actor, password, code string) (User, error) {
	user, err := actorAccount(ctx, s.config.Users, a)
	if err != nil {
		return User{}, err
	}
	if err := s.checkPassword(ctx, user, "password", password); err != nil {
		return User{}, err
	}
	err = s.config.Factors.demandSecondFactor(ctx, user, code)
	if errors.Is(err, ErrWrongCode) {
		s.recordFailure(ctx, user, FailureWrongCode)
		return User{}, Invalid(FieldError{Field: "code", Message: "is wrong or was already used"})
	}
	return user, err
}

// ChallengeConfirm challenges the actor's passkeys, in the place of Confirm. Errors: ErrUnauthorized, ErrFactorMissing.
func (s *Logins) ChallengeConfirm(ctx context.Context, a Actor) (Challenge, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Challenge{}, err
	}
	return s.config.Factors.challengeOf(ctx, a.UserID, true)
}

// ConfirmWithPasskey is Confirm by what answered ChallengeConfirm. Errors: ErrUnauthorized, ErrPasskeyRefused.
func (s *Logins) ConfirmWithPasskey(ctx context.Context, a Actor, state, answer string) (User, error) {
	if err := require(a, RoleParticipant); err != nil {
		return User{}, err
	}
	return s.usePasskey(ctx, a.UserID, true, state, answer)
}

// ChallengeLogin challenges any passkey that can log in without a password. It fails with ErrPasskeysOff.
func (s *Logins) ChallengeLogin() (Challenge, error) {
	return s.config.Factors.challengeAny()
}

// LogInWithPasskey finishes what ChallengeLogin began. Errors: ErrPasskeyRefused, ErrAccountDisabled, ErrDemoAccount,
// ErrTooManyRequests.
func (s *Logins) LogInWithPasskey(ctx context.Context, state, answer string) (User, error) {
	if err := s.config.Throttle.limited(ctx, s.config.Throttle.Limits.LogIns); err != nil {
		return User{}, err
	}
	user, err := s.usePasskey(ctx, "", true, state, answer)
	s.observeLogIn(ctx, user, err)
	return user, err
}

// usePasskey checks an answer, once, and returns whose passkey gave it.
func (s *Logins) usePasskey(ctx context.Context, userID string, alone bool, state, answer string) (User, error) {
	owner, err := s.config.Factors.usePasskey(ctx, userID, alone, state, answer)
	if err != nil {
		return User{}, err
	}
	user, err := s.config.Users.User(ctx, owner)
	switch {
	case errors.Is(err, ErrUserMissing):
		return User{}, ErrPasskeyRefused
	case err != nil:
		return User{}, err
	case user.DisabledAt != nil:
		return User{}, ErrAccountDisabled
	case s.isUsedElsewhere(ctx, user):
		return User{}, ErrDemoAccount
	}
	return user, nil
}
