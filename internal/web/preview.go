package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/markdown"
	"github.com/minicompete/minicompete/internal/web/pages"
)

// errPreviewLater is shown instead of the preview; the page with the form stays as it is.
var errPreviewLater = &compete.Error{
	Kind: compete.KindForbidden, Code: "session_ended",
	Detail: "Your session has expired. Save to log in again. What you typed is kept.",
}

// errPreviewGone is shown instead of the preview, too.
var errPreviewGone = &compete.Error{
	Kind: compete.KindNotFound, Code: "competition_not_found",
	Detail: "This competition no longer exists: it may have been deleted. Save to create it " +
		"again. What you typed is kept.",
}

// showPreview shows the form as it was typed, and a preview of the competition. The preview omits invalid input.
func (a *app) showPreview(v *visit, typed typedForm, stored *compete.Competition) (response, error) {
	look, err := a.previewOf(v, typed, stored)
	if err != nil {
		return nil, err
	}
	typed.form.Preview, typed.form.Errors = look, nil
	return showForm(v, http.StatusOK, typed.form), nil
}

// previewOf returns a preview of the input: of a new competition, or of the changed stored one.
func (a *app) previewOf(v *visit, typed typedForm, stored *compete.Competition) (*pages.PreviewData, error) {
	html, err := markdown.HTML(typed.values.Description)
	if err != nil {
		return nil, err
	}
	c := compete.Competition{CompetitionContent: typed.values.CompetitionContent, SeatsLeft: typed.values.Capacity}
	c.Tags, c.TimeZone = compete.NormalizeTags(c.Tags), typed.zone.String()
	if typed.form.Errors["zone"] != "" { // no date can be told then
		c.RegOpensAt, c.RegDeadline, c.StartDate, c.EndDate = nil, time.Time{}, nil, nil
	}
	if stored != nil {
		c.ID, c.Cover, c.Organizer = stored.ID, stored.Cover, stored.Organizer
		c.SeatsLeft, c.Waitlisted = max(c.Capacity-stored.Registered(), 0), stored.Waitlisted
	} else {
		user, err := a.Accounts.Me(v.r.Context(), v.actor)
		if err != nil {
			return nil, err
		}
		c.Organizer.Name = user.Name
	}
	c.Divisions = previewDivisions(typed.values.Divisions, stored)
	look := &pages.PreviewData{CompetitionData: competitionData(&c, html), Choice: teamChoice(&c, nil)}
	look.ID = "" // it's no page that something could be done on
	if c.RegDeadline.IsZero() {
		c.RegDeadline = v.now.Add(defaultDeadline)
	}
	seats := c.Seats(v.now)
	look.Seats, look.Divisions = seatsView(seats), pages.Divisions{List: divisionViews(seats)}
	look.Images, look.Markup = markdown.Lost(typed.values.Description)
	if look.Questions, err = questionFields(typed.values.Questions, nil, nil, nil); err != nil {
		return nil, err
	}
	for i := range look.Questions {
		look.Questions[i].Preview = true
	}
	return look, nil
}

// previewDivisions returns the divisions as they were typed, with the seats that are left in those that are stored.
func previewDivisions(typed []compete.DivisionContent, stored *compete.Competition) []compete.Division {
	divisions := make([]compete.Division, len(typed))
	for i, content := range typed {
		divisions[i] = compete.Division{DivisionContent: content, SeatsLeft: content.Capacity}
		if stored == nil || content.ID == "" {
			continue
		}
		if before := stored.Division(content.ID); before != nil {
			divisions[i].SeatsLeft = max(content.Capacity-before.Registered(), 0)
			divisions[i].Waitlisted = before.Waitlisted
		}
	}
	return divisions
}

// previewNew serves only the preview of a new competition, for htmx.
func (a *app) previewNew(r *http.Request, v *visit) (response, error) {
	return a.preview(r, v, v.requireOrganizer(), nil)
}

// previewEdit serves only the preview of a changed competition, for htmx.
func (a *app) previewEdit(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	return a.preview(r, v, err, &c)
}

func (a *app) preview(r *http.Request, v *visit, refusal error, stored *compete.Competition) (response, error) {
	switch {
	case errors.Is(refusal, compete.ErrUnauthorized):
		return nil, errPreviewLater
	case errors.Is(refusal, compete.ErrCompetitionMissing):
		return nil, errPreviewGone
	}
	if refusal != nil {
		return nil, refusal
	}
	var before compete.NewCompetition
	if stored != nil {
		before = a.contentOf(v, stored)
	}
	look, err := a.previewOf(v, readForm(r, stored, before), stored)
	if err != nil {
		return nil, err
	}
	return show(http.StatusOK, pages.Preview(look)), nil
}
