package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// hackathon takes applications of teams. They are scored and decided about, with keys and without script, and all are
// told together. One is admitted, and its captain accepts the seat.
func hackathon(t *testing.T, s site, c setting) {
	olga := c.person(t, s.first(), "Olga Hackathon", "ORGANIZER")
	page := olga.create("Story Hackathon "+c.name, 1, func() {
		olga.unfold("admission")
		olga.set("admission", "REVIEW")
		olga.unfold("offerHours")
		olga.fill("offerHours", "24")
		olga.teamsOfTwo()
		c.check(olga, "the form of a hackathon")
	})
	person := func(name string) *visitor { return c.person(t, s.last().WebURL, name+" Hackathon", "PARTICIPANT") }
	ada, ben, cem, dan := person("Ada"), person("Ben"), person("Cem"), person("Dan")
	ada.open(page)
	ada.see("#stand-title", "Applications are open")
	ada.see("#register", "Apply")
	ada.foundTeam(page, "Red")
	c.check(ada, "applying as a team")
	ada.send("You've applied")
	c.check(ada, "an application")
	ben.joins(ada)
	ben.send("You've applied")
	ada.seeIn("/dashboard", "main", "Applied")
	cem.foundTeam(page, "Blue")
	cem.send("You've applied")
	dan.foundTeam(page, "Green")
	dan.send("You've applied")

	colleague := olga.decide(s, c, page)
	colleague.decideLast(page)
	if c.script {
		olga.see("#decision-tabs", "Undecided 0") // without a reload
		olga.until("the counts follow", counted("Waitlist", 1))
	}
	colleague.open(page + "/applications?search=dan")
	colleague.see("#applications", "Draft: Waitlist")
	olga.open(page + "/applications/release")
	olga.see("main", "Admit: 1")
	olga.see("main", "reserved for")
	c.check(olga, "the preview")
	ada.seeIn(page, "#stand-title", "You've applied") // nobody is told yet
	olga.click("main form button")
	olga.see("#flash", "Decisions are being released")

	if !c.script {
		ada.seeIn(page, "#stand-title", "Your team was offered a seat")
	}
	ada.see("#stand-title", "Your team was offered a seat") // with script, the open page shows it
	c.check(ada, "an offer to a team")
	ben.seeIn(page, "#stand", "Your captain can accept it by")
	c.check(ben, "an offer that the captain answers")
	ada.click("#accept")
	ada.see("#stand-title", "You're in!")
	ben.seeIn(page, "#stand-title", "You're in!")
	cem.seeIn(page, "#stand-title", "Not admitted")
	c.check(cem, "a rejection")
	dan.seeIn(page, "#stand-title", "You're 1st in line")
	c.check(dan, "a team that waits")
	olga.seeIn(page+"/applications", "#decisions", "Last released")
	if c.script {
		olga.until("the card has asked for news twice",
			`performance.getEntriesByType("resource").filter(e => e.name.includes("/progress")).length >= 2`)
		olga.until("nothing to say", `document.querySelector("#toast").innerText === ""`)
	}
	olga.seeIn(page+"/registrations?status=REJECTED", "#rows", "Cem Hackathon")
	olga.open(page + "/registrations?teamName=red")
	olga.until("the team alone", `document.querySelectorAll("#rows tbody tr").length === 2`)
	olga.see("#rows tbody tr:nth-child(2)", "Ben Hackathon")
	c.check(olga, "the participants of a team")
}

