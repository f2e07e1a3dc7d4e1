package compete

import (
	"context"
	"strings"
	"time"
)

// RegistrationsConfig names what NewRegistrations needs.
type RegistrationsConfig struct {
	Runtime
	Store        RegistrationStore
	Statistics   StatisticsStore
	Registrar    Registrar
	Competitions *Competitions
	Verification *Verification
	Replays      ReplayCache `optional:"every replay is answered by the database"`
	// Patience is how long a press may take in all before it's told that the database is away.
	Patience time.Duration `optional:"as long as it takes"`
}

// Registrations is how people register and cancel, and what organizers see and do of it.
type Registrations struct{ config RegistrationsConfig }

// NewRegistrations panics when something is missing.
func NewRegistrations(c RegistrationsConfig) *Registrations {
	mustBeComplete(c)
	return &Registrations{c}
}

// Register registers the actor for a competition of somebody else. Errors: those of Registrar.Register,
// ErrUnauthorized, ErrEmailUnverified.
func (s *Registrations) Register(
	ctx context.Context, a Actor, competitionID string, idempotency Idempotency,
) (RegistrationOutcome, error) {
	if err := require(a, RoleParticipant); err != nil {
		return RegistrationOutcome{}, err
	}
	if !ValidID(competitionID) {
		return RegistrationOutcome{}, ErrCompetitionMissing
	}
	if s.config.Patience > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, s.config.Patience-waited(ctx))
		defer stop()
	}
	if err := s.config.Verification.require(ctx, a); err != nil {
		return RegistrationOutcome{}, err
	}
	outcome, again, err := once(ctx, s.config.Replays, s.config.now(), a, idempotency,
		func() (done[RegistrationOutcome], error) {
			o, err := s.config.Registrar.Register(ctx,
				RegisterCommand{Actor: a, CompetitionID: competitionID, Idempotency: idempotency})
			return done[RegistrationOutcome]{outcome: o, again: o.Replayed, record: o.Record}, err
		})
	outcome.Replayed = again
	return outcome, err
}

// waited is how long a request has waited to be worked on.
func waited(ctx context.Context) time.Duration {
	if arrived := ClientOf(ctx).Arrived; !arrived.IsZero() {
		return time.Since(arrived)
	}
	return 0
}

// Cancel cancels a registration: its owner until the start, the competition's organizer and admins at any time.
// Errors: those of Registrar.Cancel and freshForOthers.
func (s *Registrations) Cancel(ctx context.Context, a Actor, id string) (RegistrationOutcome, error) {
	if err := require(a, RoleParticipant); err != nil {
		return RegistrationOutcome{}, err
	}
	if !ValidID(id) {
		return RegistrationOutcome{}, ErrRegistrationGone
	}
	if err := s.requireFreshForOthers(ctx, a, id); err != nil {
		return RegistrationOutcome{}, err
	}
	return s.config.Registrar.Cancel(ctx, CancelCommand{Actor: a, RegistrationID: id})
}

// Remove is Cancel with what an organizer or admin says to it when the registration is somebody else's; of the
// actor's own it says nothing. notify: the person gets a message. Errors: Invalid, and those of Cancel.
func (s *Registrations) Remove(
	ctx context.Context, a Actor, id string, removal Removal, notify bool,
) (RegistrationOutcome, error) {
	if err := require(a, RoleParticipant); err != nil {
		return RegistrationOutcome{}, err
	}
	removal.Reason, removal.Note = strings.TrimSpace(removal.Reason), strings.TrimSpace(removal.Note)
	if err := removal.Check(); err != nil {
		return RegistrationOutcome{}, err
	}
	if !ValidID(id) {
		return RegistrationOutcome{}, ErrRegistrationGone
	}
	if err := s.requireFreshForOthers(ctx, a, id); err != nil {
		return RegistrationOutcome{}, err
	}
	return s.config.Registrar.Cancel(ctx,
		CancelCommand{Actor: a, RegistrationID: id, Removal: removal, Silent: !notify})
}

// AnswerOffer accepts the actor's offer, or declines it. Errors: those of Registrar.AnswerOffer.
func (s *Registrations) AnswerOffer(ctx context.Context, a Actor, id string, accept bool) (RegistrationOutcome, error) {
	if err := require(a, RoleParticipant); err != nil {
		return RegistrationOutcome{}, err
	}
	if !ValidID(id) {
		return RegistrationOutcome{}, ErrRegistrationGone
	}
	return s.config.Registrar.AnswerOffer(ctx, AnswerOfferCommand{Actor: a, RegistrationID: id, Accept: accept})
}

// Unblock lets somebody who was removed and blocked register again, for the competition's organizer and admins.
// Errors: those of Registrar.Unblock and freshForOthers, ErrForbidden.
func (s *Registrations) Unblock(ctx context.Context, a Actor, id string) (Registration, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Registration{}, err
	}
	if !ValidID(id) {
		return Registration{}, ErrRegistrationGone
	}
	if err := s.requireFreshForOthers(ctx, a, id); err != nil {
		return Registration{}, err
	}
	return s.config.Registrar.Unblock(ctx, UnblockCommand{Actor: a, RegistrationID: id})
}

// requireFreshForOthers holds an admin to a login that isn't old for a registration that is neither theirs nor for a
// competition of theirs. Errors: ErrReauthenticate, ErrRegistrationGone.
func (s *Registrations) requireFreshForOthers(ctx context.Context, a Actor, registrationID string) error {
	if !a.Role.AtLeast(RoleAdmin) || s.config.fresh(a) {
		return nil
	}
	r, err := s.config.Store.ParticipantRegistration(ctx, registrationID)
	if err != nil || r.UserID == a.UserID {
		return err
	}
	_, err = s.config.Competitions.changeable(ctx, a, r.CompetitionID)
	return err
}

// MineFor is the actor's registration for a competition. It fails with ErrRegistrationGone when there never was one.
func (s *Registrations) MineFor(ctx context.Context, a Actor, competitionID string) (Registration, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Registration{}, err
	}
	if !ValidID(competitionID) {
		return Registration{}, ErrRegistrationGone
	}
	return s.config.Store.RegistrationOf(ctx, a.UserID, competitionID)
}

// Mine lists the actor's registrations, newest first.
func (s *Registrations) Mine(ctx context.Context, a Actor, cursor string, limit int) (Page[MyRegistration], error) {
	if err := require(a, RoleParticipant); err != nil {
		return Page[MyRegistration]{}, err
	}
	at, limit, err := listing(validation{}, "registered", cursor, limit)
	if err != nil {
		return Page[MyRegistration]{}, err
	}
	return s.config.Store.RegistrationsOfUser(ctx, a.UserID, at, limit)
}
