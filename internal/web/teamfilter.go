package web

import (
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// teamFilter adds the team that a list of registrations is filtered by: the one whose name was typed, or the one with
// the ID in the address. It returns its name. It fails with compete.ErrTeamMissing if no team has the typed name.
func (a *app) teamFilter(v *visit, c *compete.Competition, f *compete.RegistrationFilter) (name string, err error) {
	q := v.r.URL.Query()
	switch {
	case c.Team == nil:
		return "", nil
	case q.Has(pages.TeamFilterInput):
		f.TeamID, name = "", strings.TrimSpace(q.Get(pages.TeamFilterInput))
		if name == "" {
			return "", nil
		}
		t, err := a.Teams.Named(v.r.Context(), v.actor, c.ID, name)
		f.TeamID = t.ID
		return name, err
	case !compete.ValidID(f.TeamID): // none, or one that the list refuses
		return "", nil
	}
	t, err := a.Teams.Get(v.r.Context(), v.actor, f.TeamID)
	if compete.ErrTeamMissing.Is(err) || err == nil && t.CompetitionID != c.ID { // all of its members have left
		return "", nil
	}
	return t.Name, err
}

// teamsToSuggest are the first teams, for fields in which the name of one is typed; none where only rows are shown.
func (a *app) teamsToSuggest(v *visit, c *compete.Competition) ([]compete.TeamSummary, error) {
	if c.Team == nil || v.partial() {
		return nil, nil
	}
	found, err := a.Teams.List(v.r.Context(), v.actor, c.ID, "", compete.TeamFilter{Limit: compete.MaxPageSize})
	return found.Items, err
}
