package compete

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Accounts

// SignUp makes an account. Where organizers need approval, who signs up as one becomes a participant with a request. Errors: Invalid
// with every bad field, ErrEmailTaken, ErrTooManyRequests, ErrBusy when too many passwords are being hashed.
func (s *Service) SignUp(ctx context.Context, in SignUp) (User, error) {
	asks, invalid := s.organizerRole(&in, in.validate())
	if err := s.withGuessable(invalid, in.Password, in.Name, in.Email); err != nil {
		return User{}, s.takenToo(ctx, in.Email, err)
	}
	if err := s.limited(ctx, s.Limits.SignUps); err != nil {
		return User{}, err
	}
	user, err := s.createUser(ctx, in, nil, asks)
	if err != nil || !s.VerifyOnSignUp {
		return user, err
	}
	// The account is there, whatever becomes of the mail: another can be asked for.
	if err := s.requestLink(ctx, LinkVerify, user.ID, user.Email); err != nil && !errors.Is(err, ErrLinkTooSoon) {
		s.Log.WarnContext(ctx, "could not request the email that confirms an address", "user", user.ID, "error", err)
	}
	return user, nil
}

// takenToo adds to what is wrong with a sign-up that its email is taken, so that one answer names everything.
func (s *Service) takenToo(ctx context.Context, email string, refusal error) error {
	fields := AsError(refusal).Fields
	if slices.ContainsFunc(fields, func(f FieldError) bool { return f.Field == "email" }) {
		return refusal
	}
	if s.limited(ctx, s.Limits.SignUps) != nil { // so that asking costs what signing up does
		return refusal
	}
	if _, _, err := s.Users.UserByEmail(ctx, email); err != nil {
		return refusal // it is free; or that can't be told now, and will be when the rest is right
	}
	return Invalid(append(fields, FieldError{Field: "email", Message: "already belongs to an account"})...)
}

// CreateUser makes an account of any role, admins too, whose address counts as verified. It belongs to the command line: no route reaches it.
func (s *Service) CreateUser(ctx context.Context, in SignUp) (User, error) {
	role := in.Role
	in.Role = RoleParticipant // what validate admits; the role itself is checked here
	refusal := both(in.validate(), UserChange{Role: &role}.Check())
	if err := s.withGuessable(refusal, in.Password, in.Name, in.Email); err != nil {
		return User{}, s.takenToo(ctx, in.Email, err)
	}
	in.Role = role
	now := s.now()
	return s.createUser(ctx, in, &now, false)
}

func (s *Service) createUser(ctx context.Context, in SignUp, verifiedAt *time.Time, asks bool) (User, error) {
	// A taken email is found before the hash is computed, which is by far the dearer part; the unique index decides races.
	if _, _, err := s.Users.UserByEmail(ctx, in.Email); err == nil {
		return User{}, ErrEmailTaken
	} else if !errors.Is(err, ErrUserMissing) {
		return User{}, err
	}
	hash, err := s.Passwords.Hash(ctx, in.Password)
	if err != nil {
		return User{}, err
	}
	now := s.now()
	user := User{ID: s.NewID(), Email: in.Email, Name: in.Name, Role: in.Role, CreatedAt: now, UpdatedAt: now, VerifiedAt: verifiedAt}
	if asks {
		return user, s.Site.CreateApplicant(ctx, user, hash, s.NewID())
	}
	return user, s.Users.CreateUser(ctx, user, hash)
}

// LogIn checks an email and a password. Unknown emails and wrong passwords take the same time and give the same ErrBadCredentials;
// ErrAccountDisabled and ErrDemoAccount are told only to who knows the password. ErrTooManyRequests and ErrTooManyGuesses come before any of that,
// ErrBusy when too many passwords are being checked.
func (s *Service) LogIn(ctx context.Context, email, password string) (User, error) {
	if err := s.limited(ctx, s.Limits.LogIns); err != nil {
		return User{}, err
	}
	right, err := s.guess(ctx, email)
	if err != nil {
		return User{}, err
	}
	user, hash, err := s.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil && !errors.Is(err, ErrUserMissing) {
		return User{}, err
	}
	if err := s.Passwords.Check(ctx, hash, password); err != nil {
		return User{}, err
	}
	right()
	if user.DisabledAt != nil {
		return User{}, ErrAccountDisabled
	}
	if s.LocalOnly != nil && s.LocalOnly(user.Email) && !ClientOf(ctx).Local {
		return User{}, ErrDemoAccount
	}
	s.upgrade(ctx, user, hash, password)
	return user, nil
}

// upgrade replaces a hash of an older version, now that the password is there. What goes wrong can wait for the next login.
func (s *Service) upgrade(ctx context.Context, user User, hash, password string) {
	if !s.Passwords.Outdated(hash) || len(password) > MaxPasswordLength {
		return
	}
	after, err := s.Passwords.Hash(ctx, password)
	if err == nil {
		err = s.Users.UpgradeHash(ctx, user.ID, hash, after)
	}
	if err != nil && s.Log != nil {
		s.Log.WarnContext(ctx, "could not replace an old password hash", "user", user.ID, "error", err)
	}
}

