package compete

import (
	"context"
)

// StartedApp is an authenticator app that is being set up.
type StartedApp struct {
	Secret string // base32, for manual entry
	URI    string // for the QR code
}

// StartApp begins to set up an authenticator app, replacing any unfinished setup. Errors: ErrReauthenticate,
// ErrFactorExists.
func (s *SecondFactors) StartApp(ctx context.Context, a Actor) (StartedApp, error) {
	user, err := s.freshUser(ctx, a)
	if err != nil {
		return StartedApp{}, err
	}
	secret := s.config.AppCodes.NewSecret()
	if err := s.config.Store.StartApp(ctx, user.ID, s.config.Sealer.Seal(sealedApp(user.ID), []byte(secret)),
		s.config.now()); err != nil {
		return StartedApp{}, err
	}
	return StartedApp{Secret: secret, URI: s.config.AppCodes.URI(secret, user.Email)}, nil
}

// StartedApp returns the app that the actor is setting up. Errors: ErrReauthenticate, ErrFactorMissing if there is
// none.
func (s *SecondFactors) StartedApp(ctx context.Context, a Actor) (StartedApp, error) {
	user, err := s.freshUser(ctx, a)
	if err != nil {
		return StartedApp{}, err
	}
	sealed, err := s.config.Store.StartedApp(ctx, user.ID)
	if err != nil {
		return StartedApp{}, err
	}
	secret, err := s.openApp(ctx, user.ID, sealed)
	if err != nil {
		return StartedApp{}, ErrFactorMissing
	}
	return StartedApp{Secret: secret, URI: s.config.AppCodes.URI(secret, user.Email)}, nil
}

// ConfirmApp activates the app after a code has shown that it works. It returns recovery codes if the account had none.
// Errors: ErrReauthenticate, ErrFactorMissing, Invalid for a wrong code, ErrTooManyGuesses.
func (s *SecondFactors) ConfirmApp(ctx context.Context, a Actor, code string) (recovery []string, err error) {
	user, err := s.freshUser(ctx, a)
	if err != nil {
		return nil, err
	}
	sealed, err := s.config.Store.StartedApp(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	secret, err := s.openApp(ctx, user.ID, sealed)
	if err != nil {
		return nil, ErrFactorMissing
	}
	right, err := s.config.Throttle.guessCode(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	step, ok := s.config.AppCodes.Step(secret, plainCode(code), s.config.now())
	if !ok {
		return nil, Invalid(FieldError{Field: "code", Message: "must be the code that the app shows now"})
	}
	right()
	codes, added, err := s.newFactor(user, SecurityAppAdded)
	if err != nil {
		return nil, err
	}
	withCodes, err := s.config.Store.ConfirmApp(ctx, user.ID, sealed, step, added)
	return onlyIf(withCodes, codes), err
}

// RemoveApp removes the actor's authenticator app. Errors: ErrReauthenticate, ErrFactorMissing, ErrFactorNeeded.
func (s *SecondFactors) RemoveApp(ctx context.Context, a Actor) error {
	user, err := s.freshUser(ctx, a)
	if err != nil {
		return err
	}
	notice, err := s.removal(ctx, a, user, SecurityAppRemoved)
	if err != nil {
		return err
	}
	defer s.protected.remove(a.UserID)
	return s.config.Store.RemoveApp(ctx, a.UserID, notice)
}

func (s *SecondFactors) useAppCode(ctx context.Context, userID, code string) error {
	f, err := s.config.Store.Factors(ctx, userID)
	if err != nil {
		return err
	}
	if f.App == nil {
		return ErrWrongCode
	}
	secret, err := s.openApp(ctx, userID, f.App.Secret)
	if err != nil {
		return err
	}
	step, ok := s.config.AppCodes.Step(secret, code, s.config.now())
	if !ok {
		return ErrWrongCode
	}
	return s.config.Store.UseStep(ctx, userID, step)
}

func sealedApp(userID string) string { return "authenticator app of " + userID }

// openApp decrypts an app's secret. It fails with ErrWrongCode if the key that sealed the secret is no longer in use:
// the user then needs another factor.
func (s *SecondFactors) openApp(ctx context.Context, userID, sealed string) (string, error) {
	secret, err := s.config.Sealer.Open(sealedApp(userID), sealed)
	if err != nil {
		s.config.Log.ErrorContext(ctx,
			"could not read the secret of an authenticator app: JWT_SECRET was replaced without JWT_SECRET_PREVIOUS",
			"user", userID)
		return "", ErrWrongCode
	}
	return string(secret), nil
}

// SealApps reseals the secrets of all authenticator apps with the current key, so that the previous key can be dropped.
// It runs at startup; no route calls it.
func (s *SecondFactors) SealApps(ctx context.Context) error {
	apps, err := s.config.Store.Apps(ctx)
	if err != nil {
		return err
	}
	for userID, sealed := range apps {
		secret, err := s.openApp(ctx, userID, sealed)
		if err != nil {
			continue // openApp logged it, and the secret can't be recovered
		}
		if err := s.config.Store.SealApp(ctx, userID, sealed,
			s.config.Sealer.Seal(sealedApp(userID), []byte(secret))); err != nil {
			return err
		}
	}
	return nil
}