// decide admits the first team and rejects the second: with keys, one after the other as fast as they come, or without
// script. It returns who decides about the third without script.
func (v *visitor) decide(s site, c setting, page string) (colleague *visitor) {
	v.t.Helper()
	const first, second = "#applications li:nth-child(1)", "#applications li:nth-child(2)"
	v.open(page + "/applications")
	v.see(first, "Red")
	v.see(second, "Blue")
	if !c.script {
		for li, decision := range map[string]string{first: "ADMIT", second: "REJECT"} {
			v.click(li + fmt.Sprintf(" button[value=%q]", decision))
			v.see(li, map[string]string{first: "Draft: Admit", second: "Draft: Don't admit"}[li])
		}
		c.check(v, "the inbox")
		return v
	}
	v.press("j")
	v.until("J goes to the first", fmt.Sprintf(`document.activeElement === document.querySelector(%q)`, first))
	v.click("details:has([data-inbox-start]) summary")
	v.click("[data-inbox-start]")
	for _, key := range []string{"4", "a", "j", "r", "k"} {
		v.press(key)
	}
	v.see(first, "4.00 of 5, 1 score")
	v.see(first, "Draft: Admit")
	v.see(second, "Draft: Don't admit")
	v.see("#decision-tabs", "Undecided 1")
	v.until("the counts", counted("Admit", 1))
	focused := fmt.Sprintf(`document.activeElement === document.querySelector(%q)`, first)
	v.until("the first has the focus", focused)
	v.click(second + ` label:has([name="score"][value="2"])`)
	v.see(second, "2.00 of 5, 1 score") // without another press
	v.until("the score has the focus", `document.activeElement.matches("[name=score][value='2']:checked")`)
	v.press("k")
	v.until("the first has the focus again", focused)
	c.check(v, "the inbox")
	row := eval[string](v, `document.activeElement.id`)
	v.open("/dashboard")
	v.open(page + "/applications#" + row)
	v.until("the focus is kept by the address", focused)

	colleague = newVisitor(v.t, s.last().WebURL, v.name).withoutScript()
	colleague.wear(c.look)
	colleague.logInDirectly(email(v.name), "correct horse battery")
	return colleague
}

// counted holds once a page counts n decisions of a kind.
func counted(decision string, n int) string {
	return fmt.Sprintf(`document.querySelectorAll("#decisions").length === 1 &&
		/%s\s*%d/.test(document.querySelector("#decisions").innerText)`, decision, n)
}

// decideLast scores the application that is left, after a mistake, and then decides about all that are.
func (v *visitor) decideLast(page string) {
	v.t.Helper()
	v.open(page + "/applications?search=dan")
	v.click("#applications details summary")
	v.fill("note", "Ask about the team.")
	v.click("#applications [data-save]")
	v.see("#applications", "between 1 and 5")
	v.until("the note is kept", `document.querySelector("[name=note]").value === "Ask about the team."`)
	v.click(`#applications label:has([name="score"][value="3"])`)
	v.click("#applications [data-save]")
	v.see("#applications", "3.00 of 5, 1 score")
	v.open(page + "/applications?show=UNDECIDED")
	v.click(`#applications label:has([name="id"])`)
	v.click(`#bulk button[value="WAITLIST"]`)
	v.see("#flash", "Decisions saved as drafts")
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
			{name: "dashboard-applied", path: "/dashboard"},
			{name: "competition-applied", path: page},
			{name: "withdraw-application", path: page + "/withdraw"},
		}},
		{rejected, []stop{
			{name: "dashboard-rejected", path: "/dashboard"},
			{name: "competition-rejected", path: page},
		}},
		{organizer, []stop{
			{name: "competition-reviewed", path: page},
			{name: "registrations-reviewed", path: page + "/registrations"},
			{name: "edit-review", path: page + "/edit"},
			{name: "applications-released", path: page + "/applications"},
			{name: "applications-note", path: page + "/applications?show=UNSCORED", then: func(v *visitor) {
				v.click("#applications details summary")
				v.click("#applications [data-save-note]")
				v.see("#applications [role=alert]", "between 1 and 5")
			}},
			{name: "release-none", path: page + "/applications/release"},
			{name: "applications-releasing", path: page + "/applications", then: func(v *visitor) {
				v.releaseWithoutEnd(s, page)
				v.open(page + "/applications")
				v.see("#decisions", "Releasing decisions: 7 of 20")
			}},
			{name: "applications-released-meanwhile", path: page + "/applications", then: func(v *visitor) {
				v.seesTheEnd(s)
			}},
		}},
	}
}

