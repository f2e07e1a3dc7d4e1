package compete

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// CompetitionsConfig lists the dependencies of NewCompetitions.
type CompetitionsConfig struct {
	Runtime
	Store        CompetitionStore
	Users        UserStore
	Registrar    Registrar
	Covers       CoverStore
	CoverMaker   CoverMaker
	Verification *Verification
	Throttle     *Throttle
	Sealer       Sealer      // of access codes
	Replays      ReplayCache `optional:"every replay is answered by the database"`
}

// Competitions handles what organizers and admins do with competitions, and what the public can read about them.
type Competitions struct{ config CompetitionsConfig }

// NewCompetitions creates the service. It panics if a dependency is missing.
func NewCompetitions(c CompetitionsConfig) *Competitions {
	mustBeComplete(c)
	return &Competitions{c}
}

// Create publishes a competition, or saves it as a draft, for an organizer or admin. The second result reports whether
// this is a replayed answer. Errors: ErrEmailUnverified if it would be published and the site requires verified
// addresses; ErrQuotaUsed.
func (s *Competitions) Create(
	ctx context.Context, a Actor, n NewCompetition, idempotency Idempotency,
) (Competition, bool, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Competition{}, false, err
	}
	idempotency = idempotency.with(n.AccessCode, s.config.Sealer)
	create := func() (keyedResult[Competition], error) {
		c, err := s.newCompetition(ctx, a, n)
		if AsError(err).Kind == KindInvalid || errors.Is(err, ErrQuotaUsed) {
			return s.refused(ctx, a, idempotency, err)
		}
		if err != nil {
			return keyedResult[Competition]{}, err
		}
		var record IdempotencyRecord
		if idempotency.Wanted() {
			body, err := json.Marshal(c)
			if err != nil {
				return keyedResult[Competition]{}, fmt.Errorf("encode a competition for its record: %w", err)
			}
			record = idempotency.Record(a.UserID, body, c.CreatedAt)
		}
		earlier, err := s.config.Store.CreateCompetition(ctx, c, record)
		return keyedResult[Competition]{outcome: c, earlier: earlier, record: &record}, err
	}
	return withIdempotency(ctx, s.config.Replays, s.config.now(), a, idempotency, create)
}

// newCompetition returns the competition that the actor may create.
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
	c.setCode(s.sealCode(c.ID, n.AccessCode))
	c.NumberDivisions(s.config.NewID)
	if c.Status == StatusPublished {
		if err := s.config.Verification.requireOf(user); err != nil {
			return Competition{}, err
		}
	}
	return c, s.config.Throttle.quota(ctx, a, s.config.Throttle.Limits.Competitions)
}

// refused answers an invalid input, unless the same request succeeded earlier: its deadline may have passed since then.
func (s *Competitions) refused(
	ctx context.Context, a Actor, i Idempotency, refusal error,
) (keyedResult[Competition], error) {
	if !i.Wanted() {
		return keyedResult[Competition]{}, refusal
	}
	earlier, err := s.config.Store.CreationRecord(ctx, a.UserID, i.Key, s.config.now())
	if err == nil && earlier == nil {
		err = refusal
	}
	return keyedResult[Competition]{earlier: earlier}, err
}

// Get reads a competition. Only its staff can read a draft.
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

// List lists publicly visible competitions. Of f, it uses Search, Tags, Phase, Sort and Limit.
func (s *Competitions) List(ctx context.Context, f CompetitionFilter, cursor string) (Page[Competition], error) {
	f.OrganizerID, f.Suspended = "", false
	return s.list(ctx, f, cursor)
}

// Suspended lists, for admins, competitions that need another organizer: published, not over, and with an organizer
// whose account is disabled or no longer has the role.
func (s *Competitions) Suspended(ctx context.Context, a Actor, cursor string, limit int) (Page[Competition], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[Competition]{}, err
	}
	return s.list(ctx, CompetitionFilter{Suspended: true, Limit: limit}, cursor)
}

// Mine lists all of the actor's competitions as an organizer, including drafts.
func (s *Competitions) Mine(
	ctx context.Context, a Actor, f CompetitionFilter, cursor string,
) (Page[Competition], error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Page[Competition]{}, err
	}
	f.OrganizerID, f.Suspended = a.UserID, false
	return s.list(ctx, f, cursor)
}

// Asking returns the summaries of the actor's competitions that ask questions, newest first and at most MaxPageSize.
// It fails with ErrForbidden unless the actor is an organizer or admin.
func (s *Competitions) Asking(ctx context.Context, a Actor) ([]Competition, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return nil, err
	}
	return s.config.Store.CompetitionsAsking(ctx, a.UserID, MaxPageSize)
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
		return Page[Competition]{}, nil // only organizers have drafts
	}
	return s.config.Store.Competitions(ctx, f)
}

