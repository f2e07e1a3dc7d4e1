package web

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// addPerson registers somebody else.
func (a *app) addPerson(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	form := pages.AddForm{
		Email: r.PostFormValue("email"), Name: r.PostFormValue("name"), Over: r.PostFormValue("overCapacity") != "",
		Division: r.PostFormValue("divisionId"),
	}
	entry, err := a.teamOfAdded(v, &c)
	if err != nil {
		return a.refuseAdded(r, v, &c, form, err)
	}
	entry.DivisionID, entry.Answers = form.Division, typedAnswers(c.QuestionsFor(entry.Team.Name != ""), r.PostForm)
	if !slices.ContainsFunc(slices.Collect(maps.Values(entry.Answers)), isAnswer) {
		entry.Answers = nil // the person answers later
	}
	outcome, err := a.Registrations.Add(r.Context(), v.actor, c.ID, compete.Addition{
		Email: form.Email, Name: form.Name, Entry: entry, OverCapacity: form.Over,
	}, formIdempotency(r, ""))
	if err != nil {
		return a.refuseAdded(r, v, &c, form, err)
	}
	return redirectWith(addedFlash(&c, &outcome), r.URL.Path), nil
}

// refuseAdded shows the form again, with what is wrong with it.
func (a *app) refuseAdded(
	r *http.Request, v *visit, c *compete.Competition, form pages.AddForm, err error,
) (response, error) {
	e, isRefusal := v.refused(err)
	team := aboutTeam(err)
	if !isRefusal && team == nil && !errors.Is(err, compete.ErrBlocked) && !errors.Is(err, compete.ErrOwnCompetition) {
		return nil, err
	}
	form.Errors = formErrors(e)
	if team != nil {
		form.Errors = team
	}
	if text, ok := form.Errors[pages.TeamCodeInput]; ok { // staff choose without codes
		delete(form.Errors, pages.TeamCodeInput)
		form.Errors[pages.TeamExistingInput] = text
	}
	return a.showRegistrations(r, v, problem.Status(e.Kind), c, form)
}

// offerTeams adds the choice of a team to the form.
func offerTeams(v *visit, c *compete.Competition, form *pages.AddForm, teams []compete.TeamSummary) {
	form.Team = teamChoice(c, v.r.PostForm)
	if form.Team == nil {
		return
	}
	form.Team.Alone = !c.SeatsPerTeam() // whether they look for a team is for them to say
	form.Team.Code = v.r.PostForm.Get(pages.TeamExistingInput)
	if form.Team.Chosen == "" {
		form.Team.Chosen = teamUnasked(c)
	}
	for i := range teams {
		if teams[i].Size < c.Team.Max {
			form.Teams = append(form.Teams, teams[i].Name)
		}
	}
}

// teamUnasked is what somebody gets whom staff add without choosing a team; empty: they have to choose.
func teamUnasked(c *compete.Competition) string {
	if c.SeatsPerTeam() {
		return ""
	}
	return pages.TeamNone
}

// teamOfAdded reads the choice of a team for somebody whom staff add. An existing team is typed by its name.
func (a *app) teamOfAdded(v *visit, c *compete.Competition) (entry compete.Entry, err error) {
	form := v.r.PostForm
	if c.Team == nil {
		return entry, nil
	}
	chosen := chosenTeam(form)
	if chosen == "" {
		chosen = teamUnasked(c)
	}
	switch chosen {
	case pages.TeamNew:
		entry.Team.Name = form.Get(pages.TeamNameInput)
		return entry, checkTypedTeam(form)
	case pages.TeamExisting:
		entry.Team.Code, err = a.codeOfTeam(v, c, form.Get(pages.TeamExistingInput))
	}
	return entry, err
}

// codeOfTeam returns the code of the team with a name.
func (a *app) codeOfTeam(v *visit, c *compete.Competition, name string) (compete.TeamCode, error) {
	refusal := func(message string) error {
		return compete.Invalid(compete.FieldError{Field: pages.TeamExistingInput, Message: message})
	}
	if compete.TeamKey(name) == "" {
		return "", refusal("is required")
	}
	named, err := a.Teams.Named(v.r.Context(), v.actor, c.ID, name)
	if compete.ErrTeamMissing.Is(err) {
		return "", refusal("must be a team of this competition")
	}
	if err != nil {
		return "", err
	}
	team, err := a.Teams.Get(v.r.Context(), v.actor, named.ID)
	return team.Code, err
}

func addedFlash(before *compete.Competition, o *compete.RegistrationOutcome) string {
	switch {
	case o.Registration.Status == compete.RegistrationWaitlisted:
		return "added-waiting"
	case o.Competition.Capacity > before.Capacity:
		return "added-over"
	}
	return "added"
}
