package web

import (
	"errors"
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// managed reads a competition that the viewer may change, and whose participants the viewer may see.
func (a *app) managed(v *visit) (compete.Competition, error) {
	if err := v.requireLogin(); err != nil {
		return compete.Competition{}, err
	}
	return a.Competitions.GetManaged(v.r.Context(), v.actor, v.r.PathValue("id"))
}

// otherPages are the pages that an organizer goes to from a page about a competition.
func otherPages(c *compete.Competition, here string) pages.OtherPages {
	return pages.OtherPages{
		ID: c.ID, Here: here, Reviewed: c.Reviewed(), Drawn: c.Drawn(), Teams: c.Team != nil,
		Answers: len(c.Questions) > 0,
	}
}

// publish makes a draft public.
func (a *app) publish(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	change := compete.CompetitionChange{Status: compete.Some(compete.StatusPublished)}
	_, err = a.Competitions.Update(v.r.Context(), v.actor, c.ID, 0, change)
	if errors.Is(err, compete.ErrEmailUnverified) {
		return a.showVerify(v, http.StatusForbidden, competitionPath(c.ID),
			"Confirm your email address before you publish.")
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("published", competitionPath(c.ID)), nil
}

func (a *app) closeForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	return ask(v, pages.Confirm{
		Title: "Close registration now?", Yes: "Close registration", No: "Keep it open", Danger: closesForGood(&c),
		Text: closingNotice(&c), Action: competitionPath(c.ID) + "/close", Back: competitionPath(c.ID),
	}), nil
}

// dropsTeams reports whether closing registration cancels teams with too few members.
func dropsTeams(c *compete.Competition) bool {
	return c.Team != nil && c.Team.DropIncomplete && c.Team.Min > 1
}

// closesForGood reports whether closing registration has effects that a later deadline doesn't undo.
func closesForGood(c *compete.Competition) bool { return c.Drawn() || dropsTeams(c) }

// closingNotice says what closing registration does.
func closingNotice(c *compete.Competition) string {
	text := "Nobody else will be able to register for " + quoted(c.Title) + ". "
	if c.TakesApplications() {
		text = "Nobody else will be able to apply for " + quoted(c.Title) + ". "
	}
	if dropsTeams(c) {
		text += "Within seconds, teams with fewer than " + ui.Plural(c.Team.Min, "member", "members") +
			" are cancelled, and their members notified. "
	}
	switch {
	case c.Drawn():
		return text + "The list for the draw is then frozen within seconds, so registration can't be reopened."
	case dropsTeams(c):
		return text + "A later deadline reopens registration, but doesn't bring these teams back."
	case c.Reviewed():
		return text + "You can still decide about applications. To reopen registration, set a later deadline."
	}
	return text + "To reopen registration, set a later deadline."
}

func (a *app) closeNow(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	if _, err := a.Competitions.Update(v.r.Context(), v.actor, c.ID, 0,
		compete.CompetitionChange{CloseNow: true}); err != nil {
		return nil, err
	}
	return redirectWith("closed", competitionPath(c.ID)), nil
}

func (a *app) deleteForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	if c.Status != compete.StatusDraft {
		return redirect(competitionPath(c.ID)), nil
	}
	return ask(v, pages.Confirm{
		Title: "Delete this draft?", Yes: "Delete draft", No: "Keep draft", Danger: true,
		Text:   "This permanently deletes " + quoted(c.Title) + ".",
		Action: competitionPath(c.ID) + "/delete", Back: competitionPath(c.ID),
	}), nil
}

func (a *app) deleteDraft(r *http.Request, v *visit) (response, error) {
	if err := a.Competitions.DeleteDraft(r.Context(), v.actor, r.PathValue("id")); err != nil {
		return nil, err
	}
	return redirectWith("deleted", "/dashboard"), nil
}

