package compete

import (
	"context"

	"github.com/minicompete/minicompete/internal/normal"
)

// ChallengeNewPasskey returns a challenge for adding a passkey to the actor's account. Errors: ErrReauthenticate,
// ErrPasskeysOff.
func (s *SecondFactors) ChallengeNewPasskey(ctx context.Context, a Actor) (Challenge, error) {
	if s.config.Passkeys == nil {
		return Challenge{}, ErrPasskeysOff
	}
	user, err := s.freshUser(ctx, a)
	if err != nil {
		return Challenge{}, err
	}
	f, err := s.config.Store.Factors(ctx, user.ID)
	if err != nil {
		return Challenge{}, err
	}
	return s.config.Passkeys.Create(user, f.Passkeys, s.config.now())
}

// AddPasskey adds the passkey that answered ChallengeNewPasskey. It returns recovery codes if the account had none.
// Errors: ErrReauthenticate, Invalid about the name, ErrPasskeyRefused, ErrTooManyPasskeys, ErrPasskeysOff.
func (s *SecondFactors) AddPasskey(
	ctx context.Context, a Actor, name, state, answer string,
) (recovery []string, err error) {
	if s.config.Passkeys == nil {
		return nil, ErrPasskeysOff
	}
	user, err := s.freshUser(ctx, a)
	if err != nil {
		return nil, err
	}
	if name, err = passkeyName(name); err != nil {
		return nil, err
	}
	f, err := s.config.Store.Factors(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	p, challenge, err := s.config.Passkeys.Created(user, f.Passkeys, state, answer, s.config.now())
	if err != nil {
		return nil, err
	}
	p.ID, p.UserID, p.Name, p.CreatedAt = s.config.NewID(), user.ID, name, s.config.now()
	codes, added, err := s.newFactor(user, SecurityPasskeyAdded)
	if err != nil {
		return nil, err
	}
	withCodes, err := s.config.Store.AddPasskey(ctx, p, challenge, added)
	return onlyIf(withCodes, codes), err
}

// RenamePasskey renames one of the actor's passkeys. Errors: Invalid, ErrFactorMissing.
func (s *SecondFactors) RenamePasskey(ctx context.Context, a Actor, id, name string) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	name, err := passkeyName(name)
	if err != nil {
		return err
	}
	return s.config.Store.RenamePasskey(ctx, a.UserID, id, name)
}

// RemovePasskey removes one of the actor's passkeys. Errors: ErrReauthenticate, ErrFactorMissing, ErrFactorNeeded.
func (s *SecondFactors) RemovePasskey(ctx context.Context, a Actor, id string) error {
	user, err := s.freshUser(ctx, a)
	if err != nil {
		return err
	}
	notice, err := s.removal(ctx, a, user, SecurityPasskeyRemoved)
	if err != nil {
		return err
	}
	defer s.protected.remove(a.UserID)
	return s.config.Store.RemovePasskey(ctx, a.UserID, id, notice)
}

// passkeyName returns the stored form of a passkey's name. It fails with Invalid.
func passkeyName(typed string) (string, error) {
	name := normal.Line(typed)
	var v validation
	v.length("name", name, 1, MaxPasskeyName)
	return name, v.err()
}

func (s *SecondFactors) challengeOf(ctx context.Context, userID string, alone bool) (Challenge, error) {
	f, err := s.config.Store.Factors(ctx, userID)
	if err != nil {
		return Challenge{}, err
	}
	if s.config.Passkeys == nil || len(f.Passkeys) == 0 {
		return Challenge{}, ErrFactorMissing
	}
	return s.config.Passkeys.Ask(userID, f.Passkeys, alone, s.config.now())
}

// challengeAny returns a challenge for any passkey that can log in without a password. It fails with ErrPasskeysOff.
func (s *SecondFactors) challengeAny() (Challenge, error) {
	if s.config.Passkeys == nil {
		return Challenge{}, ErrPasskeysOff
	}
	return s.config.Passkeys.Ask("", nil, true, s.config.now())
}

// usePasskey checks an answer, once, and returns the ID of the passkey's user.
func (s *SecondFactors) usePasskey(
	ctx context.Context, userID string, alone bool, state, answer string,
) (owner string, err error) {
	if s.config.Passkeys == nil {
		return "", ErrPasskeysOff
	}
	find := func(userID string) ([]Passkey, error) {
		f, err := s.config.Store.Factors(ctx, userID)
		return f.Passkeys, err
	}
	p, challenge, err := s.config.Passkeys.Asked(userID, alone, state, answer, s.config.now(), find)
	if err != nil {
		return "", err
	}
	return p.UserID, s.config.Store.UsePasskey(ctx, p, challenge, s.config.now())
}
