package web

import (
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// jobConsole restricts the job console, which has no authentication of its own, to admins, and records changes made
// there.
func (a *app) jobConsole(console http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := a.open(w, r)
		if err == nil {
			err = a.Logins.RequireFresh(v.actor, compete.RoleAdmin) // what the console shows can be changed there
		}
		if err == nil && r.Method != http.MethodGet && r.Method != http.MethodHead {
			err = a.AuditLog.RecordJobConsole(r.Context(), v.actor, r.Method, r.URL.Path)
		}
		if err != nil {
			a.fail(v, err)
			return
		}
		w.Header().Set("Content-Security-Policy", consolePolicy)
		w.Header().Set("Cache-Control", "no-store")
		console.ServeHTTP(w, r)
	})
}

// admin is the admin page: health, failed jobs, competitions without an organizer, accounts.
func (a *app) admin(r *http.Request, v *visit) (response, error) {
	if err := v.requireRole(compete.RoleAdmin); err != nil {
		return nil, err
	}
	q := r.URL.Query()
	data := pages.AdminData{Search: q.Get("search"), Jobs: a.Jobs != nil}
	status := http.StatusOK
	users, err := a.Administration.Users(r.Context(), v.actor, data.Search, q.Get("cursor"), rowsPerPage)
	if e, ok := v.refused(err); ok && e.Kind == compete.KindInvalid {
		status, data.Error = http.StatusUnprocessableEntity, "This search didn't work: "+firstField(e)
	} else if err != nil {
		return nil, err
	}
	for i := range users.Items {
		data.Users = append(data.Users, a.userView(v, &users.Items[i]))
	}
	if !users.Next.IsZero() {
		data.More = nextPage(r.URL, users.Next)
	}
	if v.partial() {
		if q.Has("cursor") {
			return show(status, pages.MoreUsers(data)), nil
		}
		v.w.Header().Set("HX-Replace-Url", tidyURL(r.URL))
		return show(status, pages.AdminUsersSwap(data)), nil
	}
	if data.FailedJobs, err = a.FailedJobs.CountOpen(r.Context(), v.actor, pages.MostFailedJobs+1); err != nil {
		return nil, err
	}
	if data.Suspended, err = a.suspended(v); err != nil {
		return nil, err
	}
	if data.Reported, data.MoreReported, err = a.reported(v); err != nil {
		return nil, err
	}
	if err := a.firstSteps(r, v, &data); err != nil {
		return nil, err
	}
	for _, c := range a.Health(r.Context()) {
		data.Checks = append(data.Checks, pages.AdminCheck{Name: capitalize(c.Name), OK: c.OK, Latency: c.Latency})
	}
	return show(status, pages.Admin(v.page("Admin", ui.SectionAdmin), data)), nil
}

// suspended returns the competitions whose organizer can't run them.
func (a *app) suspended(v *visit) ([]pages.Suspended, error) {
	found, err := a.Competitions.Suspended(v.r.Context(), v.actor, "", compete.MaxPageSize)
	if err != nil {
		return nil, err
	}
	rows := make([]pages.Suspended, len(found.Items))
	for i := range found.Items {
		c := &found.Items[i]
		rows[i] = pages.Suspended{
			ID: c.ID, Title: c.Title, Organizer: c.Organizer.Name, Registered: c.Registered(),
			Waitlisted: c.Waitlisted, Unlisted: c.Unlisted(),
		}
	}
	return rows, nil
}

func (a *app) userView(v *visit, u *compete.User) pages.AdminUser {
	return pages.AdminUser{
		ID: u.ID, Name: u.Name, Email: u.Email, Role: string(u.Role), RoleLabel: roleLabel(u.Role),
		Disabled: u.DisabledAt != nil, Self: u.ID == v.actor.UserID, Since: u.CreatedAt,
		DisabledReason: u.DisabledReason.Text, ReasonShown: u.DisabledReason.Shown,
	}
}

func (a *app) userForm(r *http.Request, v *visit) (response, error) {
	user, err := a.Administration.User(r.Context(), v.actor, r.PathValue("user"))
	if err != nil {
		return nil, err
	}
	return a.showUser(v, http.StatusOK, &user, nil)
}

func (a *app) showUser(v *visit, status int, user *compete.User, errors pages.Errors) (response, error) {
	factors, err := a.SecondFactors.Of(v.r.Context(), v.actor, user.ID)
	if err != nil {
		return nil, err
	}
	view := a.userView(v, user)
	view.Factors = factors.Any()
	return show(status, pages.ChangeUser(v.page(user.Name, ui.SectionAdmin), view, errors)), nil
}

func (a *app) changeUser(r *http.Request, v *visit) (response, error) {
	role := compete.Role(r.PostFormValue("role"))
	disabled, reason, shown := r.PostFormValue("disabled") != "", r.PostFormValue("disabledReason"),
		r.PostFormValue("reasonShown") != ""
	_, err := a.Administration.UpdateUser(r.Context(), v.actor, r.PathValue("user"), compete.UserChange{
		Role: &role, Disabled: &disabled, DisabledReason: &reason, ReasonShown: &shown,
	})
	if e, ok := v.refused(err); ok {
		user, readErr := a.Administration.User(r.Context(), v.actor, r.PathValue("user"))
		if readErr != nil {
			return nil, readErr
		}
		user.DisabledReason = compete.Reason{Text: reason, Shown: shown}
		return a.showUser(v, problem.Status(e.Kind), &user, formErrors(e))
	}
	if err != nil {
		return nil, err
	}
	return redirectWith("user-changed", "/admin"), nil
}

// endUserSessions ends all of a user's sessions.
func (a *app) endUserSessions(r *http.Request, v *visit) (response, error) {
	id := r.PathValue("user")
	if err := a.Administration.EndSessions(r.Context(), v.actor, id); err != nil {
		return nil, err
	}
	return redirectWith("user-logged-out", "/admin/users/"+id), nil
}

func (a *app) failedJobs(r *http.Request, v *visit) (response, error) {
	list, err := a.FailedJobs.List(r.Context(), v.actor, r.URL.Query().Get("cursor"), rowsPerPage)
	if err != nil {
		return nil, err
	}
	failed := make([]pages.FailedJob, len(list.Items))
	for i := range list.Items {
		j := &list.Items[i]
		failed[i] = pages.FailedJob{
			ID: j.ID, Queue: j.Queue, Kind: j.Kind, Payload: string(j.Payload), Error: j.Error,
			Attempts: j.Attempts, FailedAt: j.FailedAt, Retried: j.RetriedAt,
		}
	}
	more := ""
	if !list.Next.IsZero() {
		more = nextPage(r.URL, list.Next)
	}
	if v.partial() {
		return show(http.StatusOK, pages.MoreFailedJobs(failed, more)), nil
	}
	return show(http.StatusOK, pages.FailedJobs(v.page("Failed jobs", ui.SectionAdmin), failed, more)), nil
}

func (a *app) retryFailedJob(r *http.Request, v *visit) (response, error) {
	if _, err := a.FailedJobs.Retry(r.Context(), v.actor, r.PathValue("letter")); err != nil {
		return nil, err
	}
	return redirectWith("retried", "/admin/dead-letters"), nil
}
