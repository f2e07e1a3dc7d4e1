package compete

import (
	"context"
	"errors"
	"time"
)

// ErasedName is what an account is called once it was deleted.
const ErasedName = "Deleted account"

// eraseAgainAfter is when what was under way while an account was deleted has ended: sending an email takes longest.
const eraseAgainAfter = 5 * time.Minute

// ErasureStore deletes what is kept of people.
type ErasureStore interface {
	// EraseAccount, in one transaction: takes name, address, password, logins, links, drafts and what else belongs to
	// the account alone out of the database, along with jobs that name the address, and enqueues an EraseJob for the
	// rest and another for later. The row stays, disabled, under ErasedName: registrations and competitions refer to
	// it. Errors: ErrUserMissing, ErrLastAdmin, ErrOrganizesCompetitions.
	EraseAccount(ctx context.Context, userID string, now time.Time) error
	// RegistrationsToErase lists up to limit registrations of the user that aren't CancelledByErasure yet.
	RegistrationsToErase(ctx context.Context, userID string, limit int) ([]string, error)
	// EraseTraces deletes in pages what else is left of an account that was erased: messages, jobs, failed jobs,
	// recorded outcomes.
	EraseTraces(ctx context.Context, userID string) error
	// UnusedAccounts lists up to limit accounts, by id after afterID, that nobody has used since the given moment:
	// that haven't logged in, registered, or been changed. Admins' aren't among them, nor those registered for what
	// isn't over.
	UnusedAccounts(ctx context.Context, before time.Time, afterID string, limit int) ([]string, error)
	// Scrub sees to it that what was deleted isn't left in the database's files either, as far as it can without
	// keeping others waiting.
	Scrub(ctx context.Context) error
}

// Rememberer is a cache that may remember people.
type Rememberer interface {
	// Forget removes what it remembers of the user.
	Forget(ctx context.Context, userID string) error
}

// EraseJob finishes the deletion of an account. Last says that it runs for the second time, for what was under way
// the first time.
type EraseJob struct {
	UserID string `json:"userId"`
	Last   bool   `json:"last,omitempty"`
}

// Kind names the job.
func (EraseJob) Kind() string { return "erase" }

// Options implements Job. It has long, because all jobs that are kept are looked through for the person.
func (j EraseJob) Options() JobOptions {
	options := JobOptions{Queue: QueueMaintenance, Timeout: 5 * time.Minute, Yields: true}
	if j.Last {
		options.Delay = eraseAgainAfter
	}
	return options
}

// The refusals to delete an account.
var (
	ErrLastAdmin = &Error{
		Kind: KindConflict, Code: "last_admin",
		Detail: "This is the only admin account that can log in. Make someone else an admin first.",
	}
	ErrOrganizesCompetitions = &Error{
		Kind: KindConflict, Code: "organizes_competitions",
		Detail: "This account organizes published competitions that aren't over. Cancel them, or ask an admin to " +
			"transfer them, then try again.",
	}
	errDeleteOwnHere = &Error{
		Kind: KindConflict, Code: "own_account",
		Detail: "Delete your own account on your account page, with your password.",
	}
)

// ErasureConfig names what NewErasure needs.
type ErasureConfig struct {
	Runtime
	Store     ErasureStore
	Users     UserStore
	Factors   FactorStore
	Registrar Registrar
	Logins    *Logins
	Throttle  *Throttle
	Caches    []Rememberer // that may remember people
	// tells the owner of an account that was deleted, and returns at once
	Farewell func(user User) `optional:"nobody is told"`
}

// Erasure is how accounts are deleted, with all that names their people.
type Erasure struct{ config ErasureConfig }

// NewErasure panics when something is missing.
func NewErasure(c ErasureConfig) *Erasure {
	mustBeComplete(c)
	return &Erasure{c}
}

// SaysFarewell reports whether the owner of a deleted account gets a last email.
func (s *Erasure) SaysFarewell() bool { return s.config.Farewell != nil }

