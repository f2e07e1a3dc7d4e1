package compete

import (
	"context"
	"errors"
)

// RequestVerification emails the actor a link that verifies the account's address. Errors: ErrAlreadyVerified,
// ErrLinkTooSoon, ErrMailOff.
func (s *Accounts) RequestVerification(ctx context.Context, a Actor) error {
	user, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	if user.VerifiedAt != nil {
		return ErrAlreadyVerified
	}
	return s.requestLink(ctx, LinkVerify, user.ID, user.Email)
}

// RequestPasswordReset emails a password reset link to the address if it belongs to an account. The answer and the work
// done are the same if it doesn't, or if a link was sent too recently. Errors: Invalid for a malformed address,
// ErrMailOff.
func (s *Accounts) RequestPasswordReset(ctx context.Context, email string) error {
	email = NormalizeEmail(email)
	var v validation
	if v.email(email); v.err() != nil {
		return v.err()
	}
	if err := s.config.Throttle.limited(ctx, s.config.Throttle.Limits.Links); err != nil {
		return err
	}
	err := s.requestLink(ctx, LinkReset, "", email)
	if errors.Is(err, ErrLinkTooSoon) {
		return nil
	}
	return err
}

// RequestEmailChange sends a link to a new address of the actor's; using the link replaces the account's address. The
// answer is the same if the address belongs to another account, whose owner is then notified. Errors: Invalid (also for
// a wrong password), ErrLinkTooSoon, ErrMailOff.
func (s *Accounts) RequestEmailChange(ctx context.Context, a Actor, email, currentPassword string) error {
	if err := s.config.requireFresh(a, RoleParticipant); err != nil {
		return err
	}
	user, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	email = NormalizeEmail(email)
	var v validation
	if v.email(email); email == NormalizeEmail(user.Email) {
		v.add("email", "is already your address")
	}
	if currentPassword == "" {
		v.add("currentPassword", "is required to change your email address")
	}
	invalid := v.err()
	if currentPassword != "" {
		invalid = joinRefusals(invalid, s.config.Logins.checkPassword(ctx, user, "currentPassword", currentPassword))
	}
	if invalid != nil {
		return invalid
	}
	return s.requestLink(ctx, LinkChange, user.ID, email)
}

func (s *Accounts) requestLink(ctx context.Context, purpose LinkPurpose, userID, email string) error {
	if !s.config.Mailing {
		return ErrMailOff
	}
	now := s.config.now()
	return s.config.Links.RequestLink(ctx, Link{
		ID: s.config.NewID(), Purpose: purpose, Email: email, UserID: userID, CreatedAt: now,
		ExpiresAt: now.Add(purpose.Life()),
	})
}

// WriteAccountMail runs an AccountMailJob: it finds the account the address belongs to and writes the message with the
// link, at most once. Only workers call it; no route does.
func (s *Accounts) WriteAccountMail(ctx context.Context, job AccountMailJob) error {
	l := Link{ID: job.LinkID, Purpose: job.Purpose, Email: job.Email, UserID: job.UserID}
	owner, hash, err := s.config.Users.UserByEmail(ctx, l.Email)
	if err != nil && !errors.Is(err, ErrUserMissing) {
		return err
	}
	if l.Purpose == LinkChange {
		return s.writeChangeMail(ctx, l, owner)
	}
	if owner.ID == "" || owner.DisabledAt != nil || l.Purpose == LinkVerify && owner.ID != l.UserID {
		return nil
	}
	kind := MessagePasswordReset
	switch {
	case l.Purpose == LinkVerify && hash == noPassword:
		kind = MessageInvited
	case l.Purpose == LinkVerify:
		kind = MessageVerifyEmail
	}
	return s.writeLink(ctx, l, kind, owner)
}

// writeChangeMail writes to an account's new address. If another account already uses that address, its owner gets a
// notice instead.
func (s *Accounts) writeChangeMail(ctx context.Context, l Link, owner User) error {
	if owner.ID != "" && owner.ID != l.UserID {
		m, err := s.config.messages().account(MessageAddressInUse, owner, l.Email)
		if err != nil {
			return err
		}
		l.TokenHash = HashToken(randomToken()) // a token that nobody knows
		return s.config.Links.WriteLink(ctx, l, m)
	}
	user, err := s.config.Users.User(ctx, l.UserID)
	if errors.Is(err, ErrUserMissing) || err == nil && user.DisabledAt != nil {
		return nil
	}
	if err != nil {
		return err
	}
	return s.writeLink(ctx, l, MessageChangeEmail, user)
}

func (s *Accounts) writeLink(ctx context.Context, l Link, kind MessageKind, user User) error {
	m, err := s.config.messages().account(kind, user, l.Email)
	if err != nil {
		return err
	}
	l.UserID, m.LinkID = user.ID, l.ID
	l.TokenHash = HashToken(s.config.LinkKeys.Token(l.ID))
	return s.config.Links.WriteLink(ctx, l, m)
}

// Unsubscribe turns off reminders for the user that the token from an email belongs to. Repeating it changes nothing.
// Errors: ErrLinkVoid.
func (s *Accounts) Unsubscribe(ctx context.Context, token string) error {
	userID, ok := s.config.LinkKeys.Unsubscriber(token)
	if !ok {
		return ErrLinkVoid
	}
	err := s.config.Links.SetReminders(ctx, userID, false, s.config.now())
	if errors.Is(err, ErrUserMissing) {
		return ErrLinkVoid
	}
	return err
}

// CheckUnsubscribe fails with ErrLinkVoid for a token that Unsubscribe would refuse.
func (s *Accounts) CheckUnsubscribe(token string) error {
	if _, ok := s.config.LinkKeys.Unsubscriber(token); !ok {
		return ErrLinkVoid
	}
	return nil
}
