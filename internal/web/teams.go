package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// teamLink is the link that people join a team with. Opening it changes nothing.
func (a *app) teamLink(t *compete.TeamView) string {
	link := a.PublicURL.JoinPath("/competitions/", t.CompetitionID, "/team")
	link.RawQuery = url.Values{teamQuery: {string(t.Code)}}.Encode()
	return link.String()
}

// team serves a team's page, for its members and staff.
func (a *app) team(_ *http.Request, v *visit) (response, error) {
	t, err := a.readTeam(v)
	if err != nil {
		return nil, err
	}
	return a.showTeam(v, &t, http.StatusOK, pages.TeamRename{Name: t.Name})
}

func (a *app) showTeam(v *visit, t *compete.TeamView, status int, rename pages.TeamRename) (response, error) {
	data, err := a.teamData(v, t)
	if err != nil {
		return nil, err
	}
	data.Rename = rename
	section := ui.SectionCompetitions
	if data.Staff {
		section = ui.SectionDashboard
	}
	page := v.page(t.Name, section)
	page.Questions = true
	return show(status, pages.Team(page, data)), nil
}

func (a *app) readTeam(v *visit) (compete.TeamView, error) {
	if err := v.requireLogin(); err != nil {
		return compete.TeamView{}, err
	}
	return a.Teams.Get(v.r.Context(), v.actor, v.r.PathValue("team"))
}

func (a *app) teamData(v *visit, t *compete.TeamView) (pages.TeamData, error) {
	c := &t.Competition
	d := pages.TeamData{
		ID: t.ID, CompetitionID: c.ID, Competition: c.Title, Name: t.Name, Deadline: c.RegDeadline, Zone: c.Zone(),
		Staff: c.ManagedBy(v.actor), Captain: t.CaptainID == v.actor.UserID, Together: c.SeatsPerTeam(),
		Closed: c.Phase(v.now) == compete.PhaseClosed, Paused: paused(c, v.now),
		Over:     c.Started(v.now) || c.Status == compete.StatusCancelled,
		Division: divisionName(c, t.Members[0].DivisionID), Joinable: a.Teams.Joinable(t),
		Code: string(t.Code), Link: a.teamLink(t), Reviewed: c.Reviewed(), Drawn: c.Drawn(),
	}
	if c.Team != nil {
		d.Min, d.Max, d.Drops = c.Team.Min, c.Team.Max, c.Team.DropIncomplete
	}
	d.Renames = t.CheckRename(v.actor, c, true, v.now) == nil
	d.Counted, d.Alone = shownSize(t), t.Alone(v.actor.UserID)
	d.State, d.Place = registrationState(&t.Members[0].Registration), placeOf(&t.Members[0].Registration)
	for i := range t.Members {
		d.Members = append(d.Members, memberView(t, &t.Members[i], v.actor))
		d.Member = d.Member || t.Members[i].UserID == v.actor.UserID
	}
	if !d.Joinable {
		return d, nil
	}
	var err error
	d.QR, d.QRSize, err = qrCode(d.Link)
	return d, err
}

// shownSize is how many members a team is shown with: those who were rejected don't count, unless the whole team was.
func shownSize(t *compete.TeamView) int {
	if t.Competition.SeatsPerTeam() {
		return t.Size()
	}
	return t.Hopeful()
}

func placeOf(r *compete.Registration) string {
	if r.Position == 0 {
		return ""
	}
	return ui.Ordinal(r.Position) + " in line"
}

func memberView(t *compete.TeamView, m *compete.TeamMember, viewer compete.Actor) pages.TeamMember {
	return pages.TeamMember{
		UserID: m.UserID, Name: m.Participant.Name, Captain: m.Captain, You: m.UserID == viewer.UserID,
		State: registrationState(&m.Registration), Place: placeOf(&m.Registration), Missing: m.Missing,
		// a whole team is rejected together
		Leads: !m.Participant.Disabled && (t.Competition.SeatsPerTeam() || m.Status.Hopeful()),
	}
}

