package web

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// landingPath is the default page after logging in.
const landingPath = "/dashboard"

func (a *app) loginForm(r *http.Request, v *visit) (response, error) {
	if v.actor.LoggedIn() {
		return redirect(localPath(r.URL.Query().Get("next"), landingPath)), nil
	}
	return a.showLogin(v, http.StatusOK, pages.LoginForm{Next: localPath(r.URL.Query().Get("next"), "")}), nil
}

func (a *app) showLogin(v *visit, status int, form pages.LoginForm) response {
	form.Wanted = v.leadsToIntent(form.Next)
	form.Challenge = challengeView(a.Logins.ChallengeLogin())
	return show(status, pages.Login(v.passkeyPage("Log in", ui.SectionLogin), form))
}

func (a *app) login(r *http.Request, v *visit) (response, error) {
	form := pages.LoginForm{
		Email: r.PostFormValue("email"), Next: localPath(r.PostFormValue("next"), ""),
		Kept: keptFields(r.PostForm),
	}
	user, err := a.Logins.LogIn(v.onDevice(), form.Email, r.PostFormValue("password"), "")
	if errors.Is(err, compete.ErrSecondFactor) {
		return a.showSecond(v, http.StatusOK,
			pages.SecondForm{Pending: a.Logins.PendingLogin(user), Next: form.Next, Kept: form.Kept})
	}
	return a.finishLogin(v, form, user, err)
}

// finishLogin starts the session, or shows the log-in form again.
func (a *app) finishLogin(v *visit, form pages.LoginForm, user compete.User, err error) (response, error) {
	if e := compete.AsError(err); e.Kind == compete.KindUnauthorized {
		form.Error = e.Detail
		// Not 401: browsers don't keep such a page, and going back to it would show their own error page.
		return a.showLogin(v, http.StatusUnprocessableEntity, form), nil
	}
	if e, ok := v.refused(err); ok {
		form.Error = plainText(e)
		return a.showLogin(v, problem.Status(e.Kind), form), nil
	}
	if err != nil {
		return nil, err
	}
	if err := v.startLogin(user); err != nil {
		return nil, err
	}
	if len(form.Kept) > 0 {
		return repostTo(localPath(form.Next, landingPath)), nil
	}
	return a.continueTo(v, form.Next, redirect(localPath(form.Next, landingPath)))
}

// authPrefix is the prefix of field names that only the log-in form reads, so that it can carry another form's fields
// along.
const authPrefix = "auth-"

// logInFields are those of the log-in form whose names others may have, too.
var logInFields = []string{"email", "password", "next"}

// keptFields returns the fields of a form that was submitted after its session had ended, for the log-in form to carry
// along.
func keptFields(sent url.Values) []pages.KeptField { return otherFields(sent, logInFields...) }

// otherFields returns the fields of a form except for some, and those that start with authPrefix.
func otherFields(sent url.Values, except ...string) []pages.KeptField {
	var kept []pages.KeptField
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if !slices.Contains(except, name) && !strings.HasPrefix(name, authPrefix) {
			for _, value := range sent[name] {
				kept = append(kept, pages.KeptField{Name: name, Value: value})
			}
		}
	}
	return kept
}

// repostTo makes the browser submit the same form to another page of the site.
func repostTo(path string) response {
	return func(v *visit) error {
		v.w.Header().Set("Cache-Control", "no-store")
		http.Redirect(v.w, v.r, path, http.StatusTemporaryRedirect)
		return nil
	}
}

// startSession logs the user in, replacing any current session.
func (v *visit) startSession(user compete.User) error {
	if v.actor.LoggedIn() {
		if err := v.app.Sessions.End(v.r.Context(), v.actor); err != nil {
			return err
		}
	}
	token, expires, err := v.app.Sessions.IssueCookie(v.r.Context(), user)
	if err != nil {
		return err
	}
	v.setCookie(sessionCookie, token, expires)
	v.actor, err = v.app.Sessions.Cookie(v.r.Context(), token)
	compete.Enter(v.r.Context(), compete.ViaPage, v.actor)
	return err
}

func (a *app) signupForm(r *http.Request, v *visit) (response, error) {
	if v.actor.LoggedIn() {
		return redirect(landingPath), nil
	}
	q := r.URL.Query()
	return a.showSignup(v, http.StatusOK, pages.SignupForm{Role: q.Get("role"), Next: localPath(q.Get("next"), "")}),
		nil
}

// toCompete reports whether somebody comes from a competition's page, to take part in it.
func toCompete(next string) bool {
	return strings.HasPrefix(next, "/competitions/") && !strings.HasPrefix(next, "/competitions/create")
}

func (a *app) showSignup(v *visit, status int, form pages.SignupForm) response {
	form.Wanted = v.leadsToIntent(form.Next)
	form.Competes = form.Role != string(compete.RoleOrganizer) && (form.Wanted || toCompete(form.Next))
	form.Organizers = string(a.Installation.OrganizerSignUp())
	return show(status, pages.Signup(v.page("Sign up", ui.SectionSignup), form))
}

