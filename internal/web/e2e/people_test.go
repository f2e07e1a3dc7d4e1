package e2e

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// as logs a visitor in to an account.
func (s site) as(t *testing.T, account *apptest.Client, name string) *visitor {
	t.Helper()
	v := newVisitor(t, s.first(), name)
	v.logInDirectly(account.User.Email, apptest.Password)
	return v
}

// testRemoving removes a participant with a reason, a note and a block: all pages show it, the participant doesn't see
// the note, and can't register until the block is lifted.
func testRemoving(t *testing.T, s site) {
	organizer, person := s.last().As(compete.RoleOrganizer), s.last().As(compete.RoleParticipant)
	page := "/competitions/" + organizer.Create(nil)
	person.Do(http.MethodPost, "/api"+page+"/register", nil).Want(t, http.StatusCreated)
	v := s.as(t, organizer, "Olga Remover")
	v.open(page + "/registrations")
	v.ask(`#rows a[href$="/remove"]`, "Remove "+person.User.Name+"?")
	v.see("dialog", person.User.Email)
	v.until("the focus on the first field", `document.activeElement.name === "reason"`)
	v.do(chromedp.KeyEvent("Registered twice."))
	v.focus(`dialog [name="note"]`)
	v.do(chromedp.KeyEvent("See the email of 3 April."))
	v.click(`dialog [name="block"]`)
	v.click("dialog form button")
	v.see("#flash", "They'll be notified")
	for _, text := range []string{
		"Removed", "Blocked", "Registered twice.",
		"See the email of 3 April.",
	} {
		v.see("#rows tbody tr", text)
	}

	v.open(page + "/registrations/print")
	v.see("header", "0 registrations")
	v.until("nobody to sign", `document.querySelectorAll("tbody tr").length === 0`)
	v.open(page + "/registrations/print?status=CANCELLED")
	v.see("tbody", "Removed")
	v.open(page + "/registrations")

	p := s.as(t, person, "Pia Removed")
	p.seeIn("/mailbox", "main", "removed you")
	p.open(page)
	p.see("#stand-title", "Removed by the organizer")
	p.see("#stand", "Registered twice.")
	p.until("nothing to press, and no note",
		`!document.querySelector("#register") && !document.body.innerText.includes("3 April")`)
	p.open("/dashboard")
	p.see("main li", "Removed")
	p.see("main li", "Registered twice.")

	v.click(`form[action$="/unblock"] button`)
	v.see("#flash", "can register again")
	p.open(page)
	p.see("#stand", "Removed by the organizer. Reason: Registered twice.")
	p.click("#register")
	p.see("#stand-title", "You're in!")
	p.until("no word of the removal", `!document.querySelector("#stand").innerText.includes("Removed")`)
}

// testRemovingPlainly does the same without JavaScript and without a message to the participant; text that is too long
// is shown again as typed.
func testRemovingPlainly(t *testing.T, s site) {
	organizer, person := s.last().As(compete.RoleOrganizer), s.last().As(compete.RoleParticipant)
	page := "/competitions/" + organizer.Create(nil)
	person.Do(http.MethodPost, "/api"+page+"/register", nil).Want(t, http.StatusCreated)
	v := newVisitor(t, s.first(), "Olga Plain").withoutScript()
	v.logInDirectly(organizer.User.Email, apptest.Password)
	v.open(page + "/registrations")
	v.click(`#rows a[href$="/remove"]`)
	v.see("h1", "Remove "+person.User.Name+"?")
	eval[any](v,
		`(() => { const f = document.querySelector("[name=reason]"); f.removeAttribute("maxlength"); f.value = "x".repeat(501) })()`)
	v.fill("note", "Typed already")
	v.click(`[name="notify"]`)
	v.click("main form button")
	v.see("#field-reason-error", "500")
	v.until("what was typed",
		`document.querySelector("[name=note]").value === "Typed already" && !document.querySelector("[name=notify]").checked`)
	eval[any](v, `document.querySelector("[name=reason]").value = ""`)
	v.click("main form button")
	v.see("#flash", "won't be notified")
	v.see("#rows tbody tr", "Removed")

	p := s.as(t, person, "Pia Unaware")
	p.open(page)
	p.see("#stand", "Removed by the organizer.")
	p.see("#register", "Register")
}

