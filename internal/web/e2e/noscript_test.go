package e2e

import (
	"testing"
)

// testWithoutScript runs the same flow without JavaScript: forms post, links link.
func testWithoutScript(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Plain").withoutScript()
	organizer.signUp("ORGANIZER")
	page := organizer.publish("Plain Cup", 1)

	first := newVisitor(t, s.first(), "Ada Plain").withoutScript()
	first.open(page)
	first.click(`#stand form button[value="new"]`)
	first.at("/auth/signup")
	first.fill("name", first.name)
	first.fill("email", email(first.name))
	first.fill("password", "short")
	first.click(`main form[action="/auth/signup"] button`)
	first.see("#field-password-error", "8")
	first.fill("password", "correct horse battery")
	first.click(`main form[action="/auth/signup"] button`)
	first.at(page) // back on the requested page, and registered
	first.see("#flash", "in!")
	first.see("#stand .bib-number", "0001")

	second := newVisitor(t, s.last().WebURL, "Ben Plain").withoutScript()
	second.signUpDirectly("PARTICIPANT")
	second.open("/competitions?search=plain")
	second.see("#results", "Plain Cup")
	second.open(page)
	second.click(registerButton)
	second.see("#stand-title", "1st in line")

	first.click(`a[href$="/withdraw"]`)
	first.see("main", "Cancel your registration?")
	first.click("main form button")
	first.see("#stand-title", "Full. Join the waitlist")
	second.open(page)
	second.see("#stand-title", "You're in")
	first.seeIn("/mailbox", ".mail-list", "You're in: Plain Cup")
	first.seeIn("/mailbox", ".mail-list", "cancelled: Plain Cup")
	second.seeIn("/mailbox", ".mail-list", "You got a seat")
	organizer.open(page + "/registrations")
	organizer.see("#rows tbody tr:nth-child(1)", "Cancelled")
	organizer.see("#rows tbody tr:nth-child(2)", "Ben Plain")
	second.open("/account")
	second.click(`form[action="/auth/logout"] button`)
	second.see("#flash", "logged out")
}
