package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// testDisabled has an admin disable an account on one replica; the other replica then refuses the account's token and
// session.
func testDisabled(t *testing.T, s site) {
	admin := s.adminVisitor(t, "Admin Disabler")
	someone := s.last().As(compete.RoleParticipant)
	v := newVisitor(t, s.last().WebURL, "Participant Disabled")
	v.logInDirectly(someone.User.Email, apptest.Password)
	someone.Do(http.MethodGet, "/api/auth/me", nil).Want(t, http.StatusOK)

	admin.disable(someone.User.Email)
	apptest.Eventually(t, patience, "the token is refused", func() bool {
		return someone.Do(http.MethodGet, "/api/auth/me", nil).Status == http.StatusUnauthorized
	})
	v.open("/account")
	v.at("/auth/login")
	v.fill("email", someone.User.Email)
	v.fill("password", apptest.Password)
	v.click("main form button")
	v.see("main [role=alert]", "disabled")

	admin.open("/admin?search=" + someone.User.Email)
	admin.see("tbody", "Disabled")
	admin.click("tbody a")
	admin.click(`input[name="disabled"]`)
	eval[any](admin, `document.querySelector("[name=role]").value = "ORGANIZER"`)
	admin.click("main form button")
	admin.see("#flash", "Account updated")
	someone.User.Role = compete.RoleOrganizer
	apptest.Eventually(t, patience, "the account counts again at the other replica too", func() bool {
		someone.Token = apptest.ForeignToken(t, someone.User)
		return someone.Do(http.MethodGet, "/api/auth/me", nil).Status == http.StatusOK
	})
	v.fill("email", someone.User.Email)
	v.fill("password", apptest.Password)
	v.click("main form button")
	v.at("/account") // the page originally requested
	v.open("/dashboard")
	v.see("main", "Create your first competition") // a promoted account sees it too
}

// adminVisitor returns a new admin, logged in at the first replica.
func (s site) adminVisitor(t *testing.T, name string) *visitor {
	t.Helper()
	account := s.replicas[0].As(compete.RoleAdmin)
	v := newVisitor(t, s.first(), name)
	v.logInDirectly(account.User.Email, apptest.Password)
	return v
}

// testFailedJob inspects a job that failed for good, and retries it.
func testFailedJob(t *testing.T, s site) {
	failed := compete.FailedJob{
		ID: "01990000-0000-7000-8000-000000000002", JobID: 1<<40 + 1, Queue: compete.QueueRegistration,
		Kind: compete.NotifyJob{}.Kind(), Attempts: 3,
		Error: "the pigeon is ill", Payload: json.RawMessage(`{"notices": []}`), FailedAt: time.Now(),
	}
	if err := s.replicas[0].Store().SaveFailedJob(t.Context(), failed); err != nil {
		t.Fatal(err)
	}
	v := s.adminVisitor(t, "Admin Postmaster")
	v.open("/admin")
	v.click(`a[href="/admin/dead-letters"]`)
	v.see("main li", "the pigeon is ill")
	const ours = `main li:has(form[action$="000002/retry"]) `
	v.click(ours + "summary")
	v.see(ours+"pre", "notices")
	v.click(ours + "form button")
	v.see("#flash", "queued again")
	v.see("main li", "Retried")
	v.until("no way to send it twice", `document.querySelector('form[action$="000002/retry"]') === null`)
}

// testJobConsole opens River's console: admins see its jobs, nothing violates its content security policy, and nobody
// else has access.
func testJobConsole(t *testing.T, s site) {
	organizer := s.last().As(compete.RoleOrganizer)
	competition := organizer.Create(nil)
	participant := s.last().As(compete.RoleParticipant)
	participant.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil).Want(t, http.StatusCreated)

	v := s.adminVisitor(t, "Admin Worker")
	v.open("/admin")
	v.click(`a[href="/admin/jobs"]`)
	v.at("/admin/jobs/")
	v.open("/admin/jobs/jobs?state=completed")
	v.see("main", compete.NotifyJob{}.Kind())
	v.open("/admin/jobs/queues")
	v.see("main", compete.QueueRegistration)
	// A library in the console checks whether it may compile code, and works without.
	v.check("the job console", strings.ReplaceAll(v.pageErrors(), "against the policy: script-src eval", ""),
		v.strangers())

	for _, path := range []string{"/admin/jobs/", "/admin/jobs/api/jobs", "/admin/jobs/api/queues"} {
		stranger := newVisitor(t, s.first(), "Nobody at "+path)
		stranger.open(path)
		stranger.at("/auth/login")
		stranger.logInDirectly(participant.User.Email, apptest.Password)
		stranger.open(path)
		stranger.see("h1", "You don't have access")
	}
}
