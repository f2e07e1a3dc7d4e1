package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// testApplications is the story of a competition with review, on a wide and on a narrow screen, with keys and without
// script: people apply, are scored and decided about, all are told together, and one accepts a seat.
func testApplications(t *testing.T, s site) {
	for i, width := range []int64{1280, 390} {
		reviewCup(t, s, fmt.Sprintf("Review %d", i), width)
	}
}

func reviewCup(t *testing.T, s site, name string, width int64) {
	t.Helper()
	organizer := newVisitor(t, s.first(), "Olga "+name)
	organizer.screen(width, 900)
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publishReview(name+" Cup", 2)

	people := make([]*visitor, 3)
	for i, first := range []string{"Ada ", "Ben ", "Cleo "} {
		people[i] = newVisitor(t, s.last().WebURL, first+name)
		people[i].screen(width, 900)
		if i == 1 {
			people[i].withoutScript()
		}
		people[i].signUpDirectly("PARTICIPANT")
		people[i].open(page)
		people[i].see("#stand-title", "Applications are open")
		people[i].see(registerButton, "Apply")
		people[i].click(registerButton)
		people[i].see("#stand-title", "You've applied")
	}
	ada, ben, cleo := people[0], people[1], people[2]
	ada.check("an application", ada.accessibility(), ada.pageErrors())
	ada.seeIn("/dashboard", "main", "Applied")

	// Keys, one application after the other, as fast as they come.
	organizer.open(page + "/applications")
	organizer.see("#applications li:nth-child(1)", "Ada "+name)
	organizer.click("details:has([data-inbox-start]) summary")
	organizer.click("[data-inbox-start]")
	for _, key := range []string{"4", "a", "j", "r", "k"} {
		organizer.press(key)
	}
	organizer.see("#applications li:nth-child(1)", "4.00 of 5, 1 score")
	organizer.see("#applications li:nth-child(1)", "Draft: Admit")
	organizer.see("#applications li:nth-child(2)", "Draft: Don't admit")
	organizer.see("#decision-tabs", "Undecided 1")
	organizer.until("the counts", `document.querySelectorAll("#decisions").length === 1 &&
		/Admit\s*1/.test(document.querySelector("#decisions").innerText)`)
	focused := `document.activeElement === document.querySelector("#applications li:nth-child(1)")`
	organizer.until("the first has the focus", focused)
	organizer.click(`#applications li:nth-child(2) label:has([name="score"][value="2"])`)
	organizer.see("#applications li:nth-child(2)", "2.00 of 5, 1 score") // without another press
	organizer.until("the score has the focus", `document.activeElement.matches("[name=score][value='2']:checked")`)
	organizer.press("k")
	organizer.until("the first has the focus again", focused)
	organizer.check("the inbox", organizer.accessibility(), organizer.pageErrors(), organizer.overflow(width))
	row := eval[string](organizer, `document.activeElement.id`)
	organizer.open("/dashboard")
	organizer.open(page + "/applications#" + row)
	organizer.until("the focus is kept by the address", focused)

	// Without script, one and several at once.
	plain := newVisitor(t, s.first(), "Olga "+name).withoutScript()
	plain.screen(width, 900)
	plain.logInDirectly(email("Olga "+name), "correct horse battery")
	plain.open(page + "/applications?search=cleo")
	plain.click("#applications details summary")
	plain.fill("note", "Ask about the team.")
	plain.click("#applications [data-save]")
	plain.see("#applications", "between 1 and 5")
	plain.until("the note is kept", `document.querySelector("[name=note]").value === "Ask about the team."`)
	plain.click(`#applications label:has([name="score"][value="3"])`)
	plain.click("#applications [data-save]")
	plain.see("#applications", "3.00 of 5, 1 score")
	organizer.open(page + "/applications")
	plain.open(page + "/applications?show=UNDECIDED")
	plain.click(`#applications label:has([name="id"])`)
	plain.click(`#bulk button[value="WAITLIST"]`)
	plain.see("#flash", "Decisions saved as drafts")
	organizer.see("#decision-tabs", "Undecided 0") // without a reload
	organizer.until("the counts follow", `document.querySelectorAll("#decisions").length === 1 &&
		/Waitlist\s*1/.test(document.querySelector("#decisions").innerText)`)
	plain.open(page + "/applications?search=cleo")
	plain.see("#applications", "Draft: Waitlist")
	plain.open(page + "/applications/release")
	plain.see("main", "Admit: 1 person")
	plain.see("main", "A seat is reserved for you.")
	organizer.open(page + "/applications/release")
	organizer.check("the preview", organizer.accessibility(), organizer.overflow(width))
	ada.seeIn(page, "#stand-title", "You've applied") // nobody is told yet
	plain.click(`main form button`)
	plain.see("#flash", "Decisions are being released")

	ada.until("the offer", `document.querySelector("#stand-title").innerText.includes("offered a seat")`)
	ada.click("#accept")
	ada.see("#stand-title", "You're in!")
	ben.seeIn(page, "#stand-title", "Not admitted")
	ben.check("a rejection", ben.overflow(width))
	cleo.seeIn(page, "#stand-title", "1st in line")
	organizer.open(page + "/applications")
	organizer.see("#decisions", "Last released")
	organizer.until("the card has asked for news twice",
		`performance.getEntriesByType("resource").filter(e => e.name.includes("/progress")).length >= 2`)
	organizer.until("nothing to say", `document.querySelector("#toast").innerText === ""`)
	organizer.seeIn(page+"/registrations?status=REJECTED", "#rows", "Ben "+name)
}

