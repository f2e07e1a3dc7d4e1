package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// testTheme switches the theme; the next page has it from its first byte, also without JavaScript.
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

// testTimes shows times in the viewer's named zone, across a daylight saving time change.
func testTimes(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Ada Times")
	v.inZone("America/New_York")
	v.open("/dev/components")
	for at, want := range map[string]string{
		"2026-03-08T06:59:00Z": "Sun, 8 Mar 2026, 01:59 GMT-5", // clocks go forward at 07:00 UTC
		"2026-03-08T07:00:00Z": "Sun, 8 Mar 2026, 03:00 GMT-4",
		"2026-11-01T05:30:00Z": "Sun, 1 Nov 2026, 01:30 GMT-4", // 01:30 occurs twice
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
	own := eval[string](v, `(() => {
		const el = document.querySelector("main time");
		el.dataset.own = "2026-03-09T02:00:00Z"; el.dataset.offset = "60"; el.dataset.zone = "Europe/Berlin";
		document.body.dispatchEvent(new CustomEvent("htmx:load", {detail: {elt: document.body}}));
		return el.textContent;
	})()`)
	if want := " (Sun, 8 Mar, 22:00 your time)"; own != want { // in the server's format
		t.Errorf("beside a venue's time stands %q, want %q", own, want)
	}
}

// testMotionAndPaper checks the viewer's motion preference, and printing.
func testMotionAndPaper(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Ada Calm")
	v.logInDirectly("participant2@minicompete.com", "password123")
	v.open(v.find("/dashboard", "Green Code Hackathon"))
	for preference, want := range map[string]bool{"no-preference": true, "reduce": false} {
		v.media("", &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: preference})
		if moves := eval[bool](v,
			`parseFloat(getComputedStyle(document.querySelector(".btn")).transitionDuration) > 0.01`); moves != want {
			t.Errorf("prefers-reduced-motion: %s: moves is %v, want %v", preference, moves, want)
		}
	}
	v.see("#stand-title", "You're in")
	v.media("print")
	v.see(".bib-number", "0")
	v.see(".dates", "Starts")
	if left := eval[string](v,
		`[...document.querySelectorAll("header.masthead, footer, nav, .btn, #flash")].filter((e) => e.checkVisibility()).map((e) => e.className).join(", ")`); left != "" {
		t.Errorf("on paper there are %s", left)
	}
}
