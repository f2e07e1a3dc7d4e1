package compete

import (
	"context"
	"iter"
	"slices"
	"time"
)

// PersonalDataStore reads the data stored about one person.
type PersonalDataStore interface {
	// EverySession lists all of the user's stored sessions, including ended and expired ones, newest first.
	EverySession(ctx context.Context, userID string, cursor Cursor, limit int) (Page[Session], error)
	// LinksOf lists the stored links that the user requested, without their tokens.
	LinksOf(ctx context.Context, userID string) ([]Link, error)
	// ReportsBy lists the reports that the user made, newest first.
	ReportsBy(ctx context.Context, userID string, cursor Cursor, limit int) (Page[Report], error)
	// PreparationsOf lists what the user filled in ahead.
	PreparationsOf(ctx context.Context, userID string) ([]KeptPreparation, error)
	// PersonalReviews lists the reviews that match, newest first.
	PersonalReviews(ctx context.Context, f PersonalReviewFilter, cursor Cursor, limit int) (Page[PersonalReview], error)
	// OrganizerRequestOf returns when the user asked to become an organizer; nil if no request is pending.
	OrganizerRequestOf(ctx context.Context, userID string) (*time.Time, error)
}

// PersonalReviewFilter selects reviews by one reviewer, or about one applicant.
type PersonalReviewFilter struct {
	ReviewerID string // if not empty, those written by this user
	// otherwise, those about this user's applications that have been decided about, or were cancelled, so that the user
	// can't apply again by Now
	ApplicantID string
	Now         time.Time
}

// PersonalReview is a review for the export, without its reviewer.
type PersonalReview struct {
	Review
	CompetitionTitle string
}

// PersonalData is everything stored about a person. The lists are read page by page while they are sent.
type PersonalData struct {
	At                 time.Time
	User               User
	OrganizerRequestAt *time.Time // when the user asked to become an organizer; nil if no request is pending
	Links              []Link
	Preparations       []KeptPreparation
	Factors            Factors
	Sessions           iter.Seq2[[]Session, error]
	Registrations      iter.Seq2[[]MyRegistration, error]
	Messages           iter.Seq2[[]Message, error]
	Competitions       iter.Seq2[[]Competition, error] // organized by the user, including drafts
	Reports            iter.Seq2[[]Report, error]      // made by the user
	ReviewsGiven       iter.Seq2[[]PersonalReview, error]
	// about the user's applications, once they have been decided about, or were withdrawn for good: until then, staff
	// judge undisturbed
	ReviewsReceived iter.Seq2[[]PersonalReview, error]
	// the user's actions, and actions on the account, but for reviews by others; addresses are only the user's own
	Audit iter.Seq2[[]AuditEntry, error]
}

// TakeoutConfig lists the dependencies of NewTakeout.
type TakeoutConfig struct {
	Runtime
	Personal      PersonalDataStore
	Users         UserStore
	Factors       FactorStore
	Registrations RegistrationStore
	Mailbox       MailboxStore
	Competitions  CompetitionStore
	Audit         AuditStore
}

// Takeout lets people export everything stored about them.
type Takeout struct{ config TakeoutConfig }

// NewTakeout creates the service. It panics if a dependency is missing.
func NewTakeout(c TakeoutConfig) *Takeout {
	mustBeComplete(c)
	return &Takeout{c}
}

// Export reads everything stored about the actor.
func (s *Takeout) Export(ctx context.Context, a Actor) (PersonalData, error) {
	user, err := actorAccount(ctx, s.config.Users, a)
	if err != nil {
		return PersonalData{}, err
	}
	data := PersonalData{At: s.config.now(), User: user}
	if data.Links, err = s.config.Personal.LinksOf(ctx, user.ID); err != nil {
		return data, err
	}
	if data.Factors, err = s.config.Factors.Factors(ctx, user.ID); err != nil {
		return data, err
	}
	if data.OrganizerRequestAt, err = s.config.Personal.OrganizerRequestOf(ctx, user.ID); err != nil {
		return data, err
	}
	if data.Preparations, err = s.config.Personal.PreparationsOf(ctx, user.ID); err != nil {
		return data, err
	}
	data.Sessions = everyPage(func(at Cursor) (Page[Session], error) {
		return s.config.Personal.EverySession(ctx, user.ID, at, MaxPageSize)
	})
	data.Registrations = everyPage(func(at Cursor) (Page[MyRegistration], error) {
		return s.config.Registrations.RegistrationsOfUser(ctx, user.ID, at, MaxPageSize)
	})
	data.Messages = everyPage(func(at Cursor) (Page[Message], error) {
		return s.config.Mailbox.Messages(ctx, user.ID, at, MaxPageSize)
	})
	data.Competitions = everyPage(func(at Cursor) (Page[Competition], error) {
		return s.config.Competitions.Competitions(ctx,
			CompetitionFilter{
				OrganizerID: user.ID, Sort: SortNewest, Cursor: at, Limit: MaxPageSize,
				Now: s.config.now(),
			})
	})
	data.Reports = everyPage(func(at Cursor) (Page[Report], error) {
		return s.config.Personal.ReportsBy(ctx, user.ID, at, MaxPageSize)
	})
	data.ReviewsGiven = s.reviews(ctx, PersonalReviewFilter{ReviewerID: user.ID})
	data.ReviewsReceived = s.reviews(ctx, PersonalReviewFilter{ApplicantID: user.ID, Now: data.At})
	data.Audit = everyPage(func(at Cursor) (Page[AuditEntry], error) {
		page, err := s.config.Audit.Audit(ctx, AuditFilter{PersonID: user.ID, Cursor: at, Limit: MaxPageSize})
		page.Items = slices.DeleteFunc(page.Items, func(e AuditEntry) bool {
			return (e.Action == AuditReviewed || e.Action == AuditReviewDeleted) && e.ActorID != user.ID
		})
		hideAddresses(page.Items, user.ID)
		return page, err
	})
	return data, nil
}

func (s *Takeout) reviews(ctx context.Context, f PersonalReviewFilter) iter.Seq2[[]PersonalReview, error] {
	return everyPage(func(at Cursor) (Page[PersonalReview], error) {
		return s.config.Personal.PersonalReviews(ctx, f, at, MaxPageSize)
	})
}

// everyPage reads a list to its end. If a page fails, its error is yielded last.
func everyPage[T any](read func(Cursor) (Page[T], error)) iter.Seq2[[]T, error] {
	return pagesFrom(Cursor{}, read)
}

// pagesFrom is everyPage from a place in the list on.
func pagesFrom[T any](start Cursor, read func(Cursor) (Page[T], error)) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for at := start; ; {
			page, err := read(at)
			if !yield(page.Items, err) || err != nil || page.Next.IsZero() {
				return
			}
			at = page.Next
		}
	}
}

// readPagesFrom is pagesFrom, except that it reads the first page at once and fails with its error, so that this
// surfaces before anything is sent.
func readPagesFrom[T any](start Cursor, read func(Cursor) (Page[T], error)) (iter.Seq2[[]T, error], error) {
	first, err := read(start)
	if err != nil {
		return nil, err
	}
	return func(yield func([]T, error) bool) {
		if yield(first.Items, nil) && !first.Next.IsZero() {
			pagesFrom(first.Next, read)(yield)
		}
	}, nil
}
