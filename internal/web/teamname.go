package web

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// renameTeam gives a team another name. A name that it can't get stays in the form.
func (a *app) renameTeam(r *http.Request, v *visit) (response, error) {
	t, err := a.readTeam(v)
	if err != nil {
		return nil, err
	}
	typed := r.PostFormValue(pages.TeamNameInput)
	_, err = a.Teams.Rename(r.Context(), v.actor, t.ID, typed)
	if e, ok := v.refused(err); ok {
		return a.showTeam(v, &t, problem.Status(e.Kind), pages.TeamRename{Name: typed, Error: plainText(e)})
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("team-renamed", teamPath(t.ID)), nil
}
