package compete

import (
	"context"
	"errors"
	"strings"
)

// CreateCompetition publishes (or drafts) a competition of the actor, an organizer or admin. The second result tells a replayed answer.
// It fails with ErrEmailUnverified when it would be published, and the installation asks for verified addresses.
func (s *Service) CreateCompetition(ctx context.Context, a Actor, n NewCompetition, idempotency Idempotency) (Competition, bool, error) {
	var c Competition
	if err := require(a, RoleOrganizer); err != nil {
		return c, false, err
	}
	if err := idempotency.check(); err != nil {
		return c, false, err
	}
	if replayed, err := s.replay(ctx, a, idempotency, &c); replayed || err != nil {
		return c, replayed, err
	}
	user, err := s.Me(ctx, a)
	switch {
	case err != nil:
		return c, false, err
	case user.DisabledAt != nil:
		return c, false, ErrAccountDisabled
	}
	now := s.now()
	c, err = n.competition(s.NewID(), Organizer{ID: user.ID, Name: user.Name}, now)
	if err != nil {
		return s.createRefused(ctx, a, idempotency, err)
	}
	if c.Status == StatusPublished && s.RequireVerifiedEmail && user.VerifiedAt == nil {
		return Competition{}, false, ErrEmailUnverified
	}
	record, err := idempotency.Record(a.UserID, c, now)
	if err != nil {
		return c, false, err
	}
	existing, err := s.Competitions.CreateCompetition(ctx, c, record)
	if err != nil {
		return c, false, err
	}
	if existing != nil {
		err := existing.Replay(idempotency, &c)
		return c, true, err
	}
	s.remember(ctx, record)
	return c, false, nil
}

// createRefused answers an input that is refused now, unless the same request succeeded before: its deadline may have passed since.
func (s *Service) createRefused(ctx context.Context, a Actor, idempotency Idempotency, refusal error) (Competition, bool, error) {
	var c Competition
	if !idempotency.Wanted() {
		return c, false, refusal
	}
	existing, err := s.Competitions.CreationRecord(ctx, a.UserID, idempotency.Key, s.now())
	if err != nil {
		return c, false, err
	}
	if existing == nil {
		return c, false, refusal
	}
	return c, true, existing.Replay(idempotency, &c)
}

// Competition reads one. A draft is found by its organizer and admins alone.
func (s *Service) Competition(ctx context.Context, a Actor, id string) (Competition, error) {
	if !ValidID(id) {
		return Competition{}, ErrCompetitionMissing
	}
	c, err := s.Competitions.Competition(ctx, id)
	if err != nil {
		return Competition{}, err
	}
	if !c.VisibleTo(a) {
		return Competition{}, ErrCompetitionMissing
	}
	return c, nil
}

// ListCompetitions lists what everybody may see. Of f, Search, Tags, Phase, Sort and Limit count.
func (s *Service) ListCompetitions(ctx context.Context, f CompetitionFilter, cursor string) (Page[Competition], error) {
	f.OrganizerID, f.Suspended = "", false
	return s.list(ctx, f, cursor)
}

// SuspendedCompetitions lists, for admins, what waits for another organizer: published, not over, and its organizer's account disabled
// or no organizer's any more.
func (s *Service) SuspendedCompetitions(ctx context.Context, a Actor, cursor string, limit int) (Page[Competition], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[Competition]{}, err
	}
	return s.list(ctx, CompetitionFilter{Suspended: true, Limit: limit}, cursor)
}

// MyCompetitions lists every competition of the actor, an organizer, drafts too.
func (s *Service) MyCompetitions(ctx context.Context, a Actor, f CompetitionFilter, cursor string) (Page[Competition], error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Page[Competition]{}, err
	}
	f.OrganizerID, f.Suspended = a.UserID, false
	return s.list(ctx, f, cursor)
}

func (s *Service) list(ctx context.Context, f CompetitionFilter, cursor string) (Page[Competition], error) {
	if f.Sort == "" {
		f.Sort = SortNewest
	}
	f.Search, f.Tags, f.Now = strings.TrimSpace(f.Search), NormalizeTags(f.Tags), s.now()
	var v validation
	v.length("search", f.Search, 0, MaxSearchLength)
	v.tags(f.Tags)
	if f.Sort != SortNewest && f.Sort != SortDeadline && f.Sort != SortFilling {
		v.add("sort", "must be newest, deadline or filling")
	}
	if f.Phase != "" && !f.Phase.valid() {
		v.add("phase", "must be upcoming, open, waitlist, full, closed, cancelled or draft")
	}
	var err error
	if f.Cursor, f.Limit, err = listing(v, string(f.Sort), cursor, f.Limit); err != nil {
		return Page[Competition]{}, err
	}
	if f.Phase == PhaseDraft && f.OrganizerID == "" {
		return Page[Competition]{}, nil // drafts are their organizers' alone
	}
	return s.Competitions.Competitions(ctx, f)
}

func (p Phase) valid() bool {
	for _, known := range Phases {
		if p == known {
			return true
		}
	}
	return false
}