func (a *app) cancelForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	told, err := a.toldOfCancelling(v, &c)
	if err != nil {
		return nil, err
	}
	return ask(v, pages.Confirm{
		Title: "Cancel this competition?", Yes: "Cancel competition", No: "Keep it", Danger: true,
		Text:   "This permanently cancels " + quoted(c.Title) + ". " + told,
		Action: competitionPath(c.ID) + "/cancel", Back: competitionPath(c.ID),
	}), nil
}

// toldOfCancelling says who is notified if a competition is cancelled: everyone who has a place or may get one.
func (a *app) toldOfCancelling(v *visit, c *compete.Competition) (string, error) {
	counts, err := a.Registrations.ByStatus(v.r.Context(), v.actor, c, compete.RegistrationFilter{}, true)
	if err != nil {
		return "", err
	}
	applied, others := counts[compete.RegistrationApplied], 0
	for status, n := range counts {
		if status.Hopeful() && status != compete.RegistrationApplied {
			others += n
		}
	}
	applicants := ui.Plural(applied, "person who applied", "people who applied")
	switch {
	case applied > 0 && others > 0:
		return applicants + " and " + ui.Plural(others, "other person", "other people") + " will be notified.", nil
	case applied > 0:
		return applicants + " will be notified.", nil
	case others > 0:
		return ui.Plural(others, "person", "people") + " will be notified.", nil // also those on the waitlist
	case c.TakesApplications():
		return "Nobody has applied yet.", nil
	}
	return "Nobody has registered yet.", nil
}

func (a *app) cancel(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	if _, err := a.Competitions.Cancel(v.r.Context(), v.actor, c.ID); err != nil {
		return nil, err
	}
	return redirectWith("cancelled", competitionPath(c.ID)), nil
}

// administered reads a competition for an action reserved for admins.
func (a *app) administered(v *visit) (compete.Competition, error) {
	if err := v.requireRole(compete.RoleAdmin); err != nil {
		return compete.Competition{}, err
	}
	return a.managed(v)
}

func (a *app) unpublishForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.administered(v)
	if err != nil {
		return nil, err
	}
	return ask(v, pages.Confirm{
		Title: "Unpublish this competition?", Yes: "Unpublish", No: "Keep it published", Danger: true,
		Text: "Only its organizer and admins will see " + quoted(c.Title) +
			". Registrations are kept, but nobody can register or move up from " +
			"the waitlist until an admin publishes it again.",
		Action: competitionPath(c.ID) + "/unpublish", Back: competitionPath(c.ID),
	}), nil
}

func (a *app) unpublish(_ *http.Request, v *visit) (response, error) {
	c, err := a.administered(v)
	if err != nil {
		return nil, err
	}
	if _, err := a.Competitions.Unpublish(v.r.Context(), v.actor, c.ID); err != nil {
		return nil, err
	}
	return redirectWith("unpublished", competitionPath(c.ID)), nil
}

func (a *app) transferForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.administered(v)
	if err != nil {
		return nil, err
	}
	return showTransfer(v, http.StatusOK, pages.TransferForm{ID: c.ID, Title: c.Title, Now: c.Organizer.Name}), nil
}

func showTransfer(v *visit, status int, form pages.TransferForm) response {
	return show(status, pages.Transfer(v.page("Transfer "+form.Title, ui.SectionAdmin), form))
}

func (a *app) transfer(r *http.Request, v *visit) (response, error) {
	c, err := a.administered(v)
	if err != nil {
		return nil, err
	}
	email := r.PostFormValue("email")
	_, err = a.Competitions.Transfer(r.Context(), v.actor, c.ID, "", email)
	if e, ok := v.refused(err); ok {
		form := pages.TransferForm{ID: c.ID, Title: c.Title, Now: c.Organizer.Name, Email: email, Errors: formErrors(e)}
		if email == "" {
			form.Errors = pages.Errors{"email": "Enter the new organizer's email."}
		}
		return showTransfer(v, problem.Status(e.Kind), form), nil
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("transferred", competitionPath(c.ID)), nil
}
