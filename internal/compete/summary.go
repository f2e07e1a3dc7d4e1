package compete

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
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

// Summarize counts the answers to a competition's questions, for its staff. Registrations that are cancelled or
// rejected don't count, nor do questions whose answers aren't kept any more.
func (s *Registrations) Summarize(ctx context.Context, a Actor, competitionID string) (AnswersSummary, error) {
	c, err := s.config.Competitions.Managed(ctx, a, competitionID)
	if err != nil {
		return AnswersSummary{}, err
	}
	asked := c.QuestionsAt(true, s.config.now())
	if len(asked) == 0 {
		return AnswersSummary{}, nil
	}
	var summary AnswersSummary
	t := newTally(asked)
	for after, more := int64(0), true; more; {
		page, next, err := s.config.Store.AnswersOfCompetition(ctx, competitionID, after, exportSize)
		if err != nil {
			return AnswersSummary{}, err
		}
		for _, answers := range page {
			if err := t.add(answers); err != nil {
				return AnswersSummary{}, err
			}
		}
		summary.People += len(page)
		after, more = next, next != 0 && summary.People < maxSummarized
		summary.More = next != 0
	}
	summary.Questions, err = t.summaries()
	return summary, err
}

// tally counts answers as they are stored. Decoding them all takes several times as long as reading them.
type tally struct {
	questions []AnswerSummary
	counts    []map[string]int // by question: answers, or choices among them, as JSON
	index     map[string]int   // of questions
}

func newTally(qs Questions) tally {
	t := tally{
		questions: make([]AnswerSummary, len(qs)), counts: make([]map[string]int, len(qs)),
		index: make(map[string]int, len(qs)),
	}
	for i := range qs {
		t.questions[i].Question, t.counts[i], t.index[qs[i].ID] = qs[i], map[string]int{}, i
	}
	return t
}

// add counts a person's answers, as Answers.Encode returns them; empty means none.
func (t *tally) add(answers string) error {
	for len(answers) > len(noAnswers) {
		id, rest, _ := strings.Cut(answers[len(`{"`):], `":`) // an ID has no quotation mark
		n := jsonLength(rest)
		if n == 0 {
			return errors.New("compete: answers aren't as they were stored")
		}
		if i, ok := t.index[id]; ok { // the question still exists
			t.count(i, rest[:n])
		}
		answers = rest[n:]
	}
	return nil
}

func (t *tally) count(i int, answer string) {
	s := &t.questions[i]
	s.Answered++
	switch s.Question.Kind {
	case QuestionManyOf:
		for choice := range jsonElements(answer) {
			t.counts[i][choice]++
		}
	case QuestionYesNo, QuestionOneOf, QuestionCountry, QuestionConsent:
		t.counts[i][answer]++
	case QuestionNumber:
		n, _ := strconv.ParseFloat(answer, 64) // it is one, since a question with answers keeps its kind
		if s.Answered == 1 {
			s.Least, s.Most = n, n
		}
		s.Least, s.Most = min(s.Least, n), max(s.Most, n)
		s.Average += (n - s.Average) / float64(s.Answered)
	case QuestionText, QuestionLongText, QuestionDate, QuestionPhone, QuestionURL:
	}
}

func (t *tally) summaries() ([]AnswerSummary, error) {
	for i := range t.questions {
		counts := make(map[any]int, len(t.counts[i]))
		for text, n := range t.counts[i] {
			var value any
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				return nil, err
			}
			counts[value] = n
		}
		t.questions[i].finish(counts)
	}
	return t.questions, nil
}

// jsonLength returns the length of the JSON value that a text begins with: one without spaces, and no object. It
// returns 0 if there is none.
func jsonLength(text string) int {
	if text == "" {
		return 0
	}
	switch text[0] {
	case '"':
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '"':
				return i + 1
			case '\\': // so the next one isn't the end
				i++
			}
		}
		return 0
	case '[':
		end := 1
		for element := range jsonElements(text) {
			end += len(element) + len(",")
		}
		return end
	}
	return max(strings.IndexAny(text, ",]}"), 0)
}

// jsonElements are the elements of an array that isn't empty.
func jsonElements(array string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := array[1:]; rest != "" && rest[0] != ']'; rest = strings.TrimPrefix(rest, ",") {
			n := jsonLength(rest)
			if n == 0 || !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
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
