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
	"github.com/minicompete/minicompete/internal/web/markdown"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// Defaults of a new competition: two weeks to register, and a start one week later.
const (
	defaultCapacity = 50
	defaultDeadline = 14 * 24 * time.Hour
	defaultStart    = 21 * 24 * time.Hour
)

const createPath = "/competitions/create"

// createForm serves the form for a new competition. With ?from= it is a copy of one that the viewer manages. The
// idempotency key is part of the form's address, so that going back to a submitted form and submitting it again doesn't
// create a second competition.
func (a *app) createForm(r *http.Request, v *visit) (response, error) {
	if err := v.requireOrganizer(); err != nil {
		return nil, err
	}
	q := r.URL.Query()
	if key := q.Get("key"); key == "" || compete.ParseIdempotencyKey(key) != nil {
		q.Set("key", rand.Text())
		return redirect(r.URL.Path + "?" + q.Encode()), nil //nolint:nilerr // a key of no use is replaced
	}
	zone, zoneName := v.zone(), ""
	if zone != nil {
		zoneName = zone.String() // otherwise the form asks for it
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
		n, zoneName = a.contentOf(v, &c), c.Zone().String()
	}
	start := nextNoon(v.now.Add(defaultStart), zone)
	n.RegOpensAt, n.RegDeadline, n.StartDate, n.EndDate = nil, nextNoon(v.now.Add(defaultDeadline), zone), &start, nil
	n.TimeZone = zoneName
	n.AnswersUntil = nil
	form := pages.CompetitionForm{
		Inputs: shown(n, zone), Draft: true, Key: q.Get("key"), Divisions: copiedDivisions(n.Divisions),
		Questions: questionRows(n.Questions),
	}
	return showForm(v, http.StatusOK, form), nil
}

// nextNoon returns noon, in a zone, of the day of t.
func nextNoon(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 12, 0, 0, 0, zone)
}

// zone returns the viewer's time zone: the browser's or, if its script didn't send it, the account's. It is nil if
// neither is known.
func (v *visit) zone() *time.Location {
	if zone := v.browserZone(); zone != nil {
		return zone
	}
	zone, _ := compete.ZoneNamed(v.actor.Zone.Name)
	return zone
}

// browserZone returns the time zone sent by the script; nil if it sent none.
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

// followZone makes messages show times in the browser's time zone, too. If that can't be stored, the page is shown
// anyway.
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

func (a *app) create(r *http.Request, v *visit) (response, error) {
	upload, err := readCoverBeside(v)
	if err != nil {
		return nil, err
	}
	if err := v.requireOrganizer(); err != nil {
		return a.keepTyped(r, v, err)
	}
	typed := readForm(r, nil, compete.NewCompetition{})
	typed.form.Draft, typed.form.CoverLost = true, typed.form.CoverLost || len(upload) > 0
	switch {
	case r.PostFormValue("divisions") != "":
		return showArranged(v, typed), nil
	case r.PostFormValue("edit-questions") != "":
		return a.editQuestions(r, v, typed, nil)
	case r.PostFormValue("preview") != "":
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
		return redirectWith("drafted", competitionPath(c.ID)), nil
	}
	return redirectWith("created", competitionPath(c.ID)), nil
}

// draftUnverified saves a competition that can't be published yet as a draft, and says what is missing.
func (a *app) draftUnverified(r *http.Request, v *visit, typed typedForm, cover compete.Cover) (response, error) {
	r.PostForm.Set("status", string(compete.StatusDraft))
	c, err := a.createTyped(r, v, typed, cover)
	if err != nil {
		return a.refuseForm(v, typed, nil, err)
	}
	return a.showVerify(v, http.StatusForbidden, competitionPath(c.ID),
		"We saved a draft. Confirm your email address, then publish it.")
}

// createTyped creates the competition and stores its cover. If storing the cover fails, submitting the form again finds
// the competition and stores it then.
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

// errOnlyOrganizers refuses the page of a new competition.
var errOnlyOrganizers = &compete.Error{
	Kind: compete.KindForbidden, Code: compete.ErrForbidden.Code,
	Detail: "Only organizers can create competitions. Ask the people who run this site to make you one.",
}

// requireOrganizer is requireRole for the pages of a new competition.
func (v *visit) requireOrganizer() error {
	err := v.requireRole(compete.RoleOrganizer)
	if errors.Is(err, compete.ErrForbidden) {
		return errOnlyOrganizers
	}
	return err
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

func (a *app) edit(r *http.Request, v *visit) (response, error) {
	answer, err := a.editStored(r, v)
	if errors.Is(err, compete.ErrCompetitionMissing) && v.actor.Role.AtLeast(compete.RoleOrganizer) {
		return createAgain(r, v), nil
	}
	return answer, err
}

// createAgain shows what was typed about a competition that no longer exists, such as a draft deleted in the meantime,
// in the form for a new one.
func createAgain(r *http.Request, v *visit) response {
	form := readForm(r, nil, compete.NewCompetition{}).form
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
		typed.form.Changed = differences(storedForm(&c, before, typed.zone), typed.form)
		if !sameQuestions(c.Questions, typed.values.Questions) {
			typed.form.Changed = append(typed.form.Changed, pages.FieldDiff{
				Label: "Questions", Now: ui.Plural(len(c.Questions), "question", "questions"),
			})
		}
		if typed.divisions.sent && !slices.Equal(c.DivisionContents(), typed.values.Divisions) {
			typed.form.Changed = append(typed.form.Changed,
				pages.FieldDiff{Label: "Divisions", Now: orNone(c.DivisionSummary())})
		}
		typed.form.Version = c.Version
		return showForm(v, http.StatusPreconditionFailed, typed.form), nil
	}
	if err != nil {
		return a.refuseForm(v, typed, &c, err)
	}
	return redirectWith("saved", competitionPath(c.ID)), nil
}
