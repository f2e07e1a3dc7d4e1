package compete_test

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
)

// asking returns a competition with these questions, or the reasons why there is none.
func asking(t *testing.T, questions ...compete.Question) (compete.Competition, error) {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := compete.Competition{
		CompetitionContent: compete.CompetitionContent{
			Title: "Olympiad", Capacity: 10, RegDeadline: now.Add(time.Hour), TimeZone: "UTC",
			Visibility: compete.VisibilityPublic,
		},
		Status: compete.StatusPublished, Version: 1, SeatsLeft: 10,
	}
	return c.Apply(compete.CompetitionChange{Questions: compete.Some(compete.Questions(questions))}, now)
}

// problems returns the fields that an error names, with what is wrong with each.
func problems(err error) map[string]string {
	found := map[string]string{}
	if err != nil {
		for _, f := range compete.AsError(err).Fields {
			found[f.Field] = f.Message
		}
	}
	return found
}

func question(kind compete.QuestionKind, options ...string) compete.Question {
	return compete.Question{ID: "q", Kind: kind, Label: "Question", Options: options}
}

func TestQuestions(t *testing.T) {
	with := func(q compete.Question, change func(*compete.Question)) compete.Question {
		change(&q)
		return q
	}
	text, size := question(compete.QuestionText), question(compete.QuestionOneOf, "S", "M")
	size.ID = "size"
	for name, c := range map[string]struct {
		questions []compete.Question
		field     string // the one that is refused; empty: none
	}{
		"text": {[]compete.Question{text}, ""},
		"kind": {[]compete.Question{question("SONG")}, "questions[0].kind"},
		"label": {
			[]compete.Question{with(text, func(q *compete.Question) { q.Label = " " })},
			"questions[0].label",
		},
		"options":    {[]compete.Question{size}, ""},
		"no options": {[]compete.Question{question(compete.QuestionManyOf)}, "questions[0].options"},
		"same options": {
			[]compete.Question{question(compete.QuestionOneOf, "S", " S")},
			"questions[0].options[1]",
		},
		"options of a text": {[]compete.Question{question(compete.QuestionText, "S")}, "questions[0].options"},
		"id": {
			[]compete.Question{with(text, func(q *compete.Question) { q.ID = "a b" })},
			"questions[0].id",
		},
		"same id": {
			[]compete.Question{text, with(text, func(q *compete.Question) { q.ID = "Q" })},
			"questions[1].id",
		},
		"team": {[]compete.Question{with(text,
			func(q *compete.Question) { q.Scope = compete.ScopeTeam })}, "questions[0].scope"},
		"bounds": {[]compete.Question{with(text,
			func(q *compete.Question) { q.Min, q.Max = new(2.0), new(5.0) })}, ""},
		"bounds crossed": {[]compete.Question{with(text,
			func(q *compete.Question) { q.Min, q.Max = new(5.0), new(2.0) })}, "questions[0].max"},
		"bounds of a date": {[]compete.Question{with(question(compete.QuestionDate),
			func(q *compete.Question) { q.Min = new(2.0) })}, "questions[0].min"},
		"half a character": {
			[]compete.Question{with(text, func(q *compete.Question) { q.Max = new(2.5) })},
			"questions[0].max",
		},
		"condition": {[]compete.Question{
			size,
			with(text, func(q *compete.Question) { q.ShowIf = &compete.ShowIf{QuestionID: "size", AnyOf: []any{"M"}} }),
		}, ""},
		"condition on later": {
			[]compete.Question{with(text,
				func(q *compete.Question) { q.ShowIf = &compete.ShowIf{QuestionID: "size", AnyOf: []any{"M"}} }), size},
			"questions[0].showIf.questionId",
		},
		"condition on what can't be": {[]compete.Question{size, with(text, func(q *compete.Question) {
			q.ShowIf = &compete.ShowIf{QuestionID: "size", AnyOf: []any{"XL"}}
		})}, "questions[1].showIf.anyOf"},
		"condition on nothing": {[]compete.Question{
			size,
			with(text, func(q *compete.Question) { q.ShowIf = &compete.ShowIf{QuestionID: "size"} }),
		}, "questions[1].showIf.anyOf"},
		"too many": {make([]compete.Question, compete.MaxQuestions+1), "questions"},
		"too long": {func() (all []compete.Question) {
			for range 20 {
				all = append(all,
					compete.Question{Kind: compete.QuestionConsent, Label: "Rules", Help: strings.Repeat("x", 4000)})
			}
			return all
		}(), "questions"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := asking(t, c.questions...)
			found := problems(err)
			if _, ok := found[c.field]; c.field == "" && err != nil || c.field != "" && !ok {
				t.Errorf("got %v, want an error at %q", err, c.field)
			}
		})
	}
}

