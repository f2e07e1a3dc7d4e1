package e2e

import (
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// testReporting reports a competition as a visitor without JavaScript and as a user; an admin sees the reports, acts,
// and answers.
func testReporting(t *testing.T, s site) {
	organizer := s.last().As(compete.RoleOrganizer)
	page := "/competitions/" + organizer.Create(map[string]any{"title": "Cheap shoes for sale"})
	v := newVisitor(t, s.first(), "Visitor Reporter").withoutScript()
	v.open(page)
	v.click(`main a[href$="/report"]`)
	v.see("h1", "Report competition")
	eval[any](v, `document.querySelectorAll("main [required]").forEach((e) => e.required = false)`)
	v.fill("details", "<b>No</b> competition at all")
	v.click("main form button")
	v.see("#field-reason-error", "Choose a reason.")
	v.until("what was typed", `document.querySelector("[name=details]").value === "<b>No</b> competition at all"`)
	eval[any](v, `document.querySelector("[name=reason]").value = "FRAUD"`)
	v.click("main form button")
	v.at(page)
	v.see("#flash", "Thanks for the report")

	person := s.last().As(compete.RoleParticipant)
	p := s.as(t, person, "Pia Reporter")
	p.open(page + "/report")
	p.see("main form", "your name and email")
	eval[any](p, `document.querySelector("[name=reason]").value = "SPAM"`)
	p.click("main form button")
	p.see("#flash", "Thanks for the report")
	p.open(page + "/report")
	eval[any](p, `document.querySelector("[name=reason]").value = "SPAM"`)
	p.click("main form button")
	p.see("main [role=alert]", "already reported")

	admin := s.adminVisitor(t, "Admin Moderator")
	admin.open("/admin")
	admin.see(`nav a[href="/admin"]`, "open reports")
	admin.see("main", "Cheap shoes for sale")
	admin.click(`main a[href="` + strings.Replace(page, "/competitions/", "/admin/reports/", 1) + `"]`)
	admin.see("main form", "<b>No</b> competition at all")
	admin.see("main form", "a visitor")
	admin.see("main form", person.User.Email)
	admin.ask(`aside a[href$="/unpublish"]`, "Unpublish this competition?")
	admin.click("dialog form button")
	admin.at(page)
	admin.open(strings.Replace(page, "/competitions/", "/admin/reports/", 1))
	admin.see("aside", "Unpublished")
	admin.click(`main li:first-child input[name="report"]`) // deselect this one
	admin.fill("note", "Unpublished, and wrote to the organizer.")
	admin.click(`main form button[value="RESOLVED"]`)
	admin.see("#flash", "Reports answered")
	admin.until("one is left", `document.querySelectorAll('main [name="report"]').length === 1`)
	admin.see("main", "Resolved by")
	admin.see("main", "wrote to the organizer")
	eval[any](admin, `document.querySelector('main [name="report"]').checked = false`)
	admin.click(`main form button[value="DISMISSED"]`)
	admin.see("main [role=alert]", "Select at least one report")
	admin.click(`main form button[value="DISMISSED"]`)
	admin.see("main", "No open reports")
}

// testAdminOfAccounts ends all of a user's sessions, and disables the account with a reason that the user sees.
func testAdminOfAccounts(t *testing.T, s site) {
	person := s.last().As(compete.RoleParticipant)
	p := s.as(t, person, "Pia Outside")
	admin := s.adminVisitor(t, "Admin Of Accounts")
	admin.open("/admin?search=" + person.User.Email)
	admin.click("tbody a")
	admin.click(`form[action$="/end-sessions"] button`)
	admin.see("#flash", "logged out everywhere")
	p.open("/account")
	p.at("/auth/login")

	admin.click(`input[name="disabled"]`)
	admin.fill("disabledReason", "Sold seats of free competitions.")
	admin.click(`input[name="reasonShown"]`)
	admin.click("main form button")
	admin.see("#flash", "Account updated")
	admin.open("/admin?search=" + person.User.Email)
	admin.see("tbody", "Sold seats")
	p.fill("email", person.User.Email)
	p.fill("password", apptest.Password)
	p.click("main form button")
	p.see("main [role=alert]", "Sold seats of free competitions.")
}
