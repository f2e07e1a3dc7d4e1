package web

import (
	"net/http"
	"net/url"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// teamsOffered is how many teams are offered for somebody to be moved to; more are found by their names.
const teamsOffered = 20

// teamList is an organizer's list of teams.
func (a *app) teamList(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	if c.Team == nil {
		return redirect(registrationsPath(c.ID)), nil
	}
	q := r.URL.Query()
	filter := compete.TeamFilter{Search: q.Get("search"), Limit: rowsPerPage}
	data := pages.TeamListData{
		Links: otherPages(&c, "teams"), ID: c.ID, Title: c.Title, Search: filter.Search,
		Min: c.Team.Min, Max: c.Team.Max, Together: c.SeatsPerTeam(),
		Drops: c.Team.DropIncomplete, Deadline: c.RegDeadline, Zone: c.Zone(),
	}
	if q.Get("show") == pages.IncompleteTeams && c.Team.Min > 1 {
		filter.Below, data.Show = c.Team.Min, pages.IncompleteTeams
	}
	status := http.StatusOK
	found, err := a.Teams.List(r.Context(), v.actor, c.ID, q.Get("cursor"), filter)
	if e, ok := v.refused(err); ok && e.Kind == compete.KindInvalid {
		status, data.Error = http.StatusUnprocessableEntity, "This search didn't work: "+firstField(e)
	} else if err != nil {
		return nil, err
	}
	for i := range found.Items {
		data.Rows = append(data.Rows, teamRow(&c, &found.Items[i]))
	}
	if !found.Next.IsZero() {
		data.More = nextPage(r.URL, found.Next)
	}
	if v.partial() && q.Has("cursor") {
		return show(status, pages.MoreTeams(data)), nil
	}
	return show(status, pages.TeamList(v.page("Teams: "+c.Title, ui.SectionDashboard), data)), nil
}

func teamRow(c *compete.Competition, t *compete.TeamSummary) pages.TeamRow {
	return pages.TeamRow{
		ID: t.ID, Name: t.Name, Captain: t.Captain.Name, Size: t.Size, Complete: t.Size >= c.Team.Min,
		Division: divisionName(c, t.DivisionID), Created: t.CreatedAt,
		State: registrationState(&compete.Registration{RegistrationState: compete.RegistrationState{Status: t.Status}}),
	}
}

// moving is what an organizer needs to move somebody to another team.
func (a *app) moving(v *visit) (compete.Competition, compete.ParticipantRegistration, error) {
	c, err := a.managed(v)
	if err != nil {
		return c, compete.ParticipantRegistration{}, err
	}
	r, err := a.Registrations.Get(v.r.Context(), v.actor, c.ID, v.r.PathValue("registration"))
	return c, r, err
}

// changeMemberForm asks which team somebody is moved to.
func (a *app) changeMemberForm(_ *http.Request, v *visit) (response, error) {
	c, r, err := a.moving(v)
	if err != nil {
		return nil, err
	}
	return a.showMember(v, http.StatusOK, &c, &r, nil)
}

func (a *app) showMember(
	v *visit, status int, c *compete.Competition, r *compete.ParticipantRegistration, errs pages.Errors,
) (response, error) {
	if c.Team == nil || r.Status == compete.RegistrationCancelled {
		return redirect(registrationsPath(c.ID)), nil
	}
	d := pages.ChangeMember{
		ID: c.ID, RegistrationID: r.ID, Title: c.Title, Person: r.Participant.Name, Together: c.SeatsPerTeam(),
		Search: v.r.FormValue("search"), NewName: v.r.PostFormValue(pages.TeamNameInput), Errors: errs,
	}
	if r.TeamID != "" {
		own, err := a.Teams.Get(v.r.Context(), v.actor, r.TeamID)
		if err != nil {
			return nil, err
		}
		d.Now, d.NowID = own.Name, own.ID
	}
	found, err := a.Teams.List(v.r.Context(), v.actor, c.ID, "", compete.TeamFilter{
		Search: d.Search, Limit: teamsOffered,
	})
	if err != nil {
		return nil, err
	}
	for i := range found.Items {
		t := &found.Items[i]
		if t.ID == r.TeamID {
			continue
		}
		row := teamRow(c, t)
		row.Full = t.Size >= c.Team.Max
		d.Teams = append(d.Teams, row)
	}
	d.More = !found.Next.IsZero()
	return show(status, pages.ChangeMemberPage(v.page("Change team", ui.SectionDashboard), d)), nil
}

// changeMember moves somebody to another team, to a new one, or out of theirs.
func (a *app) changeMember(req *http.Request, v *visit) (response, error) {
	c, r, err := a.moving(v)
	if err != nil {
		return nil, err
	}
	change := compete.TeamChange{ID: req.PostFormValue("teamId")}
	if req.PostFormValue("create") != "" {
		change.Name = req.PostFormValue(pages.TeamNameInput)
		err = checkTypedTeam(url.Values{pages.TeamInput: {pages.TeamNew}, pages.TeamNameInput: {change.Name}})
	}
	if err == nil {
		_, err = a.Registrations.ChangeTeam(req.Context(), v.actor, r.ID, compete.Some(change),
			compete.Optional[bool]{})
	}
	if err == nil {
		return redirectWith("team-changed", registrationsPath(c.ID)), nil
	}
	e, isRefusal := v.refused(err)
	switch errs := aboutTeam(err); {
	case errs[pages.TeamCodeInput] != "": // staff choose without codes
		return a.showMember(v, problem.Status(e.Kind), &c, &r, pages.Errors{"": plainText(e)})
	case errs != nil:
		return a.showMember(v, problem.Status(e.Kind), &c, &r, errs)
	case isRefusal:
		return a.showMember(v, problem.Status(e.Kind), &c, &r, formErrors(e))
	}
	return nil, err
}