// publishReview publishes a competition with review that offers its seats.
func (v *visitor) publishReview(title string, seats int) string {
	v.t.Helper()
	v.open("/competitions/create")
	v.until("review is folded away", `!document.querySelector("[name=admission]").checkVisibility()`)
	v.click(`details:has([name="admission"]) summary`)
	v.set("admission", "REVIEW")
	v.click(`details:has([name="offerHours"]) summary`)
	v.fill("offerHours", "24")
	page := v.fillAndPublish("PUBLISHED", title, seats)
	v.see("#flash", "published")
	return page
}

// applicationTours are those of people who have applied, one of whom is rejected, and of the organizer while decisions
// are released.
func applicationTours(t *testing.T, s site) []tour {
	t.Helper()
	people := map[string]*visitor{}
	for _, who := range []string{"organizer1", "participant3", "participant4"} {
		people[who] = newVisitor(t, s.first(), who+" with applications")
		people[who].logInDirectly(who+"@minicompete.com", "password123")
	}
	organizer, applied, rejected := people["organizer1"], people["participant3"], people["participant4"]
	page := applied.find("/dashboard", "Civic Tech Hackathon")
	organizer.open(page + "/applications?search=participant4")
	organizer.click(`#applications button[value="REJECT"]`)
	organizer.see("#applications", "Draft: Don't admit")
	organizer.open(page + "/applications/release")
	organizer.click(`main form button`)
	organizer.see("#flash", "Decisions are being released")
	organizer.seeIn(page+"/applications", "#decisions", "Last released")
	return []tour{
		{applied, []stop{
			{name: "dashboard-applied", like: true, path: "/dashboard"},
			{name: "competition-applied", path: page},
			{name: "withdraw-application", like: true, path: page + "/withdraw"},
		}},
		{rejected, []stop{
			{name: "dashboard-rejected", like: true, path: "/dashboard"},
			{name: "competition-rejected", path: page},
		}},
		{organizer, []stop{
			{name: "competition-reviewed", like: true, path: page},
			{name: "registrations-reviewed", like: true, path: page + "/registrations"},
			{name: "edit-review", like: true, path: page + "/edit"},
			{name: "applications-released", like: true, path: page + "/applications"},
			{name: "applications-note", like: true, path: page + "/applications?show=UNSCORED", then: func(v *visitor) {
				v.click("#applications details summary")
				v.click("#applications [data-save-note]")
				v.see("#applications [role=alert]", "between 1 and 5")
			}},
			{name: "release-none", like: true, path: page + "/applications/release"},
			{name: "applications-releasing", like: true, path: page + "/applications", then: func(v *visitor) {
				v.releaseWithoutEnd(s, page)
				v.open(page + "/applications")
				v.see("#decisions", "Releasing decisions: 7 of 20")
			}},
		}},
	}
}

// releaseWithoutEnd adds a release that is under way, and that nobody goes on with.
func (v *visitor) releaseWithoutEnd(s site, page string) {
	v.t.Helper()
	_, err := s.replicas[0].Store().Writer().ExecContext(v.t.Context(), `INSERT INTO releases (id, competition_id,
			started_at, total, after_seq, admitted, waitlisted, rejected, unseated, dropped)
		VALUES ('018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f', $1, $2, 20, 0, 4, 2, 1, 0, 0)`,
		page[len("/competitions/"):], compete.UTC(time.Now()))
	if err != nil {
		v.t.Fatal(err)
	}
}
