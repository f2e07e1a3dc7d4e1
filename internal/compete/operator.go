package compete

import (
	"context"
)

// OperatorConfig names what NewOperator needs.
type OperatorConfig struct {
	Runtime
	Users     UserStore
	Passwords PasswordHasher
	Rules     PasswordRules
	Links     LinkStore
	Factors   FactorStore
	Wording   AccountWording
}

// Operator is what somebody at the command line does to accounts: no route reaches it.
type Operator struct{ config OperatorConfig }

// NewOperator panics when something is missing.
func NewOperator(c OperatorConfig) *Operator {
	mustBeComplete(c)
	return &Operator{c}
}

// CreateUser makes an account of any role, admins too, whose address counts as verified.
func (s *Operator) CreateUser(ctx context.Context, in SignUp) (User, error) {
	role := in.Role
	in.Role = RoleParticipant // what validate admits; the role itself is checked here
	refusal := joinRefusals(in.validate(), UserChange{Role: &role}.Check())
	if err := s.config.Rules.check(refusal, in.Password, in.Name, in.Email); err != nil {
		return User{}, addEmailTaken(ctx, s.config.Users, in.Email, err)
	}
	in.Role = role
	user, hash, err := newUser(ctx, s.config.Runtime, s.config.Users, s.config.Passwords, in)
	if err != nil {
		return User{}, err
	}
	user.VerifiedAt = &user.CreatedAt
	return user, s.config.Users.CreateUser(ctx, user, hash)
}

// PromoteUser gives an account, found by email, a role.
func (s *Operator) PromoteUser(ctx context.Context, email string, role Role) (User, error) {
	if !role.Valid() {
		return User{}, Invalid(FieldError{Field: "role", Message: "must be PARTICIPANT, ORGANIZER or ADMIN"})
	}
	user, _, err := s.config.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil {
		return User{}, err
	}
	return changeUser(ctx, s.config.Users, s.config.now(), user, UserChange{Role: &role})
}

// DisableUser disables an account, found by email.
func (s *Operator) DisableUser(ctx context.Context, email string) (User, error) {
	user, _, err := s.config.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil {
		return User{}, err
	}
	disabled := true
	return changeUser(ctx, s.config.Users, s.config.now(), user, UserChange{Disabled: &disabled})
}

// ResetFactors removes the second factors of an account, found by email. Errors: ErrUserMissing, ErrFactorMissing
// when there are none.
func (s *Operator) ResetFactors(ctx context.Context, email string) error {
	user, _, err := s.config.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil {
		return err
	}
	return resetFactors(ctx, s.config.Factors, accountMessages{s.config.Runtime, s.config.Wording}, user)
}

// PasswordResetToken makes the token of a link that sets a new password for an account, found by email. It is for
// installations that send no mail. Errors: ErrUserMissing, ErrAccountDisabled.
func (s *Operator) PasswordResetToken(ctx context.Context, email string) (string, error) {
	user, _, err := s.config.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil {
		return "", err
	}
	if user.DisabledAt != nil {
		return "", ErrAccountDisabled
	}
	now, token := s.config.now(), randomToken()
	return token, s.config.Links.SaveLink(ctx, Link{
		ID: s.config.NewID(), Purpose: LinkReset, Email: NormalizeEmail(user.Email), UserID: user.ID,
		TokenHash: HashToken(token),
		CreatedAt: now, ExpiresAt: now.Add(ResetLinkLife),
	})
}
