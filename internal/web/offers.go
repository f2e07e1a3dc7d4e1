package web

import (
	"net/http"

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
			Yes: "Accept seat", No: "Not now", Action: "/competitions/" + stand.ID + "/accept",
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
			Yes: "Decline seat", No: "Keep offer", Danger: true, Action: "/competitions/" + stand.ID + "/decline",
		}
	})
}

// offerForm asks about the viewer's open offer. If there is none, the competition's page shows their status.
func (a *app) offerForm(r *http.Request, v *visit, question func(*pages.Stand) pages.Confirm) (response, error) {
	if err := v.requireLogin(); err != nil {
		return nil, err
	}
	c, stand, err := a.readStand(v, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	back := "/competitions/" + c.ID
	if stand.Kind != pages.StandOffered || stand.Expired || stand.Follows {
		return redirect(back), nil
	}
	asked := question(&stand)
	asked.Back = back
	return ask(v, asked), nil
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
	_, err = a.Registrations.AnswerOffer(r.Context(), v.actor, mine.ID, accept)
	if err == nil {
		return redirectWith(flash, "/competitions/"+id), nil
	}
	e, ok := refused(err)
	if !ok {
		return nil, err
	}
	c, stand, err := a.readStand(v, id)
	if err != nil {
		return nil, err
	}
	stand.Error = plainText(e)
	v.retryAfter(e)
	return a.showCompetition(v, problem.Status(e.Kind), c, stand)
}