// A new question gets an id that no question of the competition ever had.
func TestQuestionsGetIDs(t *testing.T) {
	c, err := asking(t, compete.Question{Kind: compete.QuestionText, Label: "A"},
		compete.Question{Kind: compete.QuestionText, Label: "B"})
	check.NoError(t, err)
	first := c.Questions
	c, err = c.Apply(compete.CompetitionChange{Questions: compete.Some(compete.Questions{
		first[1], {Kind: compete.QuestionText, Label: "C"},
	})}, c.UpdatedAt)
	check.NoError(t, err)
	got := []string{first[0].ID, first[1].ID, c.Questions[0].ID, c.Questions[1].ID}
	if want := []string{"q2-1", "q2-2", "q2-2", "q3-2"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The answers to sensitive questions are deleted after 30 days, unless the organizer says otherwise.
func TestSensitiveAnswersAreKeptForAWhile(t *testing.T) {
	c, err := asking(t, compete.Question{Kind: compete.QuestionText, Label: "Allergies", Sensitive: true})
	check.NoError(t, err)
	if c.AnswersKeptDays == nil || *c.AnswersKeptDays != compete.DefaultAnswersKeptDays {
		t.Errorf("got %v days, want %d", c.AnswersKeptDays, compete.DefaultAnswersKeptDays)
	}
}

func TestAnswers(t *testing.T) {
	bounded := func(kind compete.QuestionKind, least, most float64, options ...string) compete.Question {
		q := question(kind, options...)
		q.Min, q.Max = &least, &most
		return q
	}
	atLeast := bounded(compete.QuestionNumber, 5, 0)
	atLeast.Max = nil
	for name, c := range map[string]struct {
		question compete.Question
		given    any
		stored   any    // nil: none
		problem  string // empty: it is fine
	}{
		"text":             {question(compete.QuestionText), "  Ada\n Lovelace ", "Ada Lovelace", ""},
		"text as a number": {question(compete.QuestionText), 5.0, nil, "must be text"},
		"blank text":       {question(compete.QuestionText), "  ", nil, ""},
		"long text":        {question(compete.QuestionLongText), "a\r\nb\n", "a\nb", ""},
		"text too long":    {bounded(compete.QuestionText, 0, 3), "abcd", nil, "must be at most 3 characters long"},
		"text too short":   {bounded(compete.QuestionText, 2, 3), "a", nil, "must be at least 2 characters long"},
		"control character": {
			question(compete.QuestionText), "a\x00", nil,
			"must be valid UTF-8 text without control characters",
		},
		"zero":             {question(compete.QuestionNumber), 0.0, 0.0, ""},
		"number as text":   {question(compete.QuestionNumber), "0", nil, "must be a number"},
		"number too large": {bounded(compete.QuestionNumber, 1, 9), 10.0, nil, "must be between 1 and 9"},
		"no bounds, too large": {
			question(compete.QuestionNumber), 1e308, nil, "must be at most 1000000000000000",
		},
		"no bounds, too small": {
			question(compete.QuestionNumber), -1e308, nil, "must be at least -1000000000000000",
		},
		"minimum, too large": {atLeast, 1e308, nil, "must be at most 1000000000000000"},
		"minimum, too small": {atLeast, 4.0, nil, "must be at least 5"},
		"no":                 {question(compete.QuestionYesNo), false, false, ""},
		"no as text":         {question(compete.QuestionYesNo), "no", nil, "must be true or false"},
		"option":             {question(compete.QuestionOneOf, "S", "M"), "M", "M", ""},
		"other option":       {question(compete.QuestionOneOf, "S", "M"), "XL", nil, "must be one of the options"},
		"options": {
			question(compete.QuestionManyOf, "S", "M", "L"),
			[]any{"L", "S", "L"},
			[]string{"S", "L"},
			"",
		},
		"no options": {question(compete.QuestionManyOf, "S", "M"), []any{}, nil, ""},
		"other options": {
			question(compete.QuestionManyOf, "S", "M"),
			[]any{"S", "XL"},
			nil,
			"must be among the options",
		},
		"too many options": {
			bounded(compete.QuestionManyOf, 0, 1, "S", "M"),
			[]any{"S", "M"},
			nil,
			"must have at most 1 choices",
		},
		"options as text": {question(compete.QuestionManyOf, "S", "M"), "S", nil, "must be a list of options"},
		"date":            {question(compete.QuestionDate), "2026-02-28", "2026-02-28", ""},
		"no date":         {question(compete.QuestionDate), "2026-02-30", nil, "must be a date such as 2026-05-01"},
		"phone":           {question(compete.QuestionPhone), "+41 (0)44 123-45-67", "+41 (0)44 123-45-67", ""},
		"no phone": {
			question(compete.QuestionPhone), "call me", nil,
			"must be a phone number such as +41 44 123 45 67",
		},
		"country": {question(compete.QuestionCountry), "ch", "CH", ""},
		"no country": {
			question(compete.QuestionCountry), "XX", nil,
			"must be a country's two-letter code, such as CH",
		},
		"address": {
			question(compete.QuestionURL), "https://example.org/a?b", "https://example.org/a?b",
			"",
		},
		"script": {
			question(compete.QuestionURL), "javascript:alert(1)", nil,
			"must be a web address such as https://example.org",
		},
		"long address": {
			question(compete.QuestionURL), "https://example.org/" + strings.Repeat("a", compete.MaxURLAnswer), nil,
			"must be at most 2000 characters long",
		},
		"consent":             {question(compete.QuestionConsent), true, true, ""},
		"null":                {question(compete.QuestionText), nil, nil, ""},
		"something else":      {question(compete.QuestionText), map[string]any{}, nil, "must be text"},
		"list of other types": {question(compete.QuestionManyOf, "S"), []any{1.0}, nil, "must be a list of options"},
	} {
		t.Run(name, func(t *testing.T) {
			stored, err := compete.Questions{c.question}.Take(compete.Answers{"q": c.given}, nil)
			if got := problems(err)["answers.q"]; got != c.problem {
				t.Errorf("got the problem %q, want %q", got, c.problem)
			}
			if got := stored["q"]; !reflect.DeepEqual(got, c.stored) {
				t.Errorf("got %#v, want %#v", got, c.stored)
			}
		})
	}
}

// What is required depends on whether the question is asked.
func TestRequiredAnswers(t *testing.T) {
	minor := compete.Question{ID: "minor", Kind: compete.QuestionYesNo, Label: "Are you under 18?", Required: true}
	guardian := compete.Question{
		ID: "guardian", Kind: compete.QuestionText, Label: "Guardian", Required: true,
		ShowIf: &compete.ShowIf{QuestionID: "minor", AnyOf: []any{true}},
	}
	reachable := compete.Question{
		ID: "phone", Kind: compete.QuestionPhone, Label: "Phone", Required: true,
		ShowIf: &compete.ShowIf{QuestionID: "guardian", AnyOf: []any{"Eve"}},
	}
	rules := compete.Question{ID: "rules", Kind: compete.QuestionConsent, Label: "I agree to the rules", Required: true}
	qs := compete.Questions{minor, guardian, reachable, rules}
	type answers = compete.Answers
	for name, c := range map[string]struct {
		given, kept, stored answers
		problems            map[string]string
	}{
		"nothing": {
			nil, nil, nil,
			map[string]string{"answers.minor": "is required", "answers.rules": "you need to agree to this"},
		},
		"no": {answers{"minor": false, "rules": true}, nil, answers{"minor": false, "rules": true}, nil},
		"yes": {
			answers{"minor": true, "rules": true},
			nil, nil,
			map[string]string{"answers.guardian": "is required"},
		},
		"hidden": {
			answers{"minor": false, "guardian": "Eve", "rules": true},
			nil,
			answers{"minor": false, "rules": true},
			nil,
		},
		"hidden behind hidden": {
			answers{"minor": false, "guardian": "Eve", "phone": "12345", "rules": true},
			nil,
			answers{"minor": false, "rules": true},
			nil,
		},
		"refused": {
			answers{"minor": false, "rules": false},
			nil, nil,
			map[string]string{"answers.rules": "you need to agree to this"},
		},
		"kept": {nil, answers{"minor": false, "rules": true}, answers{"minor": false, "rules": true}, nil},
		"kept as is": {
			answers{"minor": false},
			answers{"minor": true, "rules": true},
			answers{"minor": false, "rules": true},
			nil,
		},
		"removed": {
			answers{"rules": nil},
			answers{"minor": false, "rules": true},
			nil,
			map[string]string{"answers.rules": "you need to agree to this"},
		},
		"unknown": {answers{"minor": false, "rules": true, "x": 1.0}, nil, nil, map[string]string{
			"answers.x": "must answer one of the competition's questions; there is none with this ID",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			stored, err := qs.Take(c.given, c.kept)
			if got := problems(err); len(got)+len(c.problems) > 0 && !reflect.DeepEqual(got, c.problems) {
				t.Errorf("got the problems %v, want %v", got, c.problems)
			}
			if !reflect.DeepEqual(stored, c.stored) {
				t.Errorf("got %v, want %v", stored, c.stored)
			}
		})
	}
}

// What was answered before the questions changed may stay as it is.
func TestKeptAnswers(t *testing.T) {
	size := compete.Question{
		ID: "size", Kind: compete.QuestionOneOf, Label: "Size", Required: true, Options: []string{"S", "Large"},
	}
	printed := compete.Question{
		ID: "print", Kind: compete.QuestionText, Label: "Print", Required: true,
		ShowIf: &compete.ShowIf{QuestionID: "size", AnyOf: []any{"Large"}},
	}
	days := compete.Question{
		ID: "days", Kind: compete.QuestionManyOf, Label: "Days", Options: []string{"Sat", "Sun"}, Max: new(2.0),
	}
	age := compete.Question{ID: "age", Kind: compete.QuestionNumber, Label: "Age", Max: new(18.0)}
	photos := compete.Question{ID: "photos", Kind: compete.QuestionConsent, Label: "Photos"}
	qs := compete.Questions{size, printed, days, age, photos}
	type answers = compete.Answers
	kept := answers{
		"size": "L", "print": "Ada", "days": []string{"Fri", "Sat", "Sun"}, "age": 31.0, "photos": false,
	}
	with := func(changes answers) answers {
		all := maps.Clone(kept)
		maps.Copy(all, changes)
		maps.DeleteFunc(all, func(_ string, value any) bool { return value == nil })
		return all
	}
	for name, c := range map[string]struct {
		given, stored answers
		problems      map[string]string
	}{
		"the same, as JSON": {
			answers{"size": "L", "print": "Ada", "days": []any{"Sun", "Fri", "Sat"}, "age": 31.0}, kept, nil,
		},
		"the same, with other spaces": {answers{"size": " L ", "days": []string{"Fri", "Sat ", "Sun"}}, kept, nil},
		"what can't be seen":          {answers{"print": nil, "photos": nil}, kept, nil},
		"fewer choices": {
			answers{"days": []string{"Fri", "Sun"}}, with(answers{"days": []string{"Sun", "Fri"}}), nil,
		},
		"a choice twice": {
			answers{"days": []string{"Sun", "Sun", "Sun"}}, with(answers{"days": []string{"Sun"}}), nil,
		},
		"another answer":              {answers{"size": "S"}, with(answers{"size": "S", "print": nil}), nil},
		"an answer that makes it ask": {answers{"size": "Large"}, with(answers{"size": "Large"}), nil},
		"none":                        {answers{"days": nil, "age": nil}, with(answers{"days": nil, "age": nil}), nil},
		"others": {
			answers{"size": "M", "days": []string{"Thu"}, "age": 32.0},
			nil,
			map[string]string{
				"answers.size": "must be one of the options", "answers.days": "must be among the options",
				"answers.age": "must be at most 18",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			stored, err := qs.Take(c.given, kept)
			if got := problems(err); len(got)+len(c.problems) > 0 && !reflect.DeepEqual(got, c.problems) {
				t.Errorf("got the problems %v, want %v", got, c.problems)
			}
			if !reflect.DeepEqual(stored, c.stored) {
				t.Errorf("got %v, want %v", stored, c.stored)
			}
		})
	}
}

// Whatever is taken is read back unchanged, and is taken again unchanged.
func FuzzAnswers(f *testing.F) {
	f.Add(`{"text":"a","many":["S"],"number":1,"url":"https://example.org","phone":"+41441234567"}`)
	f.Add(`{"one":"S","date":"2026-01-01","country":"ch","yes":false,"long":"a\r\nb"}`)
	qs := compete.Questions{
		{ID: "text", Kind: compete.QuestionText},
		{ID: "long", Kind: compete.QuestionLongText},
		{ID: "one", Kind: compete.QuestionOneOf, Options: []string{"S", "M"}},
		{ID: "many", Kind: compete.QuestionManyOf, Options: []string{"S", "M"}},
		{ID: "number", Kind: compete.QuestionNumber},
		{ID: "yes", Kind: compete.QuestionYesNo},
		{ID: "date", Kind: compete.QuestionDate},
		{ID: "phone", Kind: compete.QuestionPhone},
		{ID: "country", Kind: compete.QuestionCountry},
		{ID: "url", Kind: compete.QuestionURL},
	}
	f.Fuzz(func(t *testing.T, body string) {
		given, err := compete.DecodeAnswers(body)
		if err != nil {
			return
		}
		taken, err := qs.Take(given, nil)
		if err != nil {
			return
		}
		text, err := taken.Encode()
		check.NoError(t, err)
		read, err := compete.DecodeAnswers(text)
		check.NoError(t, err)
		if len(taken) > 0 && !reflect.DeepEqual(read, taken) {
			t.Errorf("%q reads as %v, not %v", text, read, taken)
		}
		again, err := qs.Take(read, nil)
		check.NoError(t, err)
		if !reflect.DeepEqual(again, taken) {
			t.Errorf("taken again, %v becomes %v", taken, again)
		}
	})
}
