package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// testZoneOfTheOrganizer enters dates in a time zone, around the night in which its clocks go forward, and finds them
// unchanged; a viewer elsewhere sees local times at the venue, and beside them the same times in their own zone.
func testZoneOfTheOrganizer(t *testing.T, s site) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	change := clocksGoForward(newYork)
	typed := func(hour, minute int) string {
		return change.Format("2006-01-02") + fmt.Sprintf("T%02d:%02d", hour, minute)
	}
	v := newVisitor(t, s.first(), "Olga Yorker")
	v.inZone("America/New_York")
	v.signUp("ORGANIZER")
	v.open("/competitions/create")
	if zone := eval[string](v, `document.querySelector("[name=zone]").value`); zone != "America/New_York" {
		t.Errorf("the form is in the zone %q, want the browser's", zone)
	}
	v.fill("title", "Spring Forward Relay")
	v.set("regDeadline", typed(1, 30))
	v.set("startDate", typed(2, 30))
	v.click(`button[value="PUBLISHED"]`)
	v.see("#field-startDate-error", "Clocks skip this time in America/New_York")
	v.set("startDate", typed(3, 30)) // an hour after the deadline in absolute time
	v.click(`button[value="PUBLISHED"]`)
	v.see("#flash", "published")
	page := v.at("/competitions/")
	there := []string{"01:30 EST", "03:30 EDT", "America/New_York"}
	v.seeDates(page, there, nil)

	elsewhere := newVisitor(t, s.first(), "Ada Berliner")
	elsewhere.inZone("Europe/Berlin")
	for range 2 { // the second time, the server knows the zone
		elsewhere.seeDates(page, there, []string{"(07:30 your time)", "(08:30 your time)"})
	}
	elsewhere.inZone("Asia/Tokyo")
	elsewhere.seeDates(page, there, []string{"15:30 your time)"})
	plain := newVisitor(t, s.first(), "Ben Plain").withoutScript()
	plain.seeDates(page, there, nil)
	card := `.card:has(a[href="` + page + `"])`
	elsewhere.inZone("Europe/Berlin")
	elsewhere.open("/competitions?search=Spring+Forward+Relay")
	elsewhere.see(card, "03:30 EDT")
	elsewhere.see(card, "(08:30 your time)")

	v.open(page + "/edit")
	for field, want := range map[string]string{
		"regDeadline": typed(1, 30), "startDate": typed(3, 30),
		"zone": "America/New_York",
	} {
		if got := eval[string](v, fmt.Sprintf(`document.querySelector("[name=%s]").value`, field)); got != want {
			t.Errorf("%s comes back as %q, want %q as typed", field, got, want)
		}
	}
	v.focus(`main [name="zone"]`)
	v.until("the zones that the browser knows", `document.querySelectorAll("#zones option").length > 100`)
}

// seeDates checks the venue's times on a competition's page, and the viewer's own times beside them, if any.
func (v *visitor) seeDates(page string, there, own []string) {
	v.t.Helper()
	v.open(page)
	for _, want := range append(there, own...) {
		v.see(".dates", want)
	}
	if own == nil && strings.Contains(eval[string](v, `document.querySelector(".dates").innerText`), "your time") {
		v.t.Error("times stand twice where the viewer's clock shows what the venue's does, or isn't known")
	}
}

// testZoneIsAskedFor checks that a valid time zone has to be entered if the browser reports none, and that every
// accepted date is unambiguous.
func testZoneIsAskedFor(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Olga Zoneless").withoutScript()
	v.signUp("ORGANIZER")
	v.open("/competitions/create")
	v.fill("title", "Autumn Relay")
	year := time.Now().Year() + 1
	back := time.Date(year, time.November, 1, 1, 0, 0, 0, time.UTC)
	for back.Weekday() != time.Sunday { // the first Sunday of November
		back = back.AddDate(0, 0, 1)
	}
	v.set("regDeadline", back.Format("2006-01-02T15:04"))
	v.set("startDate", back.Add(3*time.Hour).Format("2006-01-02T15:04"))
	v.set("endDate", back.Add(2*time.Hour).Format("2006-01-02T15:04"))
	// each is refused for another reason than the one before
	for _, refused := range []struct{ zone, field, why string }{
		{"", "zone", "Choose a time zone"},
		{"America/New_York", "regDeadline", "occurs twice in America/New_York"},
		{"Europe/Atlantis", "zone", "Choose a time zone"},
	} {
		v.fill("zone", refused.zone)
		eval[chromedp.Void](v, `document.querySelector("main form").noValidate = true`)
		v.click(`button[value="DRAFT"]`)
		v.see("#field-"+refused.field+"-error", refused.why)
		v.see("#field-endDate-error", "after the start") // all errors are reported at once
	}
	v.fill("zone", "Europe/Zurich")
	v.set("endDate", back.Add(5*time.Hour).Format("2006-01-02T15:04"))
	v.click(`button[value="DRAFT"]`)
	v.see(".dates", "04:00 CET")
	v.see(".dates", "06:00 CET")
}

// clocksGoForward returns the next time at which a zone's clocks go forward.
func clocksGoForward(zone *time.Location) time.Time {
	for at := time.Now().In(zone); ; {
		_, end := at.ZoneBounds()
		_, before := at.Zone()
		if _, after := end.Zone(); after > before {
			return end
		}
		at = end
	}
}

