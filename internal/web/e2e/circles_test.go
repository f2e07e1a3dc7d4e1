package e2e

import (
	"testing"
)

// testClosedCircle keeps a competition to a circle: unlisted, with a code that is typed with and without script.
// Then its organizer adds somebody over the capacity.
func testClosedCircle(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Circle")
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publish("Circle Cup", 2)
	organizer.open(page + "/edit")
	organizer.click(`details:has([name="accessCode"]) summary`)
	organizer.click("main form input[name=unlisted]")
	organizer.fill("accessCode", "abc")
	organizer.click("main form .btn-primary")
	organizer.see("#field-accessCode-error", "6")
	organizer.fill("accessCode", "Maple-2026")
	organizer.click("main form .btn-primary")
	organizer.see("#flash", "Saved")
	organizer.see("aside", "Maple-2026")
	organizer.see("main", "Unlisted")

	ada, ben := newVisitor(t, s.last().WebURL, "Ada Circle"), newVisitor(t, s.first(), "Ben Circle").withoutScript()
	ada.signUpDirectly("PARTICIPANT")
	ada.open("/competitions?search=circle")
	ada.see("main", "No matches")
	ada.open(page)
	ada.click(registerButton)
	ada.until("the browser asks for the code", `document.activeElement?.name === "accessCode"`)
	ada.fill("accessCode", "maple-2027")
	ada.click(registerButton)
	ada.see("#field-accessCode-error", "That access code is wrong")
	ada.until("the code has the focus", `document.activeElement.matches("[name=accessCode][aria-invalid=true]")`)
	ada.check("a wrong code", ada.accessibility(), ada.pageErrors())

	// What is typed outlasts what happens meanwhile.
	ada.fill("accessCode", "maple 2026")
	ben.signUpDirectly("PARTICIPANT")
	ben.open(page)
	ben.fill("accessCode", "Maple-2026")
	ben.click(registerButton)
	ben.see("#stand-title", "You're in")
	ada.see("#stand .seats", "1 of 2 seats left")
	ada.until("the code that was typed", `document.querySelector("[name=accessCode]").value === "maple 2026"`)
	ada.click(registerButton)
	ada.see("#stand-title", "You're in")
	ada.until("nothing more to type",
		`!document.querySelector("[name=accessCode]").checkVisibility({visibilityProperty: true})`)

	cleo := newVisitor(t, s.first(), "Cleo Circle")
	cleo.signUpDirectly("PARTICIPANT")
	organizer.open(page + "/registrations")
	organizer.click("#add summary")
	organizer.fill("email", email("Cleo Circle"))
	organizer.check("the form to add somebody", organizer.accessibility(), organizer.pageErrors())
	organizer.click("#add .btn-primary")
	organizer.see("#flash", "added to the waitlist")
	dan := newVisitor(t, s.first(), "Dan Circle")
	dan.signUpDirectly("PARTICIPANT")
	organizer.withoutScript()
	organizer.open(page + "/registrations")
	organizer.click("#add summary")
	organizer.fill("email", email("Dan Circle"))
	organizer.click("#add input[name=overCapacity]")
	organizer.click("#add .btn-primary")
	organizer.see("#flash", "Capacity increased by 1")
	dan.seeIn(page, "#stand-title", "You're in")
	cleo.seeIn(page, "#stand-title", "1st in line")
}

// circleTours are those of people with and without the code of a closed circle, and of its organizer.
func circleTours(t *testing.T, s site) (tours []tour) {
	t.Helper()
	organizer := newVisitor(t, s.first(), "organizer of a closed circle")
	organizer.logInDirectly("organizer2@minicompete.com", "password123")
	page := organizer.find("/dashboard", "Algorithm Cup: Team Selection")
	participant := newVisitor(t, s.first(), "participant without a code")
	participant.logInDirectly("participant1@minicompete.com", "password123")
	return []tour{
		{newVisitor(t, s.first(), "visitor of a closed circle"), []stop{
			{name: "competition-circle-visitor", path: page},
		}},
		{participant, []stop{
			{name: "competition-circle", path: page},
			{name: "competition-circle-wrong", path: page, then: func(v *visitor) {
				v.fill("accessCode", "birch-wood")
				v.click(registerButton)
				v.see("#field-accessCode-error", "That access code is wrong")
			}},
		}},
		{organizer, []stop{
			{name: "competition-circle-organizer", path: page},
			{name: "edit-circle", path: page + "/edit"},
			{name: "registrations-add", path: page + "/registrations", then: func(v *visitor) {
				v.click("#add summary")
			}},
		}},
	}
}
