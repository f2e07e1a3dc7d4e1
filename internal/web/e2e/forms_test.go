package e2e

import (
	"fmt"
	"testing"
)

// testRefusedForms submits every kind of form with mistakes: the summary is focused and links to each field, corrected
// fields lose their marks, and "back" shows the form again, with and without JavaScript.
func testRefusedForms(t *testing.T, s site) {
	for _, script := range []bool{true, false} {
		v := newVisitor(t, s.first(), fmt.Sprintf("Olga Refused %v", script))
		if !script {
			v.withoutScript()
		}
		v.open("/auth/login")
		v.fill("email", "nobody@example.com")
		v.fill("password", "wrong password")
		v.click(`main form[action="/auth/login"] button`)
		v.see("[data-errors]", "Wrong email or password.")
		v.until("the focus on what went wrong", `document.activeElement.matches("[data-errors]")`)
		v.click(`a[href^="/auth/signup"]:not(.btn)`)
		v.at("/auth/signup")
		v.back()
		v.see("[data-errors]", "Wrong email or password.") // rather than the browser's own page

		v.signUpDirectly("ORGANIZER")
		v.open("/competitions/create")
		eval[any](v, `document.querySelectorAll("main [required]").forEach((e) => e.required = false)`)
		v.fill("title", "ab")
		v.fill("capacity", "")
		v.fill("zone", "Europe/Atlantis")
		v.click(`button[value="PUBLISHED"]`)
		v.see("[data-errors]", "Please fix the highlighted fields.")
		// Unparsable values and broken rules are reported together.
		for field, says := range map[string]string{
			"title":    "Title must be at least 3",
			"capacity": "Number of seats must be", "zone": "zone",
		} {
			v.see(fmt.Sprintf(`[data-errors] a[href="#field-%s"]`, field), says)
			v.until("a message that belongs to "+field,
				fmt.Sprintf(`(() => { const f = document.querySelector("[name=%s]");
				return f.getAttribute("aria-invalid") === "true" &&
					f.getAttribute("aria-describedby").split(" ").includes("field-%[1]s-error")
					&& document.querySelector("#field-%[1]s-error") !== null; })()`, field))
		}
		v.until("the focus on the summary", `document.activeElement.matches("[data-errors]")`)
		v.click(`[data-errors] a[href="#field-capacity"]`)
		v.until("the focus in the field", `document.activeElement.name === "capacity"`)
		if script {
			v.mend()
		}
		v.click("a.brand")
		v.see("h1", "First come")
		v.back()
		v.see("h1", "New competition")
		v.until("the form as it was typed", `document.querySelector("[name=title]").value.startsWith("ab")`)
		v.fill("title", "Above Board Cup")
		v.fill("capacity", "5")
		v.fill("zone", "UTC")
		v.click(`button[value="PUBLISHED"]`)
		v.see("#flash", "published")
		v.back()
		v.see("h1", "New competition")

		v.open("/account")
		eval[any](v, `document.querySelectorAll("main [required]").forEach((e) => e.required = false)`)
		v.fill("currentPassword", "not my password")
		v.fill("password", "short")
		v.click(`main form[action="/account/password"] button`)
		v.see(`[data-errors] a[href="#field-password"]`, "New password must be at least 8 characters")
		v.see(`[data-errors] a[href="#field-currentPassword"]`, "Current password is incorrect") // both at once
		if script {
			v.until("an address that can be reloaded", `location.pathname === "/account"`)
			v.do(reload())
			v.see("h1", "Account")
		}
		v.open("/account/password")
		v.at("/account")
		v.until("the page itself", `location.pathname === "/account"`)
	}
}

// mend corrects the fields of a refused form: each loses its mark, message and summary entry, and the last one the
// summary itself.
func (v *visitor) mend() {
	v.t.Helper()
	for i, field := range []string{"title", "capacity", "zone"} {
		v.fill(field, map[string]string{"title": "abc", "capacity": "5", "zone": "UTC"}[field])
		v.until(field+" to be in order", fmt.Sprintf(`(() => { const f = document.querySelector("[name=%s]");
			return !f.hasAttribute("aria-invalid") && !f.getAttribute("aria-describedby").includes("error") && document.querySelector("#field-%[1]s-error") === null
				&& document.querySelectorAll("[data-errors] li").length === %d; })()`, field, 2-i))
	}
	v.until("no summary", `document.querySelector("[data-errors]") === null`)
}

// testNewcomersWay clicks Register without an account: after signing up, the visitor is registered without clicking
// again.
func testNewcomersWay(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Welcoming")
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publish("Welcome Cup", 5)
	v := newVisitor(t, s.first(), "Ada Newcomer")
	v.open(page)
	v.see("#stand .btn-primary", "Register")
	v.click("#stand .btn-primary")
	v.at("/auth/signup")
	v.fill("name", v.name)
	v.fill("email", email(v.name))
	v.fill("password", "correct horse battery")
	v.click(`main form[action="/auth/signup"] button`)
	v.at(page)
	v.see("#stand-title", "in")
	v.see("#stand .bib-number", "0001")

	v.open("/account")
	v.click(`main form[action="/auth/logout"] button`)
	v.see("#flash", "logged out")
	other := organizer.publish("Welcome Back Cup", 5)
	v.open(other)
	v.click(`#stand form button[value="mine"]`)
	v.at("/auth/login")
	v.fill("email", email(v.name))
	v.fill("password", "correct horse battery")
	v.click(`main form[action="/auth/login"] button`)
	v.at(other)
	v.see("#stand .bib-number", "0001")
}

