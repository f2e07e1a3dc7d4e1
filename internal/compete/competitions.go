package compete

import (
	"context"
	"errors"
	"strings"
)

// CompetitionsConfig names what NewCompetitions needs.
type CompetitionsConfig struct {
	Runtime
	Store        CompetitionStore
	Users        UserStore
	Registrar    Registrar
	Covers       CoverStore
	CoverMaker   CoverMaker
	Verification *Verification
	Throttle     *Throttle
	Replays      ReplayCache `optional:"every replay is answered by the database"`
}

// Competitions is what organizers and admins do with competitions, and what everybody reads of them.
type Competitions struct{ config CompetitionsConfig }

// NewCompetitions panics when something is missing.
func NewCompetitions(c CompetitionsConfig) *Competitions {
	mustBeComplete(c)
	return &Competitions{c}
}

// Create publishes (or drafts) a competition of the actor, an organizer or admin. The second result tells a replayed
// answer. It fails with ErrEmailUnverified when it would be published, and the installation asks for verified
// addresses; with ErrQuotaUsed.
func (s *Competitions) Create(
	ctx context.Context, a Actor, n NewCompetition, idempotency Idempotency,
) (Competition, bool, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Competition{}, false, err
	}
	return once(ctx, s.config.Replays, s.config.now(), a, idempotency, func() (done[Competition], error) {
		c, err := s.newCompetition(ctx, a, n)
		if AsError(err).Kind == KindInvalid || errors.Is(err, ErrQuotaUsed) {
			return s.refused(ctx, a, idempotency, err)
		}
		if err != nil {
			return done[Competition]{}, err
		}
		record, err := idempotency.Record(a.UserID, c, c.CreatedAt)
		if err != nil {
			return done[Competition]{}, err
		}
		earlier, err := s.config.Store.CreateCompetition(ctx, c, record)
		return done[Competition]{outcome: c, earlier: earlier, record: &record}, err
	})
}

// newCompetition is the competition that the actor may create.
func (s *Competitions) newCompetition(ctx context.Context, a Actor, n NewCompetition) (Competition, error) {
	user, err := actorAccount(ctx, s.config.Users, a)
	switch {
	case err != nil:
		return Competition{}, err
	case user.DisabledAt != nil:
		return Competition{}, ErrAccountDisabled
	}
	c, err := n.competition(s.config.NewID(), Organizer{ID: user.ID, Name: user.Name}, s.config.now())
	if err != nil {
		return Competition{}, err
	}
	if c.Status == StatusPublished {
		if err := s.config.Verification.requireOf(user); err != nil {
			return Competition{}, err
		}
	}
	return c, s.config.Throttle.quota(ctx, a, s.config.Throttle.Limits.Competitions)
}

// refused answers an input that is refused now, unless the same request succeeded before: its deadline may have
// passed since.
func (s *Competitions) refused(ctx context.Context, a Actor, i Idempotency, refusal error) (done[Competition], error) {
	if !i.Wanted() {
		return done[Competition]{}, refusal
	}
	earlier, err := s.config.Store.CreationRecord(ctx, a.UserID, i.Key, s.config.now())
	if err == nil && earlier == nil {
		err = refusal
	}
	return done[Competition]{earlier: earlier}, err
}

// Get reads one. A draft is found by its organizer and admins alone.
func (s *Competitions) Get(ctx context.Context, a Actor, id string) (Competition, error) {
	if !ValidID(id) {
		return Competition{}, ErrCompetitionMissing
	}
	c, err := s.config.Store.Competition(ctx, id)
	if err != nil {
		return Competition{}, err
	}
	if !c.VisibleTo(a) {
		return Competition{}, ErrCompetitionMissing
	}
	return c, nil
}

func (s *Competitions) byID(ctx context.Context, ids []string) ([]Competition, error) {
	return s.config.Store.CompetitionsByID(ctx, ids)
}

// List lists what everybody may see. Of f, Search, Tags, Phase, Sort and Limit count.
func (s *Competitions) List(ctx context.Context, f CompetitionFilter, cursor string) (Page[Competition], error) {
	f.OrganizerID, f.Suspended = "", false
	return s.list(ctx, f, cursor)
}

// Suspended lists, for admins, what waits for another organizer: published, not over, and its organizer's account
// disabled or no organizer's any more.
func (s *Competitions) Suspended(ctx context.Context, a Actor, cursor string, limit int) (Page[Competition], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[Competition]{}, err
	}
	return s.list(ctx, CompetitionFilter{Suspended: true, Limit: limit}, cursor)
}

// Mine lists every competition of the actor, an organizer, drafts too.
func (s *Competitions) Mine(
	ctx context.Context, a Actor, f CompetitionFilter, cursor string,
) (Page[Competition], error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Page[Competition]{}, err
	}
	f.OrganizerID, f.Suspended = a.UserID, false
	return s.list(ctx, f, cursor)
}

func (s *Competitions) list(ctx context.Context, f CompetitionFilter, cursor string) (Page[Competition], error) {
	if f.Sort == "" {
		f.Sort = SortNewest
	}
	f.Search, f.Tags, f.Now = strings.TrimSpace(f.Search), NormalizeTags(f.Tags), s.config.now()
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
	return s.config.Store.Competitions(ctx, f)
}

// PopularTags lists the tags of listed competitions, most used first.
func (s *Competitions) PopularTags(ctx context.Context, limit int) ([]TagCount, error) {
	return s.config.Store.PopularTags(ctx, s.config.now(), limit)
}

