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

// mailing returns how requested links are delivered. With a mail server, everyone who signs up gets one.
func (a *app) mailing() pages.Mailing {
	switch {
	case a.Accounts.VerifiesOnSignUp():
		return pages.MailSent
	case a.Mails != nil:
		return pages.MailShown
	case a.Accounts.Mailing():
		return pages.MailLogged
	}
	return pages.MailOff
}

// linkFlashes say where to find a requested link.
var linkFlashes = map[pages.Mailing]string{
	pages.MailSent: "link-sent", pages.MailShown: "link-shown",
	pages.MailLogged: "link-logged",
}

func (a *app) forgotForm(_ *http.Request, v *visit) (response, error) {
	return show(http.StatusOK,
		pages.Forgot(v.page("Forgot password", ui.SectionLogin), pages.ForgotForm{Mail: a.mailing()})), nil
}

// forgot gives the same answer whether or not the account exists.
func (a *app) forgot(r *http.Request, v *visit) (response, error) {
	form := pages.ForgotForm{Email: r.PostFormValue("email"), Mail: a.mailing()}
	page := v.page("Forgot password", ui.SectionLogin)
	err := a.Accounts.RequestPasswordReset(r.Context(), form.Email)
	if e, ok := v.refused(err); ok {
		form.Errors = formErrors(e)
		return show(problem.Status(e.Kind), pages.Forgot(page, form)), nil
	}
	if err != nil {
		return nil, err
	}
	return show(http.StatusOK, pages.ForgotSent(page, form)), nil
}

func (a *app) resetForm(r *http.Request, v *visit) (response, error) {
	token := r.URL.Query().Get("token")
	l, err := a.Accounts.Link(r.Context(), token)
	if err == nil && l.Purpose != compete.LinkReset {
		err = compete.ErrLinkVoid
	}
	if err != nil {
		return a.voidLink(v, err, "/auth/forgot", "Get new link")
	}
	return show(http.StatusOK, pages.Reset(v.secret("New password"), pages.ResetForm{Token: token})), nil
}

// voidLink returns the page for an unusable link; other errors are passed on.
func (a *app) voidLink(v *visit, err error, href, label string) (response, error) {
	if !errors.Is(err, compete.ErrLinkVoid) {
		return nil, err
	}
	text := "It has expired, was already used, or is incomplete."
	return show(http.StatusConflict,
		pages.VoidLink(v.secret("Link"), pages.LinkVoid{Text: text, Href: href, Label: label})), nil
}

func (a *app) reset(r *http.Request, v *visit) (response, error) {
	form := pages.ResetForm{Token: r.PostFormValue("token")}
	user, err := a.Accounts.ResetPassword(r.Context(), form.Token, r.PostFormValue("password"))
	if errors.Is(err, compete.ErrLinkVoid) {
		return a.voidLink(v, err, "/auth/forgot", "Get new link")
	}
	if e, ok := v.refused(err); ok {
		form.Errors = formErrors(e)
		return show(problem.Status(e.Kind), pages.Reset(v.secret("New password"), form)), nil
	}
	if err != nil {
		return nil, err
	}
	v.clearCookie(sessionCookie) // all sessions have ended, including this one
	v.keepDevice(user)
	return redirectWith("password-reset", v.intentLogin()), nil
}

// verifyNotice says where to find the link that confirms the address.
func (a *app) verifyNotice(r *http.Request, v *visit) (response, error) {
	return a.showVerify(v, http.StatusOK, localPath(r.URL.Query().Get("next"), landingPath), "")
}

