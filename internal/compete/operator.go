package compete

import (
	"context"
)

// OperatorConfig lists the dependencies of NewOperator.
type OperatorConfig struct {
	Runtime
	Users     UserStore
	Passwords PasswordHasher
	Rules     PasswordRules
	Links     LinkStore
	Factors   FactorStore
	Wording   AccountWording
}

// Operator manages accounts from the command line; no route calls it.
type Operator struct{ config OperatorConfig }

// NewOperator creates the service. It panics if a dependency is missing.
func NewOperator(c OperatorConfig) *Operator {
	mustBeComplete(c)
	return &Operator{c}
}

// CreateUser creates an account with any role, including admin. Its address counts as verified.
func (s *Operator) CreateUser(ctx context.Context, in SignUp) (User, error) {
	role := in.Role
	in.Role = RoleParticipant // validate accepts this role; the real one is checked here
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

// PromoteUser sets the role of an account, found by email.
func (s *Operator) PromoteUser(ctx context.Context, email string, role Role) (User, error) {
	if !role.Valid() {
		return User{}, Invalid(FieldError{Field: "role", Message: "must be PARTICIPANT, ORGANIZER or ADMIN"})
	}
	user, _, err := s.config.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil {
		return User{}, err
	}
	return s.config.Users.UpdateUser(ctx, user.ID, "", UserChange{Role: &role}.at(s.config.now()))
}

// DisableUser disables an account, found by email.
func (s *Operator) DisableUser(ctx context.Context, email string) (User, error) {
	user, _, err := s.config.Users.UserByEmail(ctx, NormalizeEmail(email))
	if err != nil {
		return User{}, err
	}
	disabled := true
	return s.config.Users.UpdateUser(ctx, user.ID, "", UserChange{Disabled: &disabled}.at(s.config.now()))
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

// PasswordResetToken creates the token of a password reset link for an account, found by email. It is for installations
// that send no email. Errors: ErrUserMissing, ErrAccountDisabled.
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
