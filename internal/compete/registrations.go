package compete

import (
	"context"
	"strings"
	"time"
)

// RegistrationsConfig lists the dependencies of NewRegistrations.
type RegistrationsConfig struct {
	Runtime
	Store        RegistrationStore
	Statistics   StatisticsStore
	Preparations PreparationStore
	Registrar    Registrar
	Competitions *Competitions
	Accounts     *Accounts
	Verification *Verification
	Throttle     *Throttle
	Teams        *Teams
	Sealer       Sealer      // of access codes
	Replays      ReplayCache `optional:"every replay is answered by the database"`
	// Patience bounds the total time of a registration. After it, the user is told that the database is unavailable.
	Patience time.Duration `optional:"as long as it takes"`
}

// Registrations handles registering and cancelling, and what organizers see and do about registrations.
type Registrations struct{ config RegistrationsConfig }

// NewRegistrations creates the service. It panics if a dependency is missing.
func NewRegistrations(c RegistrationsConfig) *Registrations {
	mustBeComplete(c)
	return &Registrations{c}
}

// Register registers the actor, with what they filled in, for somebody else's competition. Errors: those of
// Registrar.Register, ErrUnauthorized, ErrEmailUnverified, ErrTooManyGuesses.
func (s *Registrations) Register(
	ctx context.Context, a Actor, competitionID string, entry Entry, idempotency Idempotency,
) (RegistrationOutcome, error) {
	if err := require(a, RoleParticipant); err != nil {
		return RegistrationOutcome{}, err
	}
	if !ValidID(competitionID) {
		return RegistrationOutcome{}, ErrCompetitionMissing
	}
	if err := entry.Check(); err != nil {
		return RegistrationOutcome{}, err
	}
	if err := s.requireVerified(ctx, a); err != nil {
		return RegistrationOutcome{}, err
	}
	idempotency = idempotency.with(entry.AccessCode, s.config.Sealer).
		with(AccessCode(entry.Team.Code), s.config.Sealer)
	outcome, replayed, err := withIdempotency(ctx, s.config.Replays, s.config.now(), a, idempotency,
		func() (keyedResult[RegistrationOutcome], error) {
			o, err := s.registerVerified(ctx,
				RegisterCommand{Actor: a, CompetitionID: competitionID, Entry: entry, Idempotency: idempotency})
			return keyedResult[RegistrationOutcome]{outcome: o, replayed: o.Replayed, record: o.Record}, err
		})
	outcome.Replayed = replayed
	return outcome, err
}

// CheckVerified fails with ErrEmailUnverified if the actor has to confirm their address before they can register for
// the competition.
func (s *Registrations) CheckVerified(ctx context.Context, a Actor, c *Competition) error {
	return s.config.Verification.requireFor(ctx, a, c)
}

// registerVerified registers. Only a competition that needs a verified address, although others don't, has the account
// read.
func (s *Registrations) registerVerified(ctx context.Context, c RegisterCommand) (RegistrationOutcome, error) {
	c.Unverified = s.config.Verification.unverified(c.Actor)
	o, err := s.register(ctx, c)
	if !c.Unverified || !ErrEmailUnverified.Is(err) {
		return o, err
	}
	if err := s.readAccount(ctx, c.Actor, s.config.Verification.check); err != nil {
		return RegistrationOutcome{}, err
	}
	c.Unverified = false
	return s.register(ctx, c)
}

// register counts the attempts of those who send an access code or the code of a team.
func (s *Registrations) register(ctx context.Context, c RegisterCommand) (RegistrationOutcome, error) {
	if c.Entry.AccessCode == "" && c.Entry.Team.Code == "" {
		return s.config.Registrar.Register(ctx, c)
	}
	judge, err := s.config.Throttle.guessAccess(ctx, c.Actor, c.CompetitionID)
	if err != nil {
		return RegistrationOutcome{}, err
	}
	o, err := s.config.Registrar.Register(ctx, c)
	judge(err)
	return o, err
}

// requireVerified fails like Verification.require, and with ErrDatabase if that takes longer than a registration may.
// The registrar bounds the rest.
func (s *Registrations) requireVerified(ctx context.Context, a Actor) error {
	if !s.config.Verification.Required() {
		return nil
	}
	return s.readAccount(ctx, a, s.config.Verification.require)
}

// readAccount bounds a check of the actor's account.
func (s *Registrations) readAccount(ctx context.Context, a Actor, check func(context.Context, Actor) error) error {
	if s.config.Patience > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, s.config.Patience-ClientOf(ctx).Waited())
		defer stop()
	}
	return check(ctx, a)
}

// Cancel cancels a registration. Its owner can do so until the start, staff at any time. Errors: those of
// Registrar.Cancel and requireFreshForOthers.
func (s *Registrations) Cancel(ctx context.Context, a Actor, id string) (RegistrationOutcome, error) {
	if err := s.may(ctx, a, RoleParticipant, id); err != nil {
		return RegistrationOutcome{}, err
	}
	return s.config.Registrar.Cancel(ctx, CancelCommand{Actor: a, RegistrationID: id})
}