// teamCard is what the page of a competition tells somebody registered about their team.
func (a *app) teamCard(v *visit, t *compete.TeamView) *pages.TeamCard {
	card := &pages.TeamCard{
		ID: t.ID, Name: t.Name, Size: shownSize(t), Min: t.Competition.Team.Min, Max: t.Competition.Team.Max,
		Captain: t.CaptainID == v.actor.UserID, Alone: t.Alone(v.actor.UserID),
	}
	if a.Teams.Joinable(t) {
		card.Code, card.Link = string(t.Code), a.teamLink(t)
	}
	return card
}

// addTeam adds the viewer's team to what they see of their registration.
func (a *app) addTeam(v *visit, c *compete.Competition, mine *compete.Registration, stand *pages.Stand) error {
	stand.HasTeams, stand.Together = c.Team != nil, c.SeatsPerTeam()
	if c.Team == nil || mine == nil || mine.Status == compete.RegistrationCancelled {
		return nil
	}
	stand.Follows, stand.Looking, stand.MayLook = mine.Follows, mine.Looking, mine.TeamID == "" &&
		mine.CheckTeamChange(v.actor, c, v.now) == nil
	if mine.TeamID == "" {
		return nil
	}
	t, err := a.Teams.Get(v.r.Context(), v.actor, mine.TeamID)
	if errors.Is(err, compete.ErrTeamMissing) { // left on another device in the meantime
		return nil
	}
	if err != nil {
		return err
	}
	stand.Team = a.teamCard(v, &t)
	stand.CanMove = stand.CanMove && t.Alone(mine.UserID)
	if mine.Follows {
		captain := &t.Members[0].Registration
		stand.Place, stand.Ahead = ui.Ordinal(captain.Position), max(captain.Position-1, 0)
	}
	return nil
}

// renewTeamCode makes earlier codes and links useless.
func (a *app) renewTeamCode(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	if _, err := a.Teams.RenewCode(r.Context(), v.actor, r.PathValue("team")); err != nil {
		return nil, err
	}
	return redirectWith("team-code", teamPath(r.PathValue("team"))), nil
}

// member returns the team's member that the path names.
func (a *app) member(v *visit) (compete.TeamView, compete.TeamMember, error) {
	t, err := a.readTeam(v)
	if err != nil {
		return t, compete.TeamMember{}, err
	}
	for _, m := range t.Members {
		if m.UserID == v.r.PathValue("user") {
			return t, m, nil
		}
	}
	return t, compete.TeamMember{}, compete.ErrTeamMemberMissing
}

func (a *app) handOverForm(_ *http.Request, v *visit) (response, error) {
	t, m, err := a.member(v)
	if err != nil {
		return nil, err
	}
	text := m.Participant.Name + " will be able to renew the code, remove members and hand over again."
	if t.Competition.SeatsPerTeam() {
		text = "The team's seat or place in line stays with the team. " + text
	}
	path := teamPath(t.ID)
	return ask(v, pages.Confirm{
		Title: "Make " + m.Participant.Name + " captain?", Yes: "Make captain", No: "Cancel", Text: text,
		Action: path + "/members/" + m.UserID + "/captain", Back: path,
	}), nil
}

func (a *app) handOver(r *http.Request, v *visit) (response, error) {
	t, m, err := a.member(v)
	if err != nil {
		return nil, err
	}
	if _, err := a.Teams.HandOver(r.Context(), v.actor, t.ID, m.UserID); err != nil {
		return nil, err
	}
	return redirectWith("captain", teamPath(t.ID)), nil
}

func (a *app) removeMemberForm(_ *http.Request, v *visit) (response, error) {
	t, m, err := a.member(v)
	if err != nil {
		return nil, err
	}
	text := "They keep their registration."
	switch {
	case t.Competition.SeatsPerTeam():
		text = "Their registration is cancelled, because the seat is the team's."
	case t.Competition.NeedsTeam():
		text = "They keep their registration, but need another team."
	}
	if len(t.Members) == 1 {
		text += " They'll be notified, and the team ends, since it has no other members."
	} else {
		text += " They'll be notified, and the team gets another code, since they know this one."
	}
	path := teamPath(t.ID)
	return ask(v, pages.Confirm{
		Title: "Remove " + m.Participant.Name + " from the team?", Yes: "Remove", No: "Cancel", Danger: true,
		Text:   text,
		Action: path + "/members/" + m.UserID + "/remove", Back: path,
	}), nil
}

