package e2e

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

const unreachable = "We couldn't reach the server. Pressing again is safe."

// TestPress checks registering, the program's central action, on unreliable networks.
func TestPress(t *testing.T) {
	s := site{[]*apptest.App{apptest.Start(t, apptest.Options{})}}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s site)
	}{
		{"faults", testPressFaults},
		{"faults of the card", testCardFaults},
		{"outages", testPressOutages},
		{"busy", testPressBusy},
		{"silence", testPressSilence},
		{"no swap under a press", testNoSwapUnderPress},
		{"no swap under a pointer", testNoSwapUnderPointer},
		{"answer under a pointer", testAnswerUnderPointer},
		{"refusal under a pointer", testRefusalUnderPointer},
		{"news during an answer", testNewsDuringAnAnswer},
		{"throttled", testPressThrottled},
		{"deadline", testDeadline},
		{"without script", testPressFaultsWithoutScript},
		{"bar on a phone", testPressBar},
		{"celebration", testCelebration},
		{"calendar", testCalendarFile},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, s)
		})
	}
}

// board is a competition with its organizer.
type board struct {
	t         *testing.T
	s         site
	organizer *apptest.Client
	id        string
}

func newBoard(t *testing.T, s site, fields map[string]any) board {
	t.Helper()
	organizer := s.replicas[0].As(compete.RoleOrganizer)
	return board{t, s, organizer, organizer.Create(fields)}
}

func (b board) page() string { return "/competitions/" + b.id }

// wantRegistered checks the number of people registered.
func (b board) wantRegistered(want int) {
	b.t.Helper()
	var rows []struct{ Status string }
	b.organizer.Get("/api"+b.page()+"/registrations", &rows)
	if len(rows) != want {
		b.t.Errorf("%d registrations, want %d", len(rows), want)
	}
}

// register registers somebody else.
func (b board) register(want int) {
	b.t.Helper()
	b.s.replicas[0].Crowd(1)[0].Do(http.MethodPost, "/api"+b.page()+"/register", nil).Want(b.t, want)
}

// change makes a change as the organizer, without a browser.
func (b board) change(fields map[string]any) {
	b.t.Helper()
	b.organizer.Do(http.MethodPatch, "/api"+b.page(), fields, "If-Match", "*").Want(b.t, http.StatusOK)
}

// participant returns a visitor with the page open, about to register.
func (b board) participant(name string) *visitor {
	b.t.Helper()
	v := newVisitor(b.t, b.s.first(), name)
	v.signUpDirectly("PARTICIPANT")
	return v
}

// keep marks the card, so that a replacement is noticed.
func (v *visitor) keep() { eval[any](v, `document.querySelector("#stand").kept = true`) }

const kept = `document.querySelector("#stand").kept === true`

// testPressFaults breaks the first request in every way: the card stays and reports it, and the automatic retry
// succeeds.
func testPressFaults(t *testing.T, s site) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			b := newBoard(t, s, nil)
			v := b.participant("Ada " + name)
			v.open(b.page())
			v.keep()
			var k keys
			release := make(chan struct{})
			v.intercept("*/register", func(r request) {
				k.add(r)
				if k.count() == 1 {
					fault(r)
					return
				}
				<-release
				r.pass()
			})
			v.click(registerButton)
			v.see("#stand .stand-note[role=alert]", unreachable)
			if !v.holds(kept) {
				t.Error("the card is another one")
			}
			v.see(registerButton, "Registering…")
			close(release)
			v.see("#stand-title", "You're in")
			v.until("no message any more", `!document.querySelector("[data-away]")`)
			k.wantOne(t)
			b.wantRegistered(1)
		})
	}
}

// testCardFaults breaks the card's automatic requests: the card stays unchanged, and is correct in the end.
func testCardFaults(t *testing.T, s site) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			b := newBoard(t, s, map[string]any{"capacity": 1})
			v := b.participant("Ben " + name)
			v.open(b.page())
			v.keep()
			var asked counter
			release := make(chan struct{})
			v.intercept("*/stand", func(r request) {
				if r.answered() || asked.next() == 1 {
					fault(r)
					return
				}
				<-release
				r.pass()
			})
			b.register(http.StatusCreated)
			v.see("#stand .stand-note", unreachable)
			if !v.holds(kept + ` && document.querySelector("#register") !== null`) {
				t.Error("the card is another one")
			}
			close(release)
			v.see("#stand-title", "All seats are taken")
		})
	}
}

// testPressOutages disconnects the network for 3, 10 and 30 seconds by the page's clock, in different ways. People who
// wait are registered in the end, and so are those who click repeatedly, once.
func testPressOutages(t *testing.T, s site) {
	const faster = 10
	for _, outage := range []time.Duration{3 * time.Second, 10 * time.Second, 30 * time.Second} {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, again %v", outage, again), func(t *testing.T) {
				t.Parallel()
				b := newBoard(t, s, nil)
				v := b.participant(fmt.Sprintf("Cleo %v %v", outage, again))
				v.hurry(faster)
				v.open(b.page())
				var k keys
				var tries counter
				kinds := []func(request){
					faults["offline"], lost, faults["a proxy's 502"], faults["reset"],
					faults["an empty 503"],
				}
				over := time.Now().Add(outage / faster)
				v.intercept("*/competitions/*", func(r request) {
					if r.Request.Method == http.MethodPost {
						k.add(r)
					}
					switch {
					case time.Now().After(over) && k.count() > 1:
						r.pass()
					case r.answered():
						lost(r)
					default:
						kinds[tries.next()%len(kinds)](r)
					}
				})
				v.click(registerButton)
				if again {
					v.see("#stand .stand-note", unreachable)
					eval[any](v, `setInterval(() => document.querySelector("#register")?.click(), 50)`)
				}
				v.see("#stand-title", "You're in")
				k.wantOne(t)
				b.wantRegistered(1)
			})
		}
	}
}