// Remove is Cancel with the options of an organizer or admin removing somebody else. They are ignored for the actor's
// own registration. If notify is set, the person gets a message. Errors: Invalid, and those of Cancel.
func (s *Registrations) Remove(
	ctx context.Context, a Actor, id string, removal Removal, notify bool,
) (RegistrationOutcome, error) {
	if err := s.may(ctx, a, RoleParticipant, id); err != nil {
		return RegistrationOutcome{}, err
	}
	removal.Reason, removal.Note = strings.TrimSpace(removal.Reason), strings.TrimSpace(removal.Note)
	if err := removal.Check(); err != nil {
		return RegistrationOutcome{}, err
	}
	return s.config.Registrar.Cancel(ctx,
		CancelCommand{Actor: a, RegistrationID: id, Removal: removal, Silent: !notify})
}

// Move moves a registration to another division, for its owner and staff. With keepSeat, somebody who holds a seat
// isn't put on a waitlist. Errors: those of Registrar.Move and requireFreshForOthers.
func (s *Registrations) Move(
	ctx context.Context, a Actor, id, divisionID string, keepSeat bool,
) (RegistrationOutcome, error) {
	if err := s.may(ctx, a, RoleParticipant, id); err != nil {
		return RegistrationOutcome{}, err
	}
	return s.config.Registrar.Move(ctx,
		MoveCommand{Actor: a, RegistrationID: id, DivisionID: divisionID, KeepSeat: keepSeat})
}

// Offer returns the actor's offer of a seat, with its competition: also while an admin has unpublished that, since the
// offer runs out all the same. Errors: those of MineFor, ErrNoOffer.
func (s *Registrations) Offer(ctx context.Context, a Actor, competitionID string) (Competition, Registration, error) {
	r, err := s.MineFor(ctx, a, competitionID)
	if err == nil && r.Status != RegistrationOffered {
		err = ErrNoOffer
	}
	if err != nil {
		return Competition{}, r, err
	}
	c, err := s.config.Competitions.config.Store.Competition(ctx, competitionID)
	return c, r, err
}

// AnswerOffer accepts or declines the actor's offer. Errors: those of Registrar.AnswerOffer.
func (s *Registrations) AnswerOffer(ctx context.Context, a Actor, id string, accept bool) (RegistrationOutcome, error) {
	if err := require(a, RoleParticipant); err != nil {
		return RegistrationOutcome{}, err
	}
	if !ValidID(id) {
		return RegistrationOutcome{}, ErrRegistrationGone
	}
	return s.config.Registrar.AnswerOffer(ctx, AnswerOfferCommand{Actor: a, RegistrationID: id, Accept: accept})
}

// Edit changes answers of a registration: nil removes one, and those that aren't named stay. Its owner can do so until
// Competition.AnswersEnd, staff at any time. Errors: those of Registrar.Edit and requireFreshForOthers.
func (s *Registrations) Edit(ctx context.Context, a Actor, id string, answers Answers) (EditOutcome, error) {
	if err := s.may(ctx, a, RoleParticipant, id); err != nil {
		return EditOutcome{}, err
	}
	if err := (&Entry{Answers: answers}).Check(); err != nil {
		return EditOutcome{}, err
	}
	return s.config.Registrar.Edit(ctx, EditCommand{Actor: a, RegistrationID: id, Answers: answers})
}

// Change changes several parts of a registration, all or none: for each part, those who can change it alone can do so.
// Errors: those of Registrar.Change, ErrTooManyGuesses, ErrReauthenticate.
func (s *Registrations) Change(ctx context.Context, c ChangeCommand) (EditOutcome, error) {
	if err := s.may(ctx, c.Actor, RoleParticipant, c.RegistrationID); err != nil {
		return EditOutcome{}, err
	}
	if err := joinRefusals(c.Team.Value.check(), (&Entry{Answers: c.Answers.Value}).Check()); err != nil {
		return EditOutcome{}, err
	}
	judge, err := s.guessTeam(ctx, c.Actor, c.RegistrationID, c.Team.Value.Code)
	if err != nil {
		return EditOutcome{}, err
	}
	o, err := s.config.Registrar.Change(ctx, c)
	judge(err)
	return o, err
}

// AnswersOf returns the answers of the actor's registration.
func (s *Registrations) AnswersOf(ctx context.Context, a Actor, r *Registration) (Answers, error) {
	if r.UserID != a.UserID {
		return nil, ErrRegistrationGone
	}
	return s.config.Store.AnswersOf(ctx, r.ID)
}

// Unblock lets a removed and blocked person register again, for staff. Errors: those of Registrar.Unblock and
// requireFreshForOthers, ErrForbidden.
func (s *Registrations) Unblock(ctx context.Context, a Actor, id string) (Registration, error) {
	if err := s.may(ctx, a, RoleOrganizer, id); err != nil {
		return Registration{}, err
	}
	return s.config.Registrar.Unblock(ctx, UnblockCommand{Actor: a, RegistrationID: id})
}

// may fails unless the actor has the role and may change the registration, for all that the service knows of it: the
// registrar decides the rest. Errors: ErrUnauthorized, ErrForbidden, those of requireFreshForOthers.
func (s *Registrations) may(ctx context.Context, a Actor, role Role, registrationID string) error {
	if err := require(a, role); err != nil {
		return err
	}
	if !ValidID(registrationID) {
		return ErrRegistrationGone
	}
	return s.requireFreshForOthers(ctx, a, registrationID)
}

// requireFreshForOthers requires a recent login of admins for a registration that is neither their own nor for a
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

// MineFor returns the actor's registration for a competition. It fails with ErrRegistrationGone if there never was one.
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
