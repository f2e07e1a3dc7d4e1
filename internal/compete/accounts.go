package compete

import (
	"context"
	"errors"
)

// AccountsConfig lists the dependencies of NewAccounts.
type AccountsConfig struct {
	Runtime
	Users     UserStore
	Passwords PasswordHasher
	Rules     PasswordRules
	Logins    *Logins
	Site      SiteStore
	Settings  SiteSettings `optional:"everybody may sign up as an organizer"`
	Links     LinkStore
	LinkKeys  LinkKeys
	Wording   AccountWording
	Throttle  *Throttle

	Mailing        bool // requested links can be delivered: by email, or to a developer
	VerifyOnSignUp bool // new accounts get an email to confirm their address
}

// Accounts handles sign-up, changes people make to their accounts, and the links they receive by email.
type Accounts struct{ config AccountsConfig }

// NewAccounts creates the service. It panics if a dependency is missing.
func NewAccounts(c AccountsConfig) *Accounts {
	mustBeComplete(c)
	return &Accounts{c}
}

func (c *AccountsConfig) messages() accountMessages { return accountMessages{c.Runtime, c.Wording} }

// Mailing reports whether requested links can be delivered: by email, or to a developer.
func (s *Accounts) Mailing() bool { return s.config.Mailing }

// VerifiesOnSignUp reports whether new accounts get an email to confirm their address.
func (s *Accounts) VerifiesOnSignUp() bool { return s.config.VerifyOnSignUp }

// SignUp creates an account. If organizers need approval, people who sign up as one become participants with a pending
// request. Errors: Invalid with every bad field, ErrEmailTaken, ErrTooManyRequests, ErrBusy when too many passwords are
// being hashed.
func (s *Accounts) SignUp(ctx context.Context, in SignUp) (User, error) {
	asks, invalid := s.organizerRole(&in, in.validate())
	if err := s.config.Rules.check(invalid, in.Password, in.Name, in.Email); err != nil {
		return User{}, s.refused(ctx, in.Email, err)
	}
	if err := s.config.Throttle.limited(ctx, s.config.Throttle.Limits.SignUps); err != nil {
		return User{}, err
	}
	user, err := s.create(ctx, in, asks)
	if err != nil || !s.config.VerifyOnSignUp {
		return user, err
	}
	// The account exists even if the email fails: the user can request another.
	if err := s.requestLink(ctx, LinkVerify, user.ID, user.Email); err != nil && !errors.Is(err, ErrLinkTooSoon) {
		s.config.Log.WarnContext(ctx, "could not request the email that confirms an address", "user",
			user.ID, "error", err)
	}
	return user, nil
}

// refused adds a taken email to the refusal of a visitor's sign-up. The check counts as a sign-up towards the limit.
func (s *Accounts) refused(ctx context.Context, email string, refusal error) error {
	if wrongEmail(refusal) || s.config.Throttle.limited(ctx, s.config.Throttle.Limits.SignUps) != nil {
		return refusal
	}
	return addEmailTaken(ctx, s.config.Users, email, refusal)
}

func (s *Accounts) create(ctx context.Context, in SignUp, asks bool) (User, error) {
	user, hash, err := newUser(ctx, s.config.Runtime, s.config.Users, s.config.Passwords, in)
	switch {
	case err != nil:
		return User{}, err
	case asks:
		return user, s.config.Site.CreateApplicant(ctx, user, hash, s.config.NewID())
	}
	return user, s.config.Users.CreateUser(ctx, user, hash)
}

// organizerRole decides the role of a sign-up as an organizer: asks reports that an admin has to approve it.
func (s *Accounts) organizerRole(in *SignUp, wrong error) (asks bool, err error) {
	if in.Role != RoleOrganizer {
		return false, wrong
	}
	switch organizerSignUp(s.config.Settings) {
	case OrganizersOff:
		return false, joinRefusals(wrong,
			Invalid(FieldError{
				Field:   "role",
				Message: "must be PARTICIPANT: on this site, people can't sign up as organizers",
			}))
	case OrganizersApproval:
		in.Role = RoleParticipant
		return true, wrong
	case OrganizersOpen:
	}
	return false, wrong
}

// Me returns the actor's account. It fails with ErrUnauthorized if the account doesn't exist (any more).
func (s *Accounts) Me(ctx context.Context, a Actor) (User, error) {
	return actorAccount(ctx, s.config.Users, a)
}

// UpdateProfile changes the actor's profile, such as name or password, in full or not at all. A new password ends all
// other sessions. A wrong current password is Invalid rather than an authorization error, since the actor is logged in.
func (s *Accounts) UpdateProfile(ctx context.Context, a Actor, change ProfileChange) (User, error) {
	user, err := s.Me(ctx, a)
	if err != nil {
		return User{}, err
	}
	invalid := change.validate()
	if change.Password != nil {
		if err := s.config.requireFresh(a, RoleParticipant); err != nil {
			return User{}, err
		}
		invalid = s.config.Rules.check(invalid, *change.Password, user.Name, user.Email)
	}
	if change.Password != nil && change.CurrentPassword != nil && *change.CurrentPassword != "" {
		invalid = joinRefusals(invalid, s.config.Logins.checkPassword(ctx, user, "currentPassword",
			*change.CurrentPassword))
	}
	if invalid != nil {
		return User{}, invalid
	}
	return s.updateProfile(ctx, a, user, change)
}

// updateProfile makes a change that has already been checked.
func (s *Accounts) updateProfile(ctx context.Context, a Actor, user User, change ProfileChange) (User, error) {
	now := s.config.now()
	update := ProfileUpdate{Name: change.Name, Reminders: change.Reminders, TimeZone: change.TimeZone}
	if change.Name != nil {
		user.Name, user.UpdatedAt = *change.Name, now
	}
	if change.Reminders != nil {
		if user.RemindersOffAt = &now; *change.Reminders {
			user.RemindersOffAt = nil
		}
	}
	if change.TimeZone != nil {
		user.Zone, user.UpdatedAt = UserZone{*change.TimeZone, *change.TimeZone != ""}, now
	}
	if change.Password != nil {
		password, err := s.newPassword(ctx, user, *change.Password)
		if err != nil {
			return User{}, err
		}
		password.KeepSessionID, password.LoginsEndedAt, update.Password = a.SessionID, user.LoginsEndedAt, &password
		ended := UTC(now)
		user.LoginsEndedAt = &ended
	}
	return user, s.config.Users.UpdateProfile(ctx, user.ID, update, now)
}

func (s *Accounts) newPassword(ctx context.Context, user User, password string) (p NewPassword, err error) {
	if p.Hash, err = s.config.Passwords.Hash(ctx, password); err != nil {
		return p, err
	}
	p.Notice, err = s.config.messages().security(user, SecurityEvent{What: SecurityPassword})
	return p, err
}

// FollowTimeZone saves the time zone of the actor's browser, used for times in messages. Unknown and unchanged zones
// are ignored.
func (s *Accounts) FollowTimeZone(ctx context.Context, a Actor, zone string) error {
	if _, ok := ZoneNamed(zone); !ok || !a.LoggedIn() || a.Zone.Chosen || a.Zone.Name == zone {
		return nil
	}
	return s.config.Users.FollowTimeZone(ctx, a.UserID, zone)
}

// SetReminders turns the actor's reminders on or off.
func (s *Accounts) SetReminders(ctx context.Context, a Actor, on bool) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	return s.config.Links.SetReminders(ctx, a.UserID, on, s.config.now())
}
