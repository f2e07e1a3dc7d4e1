package compete

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

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

// SensitiveOver reports whether the answers to sensitive questions have been kept for as long as they may be. From then
// on, none are taken.
func (c *CompetitionContent) SensitiveOver(now time.Time) bool {
	end := c.forgets()
	return end != nil && !now.Before(*end)
}

// forgets returns the time until which answers to sensitive questions are kept; nil: there are none.
func (c *CompetitionContent) forgets() *time.Time {
	if c.AnswersKeptDays == nil {
		return nil
	}
	return new(c.over().AddDate(0, 0, *c.AnswersKeptDays))
}

// KeepsLonger reports whether sensitive answers are kept for more days than before, or forever. Whoever has answered
// was told how many. It also counts once no question is sensitive any more: answers to a removed one are still stored.
func (c *CompetitionContent) KeepsLonger(before *CompetitionContent) bool {
	return before.AnswersKeptDays != nil &&
		(c.AnswersKeptDays == nil || *c.AnswersKeptDays > *before.AnswersKeptDays)
}

// ErrKeptLonger refuses a change that KeepsLonger, once somebody has registered.
var ErrKeptLonger = Invalid(FieldError{
	Field: "answersKeptDays",
	Message: "must not be raised or removed any more, because people have answered on the condition that it's at " +
		"most this",
})

// SensitiveMargin is how long after SensitiveOver the stored answers are deleted: by then, whatever was decided before
// it is stored, though clocks differ and commands wait for their turn.
const SensitiveMargin = 10 * time.Minute

// QuestionsAt returns the questions that somebody answers at a time: QuestionsFor, without the sensitive ones once
// their answers aren't kept any more.
func (c *Competition) QuestionsAt(captain bool, now time.Time) Questions {
	asked := c.QuestionsFor(captain)
	if !asked.HaveSensitive() || !c.SensitiveOver(now) {
		return asked
	}
	return slices.DeleteFunc(slices.Clone(asked), func(q Question) bool { return q.Sensitive })
}

// checkSensitive refuses answers to sensitive questions once they aren't kept any more. It returns the others.
func (c *Competition) checkSensitive(given Answers, now time.Time) (Answers, error) {
	if !c.Questions.HaveSensitive() || !c.SensitiveOver(now) {
		return given, nil
	}
	var v validation
	others := make(Answers, len(given))
	for _, id := range slices.Sorted(maps.Keys(given)) {
		q := c.Questions.Find(id)
		if q == nil || !q.Sensitive {
			others[id] = given[id]
		} else if value, problem := q.read(given[id]); value != nil || problem != "" {
			v.add(answerField(id), "can no longer be given, because answers to this question are deleted by now")
		}
	}
	return others, v.err()
}

// EditedAnswers are the answers of a registration after an edit.
type EditedAnswers struct {
	All     Answers
	Changed []string // ids of questions whose answer changed, in order
}

// EditAnswers returns the answers of somebody who had those that are kept, after a change to some of them. If none are
// given, nothing is checked: what was added to the questions since then doesn't get in the way of other edits.
// Otherwise, it fails like Questions.Take.
func (c *Competition) EditAnswers(captain bool, given, kept Answers, now time.Time) (EditedAnswers, error) {
	if len(given) == 0 {
		return EditedAnswers{All: kept}, nil
	}
	given, err := c.checkSensitive(given, now)
	if err != nil {
		return EditedAnswers{}, err
	}
	taken, _, err := c.QuestionsAt(captain, now).take(given, kept, c.Questions)
	if err != nil {
		return EditedAnswers{}, err
	}
	edited := EditedAnswers{All: taken}
	for i := range c.Questions {
		if id := c.Questions[i].ID; !reflect.DeepEqual(taken[id], kept[id]) {
			edited.Changed = append(edited.Changed, id)
		}
	}
	if len(edited.Changed) == 0 {
		edited.All = kept
	}
	return edited, nil
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
	return len(c.Questions) > 0 || len(c.Divisions) > 0 || c.Team != nil || c.NeedsCode
}

// ErrAnswersClosed refuses an edit that comes too late.
var ErrAnswersClosed = &Error{
	Kind: KindConflict, Code: "answers_closed",
	Detail: "Answers can no longer be edited. Ask the organizer if something has to change.",
}

// CheckEdit checks whether the actor may edit the registration's answers now: its owner until AnswersEnd, and staff at
// any time. Errors: ErrRegistrationGone, ErrCompetitionCancelled, ErrRegistrationCancelled, ErrAnswersClosed.
func (r *Registration) CheckEdit(a Actor, c *Competition, now time.Time) error {
	err := r.checkChange(a, c)
	if err == nil && !c.ManagedBy(a) && !now.Before(c.AnswersEnd()) {
		return ErrAnswersClosed
	}
	return err
}
