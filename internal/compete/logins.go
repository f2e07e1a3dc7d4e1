package compete

import (
	"context"
	"errors"
)

// LoginsConfig lists the dependencies of NewLogins.
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

	// LocalOnly reports whether an account's password is public, so that it can only be used on the server's own
	// machine.
	LocalOnly func(email string) bool `optional:"there are no such accounts"`
}

// Logins handles logging in by password, code or passkey, and reauthentication.
type Logins struct{ config LoginsConfig }

// NewLogins creates the service. It panics if a dependency is missing.
func NewLogins(c LoginsConfig) *Logins {
	mustBeComplete(c)
	return &Logins{c}
}

func (c *LoginsConfig) messages() accountMessages { return accountMessages{c.Runtime, c.Wording} }

// LogIn checks an email and a password. Unknown emails and wrong passwords take the same time and return the same
// ErrBadCredentials; ErrAccountDisabled and ErrDemoAccount are only returned if the password is right.
// ErrTooManyRequests and ErrTooManyGuesses take precedence, as does ErrBusy when too many passwords are being checked.
// If the account has a second factor, code is one from its authenticator app or a recovery code: without it,
// ErrSecondFactor is returned with the user, for PendingLogin; a wrong one gives ErrWrongCode or ErrTooManyGuesses.
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

// checkLogIn checks the credentials. If it fails, it still returns the user, if there is one.
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

// disabled returns the error for logging in to a disabled account.
func (u *User) disabled() error {
	if u.DisabledReason.Text == "" || !u.DisabledReason.Shown {
		return ErrAccountDisabled
	}
	refusal := *ErrAccountDisabled
	refusal.Detail = "This account is disabled. The admins gave this reason: \"" + u.DisabledReason.Text +
		"\". If you think this is a mistake, contact an admin."
	return &refusal
}

// isUsedElsewhere reports whether a local-only account is being used from another machine.
func (s *Logins) isUsedElsewhere(ctx context.Context, user User) bool {
	return s.config.LocalOnly != nil && s.config.LocalOnly(user.Email) && !ClientOf(ctx).Local
}

// upgrade replaces an outdated password hash while the password is known. Failures are left to the next login.
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

// checkPassword checks the user's current password, so that a session left open doesn't give the account away. Wrong
// ones are counted separately from those of visitors, who can't make the user wait. If it's wrong, checkPassword fails
// with Invalid about the field.
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

// RequireFresh fails with ErrReauthenticate if the actor's login is older than FreshLogin, and with the usual errors if
// the role is missing. It is for actions that aren't part of any service.
func (s *Logins) RequireFresh(a Actor, role Role) error { return s.config.requireFresh(a, role) }

// Confirm reauthenticates the actor, as LogIn does; the front end then replaces the actor's session. Errors: Invalid
// for a wrong password or code, ErrSecondFactor if the account needs a code, ErrTooManyGuesses, ErrBusy.
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

// ChallengeConfirm returns a challenge for the actor's passkeys, as an alternative to Confirm. Errors: ErrUnauthorized,
// ErrFactorMissing.
func (s *Logins) ChallengeConfirm(ctx context.Context, a Actor) (Challenge, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Challenge{}, err
	}
	return s.config.Factors.challengeOf(ctx, a.UserID, true)
}

// ConfirmWithPasskey is Confirm with an answer to ChallengeConfirm. Errors: ErrUnauthorized, ErrPasskeyRefused.
func (s *Logins) ConfirmWithPasskey(ctx context.Context, a Actor, state, answer string) (User, error) {
	if err := require(a, RoleParticipant); err != nil {
		return User{}, err
	}
	return s.usePasskey(ctx, a.UserID, true, state, answer)
}

// ChallengeLogin returns a challenge for any passkey that can log in without a password. It fails with ErrPasskeysOff.
func (s *Logins) ChallengeLogin() (Challenge, error) {
	return s.config.Factors.challengeAny()
}

// LogInWithPasskey finishes a login with an answer to ChallengeLogin. Errors: ErrPasskeyRefused, ErrAccountDisabled,
// ErrDemoAccount, ErrTooManyRequests.
func (s *Logins) LogInWithPasskey(ctx context.Context, state, answer string) (User, error) {
	if err := s.config.Throttle.limited(ctx, s.config.Throttle.Limits.LogIns); err != nil {
		return User{}, err
	}
	user, err := s.usePasskey(ctx, "", true, state, answer)
	s.observeLogIn(ctx, user, err)
	if err != nil {
		return User{}, err
	}
	return user, nil
}

// usePasskey checks an answer, once, and returns the passkey's user: also with an error, if the passkey was right.
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
		return user, user.disabled()
	case s.isUsedElsewhere(ctx, user):
		return user, ErrDemoAccount
	}
	return user, nil
}
