package web

import (
	"net/http"
	"net/url"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// edited is somebody's registration that staff edit.
type edited struct {
	compete.ParticipantRegistration
	competition compete.Competition // with the questions that they answer
	team        compete.TeamView    // the zero value: none
}

func (a *app) edited(v *visit) (e edited, err error) {
	if e.competition, e.ParticipantRegistration, err = a.moving(v); err != nil {
		return e, err
	}
	if e.TeamID != "" {
		if e.team, err = a.Teams.Get(v.r.Context(), v.actor, e.TeamID); err != nil {
			return e, err
		}
	}
	c := &e.competition
	c.Questions = c.QuestionsAt(c.Team == nil || e.team.CaptainID == e.UserID, v.now)
	return e, nil
}

// editable reports whether staff can edit something of registrations for the competition.
func editable(c *compete.Competition, v *visit) bool {
	answers, moves := len(c.QuestionsAt(true, v.now)) > 0, len(c.Divisions) > 1 && !c.Started(v.now)
	return c.Status != compete.StatusCancelled && (answers || moves)
}

// editRegistrationForm serves somebody's answers and division, to be edited by staff.
func (a *app) editRegistrationForm(_ *http.Request, v *visit) (response, error) {
	e, err := a.edited(v)
	if err != nil {
		return nil, err
	}
	return e.show(v, http.StatusOK, asTyped(e.Answers), pages.EditRegistration{})
}

// show shows the page, with answers as they were typed, and in d what is wrong with a form.
func (e *edited) show(v *visit, status int, typed url.Values, d pages.EditRegistration) (response, error) {
	c := &e.competition
	d.ID, d.RegistrationID, d.Name, d.Email = c.ID, e.ID, e.Participant.Name, e.Participant.Email
	d.State, d.Review, d.Seat = registrationState(&e.Registration), c.Reviewed(), e.Status.HoldsSeat()
	d.Lottery = c.Drawn() && e.Status == compete.RegistrationApplied
	d.Back = localPath(v.r.FormValue("back"), registrationsPath(c.ID))
	d.Passes, d.Team, d.TeamID = c.Passes(e.DivisionID, v.now), e.team.Name, e.TeamID
	d.Together = e.TeamID != "" && !e.team.Alone(e.UserID)
	if e.CheckEdit(v.actor, c, v.now) == nil {
		var err error
		if d.Questions, err = questionFields(c.Questions, typed, d.Errors, e.Answers); err != nil {
			return nil, err
		}
	}
	if len(c.Divisions) > 1 && e.CheckMove(v.actor, c, e.DivisionID, v.now) == nil {
		chosen := v.r.PostFormValue(pages.DivisionInputName)
		if chosen == "" {
			chosen = e.DivisionID
		}
		d.Divisions = pages.Divisions{List: divisionViews(c.Seats(v.now)), Chosen: chosen}
	}
	if len(d.Questions) == 0 && len(d.Divisions.List) == 0 {
		return redirect(d.Back), nil
	}
	page := v.page("Registration of "+d.Name, ui.SectionDashboard)
	page.Questions = true
	return show(status, pages.EditRegistrationPage(page, d)), nil
}

// editRegistration saves somebody's answers.
func (a *app) editRegistration(r *http.Request, v *visit) (response, error) {
	e, err := a.edited(v)
	if err != nil {
		return a.keepTyped(r, v, err)
	}
	if r.PostFormValue("preview") != "" { // they come from the log-in page
		return e.show(v, http.StatusOK, r.PostForm, pages.EditRegistration{})
	}
	answers := typedAnswers(e.competition.Questions, r.PostForm)
	if _, err := a.Registrations.Edit(r.Context(), v.actor, e.ID, answers); err != nil {
		refusal, ok := v.refused(err)
		if !ok {
			return nil, err
		}
		return e.show(v, problem.Status(refusal.Kind), r.PostForm, pages.EditRegistration{Errors: formErrors(refusal)})
	}
	return redirectWith("answers-saved", e.back(v)), nil
}

// moveRegistration moves somebody to another division. A seat is only given up for a seat.
func (a *app) moveRegistration(r *http.Request, v *visit) (response, error) {
	e, err := a.edited(v)
	if err != nil {
		return nil, err
	}
	_, err = a.Registrations.Move(r.Context(), v.actor, e.ID, r.PostFormValue(pages.DivisionInputName), true)
	if err == nil {
		return redirectWith("moved", e.back(v)), nil
	}
	refusal, ok := v.refused(err)
	if !ok {
		return nil, err
	}
	text := plainText(refusal)
	if refusal.Is(compete.ErrSeatKept) && e.Status.HoldsSeat() {
		text = "No seat is free in that division. They keep the one they have."
	}
	return e.show(v, problem.Status(refusal.Kind), asTyped(e.Answers), pages.EditRegistration{DivisionError: text})
}

// back returns the page with the registration, which leads on to the list that it was opened from.
func (e *edited) back(v *visit) string {
	path := competitionPath(e.CompetitionID) + "/registrations/" + e.ID
	if back := v.r.PostFormValue("back"); back != "" {
		return path + "?" + url.Values{"back": {back}}.Encode()
	}
	return path
}
