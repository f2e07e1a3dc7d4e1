package compete

import (
	"context"
)

// Link tells what a link can be used for now. It fails with ErrLinkVoid.
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
	user.VerifiedAt = &now // by this link: the notice may be mailed
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

// ConfirmEmail uses a link that shows that an address is its user's: that of the account, or the one it is to have.
// Whoever signs up with another's address chooses a password before the mail is read, so the link alone makes
// nobody's account theirs: it takes the login of that account, or from a visitor a new password, which ends all
// logins. Errors: ErrLinkVoid, ErrOtherAccount for another's login, Invalid about the password, ErrEmailTaken,
// ErrBusy.
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

// confirm uses the link, and sets a password where there is a hash of one.
func (s *Accounts) confirm(ctx context.Context, l Link, user User, hash string) (User, error) {
	if l.Purpose == LinkVerify && hash == "" {
		return s.config.Links.UseVerifyLink(ctx, l, s.config.now())
	}
	event := SecurityEvent{What: SecurityPassword}
	now := s.config.now()
	if l.Purpose == LinkChange {
		event = SecurityEvent{What: SecurityEmail, Address: l.Email} // who had the address hears of it there
	} else {
		user.VerifiedAt = &now // by this link: the notice may be mailed
	}
	notice, err := s.config.messages().security(user, event)
	if err != nil {
		return User{}, err
	}
	if l.Purpose == LinkChange {
		return s.config.Links.UseChangeLink(ctx, l, hash, notice, now)
	}
	return s.config.Links.UseResetLink(ctx, l, hash, notice, now)
}

// hashNew makes the hash of a new password of the user's. Errors: Invalid about the field password, ErrBusy.
func (s *Accounts) hashNew(ctx context.Context, user User, password string) (string, error) {
	var v validation
	v.password(password)
	if err := s.config.Rules.check(v.err(), password, user.Name, user.Email); err != nil {
		return "", err
	}
	return s.config.Passwords.Hash(ctx, password)
}
