package compete

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/normal"
)

// QuestionKind says what sort of answer a question takes.
type QuestionKind string

// The kinds of questions, with the type that their answers have in JSON.
const (
	QuestionText     QuestionKind = "TEXT"      // string without line breaks
	QuestionLongText QuestionKind = "LONG_TEXT" // string
	QuestionNumber   QuestionKind = "NUMBER"    // number
	QuestionYesNo    QuestionKind = "YES_NO"    // boolean
	QuestionOneOf    QuestionKind = "ONE_OF"    // string, one of the options
	QuestionManyOf   QuestionKind = "MANY_OF"   // array of strings, each one of the options
	QuestionDate     QuestionKind = "DATE"      // string as in RFC 3339, such as 2026-05-01
	QuestionPhone    QuestionKind = "PHONE"     // string: digits, with spaces between them and + in front
	QuestionCountry  QuestionKind = "COUNTRY"   // string: the code of one of the Countries
	QuestionURL      QuestionKind = "URL"       // string: an http or https URL
	QuestionConsent  QuestionKind = "CONSENT"   // boolean: Help is the text to agree to
)

// QuestionKinds lists all kinds, in the order in which an editor offers them.
var QuestionKinds = []QuestionKind{
	QuestionText, QuestionLongText, QuestionOneOf, QuestionManyOf, QuestionYesNo, QuestionNumber, QuestionDate,
	QuestionPhone, QuestionCountry, QuestionURL, QuestionConsent,
}

// HasOptions reports whether answers are chosen from the question's options.
func (k QuestionKind) HasOptions() bool { return k == QuestionOneOf || k == QuestionManyOf }

// Choices returns the answers that can be chosen, or the choices among the answers to MANY_OF; nil where an answer is
// free, or one of very many.
func (q *Question) Choices() []any {
	switch q.Kind {
	case QuestionYesNo, QuestionConsent:
		return []any{true, false}
	case QuestionOneOf, QuestionManyOf:
		choices := make([]any, len(q.Options))
		for i, option := range q.Options {
			choices[i] = option
		}
		return choices
	case QuestionText, QuestionLongText, QuestionNumber, QuestionDate, QuestionPhone, QuestionCountry, QuestionURL:
	}
	return nil
}

// IsBounded reports whether the question can have Min and Max.
func (k QuestionKind) IsBounded() bool {
	return k == QuestionNumber || k == QuestionText || k == QuestionLongText || k == QuestionManyOf
}

// QuestionScope says who answers a question.
type QuestionScope string

// The scopes of questions.
const (
	ScopePerson QuestionScope = "PERSON" // everyone who registers
	ScopeTeam   QuestionScope = "TEAM"   // each team once
)

// The limits of questions. The total keeps a competition's row small enough to be read for every batch of a rush.
const (
	MaxQuestions       = 50
	MaxQuestionID      = 36     // characters
	MaxQuestionLabel   = 200    // characters
	MaxQuestionHelp    = 5_000  // characters
	MaxOptions         = 100    // of one question
	MaxOptionLength    = 100    // characters
	MaxQuestionsLength = 60_000 // bytes of all questions as JSON
)

// Question is what a competition asks those who register. This is the single declaration of its fields in the API.
type Question struct {
	ID        string        `json:"id,omitempty" doc:"Identifies the question in answers. Letters, digits, - and _. Leave it out for a new question to get one." example:"q1-1"`
	Kind      QuestionKind  `json:"kind" enum:"TEXT,LONG_TEXT,NUMBER,YES_NO,ONE_OF,MANY_OF,DATE,PHONE,COUNTRY,URL,CONSENT" doc:"What sort of answer it takes. A question that has answers keeps its kind." example:"ONE_OF"`
	Label     string        `json:"label" example:"T-shirt size"`
	Help      string        `json:"help,omitempty" doc:"An explanation below the label. For CONSENT, the text to agree to, in Markdown." example:"Unisex sizes."`
	Required  bool          `json:"required,omitempty" doc:"Whether it must be answered, if it's shown. A required CONSENT must be true." example:"true"`
	Options   []string      `json:"options,omitempty" doc:"What can be chosen, for ONE_OF and MANY_OF." example:"[\"S\",\"M\",\"L\"]"`
	Min       *float64      `json:"min,omitempty" nullable:"true" doc:"The smallest NUMBER, the shortest TEXT or LONG_TEXT in characters, or the fewest choices of MANY_OF." example:"1"`
	Max       *float64      `json:"max,omitempty" nullable:"true" doc:"The largest NUMBER, the longest TEXT or LONG_TEXT in characters, or the most choices of MANY_OF." example:"10"`
	Scope     QuestionScope `json:"scope,omitempty" enum:"PERSON,TEAM" default:"PERSON" doc:"Who answers it. TEAM requires a competition with teams." example:"PERSON"`
	Sensitive bool          `json:"sensitive,omitempty" doc:"Whether the answers are left out of applications under review, can't be filtered by, and are deleted answersKeptDays after the competition is over. A question that has answers stays sensitive." example:"false"`
	ShowIf    *ShowIf       `json:"showIf,omitempty" doc:"Asks the question only after certain answers to an earlier one."`
}

