package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func focus(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Focus(chromedp.CSS(`main [name="` + name + `"]`))
}

func reload() chromedp.Action[chromedp.Void] { return chromedp.Reload() }

// press types one key.
func (v *visitor) press(key string) {
	v.t.Helper()
	v.do(chromedp.KeyEvent(key))
}

// testKeyboard registers without a mouse: every focus shows, and it goes where the answer is.
func testKeyboard(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Ada Keys")
	v.signUp("PARTICIPANT")
	v.open(v.find("/competitions?search=debate", "Debate League"))
	v.until("the first paint", `document.readyState === "complete" && performance.getEntriesByName("first-contentful-paint").length > 0`)
	v.press(kb.Tab)
	v.until("the way past the navigation", `document.activeElement.matches("a.skip") && document.activeElement.getBoundingClientRect().top >= 0`)
	v.press(kb.Enter)
	v.until("the focus in the content", `document.activeElement.id === "main"`)
	for range 30 {
		v.press(kb.Tab)
		if outline := eval[string](v, `getComputedStyle(document.activeElement).outlineStyle`); outline == "none" {
			t.Errorf("the focus does not show on %s", eval[string](v, `document.activeElement.outerHTML`))
		}
		if eval[bool](v, `document.activeElement.matches('#stand form button')`) {
			break
		}
	}
	v.press(kb.Enter)
	v.see("#stand-title", "You’re in")
	v.until("the focus on the answer", `document.activeElement.id === "stand-title"`)
	v.ask(`#stand a[href$="/withdraw"]`, "Cancel your registration?")
	v.press(kb.Escape)
	v.until("the dialog to close", `!document.querySelector("dialog").open`)
}

// testMotionAndPaper holds what a viewer prefers, and what is printed.
func testMotionAndPaper(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Ada Calm")
	v.logIn("participant2@minicompete.com", "password123")
	v.open(v.find("/dashboard", "Green Code Hackathon"))
	for preference, want := range map[string]bool{"no-preference": true, "reduce": false} {
		v.media("", &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: preference})
		if moves := eval[bool](v, `parseFloat(getComputedStyle(document.querySelector(".btn")).transitionDuration) > 0.01`); moves != want {
			t.Errorf("prefers-reduced-motion: %s: moves is %v, want %v", preference, moves, want)
		}
	}
	v.see("#stand-title", "You’re in")
	v.media("print")
	v.see(".bib-number", "0")
	v.see(".dates", "Starts")
	if left := eval[string](v, `[...document.querySelectorAll("header.masthead, footer, nav, .btn, #flash")].filter((e) => e.checkVisibility()).map((e) => e.className).join(", ")`); left != "" {
		t.Errorf("on paper there are %s", left)
	}
}

// testSharedLinks reads what other sites show of a link.
func testSharedLinks(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Ada Sharer")
	page := v.find("/competitions?search=hackathon", "Green Code Hackathon")
	for path, want := range map[string]string{"/": "seat", "/competitions": "seat", page: "Registration closes"} {
		v.open(path)
		meta := func(name string) string {
			return eval[string](v, `document.querySelector('meta[property="og:`+name+`"]')?.content ?? ""`)
		}
		if meta("title") == "" || !strings.Contains(meta("description"), want) || !strings.HasSuffix(meta("url"), path) || !strings.HasPrefix(meta("url"), "http") {
			t.Errorf("%s is shared as %q, %q, %q", path, meta("title"), meta("description"), meta("url"))
		}
		picture := eval[string](v, `fetch(new URL(`+"`"+meta("image")+"`"+`).pathname).then((r) => r.status + " " + r.headers.get("content-type"))`)
		if picture != "200 image/png" {
			t.Errorf("the picture of %s answers %s", path, picture)
		}
	}
	v.open("/auth/login")
	if eval[bool](v, `document.querySelector('meta[property^="og:"]') !== null || document.querySelector('meta[name=robots][content=noindex]') === null`) {
		t.Error("the log-in page is offered to be shared")
	}
}
