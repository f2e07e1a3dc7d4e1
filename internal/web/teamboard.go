package web

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// board lists the people whom a captain can invite.
func (a *app) board(_ *http.Request, v *visit) (response, error) {
	return a.showBoard(v, http.StatusOK, "")
}

func (a *app) showBoard(v *visit, status int, refusal string) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	q := v.r.URL.Query()
	t, found, err := a.Teams.Board(v.r.Context(), v.actor, v.r.PathValue("team"), q.Get("cursor"), rowsPerPage)
	if err != nil {
		return nil, err
	}
	d := pages.BoardData{
		TeamID: t.ID, Team: t.Name, Competition: t.Competition.Title, Joinable: a.Teams.Joinable(&t), Error: refusal,
	}
	for i := range found.Items {
		s := &found.Items[i]
		d.Seekers = append(d.Seekers, pages.Seeker{
			RegistrationID: s.ID, Name: s.Participant.Name, Division: divisionName(&t.Competition, s.DivisionID),
			Invited: s.Invited, Apart: s.Apart,
		})
	}
	if !found.Next.IsZero() {
		d.More = nextPage(v.r.URL, found.Next)
	}
	if v.partial() && q.Has("cursor") {
		return show(status, pages.MoreSeekers(d)), nil
	}
	return show(status, pages.Board(v.page("Find members", ui.SectionCompetitions), d)), nil
}

// invite sends one of them a message.
func (a *app) invite(r *http.Request, v *visit) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	err := a.Teams.Invite(r.Context(), v.actor, r.PathValue("team"), r.PostFormValue("registrationId"))
	if err == nil {
		return redirectWith("invited", r.URL.Path), nil
	}
	e, ok := v.refused(err)
	if !ok {
		return nil, err
	}
	text := plainText(e)
	if compete.ErrTeamDivision.Is(err) {
		text = "This person competes in another division."
	}
	return a.showBoard(v, problem.Status(e.Kind), text)
}
