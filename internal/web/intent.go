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

// An intent is a registration that somebody pressed for without being logged in. It goes through once they have signed
// up, logged in or confirmed their address. It travels in a cookie that only a post of the competition's own page sets,
// and counts only on the way back to that page, so that no link from elsewhere registers anybody.
type intent struct{ competitionID, key string }

const (
	intentCookie = "intent"
	// intentFor is how long an intent waits: long enough to find the email that confirms an address.
	intentFor = time.Hour
)

// page is where the intent leads back to.
func (i intent) page() string { return "/competitions/" + i.competitionID }

// intent is what the visitor wanted, or false.
func (v *visit) intent() (intent, bool) {
	cookie, err := v.cookie(intentCookie)
	if err != nil {
		return intent{}, false
	}
	value, err := url.QueryUnescape(cookie.Value)
	id, key, found := strings.Cut(value, ".")
	if err != nil || !found || !compete.ValidID(id) || compete.ParseIdempotencyKey(key) != nil {
		return intent{}, false
	}
	return intent{id, key}, true
}

// leadsToIntent reports whether the way that leads back to next is that of the visitor's intent.
func (v *visit) leadsToIntent(next string) bool {
	i, ok := v.intent()
	return ok && i.page() == next
}

// intend keeps an intent. One without a key of use gets one.
func (v *visit) intend(i intent) {
	if compete.ParseIdempotencyKey(i.key) != nil {
		i.key = rand.Text()
	}
	v.setCookie(intentCookie, url.QueryEscape(i.competitionID+"."+i.key), time.Now().Add(intentFor))
}

// intentLogin is the log-in page, from which the way leads to what the visitor wants.
func (v *visit) intentLogin() string {
	if i, ok := v.intent(); ok {
		return "/auth/login?" + url.Values{"next": {i.page()}}.Encode()
	}
	return "/auth/login"
}

// registerLater keeps what a visitor wants, and has them sign up or log in first.
func (a *app) registerLater(r *http.Request, v *visit) (response, error) {
	i := intent{r.PathValue("id"), r.PostFormValue("key")}
	if _, err := a.Competitions.Get(r.Context(), v.actor, i.competitionID); err != nil {
		return nil, err
	}
	v.intend(i)
	page := "/auth/login?"
	if r.PostFormValue("account") == "new" {
		page = "/auth/signup?"
	}
	return redirect(page + url.Values{"next": {i.page()}}.Encode()), nil
}

// press is the idempotency of the press that the intent stands for, as keyed gives it: the form says nothing besides
// its key.
func (i intent) press() compete.Idempotency {
	return compete.IdempotencyOf(i.key, http.MethodPost, i.page()+"/register", nil)
}

// continueTo leads on after a login: to next, and if that is where the visitor wanted to register, does so.
func (a *app) continueTo(v *visit, next string, otherwise response) (response, error) {
	i, ok := v.intent()
	if !ok || i.page() != next {
		return otherwise, nil
	}
	outcome, err := a.Registrations.Register(v.r.Context(), v.actor, i.competitionID, i.press())
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
	case e.Kind == compete.KindForbidden:
		return redirectWith("not-here", next), nil
	}
	return redirectWith("not-registered", next), nil
}
