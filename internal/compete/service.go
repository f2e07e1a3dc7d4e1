package compete

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// Service is what both front doors call: every rule of the domain is behind it. Its fields are its dependencies; all are needed but Replays, Log, those about limits and those under Mail.
type Service struct {
	Users         UserStore
	Competitions  CompetitionStore
	Registrations RegistrationStore
	Mailbox       MailboxStore
	DeadLetters   DeadLetters
	Covers        CoverStore
	CoverMaker    CoverMaker
	Statistics    StatisticsStore
	Registrar     Registrar
	Passwords     PasswordHasher
	AnyPassword   bool             // also one that is easy to guess
	SiteName      func() string    // nil: none; what no password may be made of, besides the user's own words
	Replays       ReplayCache      // nil: every replay is answered by the database
	Clock         func() time.Time // the present moment
	NewID         func() string    // a new id, ordered by time (UUID v7)
	Log           *slog.Logger     // of what goes wrong beside an answer

	Limiter Limiter // nil: nobody is limited
	Limits  Limits
	Guesses Guesses // nil: passwords may be guessed as fast as they are checked

	Site     SiteStore
	Settings SiteSettings                                        // nil: none are set, so that everybody may organize
	SendTest func(ctx context.Context, id, address string) error // sends a test email with the id; nil: no mail server is set up

	// LocalOnly reports whether an account's password is known to everybody, so that its owner can log in only on the machine that
	// the program runs on. nil: there are no such accounts.
	LocalOnly func(email string) bool

	// Mail: links that mails carry.
	Links                LinkStore
	Logins               LoginStore
	LinkKeys             LinkKeys
	Wording              AccountWording
	Mailing              bool           // a link that is asked for reaches somebody: by mail, or a developer
	VerifyOnSignUp       bool           // who signs up gets a mail that confirms the address
	RequireVerifiedEmail bool           // registering and publishing take a verified address
	Verified             *VerifiedUsers // remembers who has one; nil: each is looked up
}

func (s *Service) now() time.Time { return UTC(s.Clock()) }

// require fails with ErrUnauthorized for a visitor, and with ErrForbidden for an actor whose role isn't at least the given one.
func require(a Actor, role Role) error {
	switch {
	case !a.LoggedIn():
		return ErrUnauthorized
	case !a.Role.AtLeast(role):
		return ErrForbidden
	}
	return nil
}

// Registrations

// Register registers the actor for a competition of somebody else. Errors: those of Registrar.Register, ErrUnauthorized, ErrEmailUnverified.
func (s *Service) Register(ctx context.Context, a Actor, competitionID string, idempotency Idempotency) (RegistrationOutcome, error) {
	if err := require(a, RoleParticipant); err != nil {
		return RegistrationOutcome{}, err
	}
	if !ValidID(competitionID) {
		return RegistrationOutcome{}, ErrCompetitionMissing
	}
	if err := s.requireVerified(ctx, a); err != nil {
		return RegistrationOutcome{}, err
	}
	if err := idempotency.check(); err != nil {
		return RegistrationOutcome{}, err
	}
	var outcome RegistrationOutcome
	if replayed, err := s.replay(ctx, a, idempotency, &outcome); replayed || err != nil {
		outcome.Replayed = true
		return outcome, err
	}
	return s.Registrar.Register(ctx, RegisterCommand{Actor: a, CompetitionID: competitionID, Idempotency: idempotency})
}

// CancelRegistration cancels a registration: its owner until the start, the competition's organizer and admins at any time.
func (s *Service) CancelRegistration(ctx context.Context, a Actor, id string) (RegistrationOutcome, error) {
	if err := require(a, RoleParticipant); err != nil {
		return RegistrationOutcome{}, err
	}
	if !ValidID(id) {
		return RegistrationOutcome{}, ErrRegistrationGone
	}
	return s.Registrar.Cancel(ctx, CancelCommand{Actor: a, RegistrationID: id})
}

// RemoveRegistration is CancelRegistration with what an organizer or admin says to it when the registration is somebody else's; of the
// actor's own it says nothing. notify: the person gets a message. Errors: Invalid, and those of CancelRegistration.
func (s *Service) RemoveRegistration(ctx context.Context, a Actor, id string, removal Removal, notify bool) (RegistrationOutcome, error) {
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
	return s.Registrar.Cancel(ctx, CancelCommand{Actor: a, RegistrationID: id, Removal: removal, Silent: !notify})
}

// UnblockRegistration lets somebody who was removed and blocked register again, for the competition's organizer and admins.
// Errors: those of Registrar.Unblock, ErrForbidden.
func (s *Service) UnblockRegistration(ctx context.Context, a Actor, id string) (Registration, error) {
	if err := require(a, RoleOrganizer); err != nil {
		return Registration{}, err
	}
	if !ValidID(id) {
		return Registration{}, ErrRegistrationGone
	}
	return s.Registrar.Unblock(ctx, UnblockCommand{Actor: a, RegistrationID: id})
}

// MyRegistration is the actor's registration for a competition. It fails with ErrRegistrationGone when there never was one.
func (s *Service) MyRegistration(ctx context.Context, a Actor, competitionID string) (Registration, error) {
	if err := require(a, RoleParticipant); err != nil {
		return Registration{}, err
	}
	if !ValidID(competitionID) {
		return Registration{}, ErrRegistrationGone
	}
	return s.Registrations.RegistrationOf(ctx, a.UserID, competitionID)
}

// MyRegistrations lists the actor's registrations, newest first.
func (s *Service) MyRegistrations(ctx context.Context, a Actor, cursor string, limit int) (Page[MyRegistration], error) {
	if err := require(a, RoleParticipant); err != nil {
		return Page[MyRegistration]{}, err
	}
	at, limit, err := listing(validation{}, "registered", cursor, limit)
	if err != nil {
		return Page[MyRegistration]{}, err
	}
	return s.Registrations.RegistrationsOfUser(ctx, a.UserID, at, limit)
}

// listing reads the cursor and the page size that every list takes. wrong is what else is bad in the request.
func listing(wrong validation, list, cursor string, limit int) (Cursor, int, error) {
	at, badCursor := ParseCursor(list, cursor)
	limit, badLimit := PageSize(limit)
	for _, err := range []error{badCursor, badLimit} {
		if err != nil {
			wrong.fields = append(wrong.fields, AsError(err).Fields...)
		}
	}
	return at, limit, wrong.err()
}
