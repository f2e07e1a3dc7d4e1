package web

import (
	"net/http"

	"minicompete/internal/compete"
	"minicompete/internal/web/pages"
	"minicompete/internal/web/ui"
)

// featuredCards is one row of the start page on a wide screen.
const featuredCards = 3

func (a *app) home(r *http.Request, v *visit) (response, error) {
	data := pages.HomeData{DemoAccounts: a.Demo}
	for _, row := range []struct {
		cards  *[]ui.CompetitionCard
		filter compete.CompetitionFilter
	}{
		{&data.OpeningSoon, compete.CompetitionFilter{Phase: compete.PhaseUpcoming, Sort: compete.SortDeadline}},
		{&data.FillingFast, compete.CompetitionFilter{Phase: compete.PhaseOpen, Sort: compete.SortFilling}},
		{&data.Newest, compete.CompetitionFilter{Sort: compete.SortNewest}},
	} {
		row.filter.Limit = featuredCards
		list, err := a.Service.ListCompetitions(r.Context(), row.filter, "")
		if err != nil {
			return nil, err
		}
		*row.cards = cardViews(list.Items, v.now)
	}
	page := v.shared(v.page("Every seat, in the order you arrive", ui.SectionHome), "/",
		"Open a competition with a fixed number of seats, or register for one. Every seat goes to exactly one person, in the order they arrive.")
	return show(http.StatusOK, pages.Home(page, data)), nil
}

func (a *app) components(_ *http.Request, v *visit) (response, error) {
	page := v.page("Components", "")
	page.Charts = true
	return show(http.StatusOK, pages.Gallery(page)), nil
}
