package compete

import (
	"context"
)

// Link returns the link that belongs to a token. It fails with ErrLinkVoid if the link can't be used.
func (s *Accounts) Link(ctx context.Context, token string) (Link, error) {
	return s.config.Links.Link(ctx, HashToken(token), s.config.now())
}

// ResetPassword uses a link to set a new password, and ends all logins of its user. Errors: Invalid, ErrLinkVoid,
// ErrBusy.
func (s *Accounts) ResetPassword(ctx context.Context, token, password string) (User, error) {
	var v validation
	v.password(password)
	if err := s.config.Rules.check(v.err(), password, "", ""); err != nil {
		return User{}, err
	}
	l, err := s.Link(ctx, token)
	if err != nil {
		return User{}, err
	}
	if l.Purpose != LinkReset {
		return User{}, ErrLinkVoid
	}
	user, err := s.config.Users.User(ctx, l.UserID)
	if err != nil {
		return User{}, err
	}
	hash, err := s.hashNew(ctx, user, password)
	if err != nil {
		return User{}, err
	}
	now := s.config.now()
	user.VerifiedAt = &now // using the link verifies the address, so the notice may be emailed
	notice, err := s.config.messages().security(user, SecurityEvent{What: SecurityPassword})
	if err != nil {
		return User{}, err
	}
	user, err = s.config.Links.UseResetLink(ctx, l, hash, notice, now)
	if err == nil {
		s.config.Logins.ownerVerified(ctx, user)
	}
	return user, err
}

// ConfirmEmail uses a link to prove that an email address belongs to its user: either the account's address or its
// future one. People can sign up with an address that isn't theirs and choose a password before the owner reads the
// email, so the link is not enough to take over an account: it also requires a login to that account or, from a
// visitor, a new password, which ends all sessions. For a future address, which may have been mistyped so that somebody
// else reads the email, only the login will do. Errors: ErrLinkVoid, ErrOtherAccount if logged in to another account,
// ErrUnauthorized, Invalid about the password, ErrEmailTaken, ErrBusy.
func (s *Accounts) ConfirmEmail(ctx context.Context, a Actor, token, password string) (User, error) {
	l, err := s.Link(ctx, token)
	if err != nil {
		return User{}, err
	}
	if l.Purpose == LinkReset {
		return User{}, ErrLinkVoid
	}
	user, err := s.config.Users.User(ctx, l.UserID)
	if err != nil {
		return User{}, err
	}
	var hash string
	switch {
	case a.LoggedIn() && a.UserID != user.ID:
		return User{}, ErrOtherAccount
	case a.LoggedIn() && password != "":
		return User{}, Invalid(FieldError{Field: "password", Message: "must be left out when you're logged in"})
	case !a.LoggedIn() && l.Purpose == LinkChange:
		return User{}, ErrUnauthorized
	case !a.LoggedIn() && password == "":
		return User{}, Invalid(FieldError{
			Field:   "password",
			Message: "is required unless you're logged in to the account",
		})
	case !a.LoggedIn():
		if hash, err = s.hashNew(ctx, user, password); err != nil {
			return User{}, err
		}
	}
	user, err = s.confirm(ctx, l, user, hash)
	if err == nil && hash != "" {
		s.config.Logins.ownerVerified(ctx, user)
	}
	return user, err
}

// confirm uses the link and, if given a password hash, sets the password.
func (s *Accounts) confirm(ctx context.Context, l Link, user User, hash string) (User, error) {
	now := s.config.now()
	event := SecurityEvent{What: SecurityPassword}
	switch {
	case l.Purpose == LinkChange:
		event = SecurityEvent{What: SecurityEmail, Address: l.Email} // the notice goes to the previous address
	case hash == "":
		return s.config.Links.UseVerifyLink(ctx, l, now)
	default:
		user.VerifiedAt = &now // using the link verifies the address, so the notice may be emailed
	}
	notice, err := s.config.messages().security(user, event)
	if err != nil {
		return User{}, err
	}
	if l.Purpose == LinkChange {
		return s.config.Links.UseChangeLink(ctx, l, notice, now)
	}
	return s.config.Links.UseResetLink(ctx, l, hash, notice, now)
}

// hashNew hashes a user's new password. Errors: Invalid about the field password, ErrBusy.
func (s *Accounts) hashNew(ctx context.Context, user User, password string) (string, error) {
	var v validation
	v.password(password)
	if err := s.config.Rules.check(v.err(), password, user.Name, user.Email); err != nil {
		return "", err
	}
	return s.config.Passwords.Hash(ctx, password)
}