// UpdateCompetition changes a competition that the actor manages and that still has the given version; 0 means any. It fails with
// ErrEmailUnverified as CreateCompetition does.
func (s *Service) UpdateCompetition(ctx context.Context, a Actor, id string, version int, change CompetitionChange) (Competition, error) {
	before, err := s.ManagedCompetition(ctx, a, id)
	if err != nil { // refused early, without the registrar's queue
		return Competition{}, err
	}
	if before.Status == StatusDraft && change.Status.Set && change.Status.Value == StatusPublished {
		if err := s.requireVerified(ctx, a); err != nil {
			return Competition{}, err
		}
	}
	change.Unpublish = false // it has a method of its own
	after, err := s.Registrar.Update(ctx, UpdateCommand{Actor: a, CompetitionID: id, Version: version, Change: change})
	after.Cover = before.Cover
	return after, err
}

// UnpublishCompetition hides a competition, for admins: it becomes a draft. Registrations are kept, but nobody is admitted, promoted or
// reminded until an admin publishes it again. One that is a draft stays as it is. Errors: ErrCompetitionMissing, ErrCompetitionCancelled.
func (s *Service) UnpublishCompetition(ctx context.Context, a Actor, id string) (Competition, error) {
	if err := require(a, RoleAdmin); err != nil {
		return Competition{}, err
	}
	c, err := s.Competition(ctx, a, id)
	if err != nil || c.Status == StatusDraft {
		return c, err
	}
	after, err := s.Registrar.Update(ctx, UpdateCommand{Actor: a, CompetitionID: id, Change: CompetitionChange{Unpublish: true}})
	after.Cover = c.Cover
	return after, err
}

// TransferCompetition gives a competition another organizer, for admins. The account is named by its id or its email, and must be an
// organizer's or an admin's that isn't disabled. Errors: Invalid, ErrCompetitionMissing, ErrOrganizerRegistered.
func (s *Service) TransferCompetition(ctx context.Context, a Actor, id, organizerID, email string) (Competition, error) {
	if err := require(a, RoleAdmin); err != nil {
		return Competition{}, err
	}
	before, err := s.Competition(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	to, err := s.newOrganizer(ctx, organizerID, email)
	if err != nil {
		return Competition{}, err
	}
	after, err := s.Registrar.Transfer(ctx, TransferCommand{Actor: a, CompetitionID: id, To: Organizer{ID: to.ID, Name: to.Name}})
	after.Cover = before.Cover
	return after, err
}

// newOrganizer finds the account that a competition is to be given to.
func (s *Service) newOrganizer(ctx context.Context, id, email string) (User, error) {
	field, email := "organizerId", NormalizeEmail(email)
	if email != "" {
		field = "email"
	}
	if (id == "") == (email == "") {
		return User{}, Invalid(FieldError{Field: field, Message: "is required: send either organizerId or email"})
	}
	var user User
	err := error(ErrUserMissing)
	if email != "" {
		user, _, err = s.Users.UserByEmail(ctx, email)
	} else if ValidID(id) {
		user, err = s.Users.User(ctx, id)
	}
	switch {
	case errors.Is(err, ErrUserMissing):
		return User{}, Invalid(FieldError{Field: field, Message: "must belong to an account on this site"})
	case err != nil:
		return User{}, err
	case !user.MayOrganize():
		return User{}, Invalid(FieldError{Field: field, Message: "must belong to an organizer or admin whose account is not disabled"})
	}
	return user, nil
}

// CancelCompetition cancels a competition that the actor manages; everybody registered is told.
func (s *Service) CancelCompetition(ctx context.Context, a Actor, id string) (Competition, error) {
	before, err := s.ManagedCompetition(ctx, a, id)
	if err != nil { // refused early, without the registrar's queue
		return Competition{}, err
	}
	after, err := s.Registrar.CancelCompetition(ctx, CancelCompetitionCommand{Actor: a, CompetitionID: id})
	after.Cover = before.Cover
	return after, err
}

// DeleteDraft removes a draft that the actor manages for good. What was published before is none. Errors: those of ManagedCompetition, ErrNotDraft.
func (s *Service) DeleteDraft(ctx context.Context, a Actor, id string) error {
	c, err := s.ManagedCompetition(ctx, a, id)
	if err != nil {
		return err
	}
	if c.Status != StatusDraft || c.Unpublished {
		return ErrNotDraft
	}
	return s.Competitions.DeleteDraft(ctx, id)
}

// ManagedCompetition reads a competition that the actor, its organizer or an admin, may change. It fails with ErrCompetitionMissing for
// what the actor may not know of, with ErrForbidden for what is another's.
func (s *Service) ManagedCompetition(ctx context.Context, a Actor, id string) (Competition, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Competition{}, err
	}
	c, err := s.Competition(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	if !c.ManagedBy(a) {
		return Competition{}, ErrForbidden
	}
	return c, nil
}

// replay answers from the cache, if it remembers the key.
func (s *Service) replay(ctx context.Context, a Actor, idempotency Idempotency, outcome any) (bool, error) {
	if s.Replays == nil || !idempotency.Wanted() {
		return false, nil
	}
	record, ok := s.Replays.Get(ctx, a.UserID, idempotency.Key)
	if !ok || !s.now().Before(record.ExpiresAt) {
		return false, nil
	}
	return true, record.Replay(idempotency, outcome)
}

func (s *Service) remember(ctx context.Context, record IdempotencyRecord) {
	if s.Replays != nil && record.Key != "" {
		s.Replays.Put(ctx, record)
	}
}
