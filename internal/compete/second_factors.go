package compete

import (
	"context"
	"slices"
)

// SecondFactorsConfig lists the dependencies of NewSecondFactors.
type SecondFactorsConfig struct {
	Runtime
	Store    FactorStore
	Users    UserStore
	Sealer   Sealer
	AppCodes AppCodes
	Passkeys PasskeyVerifier `optional:"the site's address takes none"`
	Wording  AccountWording
	Throttle *Throttle
	Roles    []Role // roles that require a second factor
}

// SecondFactors handles authenticator apps, passkeys and recovery codes.
type SecondFactors struct {
	config    SecondFactorsConfig
	protected protectedUsers
}

// NewSecondFactors creates the service. It panics if a dependency is missing.
func NewSecondFactors(c SecondFactorsConfig) *SecondFactors {
	mustBeComplete(c)
	return &SecondFactors{config: c}
}

func (c *SecondFactorsConfig) messages() accountMessages {
	return accountMessages{c.Runtime, c.Wording}
}

// TakesPasskeys reports whether passkeys work at the site's address.
func (s *SecondFactors) TakesPasskeys() bool { return s.config.Passkeys != nil }

// Check fails with ErrFactorSetup if the actor's role requires a second factor and the account has none. Until then,
// the account can do nothing but set one up.
func (s *SecondFactors) Check(ctx context.Context, a Actor) error {
	if !slices.Contains(s.config.Roles, a.Role) || s.protected.has(a.UserID, s.config.now()) {
		return nil
	}
	has, err := s.config.Store.HasFactor(ctx, a.UserID)
	if err != nil {
		return err
	}
	if !has {
		return ErrFactorSetup
	}
	s.protected.add(a.UserID, s.config.now())
	return nil
}

// Mine returns the actor's second factors, and whether the account must have one.
func (s *SecondFactors) Mine(ctx context.Context, a Actor) (f Factors, required bool, err error) {
	if err := require(a, RoleParticipant); err != nil {
		return Factors{}, false, err
	}
	f, err = s.config.Store.Factors(ctx, a.UserID)
	return f, slices.Contains(s.config.Roles, a.Role), err
}

// Of returns an account's second factors, for admins.
func (s *SecondFactors) Of(ctx context.Context, a Actor, userID string) (Factors, error) {
	if err := require(a, RoleAdmin); err != nil {
		return Factors{}, err
	}
	return s.config.Store.Factors(ctx, userID)
}

func (s *SecondFactors) of(ctx context.Context, userID string) (Factors, error) {
	return s.config.Store.Factors(ctx, userID)
}

// freshUser returns the account of an actor whose login is recent enough to change factors.
func (s *SecondFactors) freshUser(ctx context.Context, a Actor) (User, error) {
	if err := s.config.requireFresh(a, RoleParticipant); err != nil {
		return User{}, err
	}
	return actorAccount(ctx, s.config.Users, a)
}

func (s *SecondFactors) newFactor(user User, what SecurityChange) (codes []string, f NewFactor, err error) {
	f.Now = s.config.now()
	codes, f.CodeHashes = newRecoveryCodes()
	f.Notice, err = s.config.messages().security(user, SecurityEvent{What: what})
	return codes, f, err
}

func onlyIf(yes bool, codes []string) []string {
	if !yes {
		return nil
	}
	return codes
}

// removal returns the notice about a removed factor. It fails with ErrFactorNeeded for the last factor of an account
// that must have one.
func (s *SecondFactors) removal(ctx context.Context, a Actor, user User, what SecurityChange) (Message, error) {
	f, err := s.config.Store.Factors(ctx, user.ID)
	if err != nil {
		return Message{}, err
	}
	if f.count() == 1 && slices.Contains(s.config.Roles, a.Role) {
		return Message{}, ErrFactorNeeded
	}
	return s.config.messages().security(user, SecurityEvent{What: what})
}

// NewRecoveryCodes replaces the actor's recovery codes, including unused ones. Errors: ErrReauthenticate,
// ErrFactorMissing if the account has no second factor.
func (s *SecondFactors) NewRecoveryCodes(ctx context.Context, a Actor) ([]string, error) {
	user, err := s.freshUser(ctx, a)
	if err != nil {
		return nil, err
	}
	notice, err := s.config.messages().security(user, SecurityEvent{What: SecurityNewCodes})
	if err != nil {
		return nil, err
	}
	codes, hashes := newRecoveryCodes()
	return codes, s.config.Store.SetRecoveryCodes(ctx, user.ID, hashes, notice)
}

// Reset removes an account's second factors after its owner has lost them, for admins. Errors: ErrReauthenticate,
// ErrUserMissing, ErrFactorMissing if there are none.
func (s *SecondFactors) Reset(ctx context.Context, a Actor, id string) error {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return err
	}
	if !ValidID(id) {
		return ErrUserMissing
	}
	user, err := s.config.Users.User(ctx, id)
	if err != nil {
		return err
	}
	defer s.protected.remove(user.ID)
	return resetFactors(ctx, s.config.Store, s.config.messages(), user)
}

func resetFactors(ctx context.Context, store FactorStore, messages accountMessages, user User) error {
	notice, err := messages.security(user, SecurityEvent{What: SecurityFactorsReset})
	if err != nil {
		return err
	}
	return store.ResetFactors(ctx, user.ID, notice)
}

// demandSecondFactor checks the second factor, if there is one, of a user whose password was right. Errors:
// ErrSecondFactor without a code, and those of checkCode.
func (s *SecondFactors) demandSecondFactor(ctx context.Context, user User, code string) error {
	has, err := s.config.Store.HasFactor(ctx, user.ID)
	if err != nil || !has {
		return err
	}
	if code == "" {
		return ErrSecondFactor
	}
	return s.checkCode(ctx, user, code)
}

// checkCode checks a code from the user's authenticator app or a recovery code. Each works once. Errors: ErrWrongCode,
// ErrTooManyGuesses.
func (s *SecondFactors) checkCode(ctx context.Context, user User, typed string) error {
	right, err := s.config.Throttle.guessCode(ctx, user.ID)
	if err != nil {
		return err
	}
	code := plainCode(typed)
	if isAppCode(code) {
		err = s.useAppCode(ctx, user.ID, code)
	} else {
		err = s.useRecoveryCode(ctx, user, code)
	}
	if err == nil {
		right()
	}
	return err
}

func (s *SecondFactors) useRecoveryCode(ctx context.Context, user User, code string) error {
	notice, err := s.config.messages().security(user, SecurityEvent{What: SecurityRecoveryCode})
	if err != nil {
		return err
	}
	return s.config.Store.UseRecoveryCode(ctx, user.ID, recoveryHash(code), notice, s.config.now())
}