// MayDelete fails with ErrReauthenticate when the actor's account has a second factor and the login is old: the
// password alone doesn't delete what it alone doesn't log in to.
func (s *Erasure) MayDelete(ctx context.Context, a Actor) error {
	if err := require(a, RoleParticipant); err != nil {
		return err
	}
	has, err := s.config.Factors.HasFactor(ctx, a.UserID)
	if err != nil || !has {
		return err
	}
	return s.config.requireFresh(a, RoleParticipant)
}

// DeleteAccount deletes the actor's account for good. Seats pass on before it returns; what else is left of the
// person is gone shortly after. Errors: those of MayDelete, Invalid about the password, ErrTooManyGuesses, ErrBusy,
// ErrLastAdmin, ErrOrganizesCompetitions.
func (s *Erasure) DeleteAccount(ctx context.Context, a Actor, password string) error {
	user, err := actorAccount(ctx, s.config.Users, a)
	if err != nil {
		return err
	}
	if err := s.MayDelete(ctx, a); err != nil {
		return err
	}
	if password == "" {
		return Invalid(FieldError{Field: "password", Message: "is required to delete your account"})
	}
	if err := s.config.Logins.checkPassword(ctx, user, "password", password); err != nil {
		return err
	}
	return s.eraseAccount(ctx, user)
}

// DeleteUser deletes somebody else's account for good, for admins. Errors: ErrUserMissing, ErrOwnAccount,
// ErrOrganizesCompetitions.
func (s *Erasure) DeleteUser(ctx context.Context, a Actor, id string) error {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return err
	}
	user, err := s.config.Users.User(ctx, id)
	if err != nil {
		return err
	}
	if id == a.UserID {
		return errDeleteOwnHere
	}
	return s.eraseAccount(ctx, user)
}

func (s *Erasure) eraseAccount(ctx context.Context, user User) error {
	if err := s.config.Store.EraseAccount(ctx, user.ID, s.config.now()); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // done is done, whoever waits for it
	if err := s.eraseRegistrations(ctx, user.ID); err != nil {
		s.config.Log.WarnContext(ctx, "could not cancel the registrations of a deleted account; a job will", "user",
			user.ID, "error", err)
	}
	if s.config.Throttle.Guesses != nil {
		if err := s.config.Throttle.Guesses.Forget(ctx, accountKey(user.Email)); err != nil {
			s.config.Log.WarnContext(ctx,
				"could not forget the login attempts of a deleted account; they expire within an hour", "user",
				user.ID, "error", err)
		}
	}
	if s.config.Farewell != nil {
		s.config.Farewell(user)
	}
	return nil
}

// Finish does an EraseJob. It may run again, and beside another. It belongs to the workers: no route reaches it.
func (s *Erasure) Finish(ctx context.Context, job EraseJob) error {
	userID := job.UserID
	if err := s.eraseRegistrations(ctx, userID); err != nil {
		return err
	}
	if err := s.config.Store.EraseTraces(ctx, userID); err != nil {
		return err
	}
	var errs []error
	for _, cache := range s.config.Caches {
		errs = append(errs, cache.Forget(ctx, userID))
	}
	return errors.Join(append(errs, s.config.Store.Scrub(ctx))...)
}

// erasePage is how many registrations are cancelled in one transaction: each may be for another competition.
const erasePage = 50

func (s *Erasure) eraseRegistrations(ctx context.Context, userID string) error {
	for {
		ids, err := s.config.Store.RegistrationsToErase(ctx, userID, erasePage)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := s.config.Registrar.Erase(ctx, EraseCommand{UserID: userID, RegistrationIDs: ids}); err != nil {
			return err
		}
	}
}

// EraseUnused deletes accounts that nobody has used for so long, and returns how many. Those that organize what isn't
// over stay. It belongs to the clean-up: no route reaches it.
func (s *Erasure) EraseUnused(ctx context.Context, age time.Duration) (n int, err error) {
	before, after := s.config.now().Add(-age), ""
	for {
		ids, err := s.config.Store.UnusedAccounts(ctx, before, after, erasePage)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		for _, id := range ids {
			after = id
			user, err := s.config.Users.User(ctx, id)
			if err == nil {
				err = s.eraseAccount(ctx, user)
			}
			switch {
			case err == nil:
				n++
			case !errors.Is(err, ErrOrganizesCompetitions) && !errors.Is(err, ErrUserMissing):
				return n, err
			}
		}
	}
}
