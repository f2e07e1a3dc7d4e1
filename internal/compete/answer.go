package compete

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Answers are a person's answers to the questions of a competition, by question. They have the types that JSON decodes
// into: see QuestionKind. In their stored form, arrays are []string, and questions without an answer are left out.
type Answers map[string]any

// The limits of answers.
const (
	MaxTextAnswer     = 500    // characters
	MaxLongTextAnswer = 5_000  // characters
	MaxURLAnswer      = 2_000  // characters
	MaxAnswersLength  = 32_000 // bytes of all answers as JSON
	MaxNumber         = 1e15   // of either sign: every whole number up to it has an exact float64
	maxAnswerProblems = 100
	minPhoneDigits    = 5
	maxPhoneDigits    = 15 // ITU-T E.164
)

// answerField returns the name of an answer in errors.
func answerField(questionID string) string { return "answers." + questionID }

// Take checks answers against the questions, and returns them in the form to store, or an error that names every bad
// one. Answers to questions that aren't shown are left out. kept are earlier answers, in their stored form: they count
// where nothing new was given, as they are, so that a later change of the questions doesn't get in the way of editing
// something else. The same answer given again, as forms do, isn't new. A given nil removes an answer, unless the
// questions changed so that it can't be seen.
func (qs Questions) Take(given, kept Answers) (Answers, error) {
	taken, _, err := qs.take(given, kept, qs)
	return taken, err
}

// TakeAnswers is Questions.Take for the questions that somebody answers; captain is as for QuestionsFor. It also
// returns the answers as Encode does.
func (c *Competition) TakeAnswers(captain bool, given, kept Answers) (taken Answers, text string, err error) {
	return c.QuestionsFor(captain).take(given, kept, c.Questions)
}

// take is Take; qs are those among all questions that somebody answers.
func (qs Questions) take(given, kept Answers, all Questions) (taken Answers, text string, err error) {
	if len(qs) == 0 && len(given) == 0 {
		return nil, noAnswers, nil
	}
	var v validation
	taken = make(Answers, len(given)+len(kept))
	for i := range qs {
		q := &qs[i]
		value, isNew := given[q.ID]
		earlier, isKept := kept[q.ID]
		switch shown := q.ShownFor(taken); {
		case !shown && isKept && q.conditionStays(taken, kept), shown && isKept && (!isNew || q.same(value, earlier)):
			taken[q.ID] = earlier
			continue
		case !shown:
			continue
		}
		value, problem := q.withKept(earlier).read(value)
		switch {
		case problem != "":
			v.add(answerField(q.ID), problem)
		case q.Required && (value == nil || q.Kind == QuestionConsent && value == false):
			v.add(answerField(q.ID), q.missing())
		case value != nil:
			taken[q.ID] = value
		}
	}
	v.unknownAnswers(qs, given, all)
	if err := v.err(); err != nil {
		return nil, "", err
	}
	if text, err = taken.Encode(); err != nil || len(text) > MaxAnswersLength {
		return nil, "", Invalid(FieldError{
			Field: "answers", Message: fmt.Sprintf("must be at most %d bytes in all", MaxAnswersLength),
		})
	}
	return taken, text, nil
}

func (v *validation) unknownAnswers(qs Questions, given Answers, all Questions) {
	for _, id := range slices.Sorted(maps.Keys(given)) {
		switch {
		case len(v.fields) >= maxAnswerProblems:
			return
		case qs.Find(id) != nil:
		case all.Find(id) != nil:
			v.add(answerField(id), "must be left out: only the captain answers this, for the team")
		case validQuestionID(id):
			v.add(answerField(id), "must answer one of the competition's questions; there is none with this ID")
		default:
			v.add("answers", "must answer the competition's questions, by their IDs")
			return
		}
	}
}

// Known returns the answers to these questions, without those to questions that no longer exist.
func (qs Questions) Known(given Answers) Answers {
	known := make(Answers, len(given))
	for id, value := range given {
		if qs.Find(id) != nil {
			known[id] = value
		}
	}
	return known
}

// missing says that a required answer isn't there.
func (q *Question) missing() string {
	if q.Kind == QuestionConsent {
		return "you need to agree to this"
	}
	return "is required"
}