func (a *app) showVerify(v *visit, status int, next, text string) (response, error) {
	user, err := a.Accounts.Me(v.r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	data := pages.VerifyData{
		Email: user.Email, Verified: user.VerifiedAt != nil, Needed: a.Verification.Required(), Next: next,
		Mail: a.mailing(), Error: text,
	}
	if i, ok := v.intent(); ok && i.page() == next {
		data.Wanted, data.Entry = i.key, keptFields(i.entry)
	}
	if user.VerifiedAt == nil {
		v.setCookie(returnCookie, url.QueryEscape(next), v.now.Add(returnFor))
	}
	return show(status, pages.Verify(v.page("Confirm your email", ui.SectionAccount), data)), nil
}

// verifyPath returns the path of that page, which leads back to next.
func verifyPath(next string) string {
	return "/auth/verify?" + url.Values{"next": {next}}.Encode()
}

// verifyAgain sends another link.
func (a *app) verifyAgain(r *http.Request, v *visit) (response, error) {
	next := localPath(r.PostFormValue("next"), landingPath)
	err := a.Accounts.RequestVerification(r.Context(), v.actor)
	if errors.Is(err, compete.ErrAlreadyVerified) {
		return redirect(verifyPath(next)), nil
	}
	if e, ok := v.refused(err); ok {
		return a.showVerify(v, problem.Status(e.Kind), next, a.linkRefused(e))
	}
	if err != nil {
		return nil, err
	}
	return redirectWith(linkFlashes[a.mailing()], verifyPath(next)), nil
}

// linkRefused says why no link was created. If links aren't emailed, it doesn't suggest checking email.
func (a *app) linkRefused(e *compete.Error) string {
	if errors.Is(e, compete.ErrLinkTooSoon) && a.mailing() != pages.MailSent {
		return "You just requested a link. Wait a minute, then try again."
	}
	return plainText(e)
}

// emailView returns the part of the account page about the address.
func (a *app) emailView(u *compete.User) pages.EmailData {
	return pages.EmailData{
		Email: u.Email, Verified: u.VerifiedAt != nil, Mail: a.mailing(),
		Reminders: u.RemindersOffAt == nil,
	}
}

func (a *app) changeEmail(r *http.Request, v *visit) (response, error) {
	email := r.PostFormValue("email")
	current := r.PostFormValue("currentPassword")
	err := v.freshen(current)
	if err == nil {
		err = a.Accounts.RequestEmailChange(r.Context(), v.actor, email, current)
	}
	if e, ok := v.refused(err); ok {
		return a.showAccount(v, problem.Status(e.Kind), func(d *pages.AccountData) {
			d.Mail.New, d.Mail.Errors = email, formErrors(e)
			if len(e.Fields) == 0 {
				d.Mail.Errors = pages.Errors{"": a.linkRefused(e)}
			}
		})
	}
	if err != nil {
		return nil, err
	}
	code := linkFlashes[a.mailing()]
	if code == "link-sent" {
		code = "change-sent"
	}
	return redirectWith(code, "/account"), nil
}

func (a *app) changeReminders(r *http.Request, v *visit) (response, error) {
	if err := a.Accounts.SetReminders(r.Context(), v.actor, r.PostFormValue("reminders") != ""); err != nil {
		return nil, err
	}
	return redirectWith("saved", "/account"), nil
}

// unsubscribeForm asks for confirmation, since email scanners also open links.
func (a *app) unsubscribeForm(r *http.Request, v *visit) (response, error) {
	token := r.URL.Query().Get("token")
	if err := a.Accounts.CheckUnsubscribe(token); err != nil {
		return a.voidLink(v, err, "/account", "Go to account")
	}
	return show(http.StatusOK, pages.Unsubscribe(v.secret("Reminders"), token)), nil
}

// unsubscribe turns off reminders. Email clients also post here as in RFC 8058, without any fields.
func (a *app) unsubscribe(r *http.Request, v *visit) (response, error) {
	if err := a.Accounts.Unsubscribe(r.Context(), r.URL.Query().Get("token")); err != nil {
		return a.voidLink(v, err, "/account", "Go to account")
	}
	return show(http.StatusOK, pages.Unsubscribed(v.secret("Reminders"))), nil
}
