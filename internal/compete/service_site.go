package compete

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SetupLink makes the token of a link with which the first admin is made; it is empty when there is an admin who can log in. It belongs
// to the start of the program: no route reaches it.
func (s *Service) SetupLink(ctx context.Context) (token string, err error) {
	token = randomToken()
	err = s.Site.AddSetupLink(ctx, HashToken(token), s.now())
	if errors.Is(err, ErrSetupOver) {
		return "", nil
	}
	return token, err
}

// CheckSetup fails with ErrSetupOver for a token that can't be used, or not any more.
func (s *Service) CheckSetup(ctx context.Context, token string) error {
	return s.Site.CheckSetupLink(ctx, HashToken(token))
}

// SetUp is the input of Service.SetUp.
type SetUp struct {
	Admin    SignUp // its Role is left out
	Settings map[string]string
}

// SetUp makes the first admin, whose address counts as verified, and sets the site's settings. Errors: ErrSetupOver, Invalid with
// every bad field, ErrEmailTaken, ErrBusy.
func (s *Service) SetUp(ctx context.Context, token string, in SetUp) (User, error) {
	if err := s.CheckSetup(ctx, token); err != nil {
		return User{}, err
	}
	in.Admin.Role = RoleParticipant // what validate admits
	invalid := s.withGuessable(in.Admin.validate(), in.Admin.Password, in.Admin.Name, in.Admin.Email)
	settings, wrong := s.newSettings(in.Settings)
	if err := both(invalid, wrong); err != nil {
		return User{}, err
	}
	hash, err := s.Passwords.Hash(ctx, in.Admin.Password)
	if err != nil {
		return User{}, err
	}
	now := s.now()
	user := User{ID: s.NewID(), Email: in.Admin.Email, Name: in.Admin.Name, Role: RoleAdmin, CreatedAt: now, UpdatedAt: now, VerifiedAt: &now}
	if err := s.Site.SetUp(ctx, HashToken(token), user, hash, settings); err != nil {
		return User{}, err
	}
	s.refreshSettings(ctx)
	return user, nil
}

// SetSite changes settings of the site, for admins; those that are fixed by the environment, and unknown ones, are left out. An empty
// value brings back the default. Errors: Invalid with every bad setting.
func (s *Service) SetSite(ctx context.Context, a Actor, values map[string]string) error {
	if err := require(a, RoleAdmin); err != nil {
		return err
	}
	settings, err := s.newSettings(values)
	if err != nil {
		return err
	}
	if err := s.Site.SetSiteSettings(ctx, settings, s.now()); err != nil {
		return err
	}
	s.refreshSettings(ctx)
	return nil
}

// newSettings are those of the values that a page can set.
func (s *Service) newSettings(values map[string]string) (map[string]string, error) {
	settings := map[string]string{}
	var v validation
	for _, name := range s.Settings.Editable() {
		value, given := values[name]
		if value = strings.TrimSpace(value); !given || s.Settings.Fixed(name) {
			continue
		}
		if wrong := s.Settings.Check(name, value); wrong != "" {
			v.add(name, wrong)
		} else if !clean(value) {
			v.add(name, "must be valid text without control characters")
		}
		settings[name] = value
	}
	return settings, v.err()
}

// refreshSettings makes a change of this process count at once. It is done: a reading that fails now is made up for soon.
func (s *Service) refreshSettings(ctx context.Context) {
	if err := s.Settings.Refresh(context.WithoutCancel(ctx)); err != nil {
		s.Log.WarnContext(ctx, "could not reload the site's settings after a change; trying again shortly", "error", err)
	}
}

// OrganizerSignUp says who may sign up as an organizer now.
func (s *Service) OrganizerSignUp() OrganizerSignUp {
	if s.Settings == nil {
		return OrganizersOpen
	}
	if set := OrganizerSignUp(s.Settings.Value(settingOrganizers)); set != "" {
		return set
	}
	return OrganizersOpen
}

// SiteNotes are the site's settings and notes as they are stored, and whether a competition was ever published, for admins.
func (s *Service) SiteNotes(ctx context.Context, a Actor) (notes map[string]string, published bool, err error) {
	if err := require(a, RoleAdmin); err != nil {
		return nil, false, err
	}
	if notes, err = s.Site.SiteSettings(ctx); err != nil {
		return nil, false, err
	}
	for _, phase := range []Phase{"", PhaseClosed, PhaseCancelled} { // the listed ones first
		found, err := s.Competitions.Competitions(ctx, CompetitionFilter{Phase: phase, Sort: SortNewest, Limit: 1, Now: s.now()})
		if published = len(found.Items) > 0; err != nil || published {
			return notes, published, err
		}
	}
	return notes, false, nil
}

