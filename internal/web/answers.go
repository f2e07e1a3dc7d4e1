package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/localtime"
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
	if q.Kind == compete.QuestionNumber || q.Kind == compete.QuestionYesNo || q.Kind == compete.QuestionConsent {
		if value, problem := q.Parse(typed[0]); problem == "" {
			return value
		}
	}
	return typed[0]
}

func isAnswer(value any) bool { return value != nil }

// questionFields shows questions with answers as they were typed.
func questionFields(qs compete.Questions, form url.Values, errors pages.Errors) ([]pages.QuestionField, error) {
	fields := make([]pages.QuestionField, len(qs))
	for i := range qs {
		q := &qs[i]
		name := pages.AnswerField(q.ID)
		fields[i] = pages.QuestionField{
			Question: *q, Typed: form[name], Error: errors[name], After: condition(qs, q),
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
	fields, err := questionFields(c.Questions, typed, d.Errors)
	if err != nil {
		return nil, err
	}
	if d.ChoosesDivision {
		d.Divisions = pages.Divisions{List: divisionViews(c.Seats(v.now)), Chosen: typed.Get(pages.DivisionInputName)}
	}
	if d.ChoosesTeam {
		d.Team = teamChoice(c, typed)
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
	e, ok := refused(err)
	team := aboutTeam(err)
	if !ok && !wantsCode(err) && team == nil {
		return nil, err
	}
	switch d.Errors = formErrors(e); {
	case wantsCode(err):
		d.Errors = pages.Errors{"accessCode": plainText(e)}
	case team != nil && chosenTeam(v.r.PostForm) != "":
		d.Errors = team
	}
	v.retryAfter(e)
	return a.showQuestions(v, problem.Status(e.Kind), c, d, v.r.PostForm)
}

// prepared returns what the viewer filled in ahead; nil if nothing.
func (a *app) prepared(v *visit, competitionID string) (*compete.Preparation, error) {
	p, err := a.Registrations.Prepared(v.r.Context(), v.actor, competitionID)
	if errors.Is(err, compete.ErrPreparationMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &p, nil
}

func registerPage(c *compete.Competition, kind pages.StandKind, key string) pages.AnswersPage {
	d := pages.AnswersPage{
		Heading: "Register", Action: "/competitions/" + c.ID + "/register", Button: "Register", Key: key,
		ChoosesDivision: true, ChoosesTeam: true, NeedsCode: c.NeedsCode,
		Lead: toFillIn(c) + " to register.",
	}
	if c.TakesApplications() {
		d.Heading, d.Button, d.Lead = "Apply", "Apply", toFillIn(c)+" to apply."
	}
	if kind == pages.StandWaitlist {
		d.Heading, d.Button = "Join the waitlist", "Join waitlist"
		d.Lead = "All seats are taken. " + toFillIn(c) + " to join the waitlist."
	}
	return d
}

// toFillIn says what people fill in.
func toFillIn(c *compete.Competition) string {
	switch {
	case c.Team == nil:
		return "Answer these questions"
	case len(c.Questions) == 0:
		return "Choose your team"
	}
	return "Choose your team and answer these questions"
}

// registerForm serves the questions of a competition, for those who can register now. It starts with what they filled
// in ahead, or with their answers of an earlier registration.
func (a *app) registerForm(r *http.Request, v *visit) (response, error) {
	c, stand, err := a.readStand(v, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if c.TakesEntries() {
		if err := v.requireLogin(); err != nil {
			return nil, err
		}
	}
	code := r.URL.Query().Get(teamQuery)
	if stand.Kind == pages.StandUpcoming && stand.Asks {
		return redirect(withTeam("/competitions/"+c.ID+"/prepare", code)), nil
	}
	// A team that has a seat takes members also when there are no more.
	joins := stand.Kind == pages.StandFull && c.SeatsPerTeam()
	if !stand.Asks || stand.Kind != pages.StandOpen && stand.Kind != pages.StandWaitlist && !joins {
		return redirect("/competitions/" + c.ID), nil
	}
	if answer, err := a.verifiedFirst(v, withTeam("/competitions/"+c.ID+"/register", code)); answer != nil ||
		err != nil {
		return answer, err
	}
	typed, errs, err := a.answeredBefore(v, &c)
	if err != nil {
		return nil, err
	}
	if i, ok := v.intent(); ok && i.competitionID == c.ID { // a press that was refused: see refusedEntry
		typed.Set("accessCode", i.entry.Get("accessCode"))
		v.clearCookie(intentCookie)
	}
	d := registerPage(&c, stand.Kind, rand.Text())
	if d.Errors = errs; len(errs) > 0 {
		d.Errors[""] = outdatedText
	}
	if refusal, ok := teamRefusals[r.URL.Query().Get(refusedQuery)]; ok && c.Team != nil {
		d.Errors = aboutTeam(refusal.err)
	}
	return a.showQuestions(v, http.StatusOK, &c, d, typed)
}

// outdatedText is said above what was filled in and would be refused by now.
const outdatedText = "Something changed since you got ready. What you filled in is below: fix the highlighted fields."

// answeredBefore returns what a form starts with, and what is wrong with it by now.
func (a *app) answeredBefore(v *visit, c *compete.Competition) (url.Values, pages.Errors, error) {
	p, err := a.prepared(v, c.ID)
	if err != nil {
		return nil, nil, err
	}
	if p != nil {
		var errs pages.Errors
		if !p.Ready() {
			errs = formErrors(compete.Invalid(p.Problems...))
		}
		typed := asTyped(p.Entry.Answers)
		typed.Set(pages.DivisionInputName, p.Entry.DivisionID)
		typeTeam(typed, &p.Entry)
		return invitedTo(typed, v), errs, nil
	}
	mine, err := a.myRegistration(v, c.ID)
	if err != nil || mine == nil {
		return invitedTo(url.Values{}, v), nil, err
	}
	answers, err := a.Registrations.AnswersOf(v.r.Context(), v.actor, mine)
	typed := asTyped(c.Questions.Known(answers))
	typed.Set(pages.DivisionInputName, mine.DivisionID)
	return invitedTo(typed, v), nil, err
}

// invitedTo fills in the code that a link brings along.
func invitedTo(typed url.Values, v *visit) url.Values {
	if code := v.r.URL.Query().Get(teamQuery); code != "" {
		typed.Set(pages.TeamInput, pages.TeamJoin)
		typed.Set(pages.TeamCodeInput, code)
	}
	return typed
}

// refusedEntry answers a press whose entry was refused: with the form as it was typed or, if the press brought nothing,
// with the page that asks for what's missing.
func (a *app) refusedEntry(
	v *visit, c *compete.Competition, stand pages.Stand, refusal error,
) (response, error) {
	if !v.r.PostForm.Has(answersGiven) {
		query := url.Values{}
		if aboutTeam(refusal) != nil {
			query.Set(refusedQuery, compete.AsError(refusal).Code)
		}
		if v.r.PostFormValue("accessCode") != "" { // not to be typed again
			v.intend(intentOf(v.r))
		}
		return redirect("/competitions/" + c.ID + "/register?" + query.Encode()), nil
	}
	return a.refuseAnswers(v, c, registerPage(c, stand.Kind, rand.Text()), refusal)
}

// refusedQuery tells the page with the choice of a team why a press that brought nothing was refused.
const refusedQuery = "refused"

func preparePage(c *compete.Competition) pages.AnswersPage {
	return pages.AnswersPage{
		Heading: "Get ready", Action: "/competitions/" + c.ID + "/prepare", Button: "Save", ChoosesDivision: true,
		ChoosesTeam: true, Lead: toFillIn(c) + " now. When registration opens, all you have to do is press once.",
	}
}

// verifiedFirst has the viewer confirm their address, if they have to, before they type anything.
func (a *app) verifiedFirst(v *visit, next string) (response, error) {
	err := a.Registrations.CheckVerified(v.r.Context(), v.actor)
	if errors.Is(err, compete.ErrEmailUnverified) {
		return redirect(verifyPath(next)), nil
	}
	return nil, err
}

// prepareForm serves the questions of a competition before registration opens.
func (a *app) prepareForm(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	c, stand, err := a.readStand(v, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	code := r.URL.Query().Get(teamQuery)
	switch {
	case stand.Asks && (stand.Kind == pages.StandOpen || stand.Kind == pages.StandWaitlist):
		return redirect(withTeam("/competitions/"+c.ID+"/register", code)), nil
	case !stand.Asks || stand.Kind != pages.StandUpcoming:
		return redirect("/competitions/" + c.ID), nil
	}
	if answer, err := a.verifiedFirst(v, withTeam("/competitions/"+c.ID+"/prepare", code)); answer != nil ||
		err != nil {
		return answer, err
	}
	typed, errs, err := a.answeredBefore(v, &c)
	if err != nil {
		return nil, err
	}
	d := preparePage(&c)
	d.Saved, d.Errors = stand.Prepared || len(errs) > 0, errs
	if len(errs) > 0 {
		d.Errors[""] = outdatedText
	}
	return a.showQuestions(v, http.StatusOK, &c, d, typed)
}

func (a *app) prepare(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return a.keepTyped(r, v, err)
	}
	c, err := a.Competitions.Get(r.Context(), v.actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if r.PostFormValue("delete") != "" {
		if err := a.Registrations.Unprepare(r.Context(), v.actor, c.ID); err != nil {
			return nil, err
		}
		return redirectWith("unprepared", "/competitions/"+c.ID), nil
	}
	if r.PostFormValue("preview") != "" { // they come from the log-in page: see keepTyped
		return a.showQuestions(v, http.StatusOK, &c, preparePage(&c), r.PostForm)
	}
	entry := entryOf(r.PostForm)
	entry.Answers = typedAnswers(c.QuestionsFor(entry.Team.Name != ""), r.PostForm)
	if err = checkTypedTeam(r.PostForm); err == nil {
		_, err = a.Registrations.Prepare(r.Context(), v.actor, c.ID, entry)
	}
	switch {
	case errors.Is(err, compete.ErrEmailUnverified):
		return redirect(verifyPath("/competitions/" + c.ID + "/prepare")), nil
	case err != nil:
		return a.refuseAnswers(v, &c, preparePage(&c), err)
	}
	return redirectWith("prepared", "/competitions/"+c.ID), nil
}

func answersPage(c *compete.Competition) pages.AnswersPage {
	return pages.AnswersPage{
		Heading: "Your answers", Action: "/competitions/" + c.ID + "/answers", Button: "Save",
		Lead: "You can edit them until " + localtime.Format(c.AnswersEnd(), c.Zone(), "Mon, 2 Jan 2006, 15:04") + ".",
	}
}

// answersForm serves the viewer's answers, to be edited.
func (a *app) answersForm(r *http.Request, v *visit) (response, error) {
	c, mine, err := a.answering(r, v)
	if err != nil {
		return nil, err
	}
	answers, err := a.Registrations.AnswersOf(r.Context(), v.actor, mine)
	if err != nil {
		return nil, err
	}
	return a.showQuestions(v, http.StatusOK, &c, answersPage(&c), asTyped(answers))
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
		return c.QuestionsFor(false), nil
	}
	team, err := a.Teams.Get(v.r.Context(), v.actor, mine.TeamID)
	return c.QuestionsFor(team.CaptainID == mine.UserID), err
}

func (a *app) saveAnswers(r *http.Request, v *visit) (response, error) {
	c, mine, err := a.answering(r, v)
	if err != nil {
		return a.keepTyped(r, v, err)
	}
	if r.PostFormValue("preview") != "" {
		return a.showQuestions(v, http.StatusOK, &c, answersPage(&c), r.PostForm)
	}
	answers := typedAnswers(c.Questions, r.PostForm)
	if _, err := a.Registrations.Edit(r.Context(), v.actor, mine.ID, answers); err != nil {
		return a.refuseAnswers(v, &c, answersPage(&c), err)
	}
	return redirectWith("answers-saved", "/competitions/"+c.ID), nil
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
	d := pages.AnswersSummaryData{ID: c.ID, Title: c.Title, People: summary.People, More: summary.More}
	for i := range summary.Questions {
		d.Questions = append(d.Questions, summaryRow(c.ID, &summary.Questions[i]))
	}
	return show(http.StatusOK, pages.AnswersSummary(v.page("Answers: "+c.Title, ui.SectionDashboard), d)), nil
}

func summaryRow(competitionID string, s *compete.AnswerSummary) pages.SummaryRow {
	q := &s.Question
	list := "/competitions/" + competitionID + "/registrations"
	row := pages.SummaryRow{
		Label: q.Label, Sensitive: q.Sensitive, Answered: s.Answered,
		Href: listAddress(list, compete.RegistrationFilter{Columns: []string{q.ID}}),
	}
	if q.Kind == compete.QuestionNumber && s.Answered > 0 {
		round := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
		row.Numbers = round(s.Least) + " to " + round(s.Most) + ", on average " +
			strconv.FormatFloat(s.Average, 'f', 1, 64)
	}
	for _, c := range s.Choices {
		bar := pages.SummaryBar{Label: answerText(q, c.Value), Count: c.Count}
		if !q.Sensitive {
			bar.Href = listAddress(list, compete.RegistrationFilter{
				Answer: compete.AnswerFilter{QuestionID: q.ID, Value: compete.AnswerText(c.Value)},
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

// readEntry returns what a participant filled in. Only a form with answers needs the competition, which it returns too.
func (a *app) readEntry(r *http.Request, v *visit, id string) (compete.Entry, compete.Competition, error) {
	entry := entryOf(r.PostForm)
	if !r.PostForm.Has(answersGiven) {
		return entry, compete.Competition{}, nil
	}
	c, err := a.Competitions.Get(r.Context(), v.actor, id)
	entry.Answers = typedAnswers(c.QuestionsFor(entry.Team.Name != ""), r.PostForm)
	return entry, c, err
}

// isEntry reports whether a refusal is about what was filled in.
func isEntry(e *compete.Error) bool {
	return slices.ContainsFunc(e.Fields, func(f compete.FieldError) bool {
		return strings.HasPrefix(f.Field, answersGiven) || f.Field == pages.DivisionInputName ||
			strings.HasPrefix(f.Field, pages.TeamInput) || f.Field == "lookingForTeam"
	})
}

// mayRegister reports whether the viewer can register now or later.
func mayRegister(kind pages.StandKind) bool {
	return kind == pages.StandUpcoming || kind == pages.StandOpen || kind == pages.StandWaitlist
}
