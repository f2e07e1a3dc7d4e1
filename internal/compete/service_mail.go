package compete

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// AccountWording words the messages about accounts.
type AccountWording interface {
	// Account words a message of the given kind: for User, about Address.
	Account(kind MessageKind, user User, address string) (Wording, error)
	// Security words a message of kind MessageSecurity.
	Security(user User, event SecurityEvent) (Wording, error)
}

// RequestVerification sends the actor a link that shows that the account's address is theirs.
// Errors: ErrAlreadyVerified, ErrLinkTooSoon, ErrMailOff.
func (s *Service) RequestVerification(ctx context.Context, a Actor) error {
	user, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	if user.VerifiedAt != nil {
		return ErrAlreadyVerified
	}
	return s.requestLink(ctx, LinkVerify, user.ID, user.Email)
}

// RequestPasswordReset sends a link that sets a new password to the address, if it is that of an account. It answers the same,
// after the same work, if it isn't, and if a link was sent just now. Errors: Invalid for what is no address, ErrMailOff.
func (s *Service) RequestPasswordReset(ctx context.Context, email string) error {
	email = NormalizeEmail(email)
	var v validation
	if v.email(email); v.err() != nil {
		return v.err()
	}
	if err := s.limited(ctx, s.Limits.Links); err != nil {
		return err
	}
	err := s.requestLink(ctx, LinkReset, "", email)
	if errors.Is(err, ErrLinkTooSoon) {
		return nil
	}
	return err
}

// RequestEmailChange sends a link to another address of the actor's, which replaces the account's when it is used. It answers the
// same if the address is another account's, whose owner is told then. Errors: Invalid (also for a wrong password), ErrLinkTooSoon, ErrMailOff.
func (s *Service) RequestEmailChange(ctx context.Context, a Actor, email, currentPassword string) error {
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
		invalid = both(invalid, s.checkPassword(ctx, user, currentPassword))
	}
	if invalid != nil {
		return invalid
	}
	return s.requestLink(ctx, LinkChange, user.ID, email)
}

func (s *Service) requestLink(ctx context.Context, purpose LinkPurpose, userID, email string) error {
	if !s.Mailing {
		return ErrMailOff
	}
	now := s.now()
	return s.Links.RequestLink(ctx, Link{
		ID: s.NewID(), Purpose: purpose, Email: email, UserID: userID, CreatedAt: now, ExpiresAt: now.Add(purpose.Life()),
	})
}

// WriteAccountMail does an AccountMailJob: it finds out whose the address is, and writes the message with the link, once, or none.
// It belongs to the workers: no route reaches it.
func (s *Service) WriteAccountMail(ctx context.Context, job AccountMailJob) error {
	l := Link{ID: job.LinkID, Purpose: job.Purpose, Email: job.Email, UserID: job.UserID}
	owner, _, err := s.Users.UserByEmail(ctx, l.Email)
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
	if l.Purpose == LinkVerify {
		kind = MessageVerifyEmail
	}
	return s.writeLink(ctx, l, kind, owner)
}

// writeChangeMail writes to the address that an account is to have, unless another has it already: its owner hears of that instead.
func (s *Service) writeChangeMail(ctx context.Context, l Link, owner User) error {
	if owner.ID != "" && owner.ID != l.UserID {
		m, err := s.accountMessage(MessageAddressInUse, owner, l.Email)
		if err != nil {
			return err
		}
		l.TokenHash = HashToken(randomToken()) // known to nobody
		return s.Links.WriteLink(ctx, l, m)
	}
	user, err := s.Users.User(ctx, l.UserID)
	if errors.Is(err, ErrUserMissing) || err == nil && user.DisabledAt != nil {
		return nil
	}
	if err != nil {
		return err
	}
	return s.writeLink(ctx, l, MessageChangeEmail, user)
}

func (s *Service) writeLink(ctx context.Context, l Link, kind MessageKind, user User) error {
	m, err := s.accountMessage(kind, user, l.Email)
	if err != nil {
		return err
	}
	l.UserID, m.LinkID = user.ID, l.ID
	l.TokenHash = HashToken(s.LinkKeys.Token(l.ID))
	return s.Links.WriteLink(ctx, l, m)
}

// accountMessage is a message to the address. Only one with a link goes to an address that nobody has confirmed.
func (s *Service) accountMessage(kind MessageKind, user User, address string) (Message, error) {
	w, err := s.Wording.Account(kind, user, address)
	return s.worded(kind, user, address, w, err)
}

// securityMessage is a message of kind MessageSecurity to the address that the user has, or had until now.
func (s *Service) securityMessage(user User, event SecurityEvent) (Message, error) {
	w, err := s.Wording.Security(user, event)
	return s.worded(MessageSecurity, user, user.Email, w, err)
}