// PopularTags lists the tags of listed competitions, most used first.
func (s *Competitions) PopularTags(ctx context.Context, limit int) ([]TagCount, error) {
	return s.config.Store.PopularTags(ctx, s.config.now(), limit)
}

// Update changes a competition that the actor manages and that still has the given version; 0 matches any version. It
// fails with ErrEmailUnverified and ErrQuotaUsed as Create does, with ErrQuotaUsed if the competition was moved too
// often, and with the errors of changeable.
func (s *Competitions) Update(
	ctx context.Context, a Actor, id string, version int, change CompetitionChange,
) (Competition, error) {
	before, err := s.changeable(ctx, a, id)
	if err != nil { // refused before entering the registrar's queue
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
	if version != 0 && version != before.Version {
		return Competition{}, ErrVersionMismatch
	}
	after, err := before.Apply(change, s.config.now())
	if err != nil { // nobody waits for what is refused anyway
		return Competition{}, err
	}
	unanswered, err := s.unanswered(ctx, &before, after.Questions)
	if err != nil {
		return Competition{}, err
	}
	if before.tellsOf(!after.Schedule().Same(before.Schedule())) {
		if err := s.config.Throttle.quota(ctx, a, s.config.Throttle.Limits.Notices); err != nil {
			return Competition{}, err
		}
	}
	change.Unpublish = false // unpublishing is a separate method
	change.sealedCode = s.sealCode(id, change.AccessCode.Value)
	after, err = s.config.Registrar.Update(ctx,
		UpdateCommand{Actor: a, CompetitionID: id, Version: version, Change: change, Unanswered: unanswered})
	after.Cover = before.Cover
	return after, err
}

// unanswered returns those of the changed questions that are new and have no answers. Errors: those of KeepKinds.
func (s *Competitions) unanswered(ctx context.Context, before *Competition, after Questions) (Unanswered, error) {
	found := Unanswered{Version: before.Version}
	changed := after.Rekinded(before.Questions)
	if len(changed) == 0 {
		return found, nil
	}
	answered, err := s.config.Store.Answered(ctx, before.ID, RekindedIDs(changed))
	if err != nil {
		return found, err
	}
	for _, q := range changed {
		if q.IsNew {
			found.IDs = append(found.IDs, q.ID)
		}
	}
	return found, KeepKinds(changed, answered)
}

// Unpublish hides a competition by making it a draft again, for admins. Registrations are kept, but nobody is admitted,
// promoted or reminded until an admin republishes it. Unpublishing a draft changes nothing. Errors:
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

// Transfer assigns a competition to another organizer, for admins. The account is identified by id or email, and must
// be an enabled organizer or admin. Errors: Invalid, ErrCompetitionMissing, ErrOrganizerRegistered.
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

// newOrganizer finds the account to transfer a competition to.
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

// Cancel cancels a competition that the actor manages and notifies everyone registered. It fails with ErrQuotaUsed and
// with the errors of changeable.
func (s *Competitions) Cancel(ctx context.Context, a Actor, id string) (Competition, error) {
	before, err := s.changeable(ctx, a, id)
	if err != nil { // refused before entering the registrar's queue
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

// DeleteDraft permanently deletes a draft that the actor manages. A competition that was ever published isn't a draft.
// Errors: those of changeable, ErrNotDraft.
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

// Managed is GetManaged for organizers and admins. Other roles get ErrForbidden for any id.
func (s *Competitions) Managed(ctx context.Context, a Actor, id string) (Competition, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Competition{}, err
	}
	return s.GetManaged(ctx, a, id)
}

// GetManaged reads a competition that the actor may change, as its organizer or an admin. It fails with
// ErrCompetitionMissing if the actor can't see the competition, and with ErrForbidden if somebody else organizes it.
func (s *Competitions) GetManaged(ctx context.Context, a Actor, id string) (Competition, error) {
	c, err := s.Get(ctx, a, id)
	if err == nil {
		err = c.CheckManager(a)
	}
	return c, err
}

// changeable is Managed for a competition about to be changed: admins need a recent login to change somebody else's.
// Errors: those of Managed, ErrReauthenticate.
func (s *Competitions) changeable(ctx context.Context, a Actor, id string) (Competition, error) {
	c, err := s.Managed(ctx, a, id)
	if err == nil && !c.OrganizedBy(a) && !s.config.fresh(a) {
		err = ErrReauthenticate
	}
	return c, err
}
