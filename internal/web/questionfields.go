package web

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/markdown"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// answersGiven is a field of forms with questions. It tells an answered form, of which browsers leave out what isn't
// checked, from a press that brings nothing but its key.
const answersGiven = "answers"

// typedAnswers returns the answers of a form. Each question has one, nil where nothing was answered. What can't be
// read stays text, for the domain to refuse.
func typedAnswers(qs compete.Questions, form url.Values) compete.Answers {
	if !form.Has(answersGiven) {
		return nil
	}
	answers := make(compete.Answers, len(qs))
	for i := range qs {
		answers[qs[i].ID] = typedAnswer(&qs[i], form[pages.AnswerField(qs[i].ID)])
	}
	return answers
}

func typedAnswer(q *compete.Question, typed []string) any {
	if len(typed) == 0 || len(typed) == 1 && strings.TrimSpace(typed[0]) == "" {
		return nil
	}
	if q.Kind == compete.QuestionManyOf {
		return typed
	}
	switch q.Kind {
	case compete.QuestionNumber: // whatever its bounds, which an earlier answer needn't keep
		if n, err := strconv.ParseFloat(strings.TrimSpace(typed[0]), 64); err == nil {
			return n
		}
	case compete.QuestionYesNo, compete.QuestionConsent:
		if value, problem := q.Parse(typed[0]); problem == "" {
			return value
		}
	case compete.QuestionText, compete.QuestionLongText, compete.QuestionOneOf, compete.QuestionManyOf,
		compete.QuestionDate, compete.QuestionPhone, compete.QuestionCountry, compete.QuestionURL:
	}
	return typed[0]
}

func isAnswer(value any) bool { return value != nil }

// questionFields shows questions with answers as they were typed. kept are the answers so far, which may stay as they
// are; nil for somebody who answers for the first time.
func questionFields(
	qs compete.Questions, form url.Values, errors pages.Errors, kept compete.Answers,
) ([]pages.QuestionField, error) {
	fields := make([]pages.QuestionField, len(qs))
	for i := range qs {
		q := &qs[i]
		name := pages.AnswerField(q.ID)
		fields[i] = pages.QuestionField{
			Question: *q, Typed: form[name], Error: errors[name], After: condition(qs, q), Gone: q.Gone(kept[q.ID]),
		}
		if q.Kind != compete.QuestionConsent {
			continue
		}
		var err error
		if fields[i].Text, err = markdown.HTML(q.Help); err != nil {
			return nil, err
		}
	}
	return fields, nil
}

// privacyText says who sees the answers to sensitive questions, and for how long.
func privacyText(c *compete.Competition) string {
	text := "Only the organizer and this site's admins see this."
	switch days := c.AnswersKeptDays; {
	case days == nil:
		return text
	case *days == 0:
		return text + " Deleted right after the competition."
	default:
		return text + " Deleted " + ui.Plural(*days, "day", "days") + " after the competition."
	}
}

// condition says in words after which answers a question is asked.
func condition(qs compete.Questions, q *compete.Question) string {
	if q.ShowIf == nil {
		return ""
	}
	on := qs.Find(q.ShowIf.QuestionID)
	if on == nil {
		return ""
	}
	var answers []string
	for _, value := range q.ShowIf.AnyOf {
		answers = append(answers, answerText(on, value))
	}
	return "Only if you answer " + strings.Join(answers, " or ") + " to " + quoted(on.Label) + ":"
}

// answerText returns an answer for people to read.
func answerText(q *compete.Question, value any) string {
	if value == nil {
		return ""
	}
	text := compete.AnswerText(value)
	switch q.Kind {
	case compete.QuestionCountry:
		return compete.CountryName(text)
	case compete.QuestionYesNo, compete.QuestionConsent:
		return capitalize(text)
	case compete.QuestionText, compete.QuestionLongText, compete.QuestionNumber, compete.QuestionOneOf,
		compete.QuestionManyOf, compete.QuestionDate, compete.QuestionPhone, compete.QuestionURL:
	}
	return text
}

// asTyped returns answers as a form would send them.
func asTyped(answers compete.Answers) url.Values {
	form := url.Values{}
	for id, value := range answers {
		if list, ok := value.([]string); ok {
			form[pages.AnswerField(id)] = list
		} else {
			form.Set(pages.AnswerField(id), compete.AnswerText(value))
		}
	}
	return form
}

// showQuestions shows a page with the questions, with what was typed or answered before.
func (a *app) showQuestions(
	v *visit, status int, c *compete.Competition, d pages.AnswersPage, typed url.Values,
) (response, error) {
	fields, err := questionFields(c.Questions, typed, d.Errors, d.Kept)
	if err != nil {
		return nil, err
	}
	for i := range fields {
		if fields[i].Sensitive {
			fields[i].Private = privacyText(c)
		}
	}
	if d.ChoosesDivision {
		d.Divisions = pages.Divisions{List: divisionViews(c.Seats(v.now)), Chosen: typed.Get(pages.DivisionInputName)}
	}
	if d.ChoosesTeam {
		d.Team = teamChoice(c, typed)
		a.nameInvitation(c, &d, typed)
	}
	if d.Team != nil && c.Phase(v.now) == compete.PhaseFull { // a team that has a seat takes members all the same
		d.Team.New = false
	}
	d.ID, d.Title, d.Questions, d.Code = c.ID, c.Title, fields, typed.Get("accessCode")
	page := v.page(d.Heading+": "+c.Title, ui.SectionCompetitions)
	page.Questions = true
	return show(status, pages.AnswerQuestions(page, d)), nil
}

// refuseAnswers shows the page again, with an error at each field and everything that was typed.
func (a *app) refuseAnswers(v *visit, c *compete.Competition, d pages.AnswersPage, err error) (response, error) {
	e, ok := v.refused(err)
	choice := aboutChoice(err, v.r.PostForm)
	if !ok && !wantsCode(err) && choice == nil {
		return nil, err
	}
	switch d.Errors = formErrors(e); {
	case wantsCode(err):
		d.Errors = pages.Errors{"accessCode": plainText(e)}
	case choice != nil && (chosenTeam(v.r.PostForm) != "" || errors.Is(err, compete.ErrDivisionFull)):
		d.Errors = choice
	}
	return a.showQuestions(v, problem.Status(e.Kind), c, d, v.r.PostForm)
}
