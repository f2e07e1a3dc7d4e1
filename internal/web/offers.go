package web

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/localtime"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// acceptForm and declineForm serve the pages that links in an email lead to. They change nothing.
func (a *app) acceptForm(r *http.Request, v *visit) (response, error) {
	return a.offerForm(r, v, func(stand *pages.Stand) pages.Confirm {
		text := "You've been offered a seat for " + quoted(stand.Title) + ". Once you accept, it's yours."
		if stand.Together {
			text = "Your team was offered a seat for " + quoted(stand.Title) + ". Once you accept, it's your team's."
		}
		until := localtime.Format(stand.ConfirmBy, stand.Zone, "Mon, 2 Jan 2006, 15:04")
		return pages.Confirm{
			Title: "Accept your seat?", Text: text + " It's reserved until " + until + ".", Wanted: true,
			Yes: "Accept seat", No: "Not now", Action: competitionPath(stand.ID) + "/accept",
		}
	})
}

func (a *app) declineForm(r *http.Request, v *visit) (response, error) {
	return a.offerForm(r, v, func(stand *pages.Stand) pages.Confirm {
		text := "You'll give up the seat for " + quoted(stand.Title) + " and your place in line. "
		if stand.Together {
			text = "Your whole team will give up the seat for " + quoted(stand.Title) + " and its place in line. "
		}
		return pages.Confirm{
			Title: "Decline your seat?", Text: text + stand.GoesOn(),
			Yes: "Decline seat", No: "Keep offer", Danger: true, Action: competitionPath(stand.ID) + "/decline",
		}
	})
}

// offerForm asks about the viewer's open offer. If there is none, the competition's page shows their status.
func (a *app) offerForm(r *http.Request, v *visit, question func(*pages.Stand) pages.Confirm) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	c, stand, err := a.readOffer(v, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	back := afterOffer(v, &c)
	if stand.Kind != pages.StandOffered || stand.Expired || stand.Follows {
		return redirect(back), nil
	}
	asked := question(&stand)
	asked.Back = back
	return ask(v, asked), nil
}

// readOffer is readStand, also for who has an offer in a competition that was unpublished.
func (a *app) readOffer(v *visit, id string) (compete.Competition, pages.Stand, error) {
	c, stand, err := a.readStand(v, id)
	if !compete.ErrCompetitionMissing.Is(err) {
		return c, stand, err
	}
	c, mine, failure := a.Registrations.Offer(v.r.Context(), v.actor, id)
	if failure != nil {
		return c, stand, err
	}
	stand = standView(&c, &mine, v.actor, v.now)
	return c, stand, a.addTeam(v, &c, &mine, &stand)
}

// afterOffer leads to the competition, or to the viewer's own page if they can't see it.
func afterOffer(v *visit, c *compete.Competition) string {
	if !c.VisibleTo(v.actor) {
		return landingPath
	}
	return "/competitions/" + c.ID
}

func (a *app) accept(r *http.Request, v *visit) (response, error) {
	return a.answerOffer(r, v, true, flashIn)
}

func (a *app) decline(r *http.Request, v *visit) (response, error) {
	return a.answerOffer(r, v, false, "offer-declined")
}

func (a *app) answerOffer(r *http.Request, v *visit, accept bool, flash string) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	mine, err := a.Registrations.MineFor(r.Context(), v.actor, id)
	if err != nil {
		return nil, err
	}
	o, err := a.Registrations.AnswerOffer(r.Context(), v.actor, mine.ID, accept)
	if err == nil {
		return redirectWith(flash, afterOffer(v, &o.Competition)), nil
	}
	e, ok := v.refused(err)
	if !ok {
		return nil, err
	}
	c, stand, err := a.readStand(v, id)
	if compete.ErrCompetitionMissing.Is(err) {
		return nil, e
	}
	if err != nil {
		return nil, err
	}
	stand.Error = plainText(e)
	return a.showCompetition(v, problem.Status(e.Kind), c, stand)
}
