package web

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// An intent is a registration requested by a visitor who wasn't logged in. It is completed once they have signed up,
// logged in or confirmed their address. It is stored in a cookie that only a post from the competition's own page sets,
// and only takes effect when returning to that page, so that no external link can register anybody.
type intent struct {
	competitionID, key string
	entry              url.Values // what was filled in, as sent
}

const (
	intentCookie = "intent"
	// intentFor is how long an intent is valid: long enough to find the email that confirms an address.
	intentFor = time.Hour
	// maxIntentEntry is how many bytes of what was filled in a cookie keeps. Somebody who filled in more fills it in
	// again.
	maxIntentEntry = 2000
)

// page returns the page that the intent leads back to.
func (i intent) page() string { return competitionPath(i.competitionID) }

// intent returns the visitor's intent, or false.
func (v *visit) intent() (intent, bool) {
	cookie, err := v.cookie(intentCookie)
	if err != nil {
		return intent{}, false
	}
	value, err := url.QueryUnescape(cookie.Value)
	id, rest, _ := strings.Cut(value, ".")
	key, filledIn, _ := strings.Cut(rest, ".")
	entry, unreadable := url.ParseQuery(filledIn)
	if err != nil || unreadable != nil || !compete.ValidID(id) || compete.ParseIdempotencyKey(key) != nil {
		return intent{}, false
	}
	return intent{id, key, entry}, true
}

// leadsToIntent reports whether next is the page of the visitor's intent.
func (v *visit) leadsToIntent(next string) bool {
	i, ok := v.intent()
	return ok && i.page() == next
}

// intentOf returns the intent of a press.
func intentOf(r *http.Request) intent {
	return intent{r.PathValue("id"), r.PostFormValue("key"), said(r.PostForm)}
}

// intend stores an intent. It adds a key if there is no valid one.
func (v *visit) intend(i intent) {
	if compete.ParseIdempotencyKey(i.key) != nil || strings.Contains(i.key, ".") {
		i.key = rand.Text()
	}
	value := i.competitionID + "." + i.key
	if entry := i.entry.Encode(); entry != "" && len(entry) <= maxIntentEntry {
		value += "." + entry
	}
	v.setCookie(intentCookie, url.QueryEscape(value), v.now.Add(intentFor))
}

// intentLogin returns the log-in page that continues with the visitor's intent.
func (v *visit) intentLogin() string {
	if i, ok := v.intent(); ok {
		return "/auth/login?" + url.Values{"next": {i.page()}}.Encode()
	}
	return "/auth/login"
}

// registerLater stores a visitor's intent, and has them sign up or log in first.
func (a *app) registerLater(r *http.Request, v *visit) (response, error) {
	i := intentOf(r)
	c, err := a.Competitions.Get(r.Context(), v.actor, i.competitionID)
	if err != nil {
		return nil, err
	}
	page := "/auth/login?"
	if r.PostFormValue("account") == "new" {
		page = "/auth/signup?"
	}
	ahead := len(c.Divisions) > 0 && c.Phase(v.now) == compete.PhaseUpcoming
	if fillsIn(&c) || ahead { // which comes first
		return redirect(page + url.Values{"next": {i.page() + "/register"}}.Encode()), nil
	}
	entry := entryOf(i.entry)
	err = entry.Check()
	if err == nil {
		err = c.CheckEntry(entry)
	}
	if err != nil { // better now than after the login
		stand := standView(&c, nil, v.actor, v.now)
		stand.Error = pressText(compete.AsError(err))
		return a.showCompetition(v, http.StatusUnprocessableEntity, c, stand)
	}
	v.intend(i)
	return redirect(page + url.Values{"next": {i.page()}}.Encode()), nil
}

// press returns the idempotency of the intent's registration, equal to that of the form's.
func (i intent) press() compete.Idempotency {
	return compete.IdempotencyOf(i.key, http.MethodPost, i.page()+"/register", []byte(hashed(i.entry)))
}

// entryOf returns what a participant filled in.
func entryOf(form url.Values) compete.Entry {
	e := compete.Entry{DivisionID: form.Get("divisionId"), AccessCode: compete.AccessCode(form.Get("accessCode"))}
	e.Team, e.LookingForTeam = typedTeam(form)
	return e
}

// continueTo redirects to next after a login, and completes the visitor's intent if that is its page.
func (a *app) continueTo(v *visit, next string, otherwise response) (response, error) {
	i, ok := v.intent()
	if !ok || i.page() != next {
		return otherwise, nil
	}
	outcome, err := a.Registrations.Register(v.r.Context(), v.actor, i.competitionID, entryOf(i.entry), i.press())
	if errors.Is(err, compete.ErrEmailUnverified) {
		return redirect(verifyPath(next)), nil
	}
	e := compete.AsError(err)
	if err != nil && e.Kind == compete.KindInternal {
		return nil, err
	}
	v.clearCookie(intentCookie)
	switch {
	case err == nil:
		return redirectWith(registeredFlash(outcome), next), nil
	case errors.Is(err, compete.ErrAlreadyRegistered):
		return redirect(next), nil
	case errors.Is(err, compete.ErrRegistrationNotOpen):
		return redirectWith("not-open", next), nil
	case wantsCode(err):
		return redirectWith(flashCode, next), nil
	case isEntry(e):
		return redirect(next + "/register"), nil
	case e.Kind == compete.KindForbidden:
		return redirectWith("not-here", next), nil
	}
	return redirectWith("not-registered", next), nil
}
