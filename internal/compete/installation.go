package compete

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// InstallationConfig lists the dependencies of NewInstallation.
type InstallationConfig struct {
	Runtime
	Store     SiteStore
	Settings  SiteSettings
	Users     UserStore
	Passwords PasswordHasher
	Rules     PasswordRules
	Throttle  *Throttle
	// SendTest sends a test email with the given id.
	SendTest func(ctx context.Context, id, address string) error `optional:"no mail server is set up"`
}

// Installation handles the site's initial setup and its settings.
type Installation struct{ config InstallationConfig }

// NewInstallation creates the service. It panics if a dependency is missing.
func NewInstallation(c InstallationConfig) *Installation {
	mustBeComplete(c)
	return &Installation{c}
}

// HasMailServer reports whether a mail server is set up.
func (s *Installation) HasMailServer() bool { return s.config.SendTest != nil }

// Setting returns the current value of a site setting; empty if it isn't set.
func (s *Installation) Setting(name string) string { return s.config.Settings.Value(name) }

// IsFixed reports whether the environment sets this site setting.
func (s *Installation) IsFixed(name string) bool { return s.config.Settings.Fixed(name) }

// OrganizerSignUp returns who may currently sign up as an organizer.
func (s *Installation) OrganizerSignUp() OrganizerSignUp { return organizerSignUp(s.config.Settings) }

// SetUp is the input of Installation.SetUp.
type SetUp struct {
	Admin    SignUp // without a Role
	Settings map[string]string
}

// SetupLink creates the token of the link for setting up the first admin; it is empty if there is already an admin who
// can log in. It runs at startup; no route calls it.
func (s *Installation) SetupLink(ctx context.Context) (token string, err error) {
	token = randomToken()
	err = s.config.Store.AddSetupLink(ctx, HashToken(token), s.config.now())
	if errors.Is(err, ErrSetupOver) {
		return "", nil
	}
	return token, err
}

// CheckSetup fails with ErrSetupOver if the token can't be used (any more).
func (s *Installation) CheckSetup(ctx context.Context, token string) error {
	return s.config.Store.CheckSetupLink(ctx, HashToken(token))
}

// SetUp creates the first admin, whose address counts as verified, and saves the site's settings. Errors: ErrSetupOver,
// Invalid with every bad field, ErrEmailTaken, ErrBusy.
func (s *Installation) SetUp(ctx context.Context, token string, in SetUp) (User, error) {
	if err := s.CheckSetup(ctx, token); err != nil {
		return User{}, err
	}
	in.Admin.Role = RoleParticipant // validate accepts this role
	invalid := s.config.Rules.check(in.Admin.validate(), in.Admin.Password, in.Admin.Name, in.Admin.Email)
	settings, wrong := s.newSettings(in.Settings)
	if err := joinRefusals(invalid, wrong); err != nil {
		return User{}, err
	}
	hash, err := s.config.Passwords.Hash(ctx, in.Admin.Password)
	if err != nil {
		return User{}, err
	}
	now := s.config.now()
	user := User{
		ID: s.config.NewID(), Email: in.Admin.Email, Name: in.Admin.Name, Role: RoleAdmin, CreatedAt: now,
		UpdatedAt: now, VerifiedAt: &now,
	}
	if err := s.config.Store.SetUp(ctx, HashToken(token), user, hash, settings); err != nil {
		return User{}, err
	}
	s.refreshSettings(ctx)
	return user, nil
}

// Set changes site settings, for admins. It ignores unknown settings and those fixed by the environment. An empty value
// restores the default. Errors: Invalid with every bad setting.
func (s *Installation) Set(ctx context.Context, a Actor, values map[string]string) error {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return err
	}
	settings, err := s.newSettings(values)
	if err != nil {
		return err
	}
	if err := s.config.Store.SetSiteSettings(ctx, settings, s.config.now()); err != nil {
		return err
	}
	s.refreshSettings(ctx)
	return nil
}

// newSettings returns the values that can be set on a page.
func (s *Installation) newSettings(values map[string]string) (map[string]string, error) {
	settings := map[string]string{}
	var v validation
	for _, name := range s.config.Settings.Editable() {
		value, given := values[name]
		if value = strings.TrimSpace(value); !given || s.config.Settings.Fixed(name) {
			continue
		}
		if wrong := s.config.Settings.Check(name, value); wrong != "" {
			v.add(name, wrong)
		} else if !clean(value) {
			v.add(name, "must be valid text without control characters")
		}
		settings[name] = value
	}
	return settings, v.err()
}

// refreshSettings applies a change in this process at once. The change is already saved, so a failed read only delays
// it.
func (s *Installation) refreshSettings(ctx context.Context) {
	if err := s.config.Settings.Refresh(context.WithoutCancel(ctx)); err != nil {
		s.config.Log.WarnContext(ctx, "could not reload the site's settings after a change; trying again shortly",
			"error", err)
	}
}

// Notes returns the stored site settings and notes, and whether a competition was ever published, for admins.
func (s *Installation) Notes(ctx context.Context, a Actor) (notes map[string]string, published bool, err error) {
	if err := require(a, RoleAdmin); err != nil {
		return nil, false, err
	}
	if notes, err = s.config.Store.SiteSettings(ctx); err != nil {
		return nil, false, err
	}
	published, err = s.config.Store.EverPublished(ctx)
	return notes, published, err
}

// Note saves a note about the site (one of the Note constants), for admins.
func (s *Installation) Note(ctx context.Context, a Actor, note, value string) error {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return err
	}
	return s.config.Store.SetSiteSettings(ctx, map[string]string{note: value}, s.config.now())
}

// TestSetupMail sends a test email to the address. It requires the token of a setup link. Errors: ErrSetupOver, and
// those of TestMail.
func (s *Installation) TestSetupMail(ctx context.Context, token, address string) error {
	if err := s.CheckSetup(ctx, token); err != nil {
		return err
	}
	return s.testMail(ctx, address)
}

// TestMail sends a test email to the actor, an admin. Errors: ErrMailOff, Invalid for a malformed address,
// ErrTooManyRequests, and an error with the code mail_failed that says why the mail server refused it.
func (s *Installation) TestMail(ctx context.Context, a Actor) error {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return err
	}
	user, err := actorAccount(ctx, s.config.Users, a)
	if err != nil {
		return err
	}
	return s.testMail(ctx, user.Email)
}

func (s *Installation) testMail(ctx context.Context, address string) error {
	if s.config.SendTest == nil {
		return ErrMailOff
	}
	address = NormalizeEmail(address)
	var v validation
	if v.email(address); v.err() != nil {
		return v.err()
	}
	if err := s.config.Throttle.limited(ctx, s.config.Throttle.Limits.Links); err != nil {
		return err
	}
	if err := s.config.SendTest(ctx, s.config.NewID(), address); err != nil {
		return &Error{
			Kind: KindConflict, Code: "mail_failed",
			Detail: fmt.Sprintf("The mail server didn't accept the test email: %v", err),
		}
	}
	return s.config.Store.SetSiteSettings(ctx, map[string]string{NoteTestMail: s.config.now().Format(time.RFC3339)},
		s.config.now())
}
