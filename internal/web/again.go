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

// againPath returns the path of the reauthentication page, which continues to next.
func againPath(next string) string {
	return "/auth/again?" + url.Values{"auth-next": {next}}.Encode()
}

// passwordFields are the fields that are never shown again.
var passwordFields = []string{"password", "currentPassword"}

// bringsFile reports whether a form contains a file, which can't be carried along.
func bringsFile(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/")
}

// askAgain asks the user to reauthenticate for an action that needs a recent login, and keeps the submitted form if
// possible.
func (a *app) askAgain(v *visit) {
	if v.r.Method == http.MethodGet && !v.partial() {
		_ = redirect(againPath(v.r.URL.RequestURI()))(v) // a redirect can't fail
		return
	}
	if v.partial() || slices.ContainsFunc(passwordFields, v.r.PostForm.Has) || bringsFile(v.r) {
		_ = redirect(againPath(localPath(refererPath(v.r), "/account")))(v)
		return
	}
	form := pages.AgainForm{Next: v.r.URL.RequestURI(), Post: true, Kept: otherFields(v.r.PostForm)}
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

// again reauthenticates the user in a new session, and continues where this was required.
func (a *app) again(r *http.Request, v *visit) (response, error) {
	form := pages.AgainForm{
		Next: localPath(r.PostFormValue("auth-next"), "/account"),
		Post: r.PostFormValue("auth-post") != "", Kept: otherFields(r.PostForm),
	}
	var user compete.User
	var err error
	if answer := r.PostFormValue("auth-answer"); answer != "" {
		user, err = a.Logins.ConfirmWithPasskey(r.Context(), v.actor, r.PostFormValue("auth-state"), answer)
	} else {
		user, err = a.Logins.Confirm(r.Context(), v.actor, r.PostFormValue("auth-password"),
			r.PostFormValue("auth-code"))
	}
	if text, ok := v.notConfirmed(err); ok {
		e := compete.AsError(err)
		form.Error = text
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

// notConfirmed returns the message for a failed reauthentication.
func (v *visit) notConfirmed(err error) (text string, ok bool) {
	e, refused := v.refused(err)
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

// freshen accepts the current password in a form as reauthentication, instead of another page, if the account requires
// no more than that. It fails with ErrReauthenticate if it does, and with the error about a wrong password.
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
