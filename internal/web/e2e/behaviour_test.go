package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

func (v *visitor) logIn(email, password string) {
	v.t.Helper()
	v.open("/auth/login")
	v.fill("email", email)
	v.fill("password", password)
	v.click(`main form[action="/auth/login"] button`)
	v.until("being logged in", `!location.pathname.startsWith("/auth") && document.querySelector('a[href="/account"]') !== null`)
}

// testWithoutScript goes the same way with JavaScript off: forms post, links link.
func testWithoutScript(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Plain").withoutScript()
	organizer.signUp("ORGANIZER")
	page := organizer.publish("Plain Cup", 1)

	first := newVisitor(t, s.first(), "Ada Plain").withoutScript()
	first.open(page)
	first.click(`#stand form button[value="new"]`)
	first.at("/auth/signup")
	first.fill("name", first.name)
	first.fill("email", email(first.name))
	first.fill("password", "short")
	first.click(`main form[action="/auth/signup"] button`)
	first.see("#field-password-error", "8")
	first.fill("password", "correct horse battery")
	first.click(`main form[action="/auth/signup"] button`)
	first.at(page) // back to where one wanted to go, and registered
	first.see("#flash", "in!")
	first.see("#stand .bib-number", "0001")

	second := newVisitor(t, s.last().WebURL, "Ben Plain").withoutScript()
	second.signUp("PARTICIPANT")
	second.open("/competitions?search=plain")
	second.see("#results", "Plain Cup")
	second.open(page)
	second.click(registerButton)
	second.see("#stand-title", "1st in line")

	first.click(`a[href$="/withdraw"]`)
	first.see("main", "Cancel your registration?")
	first.click("main form button")
	first.see("#stand-title", "Full. Join the waitlist")
	second.open(page)
	second.see("#stand-title", "You’re in")
	first.seeIn("/mailbox", ".mail-list", "You're in: Plain Cup")
	first.seeIn("/mailbox", ".mail-list", "cancelled: Plain Cup")
	second.seeIn("/mailbox", ".mail-list", "You got a seat")
	organizer.open(page + "/registrations")
	organizer.see("#rows tbody tr:nth-child(1)", "Cancelled")
	organizer.see("#rows tbody tr:nth-child(2)", "Ben Plain")
	second.open("/account")
	second.click(`form[action="/auth/logout"] button`)
	second.see("#flash", "logged out")
}

// testPressTwice presses as an impatient person does, and goes back and presses again.
func testPressTwice(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Twice")
	organizer.signUp("ORGANIZER")
	page := organizer.publish("Twice Cup", 10)

	for _, script := range []bool{true, false} {
		v := newVisitor(t, s.first(), fmt.Sprintf("Ada Script %v", script))
		if !script {
			v.withoutScript()
		}
		v.signUp("PARTICIPANT")
		v.open(page)
		v.do(chromedp.DoubleClick(chromedp.CSS(registerButton)))
		v.see("#stand-title", "You’re in")
		v.back()
		v.open(page)
		v.see("#stand-title", "You’re in")
	}
	organizer.open(page + "/registrations")
	organizer.see("#rows tbody", "Ada Script true")
	if rows := eval[int](organizer, `document.querySelectorAll("#rows tbody tr").length`); rows != 2 {
		t.Errorf("%d registrations, want one for each of two people", rows)
	}
}

// testOpening presses before the opening and is told; then the button comes alive by itself, by the server's clock, however wrong
// the browser's is.
func testOpening(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Opening")
	organizer.signUp("ORGANIZER")
	page := organizer.publish("Early Cup", 5)
	organizer.open(page + "/edit")
	organizer.set("regOpensAt", local(time.Now().Add(time.Hour)))
	organizer.click("main form button.btn-primary")
	organizer.see("#flash", "Saved")

	plain := newVisitor(t, s.first(), "Ben Early").withoutScript()
	plain.signUp("PARTICIPANT")
	plain.open(page)
	plain.click(registerButton)
	plain.see("#stand [role=alert]", "Registration opens")

	for name, wrong := range map[string]time.Duration{"slow": -7 * time.Minute, "fast": 7 * time.Minute} {
		t.Run("a clock too "+name, func(t *testing.T) {
			t.Parallel()
			v := newVisitor(t, s.first(), "Ada with a clock too "+name)
			v.shiftClock(wrong)
			v.signUp("PARTICIPANT")
			v.open(page)
			v.see("#stand-title", "opens soon")
			v.until("a button that waits", `document.querySelector("button[data-opens]").disabled`)
			v.see("[data-clock]", ":")
			// The same page, as if the opening were two seconds away. It notes what it shows, for too short to be looked for.
			opens := time.Now().Add(2 * time.Second).Truncate(time.Millisecond)
			eval[any](v, fmt.Sprintf(`(() => {
				const clock = document.querySelector("[data-clock]");
				window.shown = [];
				new MutationObserver(() => shown.push(clock.textContent)).observe(clock, {subtree: true, childList: true, characterData: true});
				document.querySelector("[data-countdown]").dataset.countdown = %q;
			})()`, opens.UTC().Format(time.RFC3339Nano)))
			v.until("a button that can be pressed", `!document.querySelector("button[data-opens]").disabled`)
			if early := time.Until(opens); early > 0 {
				t.Errorf("the button is ready %v too early", early)
			}
			if shown := eval[[]string](v, "shown"); len(shown) == 0 || !strings.HasPrefix(shown[len(shown)-1], "00:0") {
				t.Errorf("the countdown went through %q, want the last seconds", shown)
			}
			v.click(registerButton)
			v.see("#stand [role=alert]", "Registration opens") // the server's word counts
		})
	}
}

