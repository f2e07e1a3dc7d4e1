package compete

import (
	"context"
	"errors"
	"time"
)

// ErasedName replaces the name of a deleted account.
const ErasedName = "Deleted account"

// eraseAgainAfter is when everything in progress during the deletion has finished; sending an email takes longest.
const eraseAgainAfter = 5 * time.Minute

// ErasureStore deletes stored personal data.
type ErasureStore interface {
	// EraseAccount, in one transaction, deletes the account's name, address, password, logins, links, drafts and other
	// data that belongs only to it, along with jobs that contain the address, and enqueues one EraseJob to delete the
	// rest now and another for later. The row stays, disabled and named ErasedName, because registrations and
	// competitions refer to it. Errors: ErrUserMissing, ErrLastAdmin, ErrOrganizesCompetitions.
	EraseAccount(ctx context.Context, userID string, now time.Time) error
	// RegistrationsToErase lists up to limit registrations of the user that aren't yet CancelledByErasure.
	RegistrationsToErase(ctx context.Context, userID string, limit int) ([]string, error)
	// EraseTraces deletes, in batches, the remaining data of an erased account: messages, jobs, failed jobs, recorded
	// outcomes.
	EraseTraces(ctx context.Context, userID string) error
	// UnusedAccounts lists up to limit accounts, by id after afterID, that have been unused since the given time: no
	// login, registration or change. It leaves out admins and people registered for a competition that isn't over.
	UnusedAccounts(ctx context.Context, before time.Time, afterID string, limit int) ([]string, error)
	// Scrub removes deleted data from the database's files too, as far as possible without making others wait.
	Scrub(ctx context.Context) error
}

// Rememberer is a cache that may hold personal data.
type Rememberer interface {
	// Forget removes what the cache holds about the user.
	Forget(ctx context.Context, userID string) error
}

// EraseJob finishes the deletion of an account. Last marks the second run, which deletes what was in progress during
// the first.
type EraseJob struct {
	UserID string `json:"userId"`
	Last   bool   `json:"last,omitempty"`
}

// Kind names the job.
func (EraseJob) Kind() string { return "erase" }

// Options implements Job. The timeout is long because the job searches all stored jobs for the person.
func (j EraseJob) Options() JobOptions {
	options := JobOptions{Queue: QueueMaintenance, Timeout: 5 * time.Minute, Yields: true}
	if j.Last {
		options.Delay = eraseAgainAfter
	}
	return options
}

// The errors of deleting an account.
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

// ErasureConfig lists the dependencies of NewErasure.
type ErasureConfig struct {
	Runtime
	Store     ErasureStore
	Users     UserStore
	Factors   FactorStore
	Registrar Registrar
	Logins    *Logins
	Throttle  *Throttle
	Caches    []Rememberer // caches that may hold personal data
	// notifies the owner of a deleted account, without blocking
	Farewell func(user User) `optional:"nobody is told"`
}

// Erasure deletes accounts and the personal data that belongs to them.
type Erasure struct{ config ErasureConfig }

// NewErasure creates the service. It panics if a dependency is missing.
func NewErasure(c ErasureConfig) *Erasure {
	mustBeComplete(c)
	return &Erasure{c}
}

// SaysFarewell reports whether the owner of a deleted account gets a last email.
func (s *Erasure) SaysFarewell() bool { return s.config.Farewell != nil }

// MayDelete fails with ErrReauthenticate if the actor's account has a second factor and the login is old: a password
// that isn't enough to log in isn't enough to delete the account either.
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

// DeleteAccount permanently deletes the actor's account. Seats are passed on before it returns; the remaining personal
// data is deleted shortly after. Errors: those of MayDelete, Invalid about the password, ErrTooManyGuesses, ErrBusy,
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

// DeleteUser permanently deletes another person's account, for admins. Errors: ErrUserMissing, ErrOwnAccount,
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
	ctx = context.WithoutCancel(ctx) // finish even if the caller stops waiting
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

// Finish runs an EraseJob. It can be repeated and run concurrently. Only workers call it; no route does.
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

// erasePage is the number of registrations cancelled per transaction, each possibly for a different competition.
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

// EraseUnused deletes accounts that have been unused for the given time and returns their number. It keeps accounts
// that organize competitions that aren't over. Only the clean-up calls it; no route does.
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
