package web

import (
	"errors"
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// passkeyPage is a page with the passkey script, if the site supports passkeys.
func (v *visit) passkeyPage(title, section string) ui.Page {
	p := v.page(title, section)
	p.Passkeys = v.app.SecondFactors.TakesPasskeys()
	return p
}

// challengeView returns nil if there are no passkeys to challenge.
func challengeView(c compete.Challenge, err error) *pages.ChallengeData {
	if err != nil {
		return nil
	}
	return &pages.ChallengeData{Options: string(c.Options), State: c.State}
}

// showSecond asks for the second factor. If the login has expired, it starts over.
func (a *app) showSecond(v *visit, status int, form pages.SecondForm) (response, error) {
	factors, err := a.Logins.PendingFactors(v.r.Context(), form.Pending)
	if e := compete.AsError(err); e.Kind == compete.KindUnauthorized {
		return a.showLogin(v, http.StatusUnprocessableEntity,
			pages.LoginForm{Next: form.Next, Kept: form.Kept, Error: e.Detail}), nil
	}
	if err != nil {
		return nil, err
	}
	form.App = factors.App != nil
	form.Challenge = challengeView(a.Logins.ChallengePending(v.r.Context(), form.Pending))
	return show(status, pages.Second(v.passkeyPage("One more step", ui.SectionLogin), form)), nil
}

// loginSecond completes a login by code or passkey after the right password.
func (a *app) loginSecond(r *http.Request, v *visit) (response, error) {
	form := pages.SecondForm{
		Pending: r.PostFormValue("auth-login"), Next: localPath(r.PostFormValue("next"), ""),
		Kept: keptFields(r.PostForm),
	}
	var user compete.User
	var err error
	if answer := r.PostFormValue("auth-answer"); answer != "" {
		user, err = a.Logins.FinishWithPasskey(r.Context(), form.Pending, r.PostFormValue("auth-state"), answer)
	} else {
		user, err = a.Logins.LogInWithCode(r.Context(), form.Pending, r.PostFormValue("auth-code"))
	}
	switch e := compete.AsError(err); {
	case errors.Is(err, compete.ErrWrongCode), errors.Is(err, compete.ErrPasskeyRefused):
		form.Error = e.Detail
		return a.showSecond(v, http.StatusUnprocessableEntity, form)
	case e.Kind == compete.KindTooManyRequests:
		form.Error = plainText(e)
		v.retryAfter(e)
		return a.showSecond(v, problem.Status(e.Kind), form)
	}
	return a.finishLogin(v, pages.LoginForm{Next: form.Next, Kept: form.Kept}, user, err)
}

// loginWithPasskey logs in with only a passkey.
func (a *app) loginWithPasskey(r *http.Request, v *visit) (response, error) {
	form := pages.LoginForm{Next: localPath(r.PostFormValue("next"), ""), Kept: keptFields(r.PostForm)}
	user, err := a.Logins.LogInWithPasskey(r.Context(), r.PostFormValue("auth-state"), r.PostFormValue("auth-answer"))
	return a.finishLogin(v, form, user, err)
}