func (s *Service) worded(kind MessageKind, user User, to string, w Wording, err error) (Message, error) {
	if err != nil {
		return Message{}, fmt.Errorf("word a message %s: %w", kind, err)
	}
	return Message{
		ID: s.NewID(), UserID: user.ID, Kind: kind, To: to, Subject: w.Subject, Body: w.Body, Details: w.Details, SentAt: s.now(),
		Kept: user.VerifiedAt == nil,
	}, nil
}

// Link tells what a link can be used for now. It fails with ErrLinkVoid.
func (s *Service) Link(ctx context.Context, token string) (Link, error) {
	return s.Links.Link(ctx, HashToken(token), s.now())
}

// ResetPassword uses a link to set a new password, and ends all logins of its user. Errors: Invalid, ErrLinkVoid, ErrBusy.
func (s *Service) ResetPassword(ctx context.Context, token, password string) (User, error) {
	var v validation
	v.password(password)
	if err := s.withGuessable(v.err(), password, "", ""); err != nil {
		return User{}, err
	}
	l, err := s.Link(ctx, token)
	if err != nil {
		return User{}, err
	}
	if l.Purpose != LinkReset {
		return User{}, ErrLinkVoid
	}
	user, err := s.Users.User(ctx, l.UserID)
	if err != nil {
		return User{}, err
	}
	hash, err := s.hashNew(ctx, user, password)
	if err != nil {
		return User{}, err
	}
	now := s.now()
	user.VerifiedAt = &now // by this link: the notice may be mailed
	notice, err := s.securityMessage(user, SecurityEvent{What: SecurityPassword})
	if err != nil {
		return User{}, err
	}
	return s.Links.UseResetLink(ctx, l, hash, notice, now)
}

// PasswordResetToken makes the token of a link that sets a new password for an account, found by email. It belongs to the command
// line, for installations that send no mail: no route reaches it. Errors: ErrUserMissing, ErrAccountDisabled.
func (s *Service) PasswordResetToken(ctx context.Context, email string) (string, error) {
	user, _, err := s.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil {
		return "", err
	}
	if user.DisabledAt != nil {
		return "", ErrAccountDisabled
	}
	now, token := s.now(), randomToken()
	return token, s.Links.SaveLink(ctx, Link{
		ID: s.NewID(), Purpose: LinkReset, Email: NormalizeEmail(user.Email), UserID: user.ID, TokenHash: HashToken(token),
		CreatedAt: now, ExpiresAt: now.Add(ResetLinkLife),
	})
}

// SetReminders turns the actor's reminders on or off.
func (s *Service) SetReminders(ctx context.Context, a Actor, on bool) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	return s.Links.SetReminders(ctx, a.UserID, on, s.now())
}

// Unsubscribe ends the reminders of whom the token, from a mail, belongs to. Again, it changes nothing. Errors: ErrLinkVoid.
func (s *Service) Unsubscribe(ctx context.Context, token string) error {
	userID, ok := s.LinkKeys.Unsubscriber(token)
	if !ok {
		return ErrLinkVoid
	}
	err := s.Links.SetReminders(ctx, userID, false, s.now())
	if errors.Is(err, ErrUserMissing) {
		return ErrLinkVoid
	}
	return err
}

// CheckUnsubscribe fails with ErrLinkVoid for a token that Unsubscribe doesn't take.
func (s *Service) CheckUnsubscribe(token string) error {
	if _, ok := s.LinkKeys.Unsubscriber(token); !ok {
		return ErrLinkVoid
	}
	return nil
}

// requireVerified fails with ErrEmailUnverified where the installation asks for verified addresses and the actor's isn't.
func (s *Service) requireVerified(ctx context.Context, a Actor) error {
	if !s.RequireVerifiedEmail || s.Verified.has(a.UserID) {
		return nil
	}
	user, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	if user.VerifiedAt == nil {
		return ErrEmailUnverified
	}
	s.Verified.add(a.UserID)
	return nil
}

// VerifiedUsers remembers who was verified, which nobody ceases to be, so that a rush doesn't read each account.
type VerifiedUsers struct {
	mu    sync.RWMutex
	users map[string]struct{}
}

// maxVerifiedUsers bounds the memory, at about 100 bytes each.
const maxVerifiedUsers = 100_000

func (v *VerifiedUsers) has(userID string) bool {
	if v == nil {
		return false
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	_, ok := v.users[userID]
	return ok
}

func (v *VerifiedUsers) add(userID string) {
	if v == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.users == nil || len(v.users) >= maxVerifiedUsers {
		v.users = map[string]struct{}{}
	}
	v.users[userID] = struct{}{}
}
