package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

func (a *app) editForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	form, err := a.editable(v, &c)
	if err != nil {
		return nil, err
	}
	return showForm(v, http.StatusOK, form), nil
}

// editable returns the form in which a stored competition is changed.
func (a *app) editable(v *visit, c *compete.Competition) (pages.CompetitionForm, error) {
	form := storedForm(c, a.contentOf(v, c), c.Zone())
	return form, a.addApplied(v, c, form.Divisions)
}

// storedForm returns the form of a stored competition.
func storedForm(c *compete.Competition, n compete.NewCompetition, zone *time.Location) pages.CompetitionForm {
	return pages.CompetitionForm{
		ID: c.ID, Inputs: shown(n, zone), Draft: c.Status == compete.StatusDraft, Version: c.Version,
		Cover: coverForm(c), Divisions: storedDivisions(c.Divisions),
		Questions: questionRows(c.Questions),
	}
}

func showForm(v *visit, status int, form pages.CompetitionForm) response {
	form.Viewer, form.Copyable = v.actor.UserID, v.copyable(form.ID)
	form.MaxDivisions, form.Unverified = compete.MaxDivisions, !v.app.Verification.RequiredForDraws()
	form.DivisionsOpen = form.DivisionsOpen || slices.ContainsFunc(form.Divisions,
		func(d pages.DivisionInput) bool { return d != pages.DivisionInput{} })
	form.Drawn = drawnPath(form.Input("title").Value, compete.NormalizeTags(splitTags(form.Input("tags").Value)))
	page := v.page("New competition", ui.SectionDashboard)
	page.Questions = true
	switch {
	case form.ID != "":
		page.Title = "Edit competition"
	case v.r.URL.Path != createPath:
		page.Address = createPath + "?" + url.Values{"key": {form.Key}}.Encode()
		page.Back = page.Address
	}
	return show(status, pages.EditCompetition(page, form))
}

func (a *app) edit(r *http.Request, v *visit) (response, error) {
	answer, err := a.editStored(r, v)
	if errors.Is(err, compete.ErrCompetitionMissing) && v.actor.Role.AtLeast(compete.RoleOrganizer) {
		return createAgain(r, v), nil
	}
	return answer, err
}

func (a *app) editStored(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return a.keepTyped(r, v, err)
	}
	before := a.contentOf(v, &c)
	typed := readForm(r, &c, before)
	typed.form.ID, typed.form.Draft = c.ID, c.Status == compete.StatusDraft
	if err := a.addApplied(v, &c, typed.form.Divisions); err != nil {
		return nil, err
	}
	switch {
	case r.PostFormValue("divisions") != "":
		return showArranged(v, typed), nil
	case r.PostFormValue("edit-questions") != "":
		return a.editQuestions(r, v, typed, c.Questions)
	case r.PostFormValue("preview") != "":
		return a.showPreview(v, typed, &c)
	}
	removed, confirmed, err := a.removedAnswers(r, v, &c, typed.values.Questions)
	if err != nil {
		return nil, err
	}
	if typed.form.Removed = removed; !confirmed {
		typed.form.Errors["questions"] = "Answers would be lost. Confirm below, or keep the question."
	}
	if len(typed.form.Errors) > 0 {
		_, err := c.Apply(typed.change(before), v.now)
		typed.refuse(err)
		typed.tooFew(&c)
		return showForm(v, http.StatusUnprocessableEntity, typed.form), nil
	}
	change := typed.change(before)
	if status := compete.CompetitionStatus(r.PostFormValue("status")); status != "" {
		change.Status = compete.Some(status)
	}
	_, err = a.Competitions.Update(r.Context(), v.actor, c.ID, typed.form.Version, change)
	if errors.Is(err, compete.ErrVersionMismatch) {
		return showOutdated(v, typed, &c, before), nil
	}
	if err != nil {
		return a.refuseForm(v, typed, &c, err)
	}
	return redirectWith("saved", competitionPath(c.ID)), nil
}

// showOutdated shows the form again, beside what somebody else has changed in the meantime.
func showOutdated(v *visit, typed typedForm, stored *compete.Competition, before compete.NewCompetition) response {
	form := &typed.form
	form.Changed = differences(storedForm(stored, before, typed.zone), *form)
	if !sameQuestions(stored.Questions, typed.values.Questions) {
		form.Changed = append(form.Changed,
			pages.FieldDiff{Label: "Questions", Now: ui.Plural(len(stored.Questions), "question", "questions")})
	}
	if typed.divisions.sent && !slices.Equal(stored.DivisionContents(), typed.values.Divisions) {
		form.Changed = append(form.Changed, pages.FieldDiff{Label: "Divisions", Now: orNone(stored.DivisionSummary())})
	}
	form.Version = stored.Version
	return showForm(v, http.StatusPreconditionFailed, *form)
}

// keepTyped preserves the form across a new login: the login form carries what was typed, and brings it back as a
// preview.
func (a *app) keepTyped(r *http.Request, v *visit, err error) (response, error) {
	if !errors.Is(err, compete.ErrUnauthorized) {
		return nil, err
	}
	r.PostForm.Set("preview", "true")
	return a.showLogin(v, http.StatusForbidden, pages.LoginForm{
		Error: "You were logged out. Log in to continue: what you typed is kept.", Next: r.URL.Path,
		Kept: keptFields(r.PostForm),
	}), nil
}

// refuseForm shows the form again with its errors and everything that was typed. stored is nil for a new competition.
func (a *app) refuseForm(v *visit, typed typedForm, stored *compete.Competition, err error) (response, error) {
	e, ok := v.refused(err)
	if !ok {
		return nil, err
	}
	form := &typed.form
	form.Errors = typed.errorsOf(e)
	switch {
	case errors.Is(err, compete.ErrCapacityBelowHeld):
		form.Errors = pages.Errors{}
		typed.tooFew(stored)
		if typed.tooFewIn(stored); len(form.Errors) == 0 { // the last seats were taken just now
			form.Errors["capacity"] = e.Detail
		}
	case stored != nil && e.Kind == compete.KindInvalid:
		typed.tooFew(stored)
	case errors.Is(err, compete.ErrIdempotencyKeyReused): // somebody went back to this form and changed it
		form.Key = rand.Text()
		form.Errors = pages.Errors{
			"": "You've already created a competition with this form: it's on your dashboard. " +
				"Submit it again to create another.",
		}
	}
	return showForm(v, problem.Status(e.Kind), *form), nil
}
