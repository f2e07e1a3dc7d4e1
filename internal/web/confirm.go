package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

func (a *app) confirmEmailForm(r *http.Request, v *visit) (response, error) {
	return a.showConfirm(v, http.StatusOK, r.URL.Query().Get("token"), nil)
}

// showConfirm shows how the address can be confirmed: with a button if logged in to the account, otherwise with a
// password.
func (a *app) showConfirm(v *visit, status int, token string, e pages.Errors) (response, error) {
	l, err := a.Accounts.Link(v.r.Context(), token)
	if err == nil && l.Purpose == compete.LinkReset {
		err = compete.ErrLinkVoid
	}
	if err != nil {
		return a.voidLink(v, err, "/account", "Go to account")
	}
	form := pages.ConfirmEmailForm{
		Token: token, Email: l.Email, Change: l.Purpose == compete.LinkChange, Errors: e,
		Visitor: !v.actor.LoggedIn(), Stranger: v.actor.LoggedIn() && v.actor.UserID != l.UserID,
		LogIn: "/auth/login?" + url.Values{"next": {"/auth/confirm?" + url.Values{"token": {token}}.Encode()}}.Encode(),
	}
	return show(status, pages.ConfirmEmail(v.secret("Confirm your email"), form)), nil
}

func (a *app) confirmEmail(r *http.Request, v *visit) (response, error) {
	token := r.PostFormValue("token")
	user, err := a.Accounts.ConfirmEmail(r.Context(), v.actor, token, r.PostFormValue("password"))
	switch {
	case errors.Is(err, compete.ErrLinkVoid):
		return a.voidLink(v, err, "/account", "Go to account")
	case errors.Is(err, compete.ErrEmailTaken):
		return show(http.StatusConflict, pages.VoidLink(v.secret("Link"), pages.LinkVoid{
			Text: "Another account now uses this address.", Href: "/account", Label: "Go to account",
		})), nil
	}
	if e, ok := v.refused(err); ok {
		return a.showConfirm(v, problem.Status(e.Kind), token, formErrors(e))
	}
	if err != nil {
		return nil, err
	}
	v.keepDevice(user)
	i, wanted := v.intent()
	switch {
	case v.actor.LoggedIn() && wanted:
		return a.continueTo(v, i.page(), nil)
	case v.actor.LoggedIn():
		return redirectWith("email-confirmed", v.takeReturn("/account")), nil
	}
	if next := v.takeReturn(""); next != "" && !wanted {
		return redirectWith("email-password", "/auth/login?"+url.Values{"next": {next}}.Encode()), nil
	}
	return redirectWith("email-password", v.intentLogin()), nil
}

// takeReturn returns the page the visitor came from to confirm the address, and forgets it.
func (v *visit) takeReturn(otherwise string) string {
	cookie, err := v.cookie(returnCookie)
	if err != nil {
		return otherwise
	}
	v.clearCookie(returnCookie)
	path, _ := url.QueryUnescape(cookie.Value) // an invalid value isn't a local path
	return localPath(path, otherwise)
}

// secret returns a page whose URL, which contains a token, isn't sent to the sites it links to.
func (v *visit) secret(title string) ui.Page {
	v.w.Header().Set("Referrer-Policy", "no-referrer")
	p := v.page(title, ui.SectionLogin)
	p.Back = "/"
	return p
}