func (a *app) removeMember(r *http.Request, v *visit) (response, error) {
	t, m, err := a.member(v)
	if err != nil {
		return nil, err
	}
	left, err := a.Teams.Remove(r.Context(), v.actor, t.ID, m.UserID)
	if err != nil {
		return nil, err
	}
	if left.ID == "" { // nobody is left
		return redirectWith("member-removed", competitionPath(t.CompetitionID)+"/teams"), nil
	}
	return redirectWith("member-removed", teamPath(t.ID)), nil
}

// leaveForm asks whether to leave a team. Where the seat is the team's, this cancels the registration.
func (a *app) leaveForm(_ *http.Request, v *visit) (response, error) {
	t, err := a.readTeam(v)
	if err != nil {
		return nil, err
	}
	path := teamPath(t.ID)
	if t.Competition.SeatsPerTeam() {
		return redirect(competitionPath(t.CompetitionID) + "/withdraw"), nil
	}
	text := "You keep your registration, and can create or join another team."
	if t.Size() == 1 {
		text = "You're the only member, so the team will be deleted. " + text
	}
	return ask(v, pages.Confirm{
		Title: "Leave " + t.Name + "?", Yes: "Leave team", No: "Stay", Danger: true, Text: text,
		Action: path + "/leave", Back: path,
	}), nil
}

func (a *app) leave(r *http.Request, v *visit) (response, error) {
	t, err := a.readTeam(v)
	if err != nil {
		return nil, err
	}
	mine, err := a.Registrations.MineFor(r.Context(), v.actor, t.CompetitionID)
	if err != nil {
		return nil, err
	}
	_, err = a.Registrations.ChangeTeam(r.Context(), v.actor, mine.ID, compete.Some(compete.TeamChange{}),
		compete.Optional[bool]{})
	switch {
	case errors.Is(err, compete.ErrCaptainMustHandOver):
		return redirectWith("hand-over-first", teamPath(t.ID)), nil
	case err != nil:
		return nil, err
	}
	return redirectWith("team-left", competitionPath(t.CompetitionID)), nil
}

// handsOverFirst leads captains who want to leave to the page on which they hand over; nil if they needn't.
func (a *app) handsOverFirst(stand *pages.Stand) response {
	if stand.Team == nil || !stand.Team.Captain || stand.Team.Alone {
		return nil
	}
	return redirectWith("hand-over-first", teamPath(stand.Team.ID))
}

