package web

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

const (
	// cardsPerPage fills whole rows of one, two and three columns, and keeps pages light.
	cardsPerPage = 12
	// tagChips is how many popular tags are offered as filters.
	tagChips = 12
)

// whyEmpty explains why an unfiltered list is empty, and who can change that.
func (a *app) whyEmpty(ctx context.Context, v *visit) (pages.NoneYet, error) {
	past, err := a.Competitions.List(ctx, compete.CompetitionFilter{Phase: compete.PhaseClosed, Limit: 1}, "")
	switch {
	case err != nil:
		return pages.NoneYet{}, err
	case len(past.Items) > 0:
		return pages.NoneYet{
			Title: "No competitions right now", Text: "Registration has closed for every competition so far.",
			Href: "/competitions?phase=closed", Label: "See past competitions",
		}, nil
	}
	none := pages.NoneYet{Title: "No competitions yet"}
	switch {
	case !v.actor.LoggedIn() && a.Installation.OrganizerSignUp() != compete.OrganizersOff:
		none.Text, none.Href, none.Label = "Organizers create competitions. Sign up as one to create the first.",
			"/auth/signup?role=ORGANIZER", "Sign up to organize"
	case !v.actor.Role.AtLeast(compete.RoleOrganizer):
		none.Text = "Organizers create competitions. The first one will appear here."
	default:
		none.Text, none.Href, none.Label = "It only takes a minute to create the first one.", "/competitions/create",
			"Create competition"
	}
	return none, nil
}

// phaseChips are the list's filters. The first is the default: competitions open for registration, including full ones.
var phaseChips = []pages.Chip{
	{Value: "", Label: "Current"},
	{Value: string(compete.PhaseOpen), Label: "Open now"},
	{Value: string(compete.PhaseUpcoming), Label: "Opening soon"},
	{Value: string(compete.PhaseWaitlist), Label: "Waitlist open"},
	{Value: string(compete.PhaseFull), Label: "Full"},
	{Value: string(compete.PhaseClosed), Label: "Closed"},
}

// listCompetitions shows the list, or only the changed part for htmx.
func (a *app) listCompetitions(r *http.Request, v *visit) (response, error) {
	q := r.URL.Query()
	filter := compete.CompetitionFilter{
		Search: q.Get("search"), Tags: nonEmpty(q["tags"]), Phase: compete.Phase(q.Get("phase")),
		Sort: compete.Sort(q.Get("sort")), Limit: cardsPerPage,
	}
	data := pages.ListData{Search: filter.Search, Sort: string(filter.Sort)}
	status := http.StatusOK
	list, err := a.Competitions.List(r.Context(), filter, q.Get("cursor"))
	if e, ok := v.refused(err); ok && e.Kind == compete.KindInvalid {
		status, data.Error = http.StatusUnprocessableEntity, "This search didn't work: "+firstField(e)
	} else if err != nil {
		return nil, err
	}
	data.Cards = cardViews(list.Items, v.now)
	if len(data.Cards) == 0 && data.Error == "" && tidyURL(r.URL, "sort") == r.URL.Path {
		none, err := a.whyEmpty(r.Context(), v)
		if err != nil {
			return nil, err
		}
		data.None = &none
	}
	if !list.Next.IsZero() {
		data.More = nextPage(r.URL, list.Next)
	}
	if v.partial() {
		v.w.Header().Set("HX-Replace-Url", tidyURL(r.URL))
		if q.Has("cursor") {
			v.w.Header().Set("HX-Replace-Url", "false")
			return show(status, pages.MoreCards(data)), nil
		}
		return show(status, pages.ResultsSwap(data)), nil
	}
	if data.Tags, err = a.tagChips(r, v, filter.Tags); err != nil {
		return nil, err
	}
	data.Phases = slices.Clone(phaseChips)
	for i := range data.Phases {
		data.Phases[i].On = data.Phases[i].Value == string(filter.Phase)
	}
	page := v.shared(v.page("Competitions", ui.SectionCompetitions), "/competitions",
		"Competitions you can register for, with live seat counts.")
	return show(status, pages.List(page, data)), nil
}

// tagChips returns the popular tags and those already selected.
func (a *app) tagChips(r *http.Request, v *visit, chosen []string) ([]pages.Chip, error) {
	popular, err := a.tags.get(r.Context(), v.now)
	if err != nil {
		return nil, err
	}
	missing := map[string]string{} // selected tags that aren't popular, by their form for search
	for _, tag := range compete.NormalizeTags(chosen) {
		missing[normal.Key(tag)] = tag
	}
	var chips []pages.Chip
	for _, tag := range popular {
		key := normal.Key(tag.Tag)
		_, on := missing[key]
		delete(missing, key)
		chips = append(chips, pages.Chip{Value: tag.Tag, Label: tag.Tag, On: on})
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		chips = append(chips, pages.Chip{Value: missing[key], Label: missing[key], On: true})
	}
	return chips, nil
}

// nextPage returns the URL of the page after the cursor, with the same filters.
func nextPage(u *url.URL, next compete.Cursor) string {
	q := u.Query()
	q.Set("cursor", next.String())
	return u.Path + "?" + q.Encode()
}

// tidyURL returns a list's URL without empty filters and without the named ones.
func tidyURL(u *url.URL, without ...string) string {
	q := u.Query()
	for name, values := range q {
		if values = nonEmpty(values); len(values) == 0 || name == "sort" && values[0] == string(compete.SortNewest) ||
			slices.Contains(without, name) {
			delete(q, name)
		} else {
			q[name] = values
		}
	}
	if len(q) == 0 {
		return u.Path
	}
	return u.Path + "?" + q.Encode()
}

func nonEmpty(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
}

func firstField(e *compete.Error) string {
	if len(e.Fields) == 0 {
		return e.Detail
	}
	return fieldLabel(e.Fields[0].Field) + " " + e.Fields[0].Message + "."
}