// testFormSentTwice goes back to a submitted form and submits it again: unchanged it creates nothing new, changed it
// asks for confirmation.
func testFormSentTwice(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Olga Again")
	v.signUpDirectly("ORGANIZER")
	page := v.publish("Boomerang Cup", 5)
	again := func() {
		v.back()
		v.see("h1", "New competition")
		v.until("the form as it was typed", `document.querySelector("[name=title]").value === "Boomerang Cup"`)
	}
	again()
	v.click(`button[value="PUBLISHED"]`)
	v.see("h1", "Boomerang Cup")
	if at := v.at("/competitions/"); at != page {
		t.Errorf("the same form sent again leads to %s, want %s", at, page)
	}
	again()
	v.fill("title", "Boomerang Cup, the Second")
	v.click(`button[value="PUBLISHED"]`)
	v.see("main [role=alert]", "already")
	v.click(`button[value="PUBLISHED"]`)
	v.see("h1", "Boomerang Cup, the Second")
	v.open("/dashboard")
	v.until("two competitions", `document.querySelectorAll("main li h3").length === 2`)
}

// testManaging previews, publishes a draft, duplicates, closes and cancels.
func testManaging(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Olga Manager")
	v.signUpDirectly("ORGANIZER")
	v.open("/competitions/create")
	v.fill("title", "Draughts Evening")
	v.fill("description", "Bring *patience*.<script>alert(1)</script>")
	v.fill("tags", "Board Games, evening")
	v.fill("location", "https://example.org/rooms/7")
	v.click(`button[name="preview"]`)
	v.see("#preview h3", "Draughts Evening")
	v.see("#preview em", "patience")
	v.see("#preview .tag", "board games")
	if eval[bool](v, `document.querySelector("#preview script") !== null`) {
		t.Error("the preview carries a script")
	}
	v.click(`button[value="DRAFT"]`)
	v.see("#stand-title", "This is a draft")
	page := v.at("/competitions/")
	guest := newVisitor(t, s.first(), "Ada Guest")
	guest.open(page)
	guest.see("h1", "Page not found")
	v.click(`form[action$="/publish"] button`)
	v.see("#stand-title", "Registration is open")
	guest.open(page)
	guest.see(`.facts a[href="https://example.org/rooms/7"]`, "example.org/rooms/7")

	v.click(`a[href^="/competitions/create?from="]`)
	v.see("h1", "New competition")
	v.until("the copied title", `document.querySelector("[name=title]").value === "Draughts Evening"`)

	v.open(page)
	v.ask(`a[href$="/close"]`, "Close registration now?")
	v.click("dialog form button")
	v.see("#stand-title", "Registration is closed")
	guest.see("#stand-title", "Registration is closed") // automatically: the page is open
	v.ask(`a[href$="/cancel"]`, "Cancel this competition?")
	v.click("dialog [data-close]")
	v.until("no dialog", `!document.querySelector("dialog").open`)
	v.ask(`a[href$="/cancel"]`, "Cancel this competition?")
	v.click("dialog form button")
	v.see("#stand-title", "Competition cancelled")
	guest.see("#stand-title", "Competition cancelled")
}

// testRegistrations searches, filters, exports and removes registrations in the organizer's list, with and without
// JavaScript.
func testRegistrations(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Maya Lindqvist")
	v.logInDirectly("organizer1@minicompete.com", "password123")
	list := v.find("/dashboard", "Regional Mathematics Olympiad") + "/registrations"
	v.open(list)
	v.until("the plot", `document.querySelector("[data-chart] canvas") !== null`)
	seqs := eval[[]int](v,
		`[...document.querySelectorAll("#rows tbody td:first-child")].map((e) => Number(e.innerText))`)
	for i, seq := range seqs {
		if seq != i+1 {
			t.Fatalf("the rows have the numbers %v, want them in order", seqs)
		}
	}
	v.typeIn("search", "aisha")
	v.until("one row", `document.querySelectorAll("#rows tbody tr").length === 1`)
	v.see("#rows tbody", "Aisha Rahman")
	v.until("the search in the address", `location.search === "?search=aisha"`)
	v.do(reload())
	v.see("#rows tbody", "Aisha Rahman")

	plain := newVisitor(t, s.first(), "Maya Plain").withoutScript()
	plain.logInDirectly("organizer1@minicompete.com", "password123")
	plain.open(list + "?status=WAITLISTED")
	plain.see("#rows tbody tr", "1st in line")
	plain.until("the waitlist alone", `document.querySelectorAll("#rows tbody tr").length === 6`)

	v.open(list)
	v.ask(`#rows tbody tr:nth-child(1) a[href*="/remove"]`, "Remove ")
	v.click("dialog form button")
	v.see("#flash", "removed")
	v.see("#rows tbody tr:nth-child(1)", "Removed")
	v.seeIn(list, "#rows tbody tr:nth-child(31)", "Confirmed") // the first in line got the seat
}

// testEditMeanwhile edits one competition in two tabs: the later one is warned and keeps its input.
func testEditMeanwhile(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Edits")
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publish("Edit Cup", 5)
	other := newVisitor(t, s.first(), "Olga Elsewhere")
	other.logInDirectly(email(organizer.name), "correct horse battery")

	organizer.open(page + "/edit")
	other.open(page + "/edit")
	other.fill("location", "Town Hall")
	other.click("main form button.btn-primary")
	other.see("#flash", "Saved")

	organizer.fill("title", "Edit Cup, the Second")
	organizer.click("main form button.btn-primary")
	organizer.see("main [role=alert]", "Town Hall")
	if typed := eval[string](organizer,
		`document.querySelector("[name=title]").value`); typed != "Edit Cup, the Second" {
		t.Errorf("the typed title became %q", typed)
	}
	organizer.click("main form button.btn-primary")
	organizer.see("h1", "Edit Cup, the Second")
}
