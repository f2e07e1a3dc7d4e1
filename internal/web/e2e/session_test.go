package e2e

import (
	"fmt"
	"testing"
)

// testTypedIsKept ends the session while a long form is being filled in: the user logs in again and continues, with and
// without JavaScript.
func testTypedIsKept(t *testing.T, s site) {
	for _, script := range []bool{true, false} {
		v := newVisitor(t, s.first(), fmt.Sprintf("Olga Kept %v", script))
		if !script {
			v.withoutScript()
		}
		v.signUpDirectly("ORGANIZER")
		v.open("/competitions/create")
		v.fill("title", "Patience <Cup> & Co")
		v.fill("capacity", "77")
		if !script {
			v.fill("zone", "UTC") // normally set by JavaScript
		}
		v.logOutElsewhere()
		if script {
			v.click(`button[name="preview"]`)
			v.see("#toast", "What you typed is kept")
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
		if typed := eval[string](v,
			`document.querySelector("[name=title]").value + " " + document.querySelector("[name=capacity]").value`); typed != "Patience <Cup> & Co 77" {
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

// logOutElsewhere ends the session without changing the page.
func (v *visitor) logOutElsewhere() {
	v.t.Helper()
	if status := eval[int](v, `fetch("/auth/logout", {method: "POST"}).then((r) => r.status)`); status != 200 {
		v.t.Fatalf("%s: to log out answers %d", v.name, status)
	}
}

// testSessionList ends a session from the list on another device: the page open there notices, and redirects to the
// log-in page.
func testSessionList(t *testing.T, s site) {
	for _, script := range []bool{true, false} {
		v, phone := newVisitor(t, s.first(), fmt.Sprintf("Lena Logins %v", script)),
			newVisitor(t, s.first(), "Lena elsewhere")
		if !script {
			v.withoutScript()
		}
		v.signUpDirectly("PARTICIPANT")
		phone.logIn(email(v.name), "correct horse battery")
		phone.open("/dashboard")
		v.open("/account")
		v.see("#sessions li:nth-child(1)", "Chrome")
		v.see("#sessions li:nth-child(1)", "Log out")
		v.see("#sessions li:nth-child(2)", "This device")
		if script {
			v.check("the list of logins", v.accessibility(), v.overflow(1280))
		}
		v.click("#sessions li:nth-child(1) button")
		v.see("#flash", "That device is logged out")
		v.until("one login on the list", `document.querySelectorAll("#sessions li").length === 1`)
		phone.open("/account")
		phone.at("/auth/login")
		phone.logInDirectly(email(v.name), "correct horse battery")
		v.open("/account")
		v.click(`form[action="/account/sessions/end"] button`)
		v.see("#flash", "logged out everywhere else")
		v.until("one login on the list", `document.querySelectorAll("#sessions li").length === 1`)
	}
}

// testWaitToLogIn tries too many passwords: the form says how long to wait, and keeps the address.
func testWaitToLogIn(t *testing.T, s site) {
	for _, script := range []bool{true, false} {
		v := newVisitor(t, s.first(), fmt.Sprintf("Gus Guesser %v", script))
		if !script {
			v.withoutScript()
		}
		v.open("/auth/login")
		tries := eval[int](v, fmt.Sprintf(`(async () => {
			for (let n = 1; n <= 50; n++) {
				const body = new URLSearchParams({email: %q, password: "a wrong one"});
				if ((await fetch("/auth/login", {method: "POST", body})).status === 429) return n;
			}
		})()`, email(v.name)))
		if tries != 11 {
			t.Errorf("try %d is the first that has to wait, want the 11th", tries)
		}
		waits := false
		for range 8 { // the wait may be over by now: each further attempt doubles it
			v.fill("email", email(v.name))
			v.fill("password", "a wrong one")
			v.click(`main form[action="/auth/login"] button`)
			v.see("main [role=alert]", "rong ")
			if waits = eval[bool](v,
				`document.querySelector("main [role=alert]").innerText.includes("Too many wrong passwords. Try again in ")`); waits {
				break
			}
		}
		if typed := eval[string](v, `document.querySelector("[name=email]").value`); !waits || typed != email(v.name) {
			t.Errorf("script %v: it says how long to wait: %v; the address is %q", script, waits, typed)
		}
		if script {
			v.check("the form", v.accessibility(), v.overflow(1280))
		}
	}
}

func (v *visitor) logIn(email, password string) {
	v.t.Helper()
	v.open("/auth/login")
	v.fill("email", email)
	v.fill("password", password)
	v.click(`main form[action="/auth/login"] button`)
	v.until("being logged in",
		`!location.pathname.startsWith("/auth") && document.querySelector('a[href="/account"]') !== null`)
}

// testSessionEnd ends a session while a page is open: the next click leads to the log-in page and back.
func testSessionEnd(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Session")
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publish("Session Cup", 5)

	v := newVisitor(t, s.first(), "Ada Session")
	v.signUpDirectly("PARTICIPANT")
	v.open(page)
	v.see(registerButton, "Register")

	elsewhere := newVisitor(t, s.first(), "Ada Elsewhere")
	elsewhere.logIn(email(v.name), "correct horse battery")
	elsewhere.open("/account")
	elsewhere.fill("currentPassword", "correct horse battery")
	elsewhere.fill("password", "battery horse correct")
	elsewhere.click(`main form[action="/account/password"] button`)
	elsewhere.see("#flash", "logged out everywhere else")

	v.click(registerButton)
	v.at("/auth/login")
	if next := eval[string](v, `document.querySelector("[name=next]").value`); next != page {
		t.Errorf("the log-in leads back to %q, want %q", next, page)
	}
	v.fill("email", email(v.name))
	v.fill("password", "battery horse correct")
	v.click("main form button")
	v.at(page)
	v.see("#stand-title", "You're in") // the click took effect
}