// seesTheEnd looks at a release that ends: the applications are loaded anew, but not while a note is being written.
func (v *visitor) seesTheEnd(s site) {
	v.t.Helper()
	finish := func(end any) {
		_, err := s.replicas[0].Store().Writer().ExecContext(v.t.Context(),
			`UPDATE releases SET finished_at = $1 WHERE id = '`+endlessRelease+`'`, end)
		if err != nil {
			v.t.Fatal(err)
		}
	}
	v.see("#decisions", "Releasing decisions")
	v.do(chromedp.Evaluate[chromedp.Void](`stale = true`))
	finish(compete.UTC(time.Now()))
	v.until("the applications are loaded anew", `typeof stale === "undefined"`)
	v.see("#decisions", "Last released")
	finish(nil)
	v.do(chromedp.Reload())
	v.do(chromedp.Evaluate[chromedp.Void](`stale = true, document.querySelector("#applications textarea").value = "Kind"`))
	finish(compete.UTC(time.Now()))
	v.see("#decisions", "Last released")
	v.until("the note is still there", `stale && document.querySelector("#applications textarea").value === "Kind"`)
}

// endlessRelease is the ID of releaseWithoutEnd's release.
const endlessRelease = "018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"

// releaseWithoutEnd adds a release that is under way, and that nobody goes on with.
func (v *visitor) releaseWithoutEnd(s site, page string) {
	v.t.Helper()
	_, err := s.replicas[0].Store().Writer().ExecContext(v.t.Context(), `INSERT INTO releases (id, competition_id,
			started_at, total, after_seq, admitted, waitlisted, rejected, unseated, dropped)
		VALUES ('`+endlessRelease+`', $1, $2, 20, 0, 4, 2, 1, 0, 0)`,
		page[len("/competitions/"):], compete.UTC(time.Now()))
	if err != nil {
		v.t.Fatal(err)
	}
}

// testStoppedRelease goes on with a release that a technical failure has stopped: everybody is told, once.
func testStoppedRelease(t *testing.T, s site) {
	for _, c := range settings {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t, s, map[string]any{"title": "Stopped " + c.name, "capacity": 1, "admission": "REVIEW"})
			ada := c.person(t, s.last().WebURL, "Ada Stopped", "PARTICIPANT")
			ada.open(b.page())
			ada.click(registerButton)
			ada.see("#stand-title", "You've applied")
			olga := newVisitor(t, s.first(), "Olga Stopped "+c.name)
			olga.wear(c.look)
			if !c.script {
				olga.withoutScript()
			}
			olga.logInDirectly(b.organizer.User.Email, apptest.Password)
			olga.open(b.page() + "/applications")
			olga.click(`#applications button[value="ADMIT"]`)
			olga.see("#applications", "Draft: Admit")
			olga.stopRelease(s, b.id)
			olga.open(b.page() + "/applications")
			olga.see("#decisions [role=alert]",
				"The release stopped after 0 of 1 decision because of a technical problem.")
			c.check(olga, "a release that stopped")
			olga.click(`#decisions form[action$="/release"] button`)
			olga.see("#flash", "Decisions are being released")
			ada.seeIn(b.page(), "#stand-title", "You're in!")
			olga.seeIn(b.page()+"/applications", "#decisions", "Last released")
			ada.seeIn("/mailbox", ".mail-list", "You're in: Stopped")
			messages := `[...document.querySelectorAll("main a")].filter((e) => e.innerText.includes("Stopped"))`
			if n := eval[int](ada, messages+".length"); n != 2 {
				t.Errorf("%d messages, want one about the application and one about the decision", n)
			}
		})
	}
}

// stopRelease adds a release whose job has failed.
func (v *visitor) stopRelease(s site, competitionID string) {
	v.t.Helper()
	db, id := s.replicas[0].Store(), uuid.Must(uuid.NewV7())
	_, err := db.Writer().ExecContext(v.t.Context(), `INSERT INTO releases (id, competition_id,
			started_at, total, after_seq, admitted, waitlisted, rejected, unseated, dropped)
		VALUES ($1, $2, $3, 1, 0, 0, 0, 0, 0, 0)`, id.String(), competitionID, compete.UTC(time.Now()))
	if err == nil {
		err = db.SaveFailedJob(v.t.Context(), compete.FailedJob{
			ID: uuid.Must(uuid.NewV7()).String(), JobID: 1<<41 + time.Now().UnixMicro()%1e9,
			Queue: compete.QueueMaintenance, Kind: compete.ReleaseJob{}.Kind(), Attempts: 3,
			Error:   "the database is away",
			Payload: json.RawMessage(`{"competitionId": "` + competitionID + `"}`), FailedAt: time.Now(),
		})
	}
	if err != nil {
		v.t.Fatal(err)
	}
}
