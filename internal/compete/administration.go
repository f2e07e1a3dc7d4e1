package compete

import (
	"context"
)

// AdministrationConfig lists the dependencies of NewAdministration.
type AdministrationConfig struct {
	Runtime
	Users   UserStore
	Logins  LoginStore
	Site    SiteStore
	Wording AccountWording
}

// Administration handles what admins do to other people's accounts.
type Administration struct{ config AdministrationConfig }

// NewAdministration creates the service. It panics if a dependency is missing.
func NewAdministration(c AdministrationConfig) *Administration {
	mustBeComplete(c)
	return &Administration{c}
}

func (c *AdministrationConfig) messages() accountMessages {
	return accountMessages{c.Runtime, c.Wording}
}

// Users lists accounts by name or email, for admins.
func (s *Administration) Users(ctx context.Context, a Actor, search, cursor string, limit int) (Page[User], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[User]{}, err
	}
	var v validation
	v.length("search", search, 0, MaxSearchLength)
	at, limit, err := listing(v, "users", cursor, limit)
	if err != nil {
		return Page[User]{}, err
	}
	return s.config.Users.Users(ctx, search, at, limit)
}

// User reads one account, for admins.
func (s *Administration) User(ctx context.Context, a Actor, id string) (User, error) {
	if err := require(a, RoleAdmin); err != nil {
		return User{}, err
	}
	if !ValidID(id) {
		return User{}, ErrUserMissing
	}
	return s.config.Users.User(ctx, id)
}

// EndSessions logs an account out everywhere, for admins. It fails with ErrUserMissing.
func (s *Administration) EndSessions(ctx context.Context, a Actor, id string) error {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return err
	}
	if _, err := s.User(ctx, a, id); err != nil {
		return err
	}
	return s.config.Logins.EndLogins(ctx, id, s.config.now())
}

// UpdateUser changes an account's role or disables it, for admins. Admins can't do this to their own account, so that
// the last one isn't locked out. Errors: Invalid, ErrUserMissing, ErrOwnAccount, and ErrForbidden for who has stopped
// being an admin in the meantime.
func (s *Administration) UpdateUser(ctx context.Context, a Actor, id string, change UserChange) (User, error) {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
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
	return s.config.Users.UpdateUser(ctx, id, a.UserID, change.at(s.config.now()))
}

// OrganizerRequests lists the people who want to become organizers, oldest first, for admins.
func (s *Administration) OrganizerRequests(
	ctx context.Context, a Actor, cursor string, limit int,
) (Page[OrganizerRequest], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[OrganizerRequest]{}, err
	}
	at, limit, err := listing(validation{}, "organizer-requests", cursor, limit)
	if err != nil {
		return Page[OrganizerRequest]{}, err
	}
	return s.config.Site.OrganizerRequests(ctx, at, limit)
}

// AnswerOrganizerRequest approves or declines a request to become an organizer and notifies the applicant, for admins.
// An approved account has to log in again. Errors: ErrRequestMissing, also if the request was already answered.
func (s *Administration) AnswerOrganizerRequest(
	ctx context.Context, a Actor, id string, approve bool,
) (OrganizerRequest, error) {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return OrganizerRequest{}, err
	}
	if !ValidID(id) {
		return OrganizerRequest{}, ErrRequestMissing
	}
	request, err := s.config.Site.OrganizerRequest(ctx, id)
	if err != nil {
		return OrganizerRequest{}, err
	}
	kind := MessageOrganizerDeclined
	if approve {
		kind = MessageOrganizerApproved
	}
	message, err := s.config.messages().account(kind, request.User, request.User.Email)
	if err != nil {
		return OrganizerRequest{}, err
	}
	if err := s.config.Site.AnswerOrganizerRequest(ctx, request, approve, message, s.config.now()); err != nil {
		return OrganizerRequest{}, err
	}
	if approve && request.User.Role == RoleParticipant {
		request.User.Role = RoleOrganizer
	}
	return request, nil
}
