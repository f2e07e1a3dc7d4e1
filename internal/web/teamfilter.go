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
		if name != "" {
			f.TeamID, err = a.teamNamed(v, c, name)
		}
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

// teamNamed returns the ID of the team with a name, whatever its case, for staff. It fails with compete.ErrTeamMissing.
func (a *app) teamNamed(v *visit, c *compete.Competition, name string) (id string, err error) {
	key := compete.TeamKey(name)
	for cursor := ""; ; {
		found, err := a.Teams.List(v.r.Context(), v.actor, c.ID, cursor,
			compete.TeamFilter{Search: name, Limit: compete.MaxPageSize})
		if e := compete.AsError(err); err != nil && e.Kind == compete.KindInvalid {
			return "", compete.ErrTeamMissing
		}
		if err != nil {
			return "", err
		}
		for i := range found.Items {
			if t := &found.Items[i]; compete.TeamKey(t.Name) == key {
				return t.ID, nil
			}
		}
		if found.Next.IsZero() {
			return "", compete.ErrTeamMissing
		}
		cursor = found.Next.String()
	}
}

// teamsToSuggest are the first teams, for fields in which the name of one is typed; none where only rows are shown.
func (a *app) teamsToSuggest(v *visit, c *compete.Competition) ([]compete.TeamSummary, error) {
	if c.Team == nil || v.partial() {
		return nil, nil
	}
	found, err := a.Teams.List(v.r.Context(), v.actor, c.ID, "", compete.TeamFilter{Limit: compete.MaxPageSize})
	return found.Items, err
}
