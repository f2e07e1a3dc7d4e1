package compete

import (
	"context"
	"errors"
	"strings"
	"time"
)

// The limits of a review.
const (
	MinScore      = 1
	MaxScore      = 5
	MaxReviewNote = 2000 // characters
)

// Review is what one reviewer thinks of an application. Only staff see it.
type Review struct {
	RegistrationID string
	CompetitionID  string
	Reviewer       Participant
	Score          int
	Note           string
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Check reports all invalid fields.
func (r *Review) Check() error {
	var v validation
	if r.Score < MinScore || r.Score > MaxScore {
		v.addf("score", "must be between %d and %d", MinScore, MaxScore)
	}
	v.length("note", r.Note, 0, MaxReviewNote)
	return v.err()
}

// Reviews are the reviews of an application.
type Reviews struct {
	Average int // of their scores, in hundredths; 0 if there are none
	Items   []Review
}

// reviewable reads a registration for a review, for staff of its competition, and the competition, which read returns.
// Errors: ErrForbidden, ErrRegistrationGone, ErrNotReviewed, and other errors of read.
func (s *Applications) reviewable(
	ctx context.Context, a Actor, registrationID string,
	read func(ctx context.Context, a Actor, competitionID string) (Competition, error),
) (ParticipantRegistration, Competition, error) {
	refuse := func(err error) (ParticipantRegistration, Competition, error) {
		return ParticipantRegistration{}, Competition{}, err
	}
	if err := require(a, RoleOrganizer); err != nil {
		return refuse(err)
	}
	if !ValidID(registrationID) {
		return refuse(ErrRegistrationGone)
	}
	r, err := s.config.Registrations.ParticipantRegistration(ctx, registrationID)
	if err != nil {
		return refuse(err)
	}
	c, err := read(ctx, a, r.CompetitionID)
	switch {
	case errors.Is(err, ErrCompetitionMissing), errors.Is(err, ErrForbidden):
		return refuse(ErrRegistrationGone)
	case err != nil:
		return refuse(err)
	case !c.Reviewed():
		return refuse(ErrNotReviewed)
	}
	return r, c, nil
}

// Review saves the actor's review of an application; each reviewer has one. It returns all reviews. Errors: Invalid,
// those of reviewable and Competitions.changeable, ErrCompetitionCancelled, ErrNotDecidable for a cancelled
// registration, ErrDecidedWithTeam.
func (s *Applications) Review(ctx context.Context, a Actor, registrationID string, score int, note string) (
	Reviews, error,
) {
	r, _, err := s.reviewable(ctx, a, registrationID, s.scoring)
	if err != nil {
		return Reviews{}, err
	}
	now := s.config.now()
	review := Review{
		RegistrationID: r.ID, CompetitionID: r.CompetitionID, Reviewer: Participant{ID: a.UserID}, Score: score,
		Note: strings.TrimSpace(note), CreatedAt: now, UpdatedAt: now,
	}
	if err := review.Check(); err != nil {
		return Reviews{}, err
	}
	switch {
	case r.Status == RegistrationCancelled:
		return Reviews{}, ErrNotDecidable
	case r.Follows:
		return Reviews{}, ErrDecidedWithTeam
	}
	if err := s.config.Store.SaveReview(ctx, review, r.UserID); err != nil {
		return Reviews{}, err
	}
	return s.reviews(ctx, r.ID)
}

// scoring reads a competition whose applications can be scored now. Errors: those of Competitions.changeable,
// ErrCompetitionCancelled.
func (s *Applications) scoring(ctx context.Context, a Actor, competitionID string) (Competition, error) {
	c, err := s.config.Competitions.changeable(ctx, a, competitionID)
	if err == nil && c.Status == StatusCancelled {
		err = ErrCompetitionCancelled
	}
	return c, err
}

// WithdrawReview deletes the actor's review of an application, if there is one, and returns those that are left.
// Errors: those of reviewable and Competitions.changeable, ErrCompetitionCancelled.
func (s *Applications) WithdrawReview(ctx context.Context, a Actor, registrationID string) (Reviews, error) {
	r, _, err := s.reviewable(ctx, a, registrationID, s.scoring)
	if err != nil {
		return Reviews{}, err
	}
	withdrawn := Review{
		RegistrationID: r.ID, CompetitionID: r.CompetitionID, Reviewer: Participant{ID: a.UserID},
		UpdatedAt: s.config.now(),
	}
	if err := s.config.Store.DeleteReview(ctx, withdrawn, r.UserID); err != nil {
		return Reviews{}, err
	}
	return s.reviews(ctx, r.ID)
}

// Reviews lists the reviews of an application, oldest first, for staff.
func (s *Applications) Reviews(ctx context.Context, a Actor, registrationID string) (Reviews, error) {
	r, _, err := s.reviewable(ctx, a, registrationID, s.config.Competitions.Managed)
	if err != nil {
		return Reviews{}, err
	}
	return s.reviews(ctx, r.ID)
}

func (s *Applications) reviews(ctx context.Context, registrationID string) (Reviews, error) {
	items, err := s.config.Store.ReviewsOf(ctx, registrationID)
	sum := 0
	for i := range items {
		sum += items[i].Score
	}
	if len(items) > 0 {
		sum = sum * 100 / len(items)
	}
	return Reviews{Average: sum, Items: items}, err
}