func (a *app) signup(r *http.Request, v *visit) (response, error) {
	form := pages.SignupForm{
		Name: r.PostFormValue("name"), Email: r.PostFormValue("email"), Role: r.PostFormValue("role"),
		Next: localPath(r.PostFormValue("next"), ""),
	}
	user, err := a.Accounts.SignUp(r.Context(), compete.SignUp{
		Name: form.Name, Email: form.Email, Password: r.PostFormValue("password"), Role: compete.Role(form.Role),
	})
	if e, ok := v.refused(err); ok {
		form.Errors = formErrors(e)
		if errors.Is(err, compete.ErrEmailTaken) {
			form.Errors = pages.Errors{"email": e.Detail}
		}
		return a.showSignup(v, problem.Status(e.Kind), form), nil
	}
	if err != nil {
		return nil, err
	}
	if err := v.startLogin(user); err != nil {
		return nil, err
	}
	next := localPath(form.Next, landingPath)
	if a.Verification.Required() {
		next = verifyPath(next)
	}
	welcome := "welcome"
	if form.Role != string(user.Role) {
		welcome = "applied"
	}
	return a.continueTo(v, form.Next, redirectWith(welcome, next))
}

func (a *app) logoutForm(_ *http.Request, v *visit) (response, error) {
	return ask(v, pages.Confirm{
		Title: "Log out?", Text: "You'll keep your registrations and messages.",
		Action: "/auth/logout", Yes: "Log out", Back: "/", No: "Stay logged in",
	}), nil
}

func (a *app) logout(_ *http.Request, v *visit) (response, error) {
	if v.actor.LoggedIn() {
		if err := a.Sessions.End(v.r.Context(), v.actor); err != nil {
			return nil, err
		}
	}
	return v.afterLogout(), nil
}

// afterLogout redirects after the session has ended, and clears what the browser stores about the account; the cookies
// for theme, time zone and device remain.
func (v *visit) afterLogout() response { return v.leave("bye") }

func (v *visit) leave(flash string) response {
	v.clearCookie(sessionCookie)
	v.clearCookie(intentCookie)
	v.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return redirectWith(flash, "/")
}

// ask shows a confirmation: in the page's dialog for htmx, otherwise on a page of its own.
func ask(v *visit, c pages.Confirm) response {
	if v.partial() {
		return show(http.StatusOK, pages.ConfirmForm(c))
	}
	return show(http.StatusOK, pages.ConfirmPage(v.page(c.Title, ""), c))
}

func (a *app) account(_ *http.Request, v *visit) (response, error) {
	return a.showAccount(v, http.StatusOK, func(*pages.AccountData) {})
}

// showAccount shows the stored account, with the additions that fill makes.
func (a *app) showAccount(v *visit, status int, fill func(*pages.AccountData)) (response, error) {
	user, err := a.Accounts.Me(v.r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	data := pages.AccountData{
		Name: user.Name, Email: user.Email, Role: roleLabel(user.Role), Mail: a.emailView(&user),
		Zone: zoneView(user.Zone),
	}
	if data.Sessions, err = a.sessionsView(v); err != nil {
		return nil, err
	}
	if data.Factors, err = a.factorsSummary(v); err != nil {
		return nil, err
	}
	fill(&data)
	return show(status, pages.Account(v.page("Account", ui.SectionAccount), data)), nil
}

func (a *app) changeName(r *http.Request, v *visit) (response, error) {
	name := r.PostFormValue("name")
	_, err := a.Accounts.UpdateProfile(r.Context(), v.actor, compete.ProfileChange{Name: &name})
	if e, ok := v.refused(err); ok {
		return a.showAccount(v, problem.Status(e.Kind),
			func(d *pages.AccountData) { d.Name, d.NameErrors = name, formErrors(e) })
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("saved", "/account"), nil
}

// zoneView offers the user's chosen time zone, and shows the one detected from the browser.
func zoneView(zone compete.UserZone) pages.ZoneData {
	if zone.Chosen {
		return pages.ZoneData{Chosen: zone.Name}
	}
	return pages.ZoneData{Followed: zone.Name}
}

func (a *app) changeTimeZone(r *http.Request, v *visit) (response, error) {
	zone := strings.TrimSpace(r.PostFormValue("timeZone"))
	_, err := a.Accounts.UpdateProfile(r.Context(), v.actor, compete.ProfileChange{TimeZone: &zone})
	if e, ok := v.refused(err); ok {
		return a.showAccount(v, problem.Status(e.Kind),
			func(d *pages.AccountData) { d.Zone.Chosen, d.Zone.Errors = zone, formErrors(e) })
	}
	if err != nil {
		return nil, err
	}
	if browsers := v.browserZone(); zone == "" && browsers != nil {
		err = a.Accounts.FollowTimeZone(r.Context(), compete.Actor{UserID: v.actor.UserID}, browsers.String())
	}
	if cookie, err := v.cookie(sessionCookie); err == nil {
		a.Sessions.Reread(cookie.Value)
	}
	return redirectWith("saved", "/account"), err
}

func (a *app) changePassword(r *http.Request, v *visit) (response, error) {
	password, current := r.PostFormValue("password"), r.PostFormValue("currentPassword")
	err := v.freshen(current)
	var user compete.User
	if err == nil {
		user, err = a.Accounts.UpdateProfile(r.Context(), v.actor,
			compete.ProfileChange{Password: &password, CurrentPassword: &current})
	}
	if e, ok := v.refused(err); ok {
		return a.showAccount(v, problem.Status(e.Kind), func(d *pages.AccountData) { d.PasswordErrors = formErrors(e) })
	}
	if err != nil {
		return nil, err
	}
	if err := v.startSession(user); err != nil { // a new cookie, in case somebody has a copy of the old one
		return nil, err
	}
	v.keepDevice(user)
	return redirectWith("password", "/account"), nil
}

func roleLabel(r compete.Role) string {
	switch r {
	case compete.RoleParticipant:
		return "Participant"
	case compete.RoleOrganizer:
		return "Organizer"
	case compete.RoleAdmin:
		return "Admin"
	}
	return string(r)
}
