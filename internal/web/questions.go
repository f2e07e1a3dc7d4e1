package web

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// newQuestionID returns an id that no question of any form has.
func newQuestionID() string { return strings.ToLower(rand.Text()[:10]) }

// readQuestions reads the editor into the form's values. A form without the editor leaves the questions as they are.
func (t *typedForm) readQuestions(r *http.Request) {
	if !r.PostForm.Has("questions") {
		t.form.Questions = questionRows(t.values.Questions)
		return
	}
	t.values.Questions = nil
	for _, id := range r.PostForm["question"] {
		t.readQuestion(r, id)
	}
	t.form.Questions = questionRows(t.values.Questions)
	for i := range t.form.Questions { // numbers as they were typed
		row := &t.form.Questions[i]
		row.Min, row.Max = r.PostFormValue(pages.QuestionInput(row.ID, pages.QuestionMin)),
			r.PostFormValue(pages.QuestionInput(row.ID, pages.QuestionMax))
		row.Options = typedText(r, pages.QuestionInput(row.ID, pages.QuestionOptions))
	}
}

func (t *typedForm) readQuestion(r *http.Request, id string) {
	typed := func(part string) string { return typedText(r, pages.QuestionInput(id, part)) }
	q := compete.Question{
		ID: id, Kind: compete.QuestionKind(typed(pages.QuestionKind)), Label: typed(pages.QuestionLabel),
		Help: typed(pages.QuestionHelp), Required: typed(pages.QuestionRequired) != "",
		Sensitive: typed(pages.QuestionSensitive) != "", Scope: compete.ScopePerson,
	}
	if t.values.Team != nil && typed(pages.QuestionPerTeam) != "" {
		q.Scope = compete.ScopeTeam
	}
	if q.Kind.HasOptions() {
		for line := range strings.Lines(typed(pages.QuestionOptions)) {
			if line = strings.TrimSpace(line); line != "" {
				q.Options = append(q.Options, line)
			}
		}
	}
	if q.Kind.IsBounded() {
		q.Min = t.readBound(id, pages.QuestionMin, typed(pages.QuestionMin))
		q.Max = t.readBound(id, pages.QuestionMax, typed(pages.QuestionMax))
	}
	checked, several := r.PostForm[pages.QuestionInput(id, pages.QuestionAfter)], false
	if q.ShowIf, several = readConditions(t.values.Questions, checked); several {
		t.form.Errors[pages.QuestionInput(id, pages.QuestionAfter)] = "Choose answers to one question only."
	}
	t.values.Questions = append(t.values.Questions, q)
}

func (t *typedForm) readBound(id, part, typed string) *float64 {
	if typed = strings.TrimSpace(typed); typed == "" {
		return nil
	}
	n, err := strconv.ParseFloat(typed, 64)
	if err != nil {
		t.form.Errors[pages.QuestionInput(id, part)] = "Must be a number."
		return nil
	}
	return &n
}

// conditionSign separates a question from an answer to it.
const conditionSign = "="

// readConditions returns the condition of checked boxes, and whether they are answers to several questions.
func readConditions(before compete.Questions, checked []string) (c *compete.ShowIf, several bool) {
	for _, value := range checked {
		id, answer, _ := strings.Cut(value, conditionSign)
		if c == nil {
			c = &compete.ShowIf{QuestionID: id}
		}
		several = several || c.QuestionID != id
		var stored any = answer
		if on := before.Find(id); on != nil {
			if parsed, problem := on.Parse(answer); problem == "" && parsed != nil {
				stored = parsed
			}
		}
		c.AnyOf = append(c.AnyOf, stored)
	}
	return c, several
}

