package compete

import "time"

// The limits of CompetitionContent.AnswersKeptDays.
const (
	DefaultAnswersKeptDays = 30
	MaxAnswersKeptDays     = 730
)

// limitSensitive makes sure that the answers to sensitive questions are deleted some day.
func (c *Competition) limitSensitive() {
	if c.AnswersKeptDays == nil && c.Questions.HaveSensitive() {
		c.AnswersKeptDays = new(DefaultAnswersKeptDays)
	}
}

// AnswersEnd returns the time until which people can edit their answers.
func (c *Competition) AnswersEnd() time.Time {
	if c.AnswersUntil != nil {
		return *c.AnswersUntil
	}
	return c.RegDeadline
}

// TakesEntries reports whether people fill in something when they register, so that they can do it ahead.
func (c *Competition) TakesEntries() bool {
	return len(c.Questions) > 0 || len(c.Divisions) > 0 || c.Team != nil
}

// ErrAnswersClosed refuses an edit that comes too late.
var ErrAnswersClosed = &Error{
	Kind: KindConflict, Code: "answers_closed",
	Detail: "Answers can no longer be edited. Ask the organizer if something has to change.",
}

// CheckEdit checks whether the actor may edit the registration's answers now: its owner until AnswersEnd, and those who
// manage the competition at any time. Errors: ErrRegistrationGone, ErrCompetitionCancelled, ErrRegistrationCancelled,
// ErrAnswersClosed.
func (r *Registration) CheckEdit(a Actor, c *Competition, now time.Time) error {
	manages := c.ManagedBy(a)
	switch {
	case r.UserID != a.UserID && !manages:
		return ErrRegistrationGone
	case c.Status == StatusCancelled:
		return ErrCompetitionCancelled
	case r.Status == RegistrationCancelled:
		return ErrRegistrationCancelled
	case !manages && !now.Before(c.AnswersEnd()):
		return ErrAnswersClosed
	}
	return nil
}
