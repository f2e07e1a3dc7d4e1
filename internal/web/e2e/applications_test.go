package e2e

import (
	"testing"
)

// testApplications is the story of three applications: scored and decided with keys, and without script; released
// together; and one of them accepted.
func testApplications(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Review")
	organizer.signUp("ORGANIZER")
	page := organizer.publish("Review Cup", 2)
	organizer.open(page + "/edit")
	organizer.set("admission", "REVIEW")
	organizer.click("fieldset summary")
	organizer.fill("offerHours", "24")
	organizer.click("main form .btn-primary")
	organizer.see("#flash", "Saved")

	people := make([]*visitor, 3)
	for i, name := range []string{"Ada Review", "Ben Review", "Cleo Review"} {
		people[i] = newVisitor(t, s.last().WebURL, name)
		if i == 1 {
			people[i].withoutScript()
		}
		people[i].signUp("PARTICIPANT")
		people[i].open(page)
		people[i].see("#stand-title", "Applications are open")
		people[i].see(registerButton, "Apply")
		people[i].click(registerButton)
		people[i].see("#stand-title", "You've applied")
	}
	ada, ben, cleo := people[0], people[1], people[2]
	ada.check("an application", ada.accessibility(), ada.pageErrors())
	ada.seeIn("/dashboard", "main", "Applied")

	// Keys, one application after the other.
	organizer.open(page + "/applications")
	organizer.see("#applications li:nth-child(1)", "Ada Review")
	organizer.click("[data-inbox-start]")
	organizer.press("4")
	organizer.see("#applications li:nth-child(1)", "4.00 of 5, 1 score")
	organizer.press("a")
	organizer.see("#applications li:nth-child(1)", "Draft: Admit")
	organizer.see("#decisions", "Admit 1")
	organizer.press("j")
	organizer.press("r")
	organizer.see("#applications li:nth-child(2)", "Draft: Don't admit")
	organizer.press("k")
	organizer.until("the first has the focus",
		`document.activeElement === document.querySelector("#applications li:nth-child(1)")`)
	organizer.check("the inbox", organizer.accessibility(), organizer.pageErrors())

	// Without script, several at once.
	plain := newVisitor(t, s.first(), "Olga Review").withoutScript()
	plain.logIn(email("Olga Review"), "correct horse battery")
	plain.open(page + "/applications?show=UNDECIDED")
	plain.click(`#applications input[name="id"]`)
	plain.click(`#bulk button[value="WAITLIST"]`)
	plain.see("#flash", "Decisions saved as drafts")
	plain.open(page + "/applications?search=cleo")
	plain.see("#applications", "Draft: Waitlist")
	plain.open(page + "/applications/release")
	plain.see("main", "Admit: 1 person")
	plain.see("main", "A seat is reserved for you.")
	ada.seeIn(page, "#stand-title", "You've applied") // nobody is told yet
	plain.click(`main form button`)
	plain.see("#flash", "Decisions are being released")

	ada.until("the offer", `document.querySelector("#stand-title").innerText.includes("offered a seat")`)
	ada.click("#accept")
	ada.see("#stand-title", "You're in!")
	ben.seeIn(page, "#stand-title", "Not admitted")
	ben.check("a rejection", ben.overflow(1280))
	cleo.seeIn(page, "#stand-title", "1st in line")
	organizer.open(page + "/applications")
	organizer.see("#decisions", "Last released")
	organizer.seeIn(page+"/registrations?status=REJECTED", "#rows", "Ben Review")
}