// joinTeamForm is where a link to a team leads, and where somebody registered chooses a team.
func (a *app) joinTeamForm(r *http.Request, v *visit) (response, error) {
	c, err := a.Competitions.Get(r.Context(), v.actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	code := r.URL.Query().Get(teamQuery)
	page := pages.JoinTeam{ID: c.ID, Title: c.Title}
	switch {
	case c.Team == nil:
		return redirect(competitionPath(c.ID)), nil
	case !v.actor.LoggedIn() && code != "":
		page.Next, page.Name = r.URL.RequestURI(), a.Teams.InvitedTo(r.Context(), v.actor, &c, compete.TeamCode(code))
		return showJoin(v, http.StatusOK, page), nil
	}
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	mine, err := a.myRegistration(v, c.ID)
	if err != nil {
		return nil, err
	}
	if mine != nil && mine.Status == compete.RegistrationCancelled {
		mine = nil
	}
	if code == "" {
		return a.chooseTeam(v, &c, mine)
	}
	return a.openInvitation(v, &c, mine, compete.TeamCode(code))
}

// chooseTeam is the page without an invitation.
func (a *app) chooseTeam(v *visit, c *compete.Competition, mine *compete.Registration) (response, error) {
	switch {
	case mine == nil:
		return redirect(competitionPath(c.ID) + "/register"), nil
	case mine.TeamID != "":
		return redirect(teamPath(mine.TeamID)), nil
	}
	page := pages.JoinTeam{ID: c.ID, Title: c.Title, Choice: changeChoice(c, url.Values{})}
	return showJoin(v, http.StatusOK, page), nil
}

// openInvitation leads a visitor to where they can join a team, or tells why they can't.
func (a *app) openInvitation(
	v *visit, c *compete.Competition, mine *compete.Registration, code compete.TeamCode,
) (response, error) {
	t, refusal := a.Teams.Invitation(v.r.Context(), v.actor, c.ID, code)
	e := compete.AsError(refusal)
	switch {
	case t.ID != "" && mine != nil && mine.TeamID == t.ID:
		return redirect(teamPath(t.ID)), nil
	case refusal != nil && aboutTeam(refusal) == nil && e.Kind != compete.KindTooManyRequests &&
		e.Kind != compete.KindConflict:
		return nil, refusal
	case refusal != nil:
		v.retryAfter(e)
		page := pages.JoinTeam{ID: c.ID, Title: c.Title, Name: t.Name, Blocked: plainText(e)}
		return showJoin(v, problem.Status(e.Kind), page), nil //nolint:nilerr // the page says it
	case mine == nil:
		return redirect(withTeam(competitionPath(c.ID)+"/register", string(code), a.Teams.Pass(&t.Team))), nil
	}
	typed := url.Values{pages.TeamInput: {pages.TeamJoin}, pages.TeamCodeInput: {string(code)}}
	return showJoin(v, http.StatusOK, pages.JoinTeam{
		ID: c.ID, Title: c.Title, Name: t.Name, Choice: changeChoice(c, typed), Leaves: mine.TeamID != "",
	}), nil
}

// changeChoice is what somebody registered can choose: a team. There are other ways to leave one, or to look for one.
func changeChoice(c *compete.Competition, typed url.Values) *pages.TeamChoice {
	choice := teamChoice(c, typed)
	choice.Alone, choice.Looking, choice.New = false, false, !c.SeatsPerTeam()
	return choice
}

func showJoin(v *visit, status int, page pages.JoinTeam) response {
	title := "Choose a team"
	if page.Choice == nil {
		title = "Join a team"
	}
	v.w.Header().Set("X-Robots-Tag", "noindex")
	p := v.page(title, ui.SectionCompetitions)
	p.Questions = true
	return show(status, pages.JoinTeamPage(p, page))
}

// joinTeam moves somebody registered to another team.
func (a *app) joinTeam(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	c, err := a.Competitions.Get(r.Context(), v.actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	mine, err := a.Registrations.MineFor(r.Context(), v.actor, c.ID)
	if err != nil {
		return nil, err
	}
	var outcome compete.RegistrationOutcome
	choice, _ := typedTeam(r.PostForm)
	if err = checkTypedTeam(r.PostForm); err == nil && choice.IsZero() {
		err = compete.Invalid(compete.FieldError{Field: pages.TeamInput, Message: "is required"})
	}
	if err == nil {
		outcome, err = a.Registrations.ChangeTeam(r.Context(), v.actor, mine.ID,
			compete.Some(compete.TeamChange{TeamChoice: choice}), compete.Optional[bool]{})
	}
	e, isRefusal := v.refused(err)
	team := aboutTeam(err)
	switch {
	case err == nil && choice.Name != "":
		return redirectWith("team-created", teamPath(outcome.Registration.TeamID)), nil
	case err == nil:
		return redirectWith("team-joined", teamPath(outcome.Registration.TeamID)), nil
	case !isRefusal && team == nil, c.Team == nil:
		return nil, err
	}
	page := pages.JoinTeam{
		ID: c.ID, Title: c.Title, Choice: changeChoice(&c, r.PostForm), Leaves: mine.TeamID != "", Errors: team,
	}
	if team == nil {
		page.Errors = formErrors(e)
	}
	return showJoin(v, problem.Status(e.Kind), page), nil
}

// lookForTeam puts somebody registered on the board where captains find them, or takes them off it.
func (a *app) lookForTeam(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	mine, err := a.Registrations.MineFor(r.Context(), v.actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	on := r.PostFormValue("looking") != ""
	if _, err = a.Registrations.ChangeTeam(r.Context(), v.actor, mine.ID, compete.Optional[compete.TeamChange]{},
		compete.Some(on)); err != nil {
		return nil, err
	}
	if on {
		return redirectWith("looking", competitionPath(mine.CompetitionID)), nil
	}
	return redirectWith("not-looking", competitionPath(mine.CompetitionID)), nil
}
