package web

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// featuredCards fills one row of the home page on a wide screen.
const featuredCards = 3

func (a *app) home(r *http.Request, v *visit) (response, error) {
	data := pages.HomeData{
		DemoAccounts:     a.Demo,
		SignUpToOrganize: a.Installation.OrganizerSignUp() != compete.OrganizersOff,
	}
	shown := map[string]bool{}
	for _, row := range []struct {
		cards  *[]ui.CompetitionCard
		filter compete.CompetitionFilter
	}{
		{&data.OpeningSoon, compete.CompetitionFilter{Phase: compete.PhaseUpcoming, Sort: compete.SortDeadline}},
		{&data.OpenNow, compete.CompetitionFilter{Phase: compete.PhaseOpen, Sort: compete.SortFilling}},
		{&data.Newest, compete.CompetitionFilter{Sort: compete.SortNewest}},
	} {
		row.filter.Limit = featuredCards + len(shown) // so that enough remain after removing those in earlier rows
		list, err := a.Competitions.List(r.Context(), row.filter, "")
		if err != nil {
			return nil, err
		}
		for _, card := range cardViews(list.Items, v.now) {
			if len(*row.cards) < featuredCards && !shown[card.ID] {
				shown[card.ID] = true
				*row.cards = append(*row.cards, card)
			}
		}
	}
	if len(shown) == 0 {
		none, err := a.whyEmpty(r.Context(), v)
		if err != nil {
			return nil, err
		}
		data.None = none
	}
	page := v.shared(v.page("Every seat, in order of arrival", ui.SectionHome), "/",
		"Run a competition with limited seats, or register for one. Each seat goes to one person, in order of arrival.")
	return show(http.StatusOK, pages.Home(page, data)), nil
}

func (a *app) components(_ *http.Request, v *visit) (response, error) {
	page := v.page("Components", "")
	page.Charts = true
	return show(http.StatusOK, pages.Gallery(page)), nil
}