// testSearch types, filters and goes on; the address always says what is shown.
func testSearch(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Search")
	organizer.signUp("ORGANIZER")
	organizer.publish("Velodrome Sprint", 3)
	organizer.publish("Chess by Candlelight", 3)

	v := newVisitor(t, s.first(), "Ada Search")
	v.open("/competitions")
	v.see("#results", "Velodrome Sprint")
	v.typeIn("search", "candle")
	v.until("one result", `document.querySelectorAll("#results article").length === 1`)
	v.see("#results", "Chess by Candlelight")
	v.until("the number of them, for those who don't see it", `document.querySelector("#found[role=status]").innerText === "1 competition found"`)
	v.until("the search in the address", `location.search === "?search=candle"`)
	v.do(reload())
	v.see("#results", "Chess by Candlelight")
	v.click(`label.chip:has(input[value="full"])`)
	v.see("#results", "No matches")
	v.until("the filter in the address", `location.search.includes("phase=full")`)
}

// testSessionEnd has a session end while a page is open: the next press leads to the log-in and back.
func testSessionEnd(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Session")
	organizer.signUp("ORGANIZER")
	page := organizer.publish("Session Cup", 5)

	v := newVisitor(t, s.first(), "Ada Session")
	v.signUp("PARTICIPANT")
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
	v.see("#stand-title", "You’re in") // what was pressed for
}

// testEditMeanwhile has two tabs edit one competition: the later one is warned and keeps what was typed.
func testEditMeanwhile(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Edits")
	organizer.signUp("ORGANIZER")
	page := organizer.publish("Edit Cup", 5)
	other := newVisitor(t, s.first(), "Olga Elsewhere")
	other.logIn(email(organizer.name), "correct horse battery")

	organizer.open(page + "/edit")
	other.open(page + "/edit")
	other.fill("location", "Town Hall")
	other.click("main form button.btn-primary")
	other.see("#flash", "Saved")

	organizer.fill("title", "Edit Cup, the Second")
	organizer.click("main form button.btn-primary")
	organizer.see("main [role=alert]", "Town Hall")
	if typed := eval[string](organizer, `document.querySelector("[name=title]").value`); typed != "Edit Cup, the Second" {
		t.Errorf("the typed title became %q", typed)
	}
	organizer.click("main form button.btn-primary")
	organizer.see("h1", "Edit Cup, the Second")
}

// testTheme switches the theme; the choice is there from the first byte of the next page, also without script.
func testTheme(t *testing.T, s site) {
	for _, script := range []bool{true, false} {
		v := newVisitor(t, s.first(), "Ada Theme")
		if !script {
			v.withoutScript()
		}
		v.wear(looks[0])
		v.open("/competitions")
		v.click(".theme-to-dark")
		v.until("the dark theme", `document.documentElement.dataset.theme === "dark"`)
		v.until("the choice to be kept", `document.readyState === "complete"`)
		v.open("/")
		if theme := eval[string](v, `document.documentElement.dataset.theme ?? ""`); theme != "dark" {
			t.Errorf("script %v: the next page is %q, want dark", script, theme)
		}
	}
}

// testTimes shows times in the viewer's zone with the zone named, across a change of daylight saving time.
func testTimes(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Ada Times")
	v.inZone("America/New_York")
	v.open("/dev/components")
	for at, want := range map[string]string{
		"2026-03-08T06:59:00Z": "Sun, 8 Mar 2026, 01:59 GMT-5", // clocks go forward at 07:00 UTC
		"2026-03-08T07:00:00Z": "Sun, 8 Mar 2026, 03:00 GMT-4",
		"2026-11-01T05:30:00Z": "Sun, 1 Nov 2026, 01:30 GMT-4", // 01:30 comes twice
		"2026-11-01T06:30:00Z": "Sun, 1 Nov 2026, 01:30 GMT-5",
	} {
		got := eval[string](v, fmt.Sprintf(`(() => {
			const el = document.querySelector("main time");
			el.dateTime = %q; el.dataset.time = "full";
			document.body.dispatchEvent(new CustomEvent("htmx:load", {detail: {elt: document.body}}));
			return el.textContent;
		})()`, at))
		if strings.ReplaceAll(got, "\u202f", " ") != want {
			t.Errorf("%s is shown as %q, want %q", at, got, want)
		}
	}
}
