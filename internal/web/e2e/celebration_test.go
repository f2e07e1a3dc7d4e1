package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
)

// testPressBar checks that the button stays within reach of the thumb however a phone's page is scrolled, and that
// nothing covers it.
func testPressBar(t *testing.T, s site) {
	b := newBoard(t, s, map[string]any{"description": strings.Repeat("Bring water. A long way to read.\n\n", 60)})
	v := b.participant("Kim Thumb")
	v.screen(390, 800)
	v.open(b.page())
	x, y := v.middle("#register")
	for _, to := range []string{"0", "500", "document.documentElement.scrollHeight"} {
		eval[any](v, `scrollTo(0, `+to+`)`)
		v.until("the bar in its place, scrolled to "+to,
			fmt.Sprintf(`document.elementFromPoint(%v, %v)?.closest("button")?.id === "register"`, x, y))
	}
	if covered := eval[bool](v,
		`document.querySelector("footer").getBoundingClientRect().bottom > document.querySelector(".stand-bar").getBoundingClientRect().top`); covered {
		t.Error("the bar covers the end of the page")
	}
	v.click("#register")
	v.see("#stand-title", "You're in")
	v.until("the answer on the screen",
		`(({top, bottom}) => top >= 0 && bottom <= innerHeight)(document.querySelector("#stand-title").getBoundingClientRect())`)
}

// testCelebration gets a seat: it is celebrated unless reduced motion is preferred, and can be shared and added to a
// calendar.
func testCelebration(t *testing.T, s site) {
	for preference, moves := range map[string]bool{"no-preference": true, "reduce": false} {
		b := newBoard(t, s, map[string]any{"title": "Party & Cup", "startDate": time.Now().Add(48 * time.Hour)})
		v := b.participant("Lea " + preference)
		v.media("", &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: preference})
		v.open(b.page())
		// On a slow machine, the next state of the card may arrive before this one is painted, so that no animation
		// would start.
		eval[any](v, `new MutationObserver(() => {
			const piece = document.querySelector(".confetti i");
			window.flew ||= piece !== null && getComputedStyle(piece).animationName === "fly";
		}).observe(document.body, {childList: true, subtree: true})`)
		v.click(registerButton)
		v.see("#stand-title", "You're in!")
		if moves {
			v.until("a celebration", `window.flew === true`)
		} else if v.holds(`document.querySelector(".confetti")?.checkVisibility() ?? false`) {
			t.Error("it moves where motion is not welcome")
		}
		v.seeIn(b.page(), "#stand", "Registered")
		if v.holds(`document.querySelector(".confetti") !== null`) {
			t.Error("it is celebrated again")
		}
		if href := eval[string](v,
			`[...document.querySelectorAll("#stand a")].find((a) => a.innerText.includes("Add to calendar")).getAttribute("href")`); href != b.page()+".ics" {
			t.Errorf("the calendar is at %q", href)
		}
		mail := eval[string](v, `document.querySelector("[data-share]").href`)
		if u, err := url.Parse(mail); err != nil || u.Scheme != "mailto" || u.Query().Get("subject") != "Party & Cup" ||
			!strings.HasSuffix(u.Query().Get("body"), b.page()) {
			t.Errorf("without script it is shared as %q", mail)
		}
		eval[any](v, `navigator.share = (what) => { window.shared = what; return Promise.resolve(); }`)
		v.click("[data-share]")
		v.until("the system's sheet",
			fmt.Sprintf(`window.shared?.title === "Party & Cup" && window.shared.url.endsWith(%q)`, b.page()))
		eval[any](v,
			`navigator.share = undefined; navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }`)
		v.click("[data-share]")
		v.see("[data-share]", "Link copied")
		if copied := eval[string](v, `window.copied`); !strings.HasSuffix(copied, b.page()) {
			t.Errorf("copied %q", copied)
		}
	}
}
