package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/markdown"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// Defaults of a new competition: two weeks to register, and a start a week after.
const (
	defaultCapacity = 50
	defaultDeadline = 14 * 24 * time.Hour
	defaultStart    = 21 * 24 * time.Hour
)

const createPath = "/competitions/create"

// createForm is the form of a new competition, or with ?from= of a copy of one that the viewer manages. Its idempotency
// key is part of its address, so that going back to a form that was sent, and sending it again, makes no second
// competition.
func (a *app) createForm(r *http.Request, v *visit) (response, error) {
	if err := v.requireRole(compete.RoleOrganizer); err != nil {
		return nil, err
	}
	q := r.URL.Query()
	if key := q.Get("key"); key == "" || compete.ParseIdempotencyKey(key) != nil {
		q.Set("key", rand.Text())
		return redirect(r.URL.Path + "?" + q.Encode()), nil //nolint:nilerr // a key of no use is replaced
	}
	zone, zoneName := v.zone(), ""
	if zone != nil {
		zoneName = zone.String() // else the form asks for it
	} else {
		zone = time.UTC
	}
	var n compete.NewCompetition
	n.Capacity, n.Waitlist = defaultCapacity, true
	if from := q.Get("from"); from != "" {
		c, err := a.Competitions.GetManaged(r.Context(), v.actor, from)
		if err != nil {
			return nil, err
		}
		n, zoneName = contentOf(&c), c.Zone().String()
	}
	start := nextNoon(v.now.Add(defaultStart), zone)
	n.RegOpensAt, n.RegDeadline, n.StartDate, n.EndDate = nil, nextNoon(v.now.Add(defaultDeadline), zone), &start, nil
	n.TimeZone = zoneName
	form := pages.CompetitionForm{Inputs: shown(n, zone), Draft: true, Key: q.Get("key")}
	return showForm(v, http.StatusOK, form), nil
}

// nextNoon is noon of the day of t in a zone.
func nextNoon(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 12, 0, 0, 0, zone)
}

// zone is the viewer's time zone: that of the browser, or, where its script didn't tell, that of the account. It's nil
// when neither is known.
func (v *visit) zone() *time.Location {
	if zone := v.browserZone(); zone != nil {
		return zone
	}
	zone, _ := compete.ZoneNamed(v.actor.Zone.Name)
	return zone
}

// browserZone is the time zone that the script told; nil when it did not.
func (v *visit) browserZone() *time.Location {
	cookie, err := v.cookie(zoneCookie)
	if err != nil {
		return nil
	}
	name, err := url.PathUnescape(cookie.Value) // "Europe%2FBerlin", "Etc%2FGMT%2B5"
	if err != nil {
		return nil
	}
	zone, _ := compete.ZoneNamed(name)
	return zone
}

// followZone has messages show times in the zone of the browser, too. A page doesn't fail because that can't be
// written.
func (v *visit) followZone(a compete.Actor) {
	zone := v.browserZone()
	if zone == nil {
		return
	}
	if err := v.app.Accounts.FollowTimeZone(v.r.Context(), a, zone.String()); err != nil {
		v.app.Log.WarnContext(v.r.Context(), "could not note the time zone of a browser", "user",
			a.UserID, "error", err)
	}
}

func showForm(v *visit, status int, form pages.CompetitionForm) response {
	form.Viewer = v.actor.UserID
	form.Drawn = drawnPath(form.Input("title").Value, compete.NormalizeTags(splitTags(form.Input("tags").Value)))
	page := v.page("New competition", ui.SectionDashboard)
	switch {
	case form.ID != "":
		page.Title = "Edit competition"
	case v.r.URL.Path != createPath:
		page.Address = createPath + "?" + url.Values{"key": {form.Key}}.Encode()
		page.Back = page.Address
	}
	return show(status, pages.EditCompetition(page, form))
}

// errPreviewLater stands where the preview would: the page with the form stays as it is.
var errPreviewLater = &compete.Error{
	Kind: compete.KindForbidden, Code: "session_ended",
	Detail: "Your session has expired. Save to log in again. What you typed is kept.",
}