// testPressBusy makes our own server ask for a retry: the request is repeated, no earlier than requested.
func testPressBusy(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Dora Busy")
	v.open(b.page())
	v.keep()
	var mu sync.Mutex
	var at []time.Time
	var k keys
	v.intercept("*/register", func(r request) {
		k.add(r)
		mu.Lock()
		at = append(at, time.Now())
		n := len(at)
		mu.Unlock()
		if n == 1 {
			r.answer(503, "<section id='stand'>busy</section>", field("Mini-Compete", "1"), field("Retry-After", "2"))
			return
		}
		r.pass()
	})
	v.click(registerButton)
	v.see("#stand .stand-note", "The server is busy. We're trying again")
	if !v.holds(kept) {
		t.Error("the card is another one")
	}
	v.see("#stand-title", "You're in")
	k.wantOne(t)
	if early := 2*time.Second - at[1].Sub(at[0]); early > 0 {
		t.Errorf("pressed again %v too early", early)
	}
}

// testPressSilence sends no response at all. The page waits for a quarter of a minute by its clock, and retries.
func testPressSilence(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Elsa Silence")
	params := page.AddScriptToEvaluateOnNewDocumentParams{Source: `{
		const timeout = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, "timeout");
		Object.defineProperty(XMLHttpRequest.prototype, "timeout", {set(ms) { timeout.set.call(this, ms / 10); }});
	}`}
	if _, err := chromedp.Call(v.tab, page.AddScriptToEvaluateOnNewDocument, params); err != nil {
		v.fatal("shorten the patience", err)
	}
	v.open(b.page())
	var k keys
	var tries counter
	v.intercept("*/register", func(r request) {
		k.add(r)
		if tries.next() > 1 {
			r.pass()
		}
	})
	v.click(registerButton)
	v.see("#stand .stand-note", unreachable)
	v.see("#stand-title", "You're in")
	k.wantOne(t)
	b.wantRegistered(1)
}

// testPressThrottled registers on a slow network.
func testPressThrottled(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Ivan Slow")
	v.open(b.page())
	v.throttle(400, 20<<10)
	v.click(registerButton)
	v.see(registerButton, "Registering…")
	v.see("#stand-title", "You're in")
	b.wantRegistered(1)
}

// testPressFaultsWithoutScript loses the response to a registration: going back and clicking again leads to the right
// result.
func testPressFaultsWithoutScript(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Jana Plain").withoutScript()
	v.open(b.page())
	var k keys
	var tries counter
	v.intercept("*/register", func(r request) {
		if r.answered() {
			r.fail(network.ErrorReasonConnectionReset)
			return
		}
		k.add(r)
		if tries.next() == 1 {
			r.deliver()
		} else {
			r.pass()
		}
	})
	v.click(registerButton)
	v.until("the browser's error page", `location.protocol === "chrome-error:"`)
	b.wantRegistered(1)
	v.do(reload()) // as a browser offers: the same form, with the same key
	v.see("#stand-title", "You're in")
	k.wantOne(t)
	b.wantRegistered(1)

	back := b.participant("Jana Back").withoutScript()
	back.open(b.page())
	var first sync.Once
	back.intercept("*/register", func(r request) {
		if r.answered() {
			r.fail(network.ErrorReasonConnectionReset)
			return
		}
		spoiled := false
		first.Do(func() { spoiled = true })
		if spoiled {
			r.deliver()
		} else {
			r.pass()
		}
	})
	back.click(registerButton)
	back.until("the browser's error page", `location.protocol === "chrome-error:"`)
	back.open(b.page())
	back.see("#stand-title", "You're in")
	b.wantRegistered(2)
}

// testPressTwice clicks repeatedly, and goes back and clicks again.
func testPressTwice(t *testing.T, s site) {
	organizer := newVisitor(t, s.first(), "Olga Twice")
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publish("Twice Cup", 10)

	for _, script := range []bool{true, false} {
		v := newVisitor(t, s.first(), fmt.Sprintf("Ada Script %v", script))
		if !script {
			v.withoutScript()
		}
		v.signUpDirectly("PARTICIPANT")
		v.open(page)
		v.clickTwice(registerButton)
		v.see("#stand-title", "You're in")
		v.back()
		v.open(page)
		v.see("#stand-title", "You're in")
	}
	organizer.open(page + "/registrations")
	organizer.see("#rows tbody", "Ada Script true")
	if rows := eval[int](organizer, `document.querySelectorAll("#rows tbody tr").length`); rows != 2 {
		t.Errorf("%d registrations, want one for each of two people", rows)
	}
}
