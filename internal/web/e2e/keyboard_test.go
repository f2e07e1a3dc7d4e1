package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func reload() chromedp.Action[chromedp.Void] { return chromedp.Reload() }

// press presses one key.
func (v *visitor) press(key string) {
	v.t.Helper()
	v.do(chromedp.KeyEvent(key))
}

// testKeyboard registers without a mouse: the focus is always visible, and moves to the result.
func testKeyboard(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "Ada Keys")
	v.signUpDirectly("PARTICIPANT")
	v.open(v.find("/competitions?search=debate", "Debate League"))
	v.until("the first paint",
		`document.readyState === "complete" && performance.getEntriesByName("first-contentful-paint").length > 0`)
	v.press(kb.Tab)
	v.until("the way past the navigation",
		`document.activeElement.matches("a.skip") && document.activeElement.getBoundingClientRect().top >= 0`)
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
	v.see("#stand-title", "You're in")
	v.until("the focus on the answer", `document.activeElement.id === "stand-title"`)
	v.askToWithdraw()
	v.press(kb.Escape)
	v.until("the dialog to close", `!document.querySelector("dialog").open`)
}
