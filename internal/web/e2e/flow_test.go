package e2e

import (
	"fmt"
	"testing"
	"time"
)

// local formats a time for <input type="datetime-local">, in UTC.
func local(t time.Time) string { return t.UTC().Format("2006-01-02T15:04") }

// publish creates a competition through the form, and returns its page's path.
func (v *visitor) publish(title string, seats int) string {
	v.t.Helper()
	page := v.publishAs("PUBLISHED", title, seats)
	v.see("#flash", "published")
	return page
}

// publishAs is publish with a status, such as draft.
func (v *visitor) publishAs(status, title string, seats int) string {
	v.t.Helper()
	v.open("/competitions/create")
	return v.fillAndPublish(status, title, seats)
}

// fillAndPublish fills the open form of a new competition.
func (v *visitor) fillAndPublish(status, title string, seats int) string {
	v.t.Helper()
	v.fill("title", title)
	v.fill("description", "Bring **water**.")
	v.fill("tags", "Running, night")
	v.fill("capacity", fmt.Sprint(seats))
	v.fill("zone", "UTC")
	v.set("regDeadline", local(time.Now().Add(48*time.Hour)))
	v.set("startDate", local(time.Now().Add(72*time.Hour)))
	v.click(fmt.Sprintf(`button[value=%q]`, status))
	v.see("h1", title)
	return v.at("/competitions/")
}

const registerButton = `#stand form button[type="submit"]`

// testMainFlow follows three people competing for two seats, live: each action appears on the others' open pages.
func testMainFlow(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Organizer")
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publish("Night Cup", 2)
	organizer.see(".prose strong", "water")
	organizer.see("#stand .seats", "2 of 2 seats left")

	first := newVisitor(t, s.last().WebURL, "Ada First")
	first.signUp("PARTICIPANT")
	first.open(page)
	first.click(registerButton)
	first.see("#stand-title", "You're in")
	first.see("#stand .bib-number", "0001")
	first.see("#stand .bib", "Ada First")
	organizer.see("#stand .seats", "1 of 2 seats left")

	second := newVisitor(t, s.first(), "Ben Second")
	second.signUpDirectly("PARTICIPANT")
	second.open(page)
	second.click(registerButton)
	second.see("#stand .bib-number", "0002")
	organizer.see("#stand .seats", "0 of 2 seats left")
	organizer.see(".badge", "Waitlist open")

	third := newVisitor(t, s.last().WebURL, "Cleo Third")
	third.signUpDirectly("PARTICIPANT")
	third.open(page)
	third.see(registerButton, "Join waitlist")
	third.click(registerButton)
	third.see("#stand-title", "1st in line")
	third.newMail() // otherwise the seat comes before the email about the waitlist, which then isn't sent

	second.askToWithdraw()
	second.click("dialog button")
	second.see("#flash", "cancelled")
	third.see("#stand-title", "You're in") // automatically: the page is open
	third.until("the news, for those who don't see it",
		`document.querySelector("#told[role=status]").innerText === "You're in!"`)
	third.see("#stand .bib-number", "0003")

	for _, story := range []struct {
		who   *visitor
		mails []string
	}{
		{first, []string{"You're in: Night Cup"}},
		{second, []string{"You're in: Night Cup", "cancelled"}},
		{third, []string{"on the waitlist: Night Cup", "You got a seat"}},
	} {
		story.who.newMail()
		story.who.open("/mailbox")
		for _, mail := range story.mails {
			story.who.see(".mail-list", mail) // automatically, when it arrives
		}
	}
	organizer.open(page + "/registrations")
	organizer.see("#rows tbody tr:nth-child(1)", "Ada First")
	organizer.see("#rows tbody tr:nth-child(2)", "Ben Second")
	organizer.see("#rows tbody tr:nth-child(2)", "Cancelled")
	organizer.see("#rows tbody tr:nth-child(3)", "Cleo Third")
}

// newMail waits until the header shows, live, an unread message.
func (v *visitor) newMail() {
	v.t.Helper()
	v.until("unread mail in the header", `Number(document.querySelector("[data-unread]").dataset.unread) > 0`)
}