// ShownFor reports whether the question is asked after these answers to earlier questions.
func (q *Question) ShownFor(answers Answers) bool {
	if q.ShowIf == nil {
		return true
	}
	answer := answers[q.ShowIf.QuestionID]
	choices, isList := answer.([]string)
	return slices.ContainsFunc(q.ShowIf.AnyOf, func(wanted any) bool {
		if isList {
			text, ok := wanted.(string)
			return ok && slices.Contains(choices, text)
		}
		return answer != nil && answer == wanted
	})
}

// Unanswered returns the required questions that are asked after these answers, and aren't among them: questions may
// come after people have registered, and staff add people without answers.
func (qs Questions) Unanswered(answers Answers) Questions {
	var left Questions
	for i := range qs {
		if q := &qs[i]; q.Required && answers[q.ID] == nil && q.ShownFor(answers) {
			left = append(left, *q)
		}
	}
	return left
}

// AfterSensitive reports whether a question is asked only after certain answers to a sensitive one, or one that was
// left out because its answers aren't kept any more: that somebody is asked it tells their answer.
func (qs Questions) AfterSensitive(q *Question) bool {
	for q.ShowIf != nil {
		if q = qs.Find(q.ShowIf.QuestionID); q == nil || q.Sensitive {
			return true
		}
	}
	return false
}

func numberText(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// AnswerText returns an answer as text for people and files; empty if there is none.
func AnswerText(answer any) string {
	switch a := answer.(type) {
	case string:
		return a
	case bool:
		if a {
			return "yes"
		}
		return "no"
	case float64:
		return numberText(a)
	case []string:
		return strings.Join(a, ", ")
	}
	return ""
}

// noAnswers is what Encode returns for none.
const noAnswers = "{}"

// Encode returns the answers as they are stored. The same answers have the same text.
func (a Answers) Encode() (string, error) {
	if len(a) == 0 {
		return noAnswers, nil
	}
	text, err := json.Marshal(a)
	return string(text), err
}

// DecodeAnswers reads what Encode returned; nil for no answers.
func DecodeAnswers(text string) (Answers, error) {
	if text == "" || text == noAnswers {
		return nil, nil
	}
	var a Answers
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return nil, fmt.Errorf("decode answers: %w", err)
	}
	for id, value := range a {
		if list, ok := value.([]any); ok {
			a[id] = texts(list)
		}
	}
	return a, nil
}

func texts(list []any) []string {
	found := make([]string, 0, len(list))
	for _, v := range list {
		if text, ok := v.(string); ok {
			found = append(found, text)
		}
	}
	return found
}

// Lasting returns the answers that are kept for good: those to questions that exist and aren't sensitive.
func (qs Questions) Lasting(all Answers) Answers {
	if len(all) == 0 {
		return nil
	}
	kept := make(Answers, len(all))
	for id, value := range all {
		if q := qs.Find(id); q != nil && !q.Sensitive {
			kept[id] = value
		}
	}
	return kept
}

// answerFilter checks a filter, and brings its value from text into its stored form. Sensitive answers can't be
// searched for: what is searched for is in addresses, and those are in logs and histories.
func (v *validation) answerFilter(f *AnswerFilter, c *Competition, now time.Time) {
	text, isText := f.Value.(string)
	if f.QuestionID == "" {
		if text != "" {
			v.add("question", "is required with an answer")
		}
		return
	}
	q := c.QuestionsAt(true, now).Find(f.QuestionID) // nobody has answered one whose answers are deleted
	switch {
	case f.None && q == nil:
		v.add("unanswered", "must be the ID of one of the competition's questions")
		return
	case f.None && c.Questions.AfterSensitive(q):
		v.add("unanswered", "must not depend on the answer to a sensitive question")
		return
	case f.None: // also of a sensitive one: that there is no answer doesn't tell one
		f.Value, f.If, f.Scope = nil, q.ShowIf, q.Scope
		return
	case q == nil:
		v.add("question", "must be the ID of one of the competition's questions")
		return
	case q.Sensitive:
		v.add("question", "must not be sensitive")
		return
	}
	if !isText {
		return // it has been checked
	}
	var problem string
	if f.Value, problem = q.Parse(text); problem != "" {
		v.add("answer", problem)
	} else if f.Value == nil {
		v.add("answer", "is required with a question")
	}
}
