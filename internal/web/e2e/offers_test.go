package e2e

import (
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// testOffers is the story of one seat that is offered: accepted with script, declined without, and answered too late.
func testOffers(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Offers")
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publish("Offer Cup", 1)
	organizer.open(page + "/edit")
	organizer.until("the hours are folded away", `!document.querySelector("input[name=offerHours]").checkVisibility()`)
	organizer.click(`details:has([name="offerHours"]) summary`)
	organizer.fill("offerHours", "721")
	eval[any](organizer, `document.querySelector("[name=offerHours]").removeAttribute("max")`)
	organizer.click("main form .btn-primary")
	organizer.see("#field-offerHours-error", "720")
	organizer.fill("offerHours", "48")
	organizer.click("main form .btn-primary")
	organizer.see("#flash", "Saved")

	people := make([]*visitor, 4)
	for i, name := range []string{"Ada Offers", "Ben Offers", "Cleo Offers", "Dan Offers"} {
		people[i] = newVisitor(t, s.last().WebURL, name)
		switch i {
		case 1:
			people[i].shiftClock(-7 * time.Minute) // the countdown goes by the server's clock
		case 2:
			people[i].withoutScript()
		}
		people[i].signUpDirectly("PARTICIPANT")
		people[i].open(page)
		people[i].click(registerButton)
		people[i].see("#stand-title", []string{"You're in", "1st in line", "2nd in line", "3rd in line"}[i])
	}
	ada, ben, cleo, dan := people[0], people[1], people[2], people[3]
	ben.see("#stand .bib", "you'll have 48 hours to accept it")
	ben.newMail() // else the offer comes before the mail about the waitlist
	ada.askToWithdraw()
	ada.click("dialog button")
	ben.see("#stand-title", "You've been offered a seat") // by itself: the page is open
	ben.until("the countdown",
		`/^1 day 23:5\d:\d\d$/.test(document.querySelector("#stand .bib [data-clock]").innerText)`)
	ben.check("an offer", ben.accessibility(), ben.pageErrors())
	organizer.open(page + "/registrations?status=OFFERED")
	organizer.see("#rows tbody tr:nth-child(1)", "Ben Offers")
	organizer.see("#rows tbody tr:nth-child(1) .badge", "Seat offered")

	// The link in the mail asks, and changes nothing by itself.
	ben.seeIn("/mailbox", ".mail-list", "A seat for you: Offer Cup")
	ben.open(page + "/accept")
	ben.see("main", "Accept your seat?")
	ben.see("main", "It's reserved until")
	ben.until("Accept seat has the focus", `document.activeElement?.textContent === "Accept seat"`)
	ben.open(page)
	ben.see("#stand-title", "You've been offered a seat")
	ben.click("#accept")
	ben.see("#flash", "You're in!")
	ben.see("#stand-title", "You're in!")
	ben.open(page + "/accept") // again, later
	ben.at(page)
	ben.see("#stand-title", "You're in!")

	ben.askToWithdraw()
	ben.click("dialog button")
	ben.see("#flash", "cancelled")
	cleo.open(page)
	cleo.see("#stand-title", "You've been offered a seat")
	cleo.see("#stand .bib", "Offer ends")
	cleo.click(`#stand a[href$="/decline"]`)
	cleo.see("main", "Decline your seat?")
	cleo.click("main form button")
	cleo.see("#flash", "Offer declined")

	dan.see("#stand-title", "You've been offered a seat")
	dan.expire(s, page)
	dan.click("#accept")
	dan.see("#stand .stand-note", "This offer has expired")
	dan.see("#stand-title", "Your offer has expired")
	dan.seeIn(page, "#stand .stand-box", "You didn't accept your seat in time. You can register again")
	dan.see("#stand-title", "Registration is open")
}

// expire puts the end of the visitor's offer into the past.
func (v *visitor) expire(s site, page string) {
	v.t.Helper()
	_, err := s.replicas[0].Store().Writer().ExecContext(v.t.Context(), `UPDATE registrations SET confirm_by = $1
		WHERE status = 'OFFERED' AND competition_id = $2 AND user_id = (SELECT id FROM users WHERE email = $3)`,
		compete.UTC(time.Now().Add(time.Second-compete.ArrivalGrace)), page[len("/competitions/"):], email(v.name))
	if err != nil {
		v.t.Fatal(err)
	}
}

// offerTour is that of somebody who is offered a seat, and of its organizer.
func offerTours(t *testing.T, s site) (tours []tour) {
	t.Helper()
	offered := newVisitor(t, s.first(), "participant with an offer")
	offered.logInDirectly("participant5@minicompete.com", "password123")
	page := offered.find("/dashboard", "Speed Cubing Open")
	organizer := newVisitor(t, s.first(), "organizer with offers")
	organizer.logInDirectly("organizer1@minicompete.com", "password123")
	return []tour{
		{offered, []stop{
			{name: "dashboard-offered", path: "/dashboard"},
			{name: "competition-offered", path: page},
			{name: "offer-accept", path: page + "/accept"},
			{name: "offer-decline", path: page + "/decline"},
			{name: "offer-decline-dialog", path: page, then: func(v *visitor) {
				v.ask(`#stand a[href$="/decline"]`, "Decline your seat?")
			}},
		}},
		{organizer, []stop{
			{name: "registrations-offered", path: page + "/registrations?status=OFFERED"},
			{name: "edit-offers", path: page + "/edit"},
		}},
	}
}