// questionRows shows questions in the editor.
func questionRows(qs compete.Questions) []pages.QuestionRow {
	var rows []pages.QuestionRow
	for i := range qs {
		q := &qs[i]
		row := pages.QuestionRow{
			ID: q.ID, Kind: string(q.Kind), Label: q.Label, Help: q.Help, Options: strings.Join(q.Options, "\n"),
			Required: q.Required, Sensitive: q.Sensitive, PerTeam: q.Scope == compete.ScopeTeam,
			Conditions: conditions(qs[:i], q.ShowIf),
		}
		for text, bound := range map[*string]*float64{&row.Min: q.Min, &row.Max: q.Max} {
			if bound != nil {
				*text = strconv.FormatFloat(*bound, 'f', -1, 64)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// conditions lists the answers that a question can be asked after: those that can be chosen, and those it is asked
// after already.
func conditions(before compete.Questions, chosen *compete.ShowIf) []pages.Condition {
	var list []pages.Condition
	for i := range before {
		on := &before[i]
		values := on.Choices()
		if on.Kind == compete.QuestionConsent {
			values = []any{true}
		}
		isOn := func(value any) bool {
			return chosen != nil && chosen.QuestionID == on.ID && slices.Contains(chosen.AnyOf, value)
		}
		if chosen != nil && chosen.QuestionID == on.ID {
			for _, value := range chosen.AnyOf {
				if !slices.Contains(values, value) {
					values = append(values, value)
				}
			}
		}
		for _, value := range values {
			list = append(list, pages.Condition{
				Value: on.ID + conditionSign + compete.AnswerText(value),
				Label: ui.Labelled(on.Label, answerText(on, value)),
				On:    isOn(value),
			})
		}
	}
	return list
}

// renamed returns an error with the names of the editor's fields, in place of the domain's.
func (t *typedForm) renamed(e *compete.Error) *compete.Error {
	other := *e
	other.Fields = slices.Clone(e.Fields)
	for i := range other.Fields {
		f := &other.Fields[i]
		rest, isQuestion := strings.CutPrefix(f.Field, "questions[")
		if !isQuestion {
			continue
		}
		number, part, _ := strings.Cut(rest, "].")
		n, err := strconv.Atoi(number)
		if err != nil || n >= len(t.values.Questions) {
			continue
		}
		part = fieldName(part) // options[2]
		switch {
		case strings.HasPrefix(part, "showIf"):
			part = pages.QuestionAfter
		case part == pages.QuestionSensitive: // a box, which shows no errors
			part = pages.QuestionKind
		}
		f.Field = pages.QuestionInput(t.values.Questions[n].ID, part)
	}
	return &other
}

// editQuestions answers a button of the editor, which browsers with the script answer themselves: it adds, moves,
// removes or copies questions, and shows the form again. Nothing is saved.
func (a *app) editQuestions(
	r *http.Request, v *visit, typed typedForm, stored compete.Questions,
) (response, error) {
	act, id, _ := strings.Cut(r.PostFormValue("edit-questions"), ":")
	qs := typed.values.Questions
	at := slices.IndexFunc(qs, func(q compete.Question) bool { return q.ID == id })
	switch {
	case act == "add":
		id = newQuestionID()
		qs = append(qs, compete.Question{ID: id, Kind: compete.QuestionText, Scope: compete.ScopePerson})
	case act == "copy":
		from, err := a.Competitions.GetManaged(r.Context(), v.actor, r.PostFormValue("copyFrom"))
		if err != nil {
			return nil, err
		}
		qs = copied(qs, from.Questions)
	case act == "keep" && at < 0 && stored.Find(id) != nil: // see removedAnswers
		qs = append(qs, *stored.Find(id))
	case at < 0:
	case act == "remove":
		qs = slices.Delete(qs, at, at+1)
	case act == "up" && at > 0:
		qs[at-1], qs[at] = qs[at], qs[at-1]
	case act == "down" && at < len(qs)-1:
		qs[at+1], qs[at] = qs[at], qs[at+1]
	}
	typed.values.Questions = qs
	rows := questionRows(qs)
	for i := range rows {
		rows[i].Focus = rows[i].ID == id
		for _, was := range typed.form.Questions {
			if was.ID == rows[i].ID { // as they were typed
				rows[i].Min, rows[i].Max, rows[i].Options = was.Min, was.Max, was.Options
			}
		}
	}
	typed.form.Questions, typed.form.QuestionsOpen, typed.form.Errors = rows, true, nil
	return showForm(v, http.StatusOK, typed.form), nil
}

// removedAnswers returns the questions that have answers and were removed in the form, and whether that was confirmed
// of all of them.
func (a *app) removedAnswers(
	r *http.Request, v *visit, c *compete.Competition, typed compete.Questions,
) (removed []pages.RemovedQuestion, confirmed bool, err error) {
	if !slices.ContainsFunc(c.Questions, func(q compete.Question) bool { return typed.Find(q.ID) == nil }) {
		return nil, true, nil
	}
	summary, err := a.Registrations.Summarize(r.Context(), v.actor, c.ID)
	if err != nil {
		return nil, false, err
	}
	confirmed = true
	for i := range summary.Questions {
		s := &summary.Questions[i]
		if s.Answered == 0 || typed.Find(s.Question.ID) != nil {
			continue
		}
		q := pages.RemovedQuestion{
			ID: s.Question.ID, Label: s.Question.Label, Answers: s.Answered,
			Confirmed: slices.Contains(r.PostForm[pages.RemoveInput], s.Question.ID),
		}
		removed, confirmed = append(removed, q), confirmed && q.Confirmed
	}
	return removed, confirmed, nil
}

// copied adds the questions of another competition. Those of an id that is taken get another, also in conditions.
func copied(qs, from compete.Questions) compete.Questions {
	ids := map[string]string{}
	for _, q := range from {
		id := q.ID
		if qs.Find(id) != nil {
			id = newQuestionID()
		}
		ids[q.ID], q.ID = id, id
		if q.ShowIf != nil {
			q.ShowIf = &compete.ShowIf{QuestionID: ids[q.ShowIf.QuestionID], AnyOf: q.ShowIf.AnyOf}
		}
		qs = append(qs, q)
	}
	return qs
}

// copyable lists the viewer's competitions whose questions can be copied, newest first. A form works without them.
func (v *visit) copyable(without string) (options []ui.Option) {
	asking, err := v.app.Competitions.Asking(v.r.Context(), v.actor)
	if err != nil {
		v.app.Log.WarnContext(v.r.Context(), "could not list questions to copy", "error", err)
		return nil
	}
	for i := range asking {
		c := &asking[i]
		if c.ID == without {
			continue
		}
		day := cmp.Or(c.StartDate, &c.RegDeadline) // tells this year's from last year's
		options = append(options, ui.Option{
			Value: c.ID, Label: c.Title + " (" + day.In(c.Zone()).Format("2 Jan 2006") + ")",
		})
	}
	return options
}

// sameQuestions reports whether the stored questions are as they were typed.
func sameQuestions(stored, typed compete.Questions) bool {
	a, errA := json.Marshal(stored)
	b, errB := json.Marshal(typed)
	return errA == nil && errB == nil && string(a) == string(b)
}