// Me is the actor's account. It fails with ErrUnauthorized when there is none (any more).
func (s *Service) Me(ctx context.Context, a Actor) (User, error) {
	if err := require(a, RoleParticipant); err != nil {
		return User{}, err
	}
	user, err := s.Users.User(ctx, a.UserID)
	if errors.Is(err, ErrUserMissing) {
		return User{}, ErrUnauthorized
	}
	return user, err
}

// UpdateProfile changes the actor's name or password; a new password ends all other sessions.
// A wrong current password is Invalid: the actor is logged in, so it is no matter of authorization.
func (s *Service) UpdateProfile(ctx context.Context, a Actor, change ProfileChange) (User, error) {
	user, err := s.Me(ctx, a)
	if err != nil {
		return User{}, err
	}
	invalid := change.validate()
	if change.Password != nil {
		invalid = s.withGuessable(invalid, *change.Password, user.Name, user.Email)
	}
	if change.Password != nil && change.CurrentPassword != nil && *change.CurrentPassword != "" {
		invalid = both(invalid, s.checkPassword(ctx, user, *change.CurrentPassword))
	}
	if invalid != nil {
		return User{}, invalid
	}
	now := s.now()
	var hash string
	if change.Password != nil {
		if hash, err = s.Passwords.Hash(ctx, *change.Password); err != nil {
			return User{}, err
		}
	}
	if change.Name != nil {
		// The name alone: the role, and whether the account is disabled, may have changed since user was read.
		user.Name, user.UpdatedAt = *change.Name, now
		if err := s.Users.SetName(ctx, user.ID, user.Name, now); err != nil {
			return User{}, err
		}
	}
	if change.Reminders != nil {
		if user.RemindersOffAt = &now; *change.Reminders {
			user.RemindersOffAt = nil
		}
		if err := s.SetReminders(ctx, a, *change.Reminders); err != nil {
			return User{}, err
		}
	}
	if hash != "" {
		notice, err := s.securityMessage(user, SecurityEvent{What: SecurityPassword})
		if err != nil {
			return User{}, err
		}
		return user, s.Users.SetPassword(ctx, user.ID, hash, a.SessionID, notice, now)
	}
	return user, nil
}

// checkPassword holds the user to the current password, so that a login left open doesn't give the account away.
func (s *Service) checkPassword(ctx context.Context, user User, current string) error {
	right, err := s.guess(ctx, user.Email)
	if err != nil {
		return err
	}
	hash, err := s.Users.PasswordHash(ctx, user.ID)
	if err != nil {
		return err
	}
	err = s.Passwords.Check(ctx, hash, current)
	if errors.Is(err, ErrBadCredentials) {
		return Invalid(FieldError{Field: "currentPassword", Message: "is incorrect"})
	}
	if err == nil {
		right()
	}
	return err
}

// ListUsers lists accounts by name or email, for admins.
func (s *Service) ListUsers(ctx context.Context, a Actor, search, cursor string, limit int) (Page[User], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[User]{}, err
	}
	var v validation
	v.length("search", search, 0, MaxSearchLength)
	at, limit, err := listing(v, "users", cursor, limit)
	if err != nil {
		return Page[User]{}, err
	}
	return s.Users.Users(ctx, search, at, limit)
}

// User reads one account, for admins.
func (s *Service) User(ctx context.Context, a Actor, id string) (User, error) {
	if err := require(a, RoleAdmin); err != nil {
		return User{}, err
	}
	if !ValidID(id) {
		return User{}, ErrUserMissing
	}
	return s.Users.User(ctx, id)
}

// UpdateUser changes an account's role, or disables it, for admins. An admin cannot do this to the own account: the last one would be locked out.
func (s *Service) UpdateUser(ctx context.Context, a Actor, id string, change UserChange) (User, error) {
	if err := require(a, RoleAdmin); err != nil {
		return User{}, err
	}
	if !ValidID(id) {
		return User{}, ErrUserMissing
	}
	if id == a.UserID {
		return User{}, ErrOwnAccount
	}
	if err := change.Check(); err != nil {
		return User{}, err
	}
	user, err := s.Users.User(ctx, id)
	if err != nil {
		return User{}, err
	}
	return s.changeUser(ctx, user, change)
}

func (s *Service) changeUser(ctx context.Context, user User, change UserChange) (User, error) {
	now := s.now()
	if change.Role != nil {
		user.Role = *change.Role
	}
	if change.Disabled != nil {
		switch {
		case !*change.Disabled:
			user.DisabledAt = nil
		case user.DisabledAt == nil:
			user.DisabledAt = &now
		}
	}
	user.UpdatedAt = now
	return user, s.Users.UpdateUser(ctx, user)
}

// PromoteUser gives an account, found by email, a role. It belongs to the command line: no route reaches it.
func (s *Service) PromoteUser(ctx context.Context, email string, role Role) (User, error) {
	if !role.Valid() {
		return User{}, Invalid(FieldError{Field: "role", Message: "must be PARTICIPANT, ORGANIZER or ADMIN"})
	}
	user, _, err := s.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil {
		return User{}, err
	}
	return s.changeUser(ctx, user, UserChange{Role: &role})
}

// DisableUser disables an account, found by email. It belongs to the command line: no route reaches it.
func (s *Service) DisableUser(ctx context.Context, email string) (User, error) {
	user, _, err := s.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil {
		return User{}, err
	}
	disabled := true
	return s.changeUser(ctx, user, UserChange{Disabled: &disabled})
}
