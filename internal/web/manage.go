package web

import (
	"net/http"

	"minicompete/internal/compete"
	"minicompete/internal/web/pages"
	"minicompete/internal/web/ui"
)

// publish makes a draft public.
func (a *app) publish(_ *http.Request, v *visit) (response, error) {
	c, err := a.owned(v)
	if err != nil {
		return nil, err
	}
	change := compete.CompetitionChange{Status: compete.Some(compete.StatusPublished)}
	if _, err := a.Service.UpdateCompetition(v.r.Context(), v.actor, c.ID, 0, change); err != nil {
		return nil, err
	}
	return redirectWith("published", "/competitions/"+c.ID), nil
}

func (a *app) closeForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.owned(v)
	if err != nil {
		return nil, err
	}
	return ask(v, pages.Confirm{
		Title: "Close registration now?", Yes: "Close registration", No: "Leave it open",
		Text:   "Nobody can register for “" + c.Title + "” any more. The deadline becomes this moment; you can set a later one again.",
		Action: "/competitions/" + c.ID + "/close", Back: "/competitions/" + c.ID,
	}), nil
}

func (a *app) closeNow(_ *http.Request, v *visit) (response, error) {
	c, err := a.owned(v)
	if err != nil {
		return nil, err
	}
	if _, err := a.Service.UpdateCompetition(v.r.Context(), v.actor, c.ID, 0, compete.CompetitionChange{CloseNow: true}); err != nil {
		return nil, err
	}
	return redirectWith("closed", "/competitions/"+c.ID), nil
}

func (a *app) deleteForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.owned(v)
	if err != nil {
		return nil, err
	}
	if c.Status != compete.StatusDraft {
		return redirect("/competitions/" + c.ID), nil
	}
	return ask(v, pages.Confirm{
		Title: "Delete this draft?", Yes: "Delete draft", No: "Keep draft", Danger: true,
		Text:   "“" + c.Title + "” will be gone for good.",
		Action: "/competitions/" + c.ID + "/delete", Back: "/competitions/" + c.ID,
	}), nil
}

func (a *app) deleteDraft(r *http.Request, v *visit) (response, error) {
	if err := a.Service.DeleteDraft(r.Context(), v.actor, r.PathValue("id")); err != nil {
		return nil, err
	}
	return redirectWith("deleted", "/dashboard"), nil
}

func (a *app) cancelForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.owned(v)
	if err != nil {
		return nil, err
	}
	told := "Nobody has registered yet."
	if n := c.Registered() + c.Waitlisted; n > 0 {
		told = ui.Plural(n, "registered person", "registered people") + " will be notified."
	}
	return ask(v, pages.Confirm{
		Title: "Cancel this competition?", Yes: "Cancel the competition", No: "Keep it", Danger: true,
		Text:   "“" + c.Title + "” is called off for good. " + told,
		Action: "/competitions/" + c.ID + "/cancel", Back: "/competitions/" + c.ID,
	}), nil
}

func (a *app) cancel(_ *http.Request, v *visit) (response, error) {
	c, err := a.owned(v)
	if err != nil {
		return nil, err
	}
	if _, err := a.Service.CancelCompetition(v.r.Context(), v.actor, c.ID); err != nil {
		return nil, err
	}
	return redirectWith("cancelled", "/competitions/"+c.ID), nil
}