// testOrganizerTakesPart registers an organizer for somebody else's competition: the dashboard shows both, and
// organizers can't register for their own.
func testOrganizerTakesPart(t *testing.T, s site) {
	other := "/competitions/" +
		s.last().As(compete.RoleOrganizer).Create(map[string]any{"title": "Of another organizer"})
	v := newVisitor(t, s.first(), "Olga Both")
	v.signUpDirectly("ORGANIZER")
	own := v.publish("Of my own", 5)
	v.until("nothing to press",
		`!document.querySelector("#register") && !document.querySelector("#stand a[href*='login']")`)
	v.open(other)
	v.click("#register")
	v.see("#stand-title", "You're in!")
	v.open("/dashboard")
	v.see(`main a[href="`+own+`"]`, "Of my own")
	v.see("main section[aria-labelledby=my-registrations]", "Of another organizer")
}

// testDisabledOrganizer disables an organizer: open pages automatically say that registration is paused, the admin page
// lists the competition, and it is transferred to another organizer there.
func testDisabledOrganizer(t *testing.T, s site) {
	organizer, heir := s.last().As(compete.RoleOrganizer), s.last().As(compete.RoleOrganizer)
	page := "/competitions/" + organizer.Create(map[string]any{"title": "Left alone"})
	guest := s.as(t, s.last().As(compete.RoleParticipant), "Gus Guest")
	guest.open(page)
	guest.see("#register", "Register")
	admin := s.adminVisitor(t, "Ada Admin")
	admin.disable(organizer.User.Email)
	guest.see("#stand-title", "Registration is paused") // automatically: the page is open
	guest.until("nothing to press", `!document.querySelector("#register")`)
	guest.open("/competitions?search=Left+alone")
	guest.until("not in the list", `!document.querySelector("main a[href='`+page+`']")`)

	admin.open("/admin")
	admin.see("main li", "Left alone")
	admin.click(`a[href="` + page + `/transfer"]`)
	admin.fill("email", "nobody@example.com")
	admin.click("main form button")
	admin.see("#field-email-error", "account")
	admin.fill("email", heir.User.Email)
	admin.click("main form button")
	admin.see("#flash", "transferred")
	admin.see("main", "by "+heir.User.Name)
	guest.open(page)
	guest.click("#register")
	guest.see("#stand-title", "You're in!")

	admin.ask(`a[href$="/unpublish"]`, "Unpublish this competition?")
	admin.click("dialog form button")
	admin.see("#flash", "unpublished")
	guest.open("/dashboard")
	guest.see("main", "Hidden by an admin")
	guest.until("no link to what is hidden", `!document.querySelector("main a[href='`+page+`']")`)
	v := s.as(t, heir, "Henri Heir")
	v.open(page)
	v.see("section[aria-label=Manage]", "Only an admin can publish it again")
	v.until("no way to publish it", `!document.querySelector("form[action$='/publish']")`)
	admin.click(`form[action$="/publish"] button`)
	admin.see("#flash", "Competition published.")
	guest.open(page)
	guest.see("#stand-title", "You're in!")
}

// disable has an admin disable an account.
func (v *visitor) disable(email string) {
	v.t.Helper()
	v.open("/admin?search=" + email)
	v.click("tbody a")
	v.click(`input[name="disabled"]`)
	v.click("main form button")
	v.see("#flash", "Account updated")
}

// testPromotedOrganizer makes an organizer an admin, who keeps managing their competitions.
func testPromotedOrganizer(t *testing.T, s site) {
	organizer := s.last().As(compete.RoleOrganizer)
	page := "/competitions/" + organizer.Create(map[string]any{"title": "Of an admin to be"})
	admin := s.adminVisitor(t, "Ada Promoter")
	admin.open("/admin?search=" + organizer.User.Email)
	admin.click("tbody a")
	admin.see("h1", organizer.User.Name)
	admin.set("role", "ADMIN")
	admin.click("main form button")
	admin.see("#flash", "Account updated")
	v := s.as(t, organizer, "Olga Promoted")
	v.open("/dashboard")
	v.see(`main a[href="`+page+`"]`, "Of an admin to be")
	v.click(`main a[href="` + page + `/edit"]`)
	v.fill("title", "Of an admin")
	v.click("main form button.btn-primary")
	v.see("h1", "Of an admin")
	v.see("nav", "Admin")
}