// errPreviewGone stands where the preview would, too.
var errPreviewGone = &compete.Error{
	Kind: compete.KindNotFound, Code: "competition_not_found",
	Detail: "This competition no longer exists: it may have been deleted. Save to create it " +
		"again. What you typed is kept.",
}

// keepTyped preserves the form across a new login: the log-in form carries what was typed, and brings it back as a
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

func (a *app) create(r *http.Request, v *visit) (response, error) {
	upload, err := readCoverBeside(v)
	if err != nil {
		return nil, err
	}
	if err := v.requireRole(compete.RoleOrganizer); err != nil {
		return a.keepTyped(r, v, err)
	}
	typed := readForm(r, nil)
	typed.form.Draft, typed.form.CoverLost = true, typed.form.CoverLost || len(upload) > 0
	if r.PostFormValue("preview") != "" {
		return a.showPreview(v, typed, nil)
	}
	cover, err := a.makeCover(r, upload)
	if err != nil && compete.AsError(err).Kind == compete.KindInvalid {
		typed.refuse(err)
	} else if err != nil {
		return a.refuseForm(v, typed, nil, err)
	}
	if len(typed.form.Errors) > 0 {
		typed.refuse(typed.values.Check(v.now))
		return showForm(v, http.StatusUnprocessableEntity, typed.form), nil
	}
	c, err := a.createTyped(r, v, typed, cover)
	if errors.Is(err, compete.ErrEmailUnverified) {
		return a.draftUnverified(r, v, typed, cover)
	}
	if err != nil {
		return a.refuseForm(v, typed, nil, err)
	}
	if c.Status == compete.StatusDraft {
		return redirectWith("drafted", "/competitions/"+c.ID), nil
	}
	return redirectWith("created", "/competitions/"+c.ID), nil
}

// draftUnverified keeps what can't be published yet as a draft, and says what it takes.
func (a *app) draftUnverified(r *http.Request, v *visit, typed typedForm, cover compete.Cover) (response, error) {
	r.PostForm.Set("status", string(compete.StatusDraft))
	c, err := a.createTyped(r, v, typed, cover)
	if err != nil {
		return a.refuseForm(v, typed, nil, err)
	}
	return a.showVerify(v, http.StatusForbidden, "/competitions/"+c.ID,
		"We saved a draft. Confirm your email address, then publish it.")
}

// createTyped gives the competition its cover too. When that fails, the form that is sent again finds the competition,
// and gives it then.
func (a *app) createTyped(
	r *http.Request, v *visit, typed typedForm, cover compete.Cover,
) (compete.Competition, error) {
	typed.values.Status = compete.CompetitionStatus(r.PostFormValue("status"))
	c, _, err := a.Competitions.Create(r.Context(), v.actor, typed.values, formIdempotency(r, cover.Hash))
	if err != nil || cover.Hash == "" {
		return c, err
	}
	return a.Competitions.SetMadeCover(r.Context(), v.actor, c.ID, cover)
}

// refuseForm shows the form again with what is wrong, and everything as it was typed. stored is nil for a new
// competition.
func (a *app) refuseForm(v *visit, typed typedForm, stored *compete.Competition, err error) (response, error) {
	e, ok := refused(err)
	if !ok {
		return nil, err
	}
	form := &typed.form
	form.Errors = formErrors(e)
	switch {
	case errors.Is(err, compete.ErrCapacityBelowHeld):
		form.Errors = pages.Errors{}
		if typed.tooFew(stored); len(form.Errors) == 0 { // the last seats went this moment
			form.Errors["capacity"] = e.Detail
		}
	case stored != nil && e.Kind == compete.KindInvalid:
		typed.tooFew(stored)
	case errors.Is(err, compete.ErrIdempotencyKeyReused): // one went back to this form and changed it
		form.Key = rand.Text()
		form.Errors = pages.Errors{
			"": "You've already created a competition with this form: it's on your dashboard. " +
				"Submit it again to create another.",
		}
	}
	return showForm(v, problem.Status(e.Kind), *form), nil
}

