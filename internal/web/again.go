package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// againPath is the page that asks for the login once more, and leads on.
func againPath(next string) string {
	return "/auth/again?" + url.Values{"auth-next": {next}}.Encode()
}

// passwordFields are those that no page repeats.
var passwordFields = []string{"password", "currentPassword"}

// bringsFile reports whether a form brings a file, which no page can carry along.
func bringsFile(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/")
}

// askAgain asks for the login once more, where one is needed that isn't old, and keeps the form that was sent if it
// can.
func (a *app) askAgain(v *visit) {
	if v.r.Method == http.MethodGet && !v.partial() {
		_ = redirect(againPath(v.r.URL.RequestURI()))(v) // a redirect cannot fail
		return
	}
	if v.partial() || slices.ContainsFunc(passwordFields, v.r.PostForm.Has) || bringsFile(v.r) {
		_ = redirect(againPath(localPath(refererPath(v.r), "/account")))(v)
		return
	}
	form := pages.AgainForm{Next: v.r.URL.RequestURI(), Post: true, Kept: keptFields(v.r.PostForm)}
	answer, err := a.showAgain(v, http.StatusForbidden, form)
	if err == nil {
		err = answer(v)
	}
	if err != nil {
		a.showError(v, compete.AsError(err))
	}
}

func (a *app) againForm(r *http.Request, v *visit) (response, error) {
	next := localPath(r.URL.Query().Get("auth-next"), "/account")
	if a.Logins.RequireFresh(v.actor, compete.RoleParticipant) == nil {
		return redirect(next), nil
	}
	return a.showAgain(v, http.StatusOK, pages.AgainForm{Next: next})
}

func (a *app) showAgain(v *visit, status int, form pages.AgainForm) (response, error) {
	user, err := a.Accounts.Me(v.r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	factors, _, err := a.SecondFactors.Mine(v.r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	form.Email, form.Factor, form.App = user.Email, factors.Any(), factors.App != nil
	form.Challenge = challengeView(a.Logins.ChallengeConfirm(v.r.Context(), v.actor))
	return show(status, pages.Again(v.passkeyPage("Confirm it's you", ui.SectionAccount), form)), nil
}

// again takes the login once more, in a session of its own, and goes on where it was asked for.
func (a *app) again(r *http.Request, v *visit) (response, error) {
	form := pages.AgainForm{
		Next: localPath(r.PostFormValue("auth-next"), "/account"),
		Post: r.PostFormValue("auth-post") != "", Kept: keptFields(r.PostForm),
	}
	var user compete.User
	var err error
	if answer := r.PostFormValue("auth-answer"); answer != "" {
		user, err = a.Logins.ConfirmWithPasskey(r.Context(), v.actor, r.PostFormValue("auth-state"), answer)
	} else {
		user, err = a.Logins.Confirm(r.Context(), v.actor, r.PostFormValue("auth-password"),
			r.PostFormValue("auth-code"))
	}
	if text, ok := notConfirmed(err); ok {
		e := compete.AsError(err)
		form.Error = text
		v.retryAfter(e)
		return a.showAgain(v, formStatus(e), form)
	}
	if err != nil {
		return nil, err
	}
	if err := v.startSession(user); err != nil {
		return nil, err
	}
	if form.Post {
		return repostTo(form.Next), nil
	}
	return redirect(form.Next), nil
}

// notConfirmed is what to say when it isn't clear that it's the user.
func notConfirmed(err error) (text string, ok bool) {
	e, refused := refused(err)
	switch {
	case err == nil:
		return "", false
	case errors.Is(err, compete.ErrSecondFactor):
		return "Enter a code as well.", true
	case errors.Is(err, compete.ErrPasskeyRefused):
		return e.Detail, true
	case e.Kind == compete.KindInvalid && len(e.Fields) > 0 && e.Fields[0].Field == "code":
		return compete.ErrWrongCode.Detail, true
	case e.Kind == compete.KindInvalid:
		return "Wrong password.", true
	}
	return plainText(e), refused
}

// freshen takes the current password in a form as the confirmation that it's the user, in place of another page, where
// an account takes no more than that. It fails with ErrReauthenticate where it does, and with what is wrong with the
// password.
func (v *visit) freshen(current string) error {
	err := v.app.Logins.RequireFresh(v.actor, compete.RoleParticipant)
	if !errors.Is(err, compete.ErrReauthenticate) || current == "" {
		return err
	}
	user, err := v.app.Logins.Confirm(v.r.Context(), v.actor, current, "")
	switch {
	case errors.Is(err, compete.ErrSecondFactor):
		return compete.ErrReauthenticate
	case err != nil && compete.AsError(err).Kind == compete.KindInvalid:
		return compete.Invalid(compete.FieldError{Field: "currentPassword", Message: "is incorrect"})
	case err != nil:
		return err
	}
	return v.startSession(user)
}
