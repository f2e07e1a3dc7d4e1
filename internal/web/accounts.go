package web

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"minicompete/internal/compete"
	"minicompete/internal/problem"
	"minicompete/internal/web/pages"
	"minicompete/internal/web/ui"
)

// landing is where one goes after logging in, unless one wanted to go elsewhere.
const landing = "/dashboard"

func (a *app) loginForm(r *http.Request, v *visit) (response, error) {
	if v.actor.LoggedIn() {
		return redirect(localPath(r.URL.Query().Get("next"), landing)), nil
	}
	return a.showLogin(v, http.StatusOK, pages.LoginForm{Next: localPath(r.URL.Query().Get("next"), "")}), nil
}

func (a *app) showLogin(v *visit, status int, form pages.LoginForm) response {
	form.Wanted = v.wants(form.Next)
	return show(status, pages.Login(v.page("Log in", ui.SectionLogin), form))
}

func (a *app) login(r *http.Request, v *visit) (response, error) {
	form := pages.LoginForm{Email: r.PostFormValue("email"), Next: localPath(r.PostFormValue("next"), ""), Kept: keptFields(r.PostForm)}
	user, err := a.Service.LogIn(r.Context(), form.Email, r.PostFormValue("password"))
	if e := compete.AsError(err); e.Kind == compete.KindUnauthorized {
		form.Error = e.Detail
		// Not 401: browsers don't keep such a page, and "back" to it would show their own.
		return a.showLogin(v, http.StatusUnprocessableEntity, form), nil
	}
	if e, ok := refused(err); err != nil && ok {
		form.Error = plainText(e)
		v.retryAfter(e)
		return a.showLogin(v, problem.Status(e.Kind), form), nil
	}
	if err != nil {
		return nil, err
	}
	if err := v.arrive(user); err != nil {
		return nil, err
	}
	if len(form.Kept) > 0 {
		return postAgain(localPath(form.Next, landing)), nil
	}
	return a.goOn(v, form.Next, redirect(localPath(form.Next, landing)))
}

// keptFields are the fields of a form that was sent after its login had ended, which the log-in form carries along.
func keptFields(sent url.Values) []pages.KeptField {
	var kept []pages.KeptField
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if name != "email" && name != "password" && name != "next" {
			kept = append(kept, pages.KeptField{Name: name, Value: sent.Get(name)})
		}
	}
	return kept
}

// postAgain has the browser send the same form to another page of the site.
func postAgain(path string) response {
	return func(v *visit) error {
		v.w.Header().Set("Cache-Control", "no-store")
		http.Redirect(v.w, v.r, path, http.StatusTemporaryRedirect)
		return nil
	}
}

// startSession logs the user in, in place of whoever was.
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
	return err
}

func (a *app) signupForm(r *http.Request, v *visit) (response, error) {
	if v.actor.LoggedIn() {
		return redirect(landing), nil
	}
	q := r.URL.Query()
	return a.showSignup(v, http.StatusOK, pages.SignupForm{Role: q.Get("role"), Next: localPath(q.Get("next"), "")}), nil
}

func (a *app) showSignup(v *visit, status int, form pages.SignupForm) response {
	form.Wanted = v.wants(form.Next)
	form.Organizers = string(a.Service.OrganizerSignUp())
	return show(status, pages.Signup(v.page("Sign up", ui.SectionLogin), form))
}

func (a *app) signup(r *http.Request, v *visit) (response, error) {
	form := pages.SignupForm{
		Name: r.PostFormValue("name"), Email: r.PostFormValue("email"), Role: r.PostFormValue("role"),
		Next: localPath(r.PostFormValue("next"), ""),
	}
	user, err := a.Service.SignUp(r.Context(), compete.SignUp{
		Name: form.Name, Email: form.Email, Password: r.PostFormValue("password"), Role: compete.Role(form.Role),
	})
	if e, ok := refused(err); err != nil && ok {
		form.Errors = formErrors(e)
		if errors.Is(err, compete.ErrEmailTaken) {
			form.Errors = pages.Errors{"email": e.Detail}
		}
		v.retryAfter(e)
		return a.showSignup(v, problem.Status(e.Kind), form), nil
	}
	if err != nil {
		return nil, err
	}
	if err := v.arrive(user); err != nil {
		return nil, err
	}
	next := localPath(form.Next, landing)
	if a.Service.RequireVerifiedEmail {
		next = verifyPath(next)
	}
	welcome := "welcome"
	if form.Role != string(user.Role) {
		welcome = "applied"
	}
	return a.goOn(v, form.Next, redirectWith(welcome, next))
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
	return v.bye(), nil
}

// bye leads out after the session has ended. What the browser still remembers of the account goes too; the cookies of theme, zone and
// device stay.
func (v *visit) bye() response {
	v.clearCookie(sessionCookie)
	v.clearCookie(intentCookie)
	v.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return redirectWith("bye", "/")
}

// ask shows a question: in the page's dialog for htmx, else on a page of its own.
func ask(v *visit, c pages.Confirm) response {
	if v.partial() {
		return show(http.StatusOK, pages.ConfirmForm(c))
	}
	return show(http.StatusOK, pages.ConfirmPage(v.page(c.Title, ""), c))
}

func (a *app) account(_ *http.Request, v *visit) (response, error) {
	return a.showAccount(v, http.StatusOK, func(*pages.AccountData) {})
}

// showAccount shows the account as it is stored, with what fill adds to it.
func (a *app) showAccount(v *visit, status int, fill func(*pages.AccountData)) (response, error) {
	user, err := a.Service.Me(v.r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	data := pages.AccountData{Name: user.Name, Email: user.Email, Role: roleLabel(user.Role), Mail: a.emailView(&user)}
	if data.Sessions, err = a.sessionsView(v); err != nil {
		return nil, err
	}
	fill(&data)
	return show(status, pages.Account(v.page("Account", ui.SectionAccount), data)), nil
}

func (a *app) changeName(r *http.Request, v *visit) (response, error) {
	name := r.PostFormValue("name")
	_, err := a.Service.UpdateProfile(r.Context(), v.actor, compete.ProfileChange{Name: &name})
	if e, ok := refused(err); err != nil && ok {
		return a.showAccount(v, problem.Status(e.Kind), func(d *pages.AccountData) { d.Name, d.NameErrors = name, formErrors(e) })
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("saved", "/account"), nil
}

func (a *app) changePassword(r *http.Request, v *visit) (response, error) {
	password, current := r.PostFormValue("password"), r.PostFormValue("currentPassword")
	user, err := a.Service.UpdateProfile(r.Context(), v.actor, compete.ProfileChange{Password: &password, CurrentPassword: &current})
	if e, ok := refused(err); err != nil && ok {
		return a.showAccount(v, problem.Status(e.Kind), func(d *pages.AccountData) { d.PasswordErrors = formErrors(e) })
	}
	if err != nil {
		return nil, err
	}
	if err := v.startSession(user); err != nil { // another cookie: whoever has this one may have it from before
		return nil, err
	}
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
