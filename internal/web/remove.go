package web

import (
	"net/http"
	"net/url"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// removal reads the registration to remove, and creates the form for its options.
func (a *app) removal(v *visit) (compete.ParticipantRegistration, pages.RemoveForm, error) {
	id := v.r.PathValue("id")
	r, err := a.Registrations.Get(v.r.Context(), v.actor, id, v.r.PathValue("registration"))
	if err != nil {
		return r, pages.RemoveForm{}, err
	}
	list := registrationsPath(id)
	return r, pages.RemoveForm{
		Name: r.Participant.Name, Email: r.Participant.Email, Waiting: r.Status == compete.RegistrationWaitlisted,
		Action: list + "/" + url.PathEscape(r.ID) + "/remove", Back: list, Notify: true,
		MaxReason: compete.MaxRemovalReason, MaxNote: compete.MaxRemovalNote,
	}, nil
}

func (a *app) removeForm(_ *http.Request, v *visit) (response, error) {
	r, form, err := a.removal(v)
	if err != nil {
		return nil, err
	}
	if r.Status == compete.RegistrationCancelled {
		return redirect(form.Back), nil
	}
	if v.partial() {
		return show(http.StatusOK, pages.RemoveDialog(form)), nil
	}
	return showRemoval(v, http.StatusOK, form), nil
}

func showRemoval(v *visit, status int, form pages.RemoveForm) response {
	return show(status, pages.RemovePage(v.page("Remove "+form.Name, ui.SectionDashboard), form))
}

func (a *app) remove(r *http.Request, v *visit) (response, error) {
	registration, form, err := a.removal(v)
	if err != nil {
		return nil, err
	}
	form.Reason, form.Note = r.PostFormValue("reason"), r.PostFormValue("note")
	form.Notify, form.Block = r.PostFormValue("notify") != "", r.PostFormValue("block") != ""
	removal := compete.Removal{Reason: form.Reason, Note: form.Note, Blocked: form.Block}
	_, err = a.Registrations.Remove(r.Context(), v.actor, registration.ID, removal, form.Notify)
	if e, ok := v.refused(err); ok {
		form.Errors = formErrors(e)
		return showRemoval(v, problem.Status(e.Kind), form), nil
	}
	if err != nil {
		return nil, err
	}
	if !form.Notify {
		return redirectWith("removed-quiet", form.Back), nil
	}
	return redirectWith("removed", form.Back), nil
}

// unblock lets a removed participant register again.
func (a *app) unblock(r *http.Request, v *visit) (response, error) {
	if _, err := a.Registrations.Unblock(r.Context(), v.actor, r.PathValue("registration")); err != nil {
		return nil, err
	}
	return redirectWith("unblocked", registrationsPath(r.PathValue("id"))), nil
}