// ShowIf is the condition on which a question is asked.
type ShowIf struct {
	QuestionID string `json:"questionId" doc:"An earlier question." example:"q1-1"`
	AnyOf      []any  `json:"anyOf" doc:"The answers that it's asked after. One is enough; for MANY_OF, it's enough that it is among the choices." example:"[\"M\",\"L\"]"`
}

// Questions are the questions of a competition, in order. They are never modified in place, since copies of a
// competition share them.
type Questions []Question

// Find returns the question with the id, or nil.
func (qs Questions) Find(id string) *Question {
	for i := range qs {
		if qs[i].ID == id {
			return &qs[i]
		}
	}
	return nil
}

// Digest identifies the questions: what was checked against questions with the same digest needn't be checked again.
func (qs Questions) Digest() string {
	text, err := json.Marshal(qs)
	if err != nil {
		panic(err) // validated questions can be encoded
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// HaveSensitive reports whether some question is sensitive.
func (qs Questions) HaveSensitive() bool {
	return slices.ContainsFunc(qs, func(q Question) bool { return q.Sensitive })
}

// normalized returns the questions in their stored form. Those without an id get one that the competition never had
// before: it is made of the competition's new version, which no earlier change had.
func (qs Questions) normalized(version int) Questions {
	if len(qs) == 0 {
		return nil
	}
	if len(qs) > MaxQuestions { // which validation refuses
		return qs
	}
	stored := slices.Clone(qs)
	for i := range stored {
		q := &stored[i]
		q.Label = normal.Line(q.Label)
		q.Help = strings.TrimSpace(strings.ReplaceAll(q.Help, "\r\n", "\n"))
		if q.Scope == "" {
			q.Scope = ScopePerson
		}
		q.Options = slices.Clone(q.Options)
		for j := range q.Options[:min(len(q.Options), MaxOptions)] {
			q.Options[j] = normal.Line(q.Options[j])
		}
		for n := i + 1; q.ID == ""; n += len(stored) {
			if id := fmt.Sprintf("q%d-%d", version, n); stored.Find(id) == nil {
				q.ID = id
			}
		}
		q.ShowIf = stored[:i].condition(q.ShowIf)
	}
	return stored
}

// condition returns a condition on one of these questions with the answers in their stored form. What doesn't fit is
// left for validation to refuse.
func (qs Questions) condition(c *ShowIf) *ShowIf {
	if c == nil {
		return nil
	}
	on := qs.Find(c.QuestionID)
	stored := &ShowIf{QuestionID: c.QuestionID, AnyOf: slices.Clone(c.AnyOf)}
	for i, answer := range c.AnyOf {
		if on == nil || len(c.AnyOf) > MaxOptions || len(on.Options) > MaxOptions {
			break
		}
		if value, problem := on.choice(answer); problem == "" && value != nil {
			stored.AnyOf[i] = value
		}
	}
	return stored
}

// questions checks the questions of a competition with or without teams. They are in their stored form.
func (v *validation) questions(qs Questions, teams bool) {
	if len(qs) > MaxQuestions {
		v.addf("questions", "must have at most %d entries", MaxQuestions)
		return
	}
	for i := range qs {
		v.question(fmt.Sprintf("questions[%d].", i), qs[:i], &qs[i])
		v.scope(fmt.Sprintf("questions[%d].", i), qs[:i], &qs[i], teams)
	}
	if len(qs) > 0 {
		if text, err := json.Marshal(qs); err != nil || len(text) > MaxQuestionsLength {
			v.addf("questions", "must be at most %d bytes in all", MaxQuestionsLength)
		}
	}
}

// question checks a question, given those before it.
func (v *validation) question(at string, before Questions, q *Question) {
	switch {
	case !validQuestionID(q.ID):
		v.addf(at+"id", "must be at most %d letters, digits, - and _", MaxQuestionID)
	case slices.ContainsFunc(before, func(other Question) bool { return strings.EqualFold(other.ID, q.ID) }):
		v.add(at+"id", "must be different from those of other questions, not only in case")
	}
	if !slices.Contains(QuestionKinds, q.Kind) {
		v.add(at+"kind",
			"must be TEXT, LONG_TEXT, NUMBER, YES_NO, ONE_OF, MANY_OF, DATE, PHONE, COUNTRY, URL or CONSENT")
	}
	v.length(at+"label", q.Label, 1, MaxQuestionLabel)
	v.length(at+"help", q.Help, 0, MaxQuestionHelp)
	v.options(at+"options", q)
	v.bounds(at, q)
	if q.ShowIf != nil {
		v.showIf(at+"showIf.", before, q.ShowIf)
	}
}

// scope checks who answers a question, given those before it.
func (v *validation) scope(at string, before Questions, q *Question, teams bool) {
	switch {
	case q.Scope == ScopeTeam && !teams:
		v.add(at+"scope", "must be PERSON, because this competition has no teams")
	case q.Scope != ScopePerson && q.Scope != ScopeTeam:
		v.add(at+"scope", "must be PERSON or TEAM")
	case q.Scope == ScopePerson && q.ShowIf != nil:
		if other := before.Find(q.ShowIf.QuestionID); other != nil && other.Scope == ScopeTeam {
			v.add(at+"showIf.questionId", "must not be a question to teams, which members don't answer")
		}
	}
}

func validQuestionID(id string) bool {
	return id != "" && len(id) <= MaxQuestionID && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

func (v *validation) options(field string, q *Question) {
	switch {
	case !q.Kind.HasOptions():
		if len(q.Options) > 0 {
			v.add(field, "must be left out, except for ONE_OF and MANY_OF")
		}
		return
	case len(q.Options) == 0:
		v.add(field, "must have at least one entry")
	case len(q.Options) > MaxOptions:
		v.addf(field, "must have at most %d entries", MaxOptions)
		return
	}
	for i, option := range q.Options {
		v.length(fmt.Sprintf("%s[%d]", field, i), option, 1, MaxOptionLength)
		if slices.Contains(q.Options[:i], option) {
			v.addf(fmt.Sprintf("%s[%d]", field, i), "must be different from the other options")
		}
	}
}

func (v *validation) bounds(at string, q *Question) {
	least, most := 0.0, float64(MaxNumber)
	switch q.Kind {
	case QuestionText:
		most = MaxTextAnswer
	case QuestionLongText:
		most = MaxLongTextAnswer
	case QuestionManyOf:
		most = float64(max(len(q.Options), 1))
	case QuestionNumber:
		least = -MaxNumber
	case QuestionYesNo, QuestionOneOf, QuestionDate, QuestionPhone, QuestionCountry, QuestionURL, QuestionConsent:
	}
	for i, bound := range []*float64{q.Min, q.Max} {
		field := at + []string{"min", "max"}[i]
		switch {
		case bound == nil:
		case !q.Kind.IsBounded():
			v.add(field, "must be left out, except for NUMBER, TEXT, LONG_TEXT and MANY_OF")
		case *bound < least || *bound > most:
			v.addf(field, "must be between %s and %s", numberText(least), numberText(most))
		case q.Kind != QuestionNumber && *bound != float64(int(*bound)):
			v.add(field, "must be a whole number")
		case i == 1 && q.Min != nil && *bound < *q.Min:
			v.add(field, "must be at least min")
		}
	}
}

func (v *validation) showIf(at string, before Questions, c *ShowIf) {
	on := before.Find(c.QuestionID)
	if on == nil {
		v.add(at+"questionId", "must be the ID of an earlier question")
		return
	}
	if len(c.AnyOf) == 0 || len(c.AnyOf) > MaxOptions {
		v.addf(at+"anyOf", "must have 1 to %d entries", MaxOptions)
		return
	}
	if len(on.Options) > MaxOptions {
		return // which is refused
	}
	for _, answer := range c.AnyOf {
		if value, problem := on.choice(answer); problem != "" || value == nil {
			v.add(at+"anyOf", "must be possible answers to that question")
			return
		}
	}
}

// Rekinded is a question whose kind changes, or that is new or no longer sensitive.
type Rekinded struct {
	Index   int // of the question
	ID      string
	IsNew   bool
	Exposed bool // of the same kind, and no longer sensitive
}

// Rekinded returns the questions whose kind isn't that of a question with the same id before: stored answers to them
// would be unreadable. It also returns those that are no longer sensitive: whoever has answered was told who reads
// that, and until when.
func (qs Questions) Rekinded(before Questions) (changed []Rekinded) {
	for i := range qs {
		q, was := &qs[i], before.Find(qs[i].ID)
		if was == nil || was.Kind != q.Kind || was.Sensitive && !q.Sensitive {
			changed = append(changed, Rekinded{i, q.ID, was == nil, was != nil && was.Kind == q.Kind})
		}
	}
	return changed
}

// keep adds that the question must stay what it is.
func (v *validation) keep(q Rekinded, because string) {
	name, as := "kind", "as it is"
	if q.Exposed {
		name, as = "sensitive", "sensitive"
	}
	v.add(fmt.Sprintf("questions[%d].%s", q.Index, name), "must stay "+as+", because "+because)
}

// RekindedIDs returns the ids of questions.
func RekindedIDs(changed []Rekinded) []string {
	ids := make([]string, len(changed))
	for i, q := range changed {
		ids[i] = q.ID
	}
	return ids
}

// KeepKinds refuses the change of those of the changed questions that have answers. Of a removed question, nobody
// knows the kind, so its id can't be used again. It returns nil for none.
func KeepKinds(changed []Rekinded, answered []string) error {
	var v validation
	for _, q := range changed {
		if !slices.Contains(answered, q.ID) {
			continue
		}
		if q.IsNew {
			v.addf(fmt.Sprintf("questions[%d].id", q.Index),
				"must be new, because a removed question had it and has answers")
			continue
		}
		v.keep(q, "the question has answers")
	}
	return v.err()
}

// KeepUnsureKinds refuses the change of these questions where there are too many answers to be sure that none is to
// them.
func KeepUnsureKinds(changed []Rekinded) error {
	var v validation
	for _, q := range changed {
		v.keep(q, "very many people have answered: add another question instead")
	}
	return v.err()
}