// testDraftsOfForms leaves a half-completed form and finds it again: stored per user and form, without passwords, until
// it is saved.
func testDraftsOfForms(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Olga Draft")
	v.signUpDirectly("ORGANIZER")
	v.open("/competitions/create")
	v.typeIn("title", "Half a Competition")
	v.click(`input[name="waitlist"]`)
	v.click("a.brand") // no confirmation, since nothing is lost
	v.see("h1", "First come")
	v.open("/competitions/create")
	v.see("[data-draft-offer]", "unsaved changes")
	v.click(`[data-draft="restore"]`)
	v.until("what was typed",
		`document.querySelector("[name=title]").value === "Half a Competition" && !document.querySelector("[name=waitlist]").checked`)
	v.until("no more offer", `document.querySelector("[data-draft-offer]").hidden`)
	v.fill("title", "A Whole Competition")
	v.click(`button[value="DRAFT"]`)
	v.see("#flash", "Draft saved")
	page := v.at("/competitions/")
	noDrafts := func(why string) {
		t.Helper()
		v.until("nothing kept "+why, `!Object.keys(localStorage).some((key) => key.startsWith("draft:"))`)
	}
	noDrafts("once it is saved")

	v.open(page + "/edit")
	v.typeIn("location", "Somewhere")
	v.click(`main a[href="` + page + `"].btn-quiet`)
	v.see("#stand-title", "draft")
	v.open("/competitions/create")
	v.until("no offer in another form", `document.querySelector("[data-draft-offer]").hidden`)
	v.open(page + "/edit")
	v.see("[data-draft-offer]", "unsaved changes")
	v.click(`[data-draft="discard"]`)
	noDrafts("once it is discarded")
	if typed := eval[string](v, `document.querySelector("[name=location]").value`); typed != "" {
		t.Errorf("what was discarded is there: %q", typed)
	}

	v.open(page)
	v.ask(`a[href$="/delete"]`, "Delete this draft?")
	v.click("dialog [data-close]")
	v.see("#stand-title", "draft")
	v.open(page + "/delete")
	v.click("main form button")
	v.at("/dashboard")
	v.see("#flash", "Draft deleted")
	v.open(page)
	v.see("h1", "Page not found")

	v.createAgain()

	const asks = `(() => { const e = new Event("beforeunload", {cancelable: true}); dispatchEvent(e); return e.defaultPrevented; })()`
	v.open("/competitions/create")
	eval[any](v,
		`window.setItem = Storage.prototype.setItem; Storage.prototype.setItem = () => { throw new Error("no room"); }; 0`)
	v.until("no question while nothing is typed", `!`+asks)
	v.typeIn("location", "Nowhere")
	v.until("a question where it can't be kept", asks)
	eval[any](v, `Storage.prototype.setItem = window.setItem; 0`)
	v.typeIn("location", "Elsewhere")
	v.until("no question where it is kept", `!`+asks)
	v.until("it to be kept", `Object.keys(localStorage).some((key) => key.startsWith("draft:"))`)
	v.open("/account")
	v.click(`main form[action="/auth/logout"] button`)
	v.see("#flash", "logged out")
	noDrafts("once one is logged out")
}

// createAgain submits the form of a draft that was deleted in the meantime: the input creates a new competition.
func (v *visitor) createAgain() {
	v.t.Helper()
	page := v.publishAs("DRAFT", "Phoenix Cup", 7)
	v.open(page + "/edit")
	v.fill("location", "The Ashes")
	if status := eval[int](v, `fetch("`+page+`/delete", {method: "POST"}).then((r) => r.status)`); status != 200 {
		v.t.Fatalf("to delete the draft answers %d", status)
	}
	v.click(`button[name="preview"]`)
	v.see("#toast", "no longer exists")
	v.click(`button[value="DRAFT"]`)
	v.see("[data-errors]", "no longer exists")
	v.see("h1", "New competition")
	v.until("an address that can be reloaded", `location.pathname === "/competitions/create"`)
	v.click(`button[value="DRAFT"]`)
	v.see("#flash", "Draft saved")
	v.see("h1", "Phoenix Cup")
	v.see(".facts", "The Ashes")
	v.until("another competition", fmt.Sprintf(`location.pathname !== %q`, page))
}

// testPreviewIsThePage compares a preview with the resulting page, and reads its note about images.
func testPreviewIsThePage(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Olga Preview")
	v.signUpDirectly("ORGANIZER")
	v.open("/competitions/create")
	v.fill("title", "Looking Glass Cup")
	v.fill("description", "Bring *patience*.\n\n![The route](https://example.org/route.png)\n\n<b>bold</b>")
	v.fill("location", "Hall of Mirrors")
	v.fill("tags", "mirrors")
	v.click(`button[name="preview"]`)
	v.see("#preview .notice", "Images aren't shown: they become links.")
	v.see("#preview .notice", "HTML is left out")
	v.see(`#preview a[href="https://example.org/route.png"]`, "The route")
	const look = `(root) => ["header .badge", "header .tag", "header p", ".date-tile", ".dates", ".prose"].map((s) => root.querySelector(s)?.innerText ?? s)
		.concat(root.querySelector("header img").src).join("|")`
	preview := eval[string](v, `(`+look+`)(document.querySelector("#preview"))`)
	heading := `getComputedStyle(document.querySelector(%q)).fontSize`
	size := eval[string](v, fmt.Sprintf(heading, "#preview h3"))
	v.click(`button[value="PUBLISHED"]`)
	v.see("#flash", "published")
	page := eval[string](v, `(`+look+`)(document.querySelector("main")).replace(/\s*Calendar\s+Add to calendar/, "")`)
	if page != preview {
		t.Errorf("the preview shows\n%s\nand the page\n%s", preview, page)
	}
	if got := eval[string](v, fmt.Sprintf(heading, "h1")); got != size {
		t.Errorf("the heading is %s on the page and %s in the preview", got, size)
	}
}