// Update changes a competition that the actor manages and that still has the given version; 0 means any. It fails
// with ErrEmailUnverified and ErrQuotaUsed as Create does, with ErrQuotaUsed for moving it too often, and as
// changeable does.
func (s *Competitions) Update(
	ctx context.Context, a Actor, id string, version int, change CompetitionChange,
) (Competition, error) {
	before, err := s.changeable(ctx, a, id)
	if err != nil { // refused early, without the registrar's queue
		return Competition{}, err
	}
	if before.Status == StatusDraft && change.Status.Set && change.Status.Value == StatusPublished {
		if err := s.config.Verification.require(ctx, a); err != nil {
			return Competition{}, err
		}
		if err := s.config.Throttle.quota(ctx, a, s.config.Throttle.Limits.Competitions); err != nil {
			return Competition{}, err
		}
	}
	if moved, err := before.Apply(change, s.config.now()); err == nil &&
		before.tellsOf(!moved.Schedule().Same(before.Schedule())) {
		if err := s.config.Throttle.quota(ctx, a, s.config.Throttle.Limits.Notices); err != nil {
			return Competition{}, err
		}
	}
	change.Unpublish = false // it has a method of its own
	after, err := s.config.Registrar.Update(ctx,
		UpdateCommand{Actor: a, CompetitionID: id, Version: version, Change: change})
	after.Cover = before.Cover
	return after, err
}

// Unpublish hides a competition, for admins: it becomes a draft. Registrations are kept, but nobody is admitted,
// promoted or reminded until an admin publishes it again. One that is a draft stays as it is. Errors:
// ErrCompetitionMissing, ErrCompetitionCancelled.
func (s *Competitions) Unpublish(ctx context.Context, a Actor, id string) (Competition, error) {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return Competition{}, err
	}
	c, err := s.Get(ctx, a, id)
	if err != nil || c.Status == StatusDraft {
		return c, err
	}
	after, err := s.config.Registrar.Update(ctx,
		UpdateCommand{Actor: a, CompetitionID: id, Change: CompetitionChange{Unpublish: true}})
	after.Cover = c.Cover
	return after, err
}

// Transfer gives a competition another organizer, for admins. The account is named by its id or its email, and must
// be an organizer's or an admin's that isn't disabled. Errors: Invalid, ErrCompetitionMissing,
// ErrOrganizerRegistered.
func (s *Competitions) Transfer(ctx context.Context, a Actor, id, organizerID, email string) (Competition, error) {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return Competition{}, err
	}
	before, err := s.Get(ctx, a, id)
	if err != nil {
		return Competition{}, err
	}
	to, err := s.newOrganizer(ctx, organizerID, email)
	if err != nil {
		return Competition{}, err
	}
	after, err := s.config.Registrar.Transfer(ctx,
		TransferCommand{Actor: a, CompetitionID: id, To: Organizer{ID: to.ID, Name: to.Name}})
	after.Cover = before.Cover
	return after, err
}

// newOrganizer finds the account that a competition is to be given to.
func (s *Competitions) newOrganizer(ctx context.Context, id, email string) (User, error) {
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
		user, _, err = s.config.Users.UserByEmail(ctx, email)
	} else if ValidID(id) {
		user, err = s.config.Users.User(ctx, id)
	}
	switch {
	case errors.Is(err, ErrUserMissing):
		return User{}, Invalid(FieldError{Field: field, Message: "must belong to an account on this site"})
	case err != nil:
		return User{}, err
	case !user.MayOrganize():
		return User{}, Invalid(FieldError{
			Field:   field,
			Message: "must belong to an organizer or admin whose account is not disabled",
		})
	}
	return user, nil
}

// Cancel cancels a competition that the actor manages; everybody registered is told. It fails with ErrQuotaUsed, and as
// changeable does.
func (s *Competitions) Cancel(ctx context.Context, a Actor, id string) (Competition, error) {
	before, err := s.changeable(ctx, a, id)
	if err != nil { // refused early, without the registrar's queue
		return Competition{}, err
	}
	if before.tellsOf(true) {
		if err := s.config.Throttle.quota(ctx, a, s.config.Throttle.Limits.Notices); err != nil {
			return Competition{}, err
		}
	}
	after, err := s.config.Registrar.CancelCompetition(ctx, CancelCompetitionCommand{Actor: a, CompetitionID: id})
	after.Cover = before.Cover
	return after, err
}

// DeleteDraft removes a draft that the actor manages for good. What was published before is none. Errors: those of
// changeable, ErrNotDraft.
func (s *Competitions) DeleteDraft(ctx context.Context, a Actor, id string) error {
	c, err := s.changeable(ctx, a, id)
	if err != nil {
		return err
	}
	if c.Status != StatusDraft || c.Unpublished {
		return ErrNotDraft
	}
	return s.config.Store.DeleteDraft(ctx, id)
}

// Managed is GetManaged for who has the role of an organizer, and fails with ErrForbidden for others, whatever they
// ask for.
func (s *Competitions) Managed(ctx context.Context, a Actor, id string) (Competition, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Competition{}, err
	}
	return s.GetManaged(ctx, a, id)
}

// GetManaged reads a competition that the actor, its organizer or an admin, may change. It fails with
// ErrCompetitionMissing for what the actor may not know of, with ErrForbidden for what is another's.
func (s *Competitions) GetManaged(ctx context.Context, a Actor, id string) (Competition, error) {
	c, err := s.Get(ctx, a, id)
	if err == nil {
		err = c.CheckManager(a)
	}
	return c, err
}

// changeable is Managed for what is about to be changed: an admin needs a login that isn't old for what
// another organizes. Errors: those of Managed, ErrReauthenticate.
func (s *Competitions) changeable(ctx context.Context, a Actor, id string) (Competition, error) {
	c, err := s.Managed(ctx, a, id)
	if err == nil && !c.OrganizedBy(a) && !s.config.fresh(a) {
		err = ErrReauthenticate
	}
	return c, err
}
