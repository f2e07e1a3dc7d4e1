package web

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/takeout"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// exportAccount downloads everything stored about the viewer.
func (a *app) exportAccount(r *http.Request, v *visit) (response, error) {
	data, err := a.Takeout.Export(r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	return func(v *visit) error {
		takeout.Send(v.w, r, a.Log, data)
		return nil
	}, nil
}

func (a *app) deleteAccountForm(_ *http.Request, v *visit) (response, error) {
	if err := a.Erasure.MayDelete(v.r.Context(), v.actor); err != nil {
		return nil, err
	}
	return a.showDeleteAccount(v, http.StatusOK, nil)
}

func (a *app) showDeleteAccount(v *visit, status int, errors pages.Errors) (response, error) {
	user, err := a.Accounts.Me(v.r.Context(), v.actor)
	if err != nil {
		return nil, err
	}
	form := a.deletionForm(user, "/account/delete", "/account", errors)
	form.Own = true
	return show(status, pages.DeleteAccount(v.page("Delete your account?", ui.SectionAccount), form)), nil
}

func (a *app) deletionForm(user compete.User, action, back string, errors pages.Errors) pages.DeleteAccountForm {
	return pages.DeleteAccountForm{
		Name: user.Name, Email: user.Email, Mailed: a.Erasure.SaysFarewell() && user.VerifiedAt != nil, Action: action,
		Back: back, Errors: errors,
	}
}

func (a *app) deleteAccount(r *http.Request, v *visit) (response, error) {
	err := a.Erasure.DeleteAccount(r.Context(), v.actor, r.PostFormValue("password"))
	if e, ok := v.refused(err); ok {
		return a.showDeleteAccount(v, problem.Status(e.Kind), formErrors(e))
	}
	if err != nil {
		return nil, err
	}
	v.clearCookie(deviceCookie)
	return v.leave("account-deleted"), nil
}

func (a *app) deleteUserForm(r *http.Request, v *visit) (response, error) {
	return a.showDeleteUser(r, v, http.StatusOK, nil)
}

func (a *app) showDeleteUser(r *http.Request, v *visit, status int, errors pages.Errors) (response, error) {
	user, err := a.Administration.User(r.Context(), v.actor, r.PathValue("user"))
	if err != nil {
		return nil, err
	}
	form := a.deletionForm(user, "/admin/users/"+user.ID+"/delete", "/admin/users/"+user.ID, errors)
	return show(status, pages.DeleteAccount(v.page("Delete this account?", ui.SectionAdmin), form)), nil
}

func (a *app) deleteUser(r *http.Request, v *visit) (response, error) {
	err := a.Erasure.DeleteUser(r.Context(), v.actor, r.PathValue("user"))
	if e, ok := v.refused(err); ok {
		return a.showDeleteUser(r, v, problem.Status(e.Kind), formErrors(e))
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("user-deleted", "/admin"), nil
}
