package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// testNoSwapUnderPress has the phase change while a press is on its way. The card waits for the answer, which is a
// refusal, and it lands.
func testNoSwapUnderPress(t *testing.T, s site) {
	b := newBoard(t, s, map[string]any{"capacity": 1})
	v := b.participant("Finn Press")
	v.open(b.page())
	v.keep()
	pressed, release := make(chan struct{}), make(chan struct{})
	var asked counter
	v.intercept("*/competitions/*", func(r request) {
		if r.Request.Method == http.MethodGet {
			asked.next()
		} else {
			close(pressed)
			<-release
		}
		r.pass()
	})
	v.click(registerButton)
	<-pressed
	v.see(registerButton, "Registering…")
	v.until("a sign of it",
		`document.querySelector("form[aria-busy=true] .spinner")?.checkVisibility({visibilityProperty: true}) ?? false`)
	v.until("the news, for those who don't see it", `document.querySelector("#told").innerText === "Registering…"`)
	if v.holds(`document.querySelector("#register").disabled`) {
		t.Error("the button looks as before the opening")
	}
	b.register(http.StatusCreated)
	v.until("the new phase", `document.querySelector("#stand").dataset.phase === "full"`)
	eval[any](v, `new Promise((done) => setTimeout(done, 400))`) // after what the page puts off by 300 ms
	if n := asked.Load(); n != 0 || !v.holds(kept) {
		t.Errorf("asked for another card %d times; the card is the same: %v", n, v.holds(kept))
	}
	close(release)
	v.see("#stand .stand-note", "seat")
	v.see("#stand-title", "All seats are taken")
	b.wantRegistered(1)
}

// middle is where an element's middle is.
func (v *visitor) middle(selector string) (x, y float64) {
	v.t.Helper()
	at := eval[[]float64](v,
		fmt.Sprintf(
			`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, selector,
		))
	return at[0], at[1]
}

func (v *visitor) mouse(what input.DispatchMouseEventType, x, y float64) {
	v.t.Helper()
	v.do(chromedp.MouseEvent(what, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
}

// testNoSwapUnderPointer begins a click before the card would be replaced, and ends it after.
func testNoSwapUnderPointer(t *testing.T, s site) {
	b := newBoard(t, s, map[string]any{"regOpensAt": time.Now().Add(time.Hour)})
	v := b.participant("Gina Pointer")
	v.open(b.page())
	v.keep()
	arrived := make(chan request, 8)
	v.intercept("*/stand", func(r request) { arrived <- r })
	b.change(map[string]any{"regOpensAt": time.Now().Add(-time.Second)})
	swap := <-arrived
	eval[any](v, `document.querySelector("[data-countdown]").dataset.countdown = new Date(0).toISOString()`)
	v.until("the opening", `!document.querySelector("#register").disabled`)
	x, y := v.middle("#register")
	v.mouse(input.DispatchMouseEventTypeMousePressed, x, y)
	swap.pass()
	v.until("the answer", `performance.getEntriesByType("resource").some((e) => e.name.endsWith("/stand"))`)
	eval[any](v, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`)
	if !v.holds(kept) {
		t.Error("the card is another one under the pointer")
	}
	v.mouse(input.DispatchMouseEventTypeMouseReleased, x, y)
	v.see("#stand-title", "You're in")
}

// testAnswerUnderPointer presses a second time as the answer to the first comes: it waits for the pointer, and lands.
func testAnswerUnderPointer(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Hana Pointer")
	v.open(b.page())
	v.keep()
	arrived := make(chan request, 8)
	v.intercept("*/register", func(r request) { arrived <- r })
	x, y := v.middle("#register")
	v.click(registerButton)
	press := <-arrived
	v.mouse(input.DispatchMouseEventTypeMousePressed, x, y)
	press.pass()
	v.until("the answer", `document.querySelector("form[aria-busy]") === null`)
	if !v.holds(kept) {
		t.Error("the card is another one under the pointer")
	}
	v.mouse(input.DispatchMouseEventTypeMouseReleased, 5, y)
	v.see("#stand-title", "You're in")
	b.wantRegistered(1)
}

// testRefusalUnderPointer has a refusal wait for the pointer, and what the card asked since wait too: the refusal is
// what lands.
func testRefusalUnderPointer(t *testing.T, s site) {
	b := newBoard(t, s, map[string]any{"capacity": 1})
	v := b.participant("Ines Pointer")
	v.open(b.page())
	arrived := make(chan request, 8)
	v.intercept("*/competitions/*", func(r request) { arrived <- r })
	x, y := v.middle("#register")
	v.click(registerButton)
	press := <-arrived
	b.register(http.StatusCreated)
	v.until("the new phase", `document.querySelector("#stand").dataset.phase === "full"`)
	v.mouse(input.DispatchMouseEventTypeMousePressed, x, y)
	press.pass()
	v.until("the answer", `document.querySelector("form[aria-busy]") === null`)
	eval[any](v, `document.body.dispatchEvent(new Event("mail")) && 0`)
	(<-arrived).pass()
	v.until("the other answer", `performance.getEntriesByType("resource").some((e) => e.name.endsWith("/stand"))`)
	eval[any](v, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`)
	v.mouse(input.DispatchMouseEventTypeMouseReleased, 5, y)
	v.see("#stand .stand-note", "seat")
	v.see("#stand-title", "All seats are taken")
}

// testNewsDuringAnAnswer has news come while an answer is on its way that is older: the card asks again, and is right
// in the end, whether the news came long before the answer or just before.
func testNewsDuringAnAnswer(t *testing.T, s site) {
	// the page puts asking off by 300 ms
	for name, pause := range map[string]int{"long before": 400, "just before": 0} {
		t.Run(name, func(t *testing.T) {
			b := newBoard(t, s, map[string]any{"capacity": 1})
			v := b.participant("Jo News " + name)
			v.open(b.page())
			v.keep()
			arrived, release := make(chan struct{}), make(chan struct{})
			var answers counter
			v.intercept("*/stand", func(r request) {
				switch {
				case !r.answered():
					r.deliver()
				case answers.next() == 1:
					close(arrived)
					<-release
					r.pass()
				default:
					r.pass()
				}
			})
			b.register(http.StatusCreated)
			<-arrived // it says that all seats are taken
			b.change(map[string]any{"capacity": 5})
			v.until("the news", `document.querySelector("#stand").dataset.phase === "open"`)
			eval[any](v, fmt.Sprintf(`new Promise((done) => setTimeout(done, %d))`, pause))
			close(release)
			v.until("another card", `!document.querySelector("#stand").kept`)
			v.see("#stand-title", "Registration is open")
		})
	}
}
