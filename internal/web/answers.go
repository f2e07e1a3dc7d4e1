package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/localtime"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

func answersPage(c *compete.Competition, kept compete.Answers) pages.AnswersPage {
	return pages.AnswersPage{
		Kept: kept,

		Heading: "Your answers", Action: competitionPath(c.ID) + "/answers", Button: "Save",
		Lead: "You can edit them until " + localtime.Format(c.AnswersEnd(), c.Zone(), "Mon, 2 Jan 2006, 15:04") + ".",
	}
}

// answersForm serves the viewer's answers, to be edited.
func (a *app) answersForm(r *http.Request, v *visit) (response, error) {
	c, mine, err := a.answering(r, v)
	if err != nil {
		return nil, err
	}
	kept, err := a.Registrations.AnswersOf(r.Context(), v.actor, mine)
	if err != nil {
		return nil, err
	}
	return a.showQuestions(v, http.StatusOK, &c, answersPage(&c, kept), asTyped(kept))
}

// answering returns the viewer's registration, whose answers they may edit.
func (a *app) answering(r *http.Request, v *visit) (compete.Competition, *compete.Registration, error) {
	if err := v.requireLogin(); err != nil {
		return compete.Competition{}, nil, err
	}
	c, err := a.Competitions.Get(r.Context(), v.actor, r.PathValue("id"))
	if err != nil {
		return c, nil, err
	}
	mine, err := a.myRegistration(v, c.ID)
	if err == nil && mine == nil {
		err = compete.ErrRegistrationGone
	}
	if err == nil {
		err = mine.CheckEdit(v.actor, &c, v.now)
	}
	if err == nil {
		c.Questions, err = a.questionsFor(v, &c, mine)
	}
	return c, mine, err
}

// questionsFor returns the questions that somebody registered answers.
func (a *app) questionsFor(
	v *visit, c *compete.Competition, mine *compete.Registration,
) (compete.Questions, error) {
	if c.Team == nil || mine.TeamID == "" {
		return c.QuestionsAt(false, v.now), nil
	}
	team, err := a.Teams.Get(v.r.Context(), v.actor, mine.TeamID)
	return c.QuestionsAt(team.CaptainID == mine.UserID, v.now), err
}

func (a *app) saveAnswers(r *http.Request, v *visit) (response, error) {
	c, mine, err := a.answering(r, v)
	if err != nil {
		return a.keepTyped(r, v, err)
	}
	kept, err := a.Registrations.AnswersOf(r.Context(), v.actor, mine)
	if err != nil {
		return nil, err
	}
	if r.PostFormValue("preview") != "" {
		return a.showQuestions(v, http.StatusOK, &c, answersPage(&c, kept), r.PostForm)
	}
	answers := typedAnswers(c.Questions, r.PostForm)
	if _, err := a.Registrations.Edit(r.Context(), v.actor, mine.ID, answers); err != nil {
		return a.refuseAnswers(v, &c, answersPage(&c, kept), err)
	}
	return redirectWith("answers-saved", competitionPath(c.ID)), nil
}

// answersSummary tells an organizer what people answered.
func (a *app) answersSummary(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	summary, err := a.Registrations.Summarize(r.Context(), v.actor, c.ID)
	if err != nil {
		return nil, err
	}
	d := pages.AnswersSummaryData{
		Links: otherPages(&c, "registrations/answers"), ID: c.ID, Title: c.Title, People: summary.People,
		More: summary.More,
	}
	for i := range summary.Questions {
		row := summaryRow(&c, &summary, &summary.Questions[i])
		if row.None, err = a.unanswered(v, &c, &summary, &summary.Questions[i]); err != nil {
			return nil, err
		}
		d.Questions = append(d.Questions, row)
	}
	return show(http.StatusOK, pages.AnswersSummary(v.page("Answers: "+c.Title, ui.SectionDashboard), d)), nil
}

// unanswered returns where the people are listed who are asked a question and haven't answered it; empty if there are
// none. Of a very large competition, that isn't looked up.
func (a *app) unanswered(
	v *visit, c *compete.Competition, all *compete.AnswersSummary, s *compete.AnswerSummary,
) (address string, err error) {
	if s.Answered == all.People && !all.More || c.Questions.AfterSensitive(&s.Question) {
		return "", nil
	}
	filter := compete.RegistrationFilter{Answer: compete.AnswerFilter{QuestionID: s.Question.ID, None: true}}
	address = listAddress(registrationsPath(c.ID), filter)
	if all.More {
		return address, nil
	}
	filter.Limit = 1
	found, err := a.Registrations.ListOf(v.r.Context(), v.actor, c, "", filter)
	if err != nil || len(found.Items) == 0 {
		return "", err
	}
	return address, nil
}

func summaryRow(c *compete.Competition, all *compete.AnswersSummary, s *compete.AnswerSummary) pages.SummaryRow {
	q := &s.Question
	list := registrationsPath(c.ID)
	row := pages.SummaryRow{
		Label: q.Label, Sensitive: q.Sensitive, Answered: s.Answered, Of: all.People,
		Href: listAddress(list, compete.RegistrationFilter{Columns: []string{q.ID}}),
	}
	if q.ShowIf != nil || q.Scope == compete.ScopeTeam {
		row.Of = s.Answered
	}
	if q.Kind == compete.QuestionNumber && s.Answered > 0 {
		exact := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
		row.Numbers = exact(s.Least) + " to " + exact(s.Most) + ", on average " +
			strconv.FormatFloat(s.Average, 'f', 1, 64)
	}
	for _, choice := range s.Choices {
		bar := pages.SummaryBar{Label: answerText(q, choice.Value), Count: choice.Count}
		if !q.Sensitive {
			bar.Href = listAddress(list, compete.RegistrationFilter{
				Answer: compete.AnswerFilter{QuestionID: q.ID, Value: compete.AnswerText(choice.Value)},
			})
		}
		row.Bars = append(row.Bars, bar)
	}
	return row
}

// exported returns the questions whose answers are in a file: the chosen ones, or all but the sensitive ones.
func exported(c *compete.Competition, q url.Values) compete.Questions {
	var chosen compete.Questions
	for _, column := range columnsView(c, q) {
		if column.On {
			chosen = append(chosen, column.Question)
		}
	}
	if len(chosen) > 0 {
		return chosen
	}
	return slices.DeleteFunc(slices.Clone(c.Questions), func(q compete.Question) bool { return q.Sensitive })
}
