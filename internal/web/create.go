package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
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