// showPreview shows the form as it was typed, and how the competition will look. What can't be read is left out of it.
func (a *app) showPreview(v *visit, typed typedForm, stored *compete.Competition) (response, error) {
	look, err := a.previewOf(v, typed, stored)
	if err != nil {
		return nil, err
	}
	typed.form.Preview, typed.form.Errors = look, nil
	return showForm(v, http.StatusOK, typed.form), nil
}

// previewOf is how what was typed will look: a new competition, or the stored one when changed.
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
	look := &pages.PreviewData{CompetitionData: competitionData(&c, html)}
	look.ID = "" // it's no page that something could be done on
	if c.RegDeadline.IsZero() {
		c.RegDeadline = v.now.Add(defaultDeadline)
	}
	look.Seats = seatsView(c.Seats(v.now))
	look.Images, look.Markup = markdown.Lost(typed.values.Description)
	return look, nil
}

// previewNew is the preview of a new competition alone, for htmx.
func (a *app) previewNew(r *http.Request, v *visit) (response, error) {
	return a.preview(r, v, v.requireRole(compete.RoleOrganizer), nil)
}

// previewEdit is the preview of a changed competition alone, for htmx.
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
	look, err := a.previewOf(v, readForm(r, stored), stored)
	if err != nil {
		return nil, err
	}
	return show(http.StatusOK, pages.Preview(look)), nil
}

func (a *app) editForm(_ *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return nil, err
	}
	return showForm(v, http.StatusOK, storedForm(&c, c.Zone())), nil
}

// storedForm is the form of a competition as it is stored.
func storedForm(c *compete.Competition, zone *time.Location) pages.CompetitionForm {
	return pages.CompetitionForm{
		ID: c.ID, Inputs: shown(contentOf(c), zone), Draft: c.Status == compete.StatusDraft, Version: c.Version,
		Cover: coverForm(c),
	}
}

func (a *app) edit(r *http.Request, v *visit) (response, error) {
	answer, err := a.editStored(r, v)
	if errors.Is(err, compete.ErrCompetitionMissing) && v.actor.Role.AtLeast(compete.RoleOrganizer) {
		return createAgain(r, v), nil
	}
	return answer, err
}

// createAgain shows what was typed about a competition that is gone, such as a draft that was deleted since, as the
// form of a new one.
func createAgain(r *http.Request, v *visit) response {
	form := readForm(r, nil).form
	form.Draft, form.Key = true, rand.Text()
	form.Errors = pages.Errors{
		"": "This competition no longer exists: it may have been deleted. What you typed is below: publish it or " +
			"save it as a draft to create it again.",
	}
	return showForm(v, http.StatusNotFound, form)
}

func (a *app) editStored(r *http.Request, v *visit) (response, error) {
	c, err := a.managed(v)
	if err != nil {
		return a.keepTyped(r, v, err)
	}
	typed := readForm(r, &c)
	typed.form.ID, typed.form.Draft = c.ID, c.Status == compete.StatusDraft
	if r.PostFormValue("preview") != "" {
		return a.showPreview(v, typed, &c)
	}
	if len(typed.form.Errors) > 0 {
		_, err := c.Apply(typed.change(), v.now)
		typed.refuse(err)
		typed.tooFew(&c)
		return showForm(v, http.StatusUnprocessableEntity, typed.form), nil
	}
	change := typed.change()
	if status := compete.CompetitionStatus(r.PostFormValue("status")); status != "" {
		change.Status = compete.Some(status)
	}
	_, err = a.Competitions.Update(r.Context(), v.actor, c.ID, typed.form.Version, change)
	if errors.Is(err, compete.ErrVersionMismatch) {
		typed.form.Changed = differences(storedForm(&c, typed.zone), typed.form)
		typed.form.Version = c.Version
		return showForm(v, http.StatusPreconditionFailed, typed.form), nil
	}
	if err != nil {
		return a.refuseForm(v, typed, &c, err)
	}
	return redirectWith("saved", "/competitions/"+c.ID), nil
}
