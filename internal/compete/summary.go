package compete

import (
	"cmp"
	"context"
	"slices"
)

// maxSummarized is how many registrations are read to summarize answers, so that a page of a very large competition
// takes no longer than a second.
const maxSummarized = 20_000

// AnswerSummary says what people answered to a question.
type AnswerSummary struct {
	Question Question
	Answered int           // people with an answer
	Choices  []AnswerCount // of YES_NO, ONE_OF, MANY_OF, COUNTRY and CONSENT: by option, or the most frequent first
	// of NUMBER, if somebody answered
	Least, Average, Most float64
}

// AnswerCount is an answer and how many people gave it.
type AnswerCount struct {
	Value any
	Count int
}

// AnswersSummary contains the summaries of all questions of a competition.
type AnswersSummary struct {
	Questions []AnswerSummary
	People    int  // who were counted: registered, waiting or applying
	More      bool // there are more people, who weren't counted
}

// Summarize counts the answers to a competition's questions, for its organizer and admins. Registrations that
// are cancelled or rejected don't count.
func (s *Registrations) Summarize(ctx context.Context, a Actor, competitionID string) (AnswersSummary, error) {
	c, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if err != nil || len(c.Questions) == 0 {
		return AnswersSummary{}, err
	}
	summary := AnswersSummary{Questions: make([]AnswerSummary, len(c.Questions))}
	counts := make([]map[any]int, len(c.Questions))
	for i := range c.Questions {
		summary.Questions[i].Question, counts[i] = c.Questions[i], map[any]int{}
	}
	for after, more := int64(0), true; more; {
		page, next, err := s.config.Store.AnswersOfCompetition(ctx, competitionID, after, exportSize)
		if err != nil {
			return AnswersSummary{}, err
		}
		for _, answers := range page {
			for i := range summary.Questions {
				summary.Questions[i].count(counts[i], answers)
			}
		}
		summary.People += len(page)
		after, more = next, next != 0 && summary.People < maxSummarized
		summary.More = next != 0
	}
	for i := range summary.Questions {
		summary.Questions[i].finish(counts[i])
	}
	return summary, nil
}

// count adds a person's answer.
func (s *AnswerSummary) count(counts map[any]int, answers Answers) {
	answer := answers[s.Question.ID]
	if answer == nil {
		return
	}
	s.Answered++
	switch a := answer.(type) {
	case []string:
		for _, choice := range a {
			counts[choice]++
		}
	case float64:
		if s.Answered == 1 {
			s.Least, s.Most = a, a
		}
		s.Least, s.Most = min(s.Least, a), max(s.Most, a)
		s.Average += (a - s.Average) / float64(s.Answered)
	default:
		counts[a]++
	}
}

// finish puts the counts of choices in order: those of the options first, then others that once were options.
func (s *AnswerSummary) finish(counts map[any]int) {
	take := func(value any) {
		s.Choices = append(s.Choices, AnswerCount{value, counts[value]})
		delete(counts, value)
	}
	switch q := &s.Question; q.Kind {
	case QuestionYesNo, QuestionConsent:
		take(true)
		take(false)
	case QuestionOneOf, QuestionManyOf:
		for _, option := range q.Options {
			take(option)
		}
		fallthrough
	case QuestionCountry:
		first := len(s.Choices)
		for value := range counts {
			s.Choices = append(s.Choices, AnswerCount{value, counts[value]})
		}
		slices.SortFunc(s.Choices[first:], func(a, b AnswerCount) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(AnswerText(a.Value), AnswerText(b.Value)))
		})
	case QuestionText, QuestionLongText, QuestionNumber, QuestionDate, QuestionPhone, QuestionURL:
	}
}
