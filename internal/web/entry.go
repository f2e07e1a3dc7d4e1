package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
)

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
		Heading: "Register", Action: competitionPath(c.ID) + "/register", Button: "Register", Key: key,
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
	var chosen []string
	if c.Team != nil {
		chosen = append(chosen, "team")
	}
	if len(c.Divisions) > 0 {
		chosen = append(chosen, "division")
	}
	text := "Choose your " + strings.Join(chosen, " and ")
	switch {
	case len(chosen) == 0:
		return "Answer these questions"
	case len(c.Questions) == 0:
		return text
	case len(chosen) > 1:
		text += ","
	}
	return text + " and answer these questions"
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
	code, pass := r.URL.Query().Get(teamQuery), r.URL.Query().Get(pages.TeamPassInput)
	if stand.Kind == pages.StandUpcoming && stand.Asks {
		return redirect(withTeam(competitionPath(c.ID)+"/prepare", code, pass)), nil
	}
	// A team that has a seat takes members also when there are no more.
	joins := stand.Kind == pages.StandFull && c.SeatsPerTeam()
	if !stand.Asks || stand.Kind != pages.StandOpen && stand.Kind != pages.StandWaitlist && !joins {
		return redirect(competitionPath(c.ID)), nil
	}
	if answer, err := a.verifiedFirst(v, &c, withTeam(competitionPath(c.ID)+"/register", code, pass)); answer != nil ||
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
	if refusal := refusedChoice(&c, r.URL.Query().Get(refusedQuery)); refusal != nil {
		d.Errors = aboutChoice(refusal, typed)
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

// invitedTo fills in the code that a link brings along, with its pass.
func invitedTo(typed url.Values, v *visit) url.Values {
	if code := v.r.URL.Query().Get(teamQuery); code != "" {
		typed.Set(pages.TeamInput, pages.TeamJoin)
		typed.Set(pages.TeamCodeInput, code)
		typed.Set(pages.TeamPassInput, v.r.URL.Query().Get(pages.TeamPassInput))
	}
	return typed
}

// nameInvitation says which team a link is for, if its page, where wrong codes count, passed its code.
func (a *app) nameInvitation(c *compete.Competition, d *pages.AnswersPage, typed url.Values) {
	if chosenTeam(typed) != pages.TeamJoin {
		return
	}
	pass := typed.Get(pages.TeamPassInput)
	if name := a.Teams.PassedTo(c.ID, compete.TeamCode(typed.Get(pages.TeamCodeInput)), pass); name != "" {
		d.Heading, d.Pass = pages.JoinTitle(name), pass
		todo := "Confirm the team" // which is chosen already, and its division with it
		if len(c.Questions) > 0 {
			todo = "Answer these questions"
		}
		d.Lead = strings.Replace(d.Lead, toFillIn(c), todo, 1)
	}
}

// checkTyped reports what is missing of the choice of a team, along with everything that is wrong with the answers.
func checkTyped(c *compete.Competition, form url.Values) error {
	err := checkTypedTeam(form)
	if err == nil || !form.Has(answersGiven) {
		return err
	}
	qs := c.QuestionsFor(chosenTeam(form) == pages.TeamNew)
	_, answers := qs.Take(typedAnswers(qs, form), nil)
	if answers == nil {
		return err
	}
	return compete.Invalid(append(compete.AsError(err).Fields, compete.AsError(answers).Fields...)...)
}

// refusedEntry answers a press whose entry was refused: with the form as it was typed or, if the press brought nothing,
// with the page that asks for what's missing.
func (a *app) refusedEntry(
	v *visit, c *compete.Competition, stand pages.Stand, refusal error,
) (response, error) {
	if !v.r.PostForm.Has(answersGiven) {
		query := url.Values{}
		if aboutChoice(refusal, v.r.PostForm) != nil {
			query.Set(refusedQuery, compete.AsError(refusal).Code)
		}
		if v.r.PostFormValue("accessCode") != "" { // not to be typed again
			v.intend(intentOf(v.r))
		}
		return redirect(competitionPath(c.ID) + "/register?" + query.Encode()), nil
	}
	return a.refuseAnswers(v, c, registerPage(c, stand.Kind, rand.Text()), refusal)
}

// refusedQuery tells the page with the choice of a team or division why a press that brought nothing was refused.
const refusedQuery = "refused"

// refusedChoice returns the refusal with the code that refusedQuery brings; nil if it's none of the competition's.
func refusedChoice(c *compete.Competition, code string) error {
	if code == compete.ErrDivisionFull.Code && len(c.Divisions) > 0 {
		return compete.ErrDivisionFull
	}
	if refusal, ok := teamRefusals[code]; ok && c.Team != nil {
		return refusal.err
	}
	return nil
}

// aboutChoice returns the errors of a refusal that is about the team or the division that was chosen; nil if it isn't.
func aboutChoice(err error, typed url.Values) pages.Errors {
	if !errors.Is(err, compete.ErrDivisionFull) {
		return aboutTeam(err)
	}
	field := pages.DivisionInputName
	if chosenTeam(typed) == pages.TeamJoin { // a team has its division, which isn't chosen then
		field = pages.TeamCodeInput
	}
	return pages.Errors{field: plainText(compete.AsError(err))}
}

// mayChoose reports whether the viewer can choose something else after such a refusal: not if all divisions are full.
func mayChoose(kind pages.StandKind, refusal error) bool {
	return mayRegister(kind) || !errors.Is(refusal, compete.ErrDivisionFull)
}

// preparePage asks for the access code unless the viewer has typed it ahead already.
func preparePage(c *compete.Competition, needsCode bool) pages.AnswersPage {
	return pages.AnswersPage{
		NeedsCode: needsCode,

		Heading: "Get ready", Action: competitionPath(c.ID) + "/prepare", Button: "Save", ChoosesDivision: true,
		ChoosesTeam: true, Lead: toFillIn(c) + " now. When registration opens, all you have to do is press once.",
	}
}

// verifiedFirst has the viewer confirm their address, if they have to, before they type anything.
func (a *app) verifiedFirst(v *visit, c *compete.Competition, next string) (response, error) {
	err := a.Registrations.CheckVerified(v.r.Context(), v.actor, c)
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
	code, pass := r.URL.Query().Get(teamQuery), r.URL.Query().Get(pages.TeamPassInput)
	switch {
	case stand.Asks && (stand.Kind == pages.StandOpen || stand.Kind == pages.StandWaitlist):
		return redirect(withTeam(competitionPath(c.ID)+"/register", code, pass)), nil
	case !stand.Asks || stand.Kind != pages.StandUpcoming:
		return redirect(competitionPath(c.ID)), nil
	}
	if answer, err := a.verifiedFirst(v, &c, withTeam(competitionPath(c.ID)+"/prepare", code, pass)); answer != nil ||
		err != nil {
		return answer, err
	}
	typed, errs, err := a.answeredBefore(v, &c)
	if err != nil {
		return nil, err
	}
	d := preparePage(&c, stand.NeedsCode)
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
		return redirectWith("unprepared", competitionPath(c.ID)), nil
	}
	d := preparePage(&c, c.NeedsCode)
	d.Code = r.PostFormValue("accessCode")
	if before, err := a.prepared(v, c.ID); err != nil {
		return nil, err
	} else if before != nil {
		d.NeedsCode = before.NeedsCode
	}
	if r.PostFormValue("preview") != "" { // they come from the log-in page: see keepTyped
		return a.showQuestions(v, http.StatusOK, &c, d, r.PostForm)
	}
	entry := entryOf(r.PostForm)
	entry.Answers = typedAnswers(c.QuestionsFor(entry.Team.Name != ""), r.PostForm)
	if err = checkTyped(&c, r.PostForm); err == nil {
		_, err = a.Registrations.Prepare(r.Context(), v.actor, c.ID, entry)
	}
	switch {
	case errors.Is(err, compete.ErrEmailUnverified):
		return redirect(verifyPath(competitionPath(c.ID) + "/prepare")), nil
	case err != nil:
		return a.refuseAnswers(v, &c, d, err)
	}
	return redirectWith("prepared", competitionPath(c.ID)), nil
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