// NoteSite remembers something about the site, one of Note…, for admins.
func (s *Service) NoteSite(ctx context.Context, a Actor, note, value string) error {
	if err := require(a, RoleAdmin); err != nil {
		return err
	}
	return s.Site.SetSiteSettings(ctx, map[string]string{note: value}, s.now())
}

// TestSetupMail sends a test email to the address, for whoever has the token of a link. Errors: ErrSetupOver, and those of TestMail.
func (s *Service) TestSetupMail(ctx context.Context, token, address string) error {
	if err := s.CheckSetup(ctx, token); err != nil {
		return err
	}
	return s.testMail(ctx, address)
}

// TestMail sends a test email to the actor, an admin. Errors: ErrMailOff, Invalid for what is no address, ErrTooManyRequests, and one
// with the code mail_failed that says why the mail server didn't take it.
func (s *Service) TestMail(ctx context.Context, a Actor) error {
	if err := require(a, RoleAdmin); err != nil {
		return err
	}
	user, err := s.Me(ctx, a)
	if err != nil {
		return err
	}
	return s.testMail(ctx, user.Email)
}

func (s *Service) testMail(ctx context.Context, address string) error {
	if s.SendTest == nil {
		return ErrMailOff
	}
	address = NormalizeEmail(address)
	var v validation
	if v.email(address); v.err() != nil {
		return v.err()
	}
	if err := s.limited(ctx, s.Limits.Links); err != nil {
		return err
	}
	if err := s.SendTest(ctx, s.NewID(), address); err != nil {
		return &Error{Kind: KindConflict, Code: "mail_failed", Detail: fmt.Sprintf("The mail server didn't accept the test email: %v", err)}
	}
	return s.Site.SetSiteSettings(ctx, map[string]string{NoteTestMail: s.now().Format(time.RFC3339)}, s.now())
}

// OrganizerRequests lists the people who want to become organizers, oldest first, for admins.
func (s *Service) OrganizerRequests(ctx context.Context, a Actor, cursor string, limit int) (Page[OrganizerRequest], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[OrganizerRequest]{}, err
	}
	at, limit, err := listing(validation{}, "organizer-requests", cursor, limit)
	if err != nil {
		return Page[OrganizerRequest]{}, err
	}
	return s.Site.OrganizerRequests(ctx, at, limit)
}

// AnswerOrganizerRequest makes who asked an organizer, or not, and tells them, for admins. An approved account has to log in again.
// Errors: ErrRequestMissing, also when it was answered before.
func (s *Service) AnswerOrganizerRequest(ctx context.Context, a Actor, id string, approve bool) (OrganizerRequest, error) {
	if err := require(a, RoleAdmin); err != nil {
		return OrganizerRequest{}, err
	}
	if !ValidID(id) {
		return OrganizerRequest{}, ErrRequestMissing
	}
	request, err := s.Site.OrganizerRequest(ctx, id)
	if err != nil {
		return OrganizerRequest{}, err
	}
	kind := MessageOrganizerDeclined
	if approve {
		kind = MessageOrganizerApproved
	}
	message, err := s.accountMessage(kind, request.User, request.User.Email)
	if err != nil {
		return OrganizerRequest{}, err
	}
	if err := s.Site.AnswerOrganizerRequest(ctx, request, approve, message, s.now()); err != nil {
		return OrganizerRequest{}, err
	}
	if approve && request.User.Role == RoleParticipant {
		request.User.Role = RoleOrganizer
	}
	return request, nil
}

// organizerRole settles what a sign-up as an organizer leads to: asks reports that an admin has to approve it.
func (s *Service) organizerRole(in *SignUp, wrong error) (asks bool, err error) {
	if in.Role != RoleOrganizer {
		return false, wrong
	}
	switch s.OrganizerSignUp() {
	case OrganizersOff:
		return false, both(wrong, Invalid(FieldError{Field: "role", Message: "must be PARTICIPANT: this site doesn't take organizers by sign-up"}))
	case OrganizersApproval:
		in.Role = RoleParticipant
		return true, wrong
	case OrganizersOpen:
	}
	return false, wrong
}
