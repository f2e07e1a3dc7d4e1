package e2e

import (
	"fmt"
	"testing"
)

// testTypedIsKept has a login end while a long form is being filled in: one logs in again and goes on, with script and without.
func testTypedIsKept(t *testing.T, s site) {
	for _, script := range []bool{true, false} {
		v := newVisitor(t, s.first(), fmt.Sprintf("Olga Kept %v", script))
		if !script {
			v.withoutScript()
		}
		v.signUp("ORGANIZER")
		v.open("/competitions/create")
		v.fill("title", "Patience <Cup> & Co")
		v.fill("capacity", "77")
		if !script {
			v.fill("zone", "UTC") // which only a script can tell
		}
		v.logOutElsewhere()
		if script {
			v.click(`button[name="preview"]`)
			v.see("#flash", "What you typed is kept")
		}
		v.click(`button[value="PUBLISHED"]`)
		v.see("main [role=alert]", "what you typed is kept")
		v.fill("email", email(v.name))
		v.fill("password", "not this one")
		v.click(`main form[action="/auth/login"] button`)
		v.see("main [role=alert]", "password")
		v.fill("password", "correct horse battery")
		v.click(`main form[action="/auth/login"] button`)
		v.see("h1", "New competition")
		if typed := eval[string](v, `document.querySelector("[name=title]").value + " " + document.querySelector("[name=capacity]").value`); typed != "Patience <Cup> & Co 77" {
			t.Errorf("script %v: what was typed comes back as %q", script, typed)
		}
		v.click(`button[value="PUBLISHED"]`)
		v.see("#flash", "published")
		page := v.at("/competitions/")

		v.open(page + "/edit")
		v.fill("location", "Town Hall")
		v.logOutElsewhere()
		v.click("main form button.btn-primary")
		v.see("main [role=alert]", "what you typed is kept")
		v.fill("email", email(v.name))
		v.fill("password", "correct horse battery")
		v.click(`main form[action="/auth/login"] button`)
		v.see("h1", "Edit competition")
		v.see("#preview", "Town Hall")
		v.click("main form button.btn-primary")
		v.see("#flash", "Saved")
		v.see(".facts", "Town Hall")
	}
}

// logOutElsewhere ends the login, and leaves the page as it is.
func (v *visitor) logOutElsewhere() {
	v.t.Helper()
	if status := eval[int](v, `fetch("/auth/logout", {method: "POST"}).then((r) => r.status)`); status != 200 {
		v.t.Fatalf("%s: to log out answers %d", v.name, status)
	}
}
