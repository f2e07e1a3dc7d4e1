package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"minicompete/internal/apptest"
)

// TestSteady is about what must not move: whatever can be pressed stays where it is while the phase of a competition changes.
func TestSteady(t *testing.T) {
	s := site{[]*apptest.App{apptest.Start(t, apptest.Options{})}}
	for name, open := range map[string]func(b board) *visitor{
		"guest":       func(board) *visitor { return newVisitor(t, s.first(), "guest") },
		"participant": func(b board) *visitor { return b.participant("Ada Steady") },
		"organizer": func(b board) *visitor {
			v := newVisitor(t, s.first(), "organizer")
			v.logIn(b.organizer.User.Email, apptest.Password)
			return v
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBoard(t, s, map[string]any{
				"title": "The Cup of all the Cities by the Sea", "capacity": 1200, "location": "https://example.org/rooms/7", "tags": []string{"running", "night", "outdoor"},
				"description": "Bring [water](https://example.org/water).", "regOpensAt": time.Now().Add(50 * time.Hour),
				"regDeadline": time.Now().Add(100 * time.Hour), "startDate": time.Now().Add(200 * time.Hour),
			})
			b.t = t
			v := open(b)
			v.t = t
			testSteadyCard(b, v, name == "participant")
		})
	}
	t.Run("list", func(t *testing.T) {
		t.Parallel()
		testSteadyList(t, s)
	})
}

// places are where everything is that can be pressed, at every width, and what takes the place of the button.
const places = `(() => {
	const found = {};
	for (const e of document.querySelectorAll("a[href], button, input, .stand-bar > *")) {
		const r = e.getBoundingClientRect();
		if (r.width === 0 || e.closest("dialog, template")) continue;
		const bar = e.closest(".stand-bar > *");
		const name = bar ? (e === bar ? "the bar" : "") : (e.getAttribute("href") ?? "") + e.innerText;
		if (name) found[name] = [r.x, r.y + scrollY, bar ? "" : r.width].map((n) => n && Math.round(n)).join(" ");
	}
	return found;
})()`

func (v *visitor) places() map[string]string {
	v.t.Helper()
	all := map[string]string{}
	for _, width := range []int64{320, 390, 1280} {
		v.screen(width, 900)
		v.until("the layout", fmt.Sprintf(`innerWidth === %d && document.fonts.status === "loaded"`, width))
		for name, place := range eval[map[string]string](v, places) {
			all[fmt.Sprintf("%s at %d px", name, width)] = place
		}
	}
	return all
}

// wantSame fails the test where anything is in another place than before.
func (v *visitor) wantSame(phase string, before map[string]string) {
	v.t.Helper()
	now := v.places()
	if len(before) < 12 || len(now) < len(before) {
		v.t.Errorf("%s: %d things to press, before %d", phase, len(now), len(before))
	}
	for name := range maps.Keys(before) {
		if now[name] != before[name] {
			v.t.Errorf("%s: %s is at %q, before at %q", phase, name, now[name], before[name])
		}
	}
}

func testSteadyCard(b board, v *visitor, presses bool) {
	b.t.Helper()
	v.open(b.page())
	v.see("#stand-title", "Registration opens soon")
	before := v.places()
	phase := func(title string) {
		b.t.Helper()
		v.see("#stand-title", title)
		v.wantSame(title, before)
	}
	// The last second, when the page itself knows that it is over.
	eval[any](v, `document.querySelector("[data-countdown]").dataset.countdown = new Date(Date.now() + 90 * 60000).toISOString()`)
	v.see("[data-clock]", "1:")
	v.wantSame("the last hours", before)
	eval[any](v, `document.querySelector("[data-countdown]").dataset.countdown = new Date(0).toISOString()`)
	v.until("the opening", `document.querySelector("[data-after].invisible") === null`)
	v.wantSame("the opening second", before)

	b.change(map[string]any{"regOpensAt": time.Now().Add(-time.Second)})
	phase("Registration is open")
	b.change(map[string]any{"capacity": 1})
	b.register(http.StatusCreated)
	phase("All seats are taken")
	b.change(map[string]any{"waitlist": true})
	phase("Full")
	b.register(http.StatusCreated)
	v.see("#stand .seats", "1 waiting")
	v.wantSame("somebody waits", before)
	if presses {
		v.intercept("*/register", func(r request) { faults["reset"](r) })
		v.click(registerButton)
		v.see("#stand .stand-note", unreachable)
		v.wantSame("away", before)
		v.open(b.page())
	}
	b.change(map[string]any{"capacity": 5})
	phase("Registration is open")
	b.closes(time.Now().Add(time.Second))
	phase("Registration is closed")
	b.closes(time.Now().Add(100 * time.Hour))
	phase("Registration is open")
	b.change(map[string]any{"regOpensAt": time.Now().Add(50 * time.Hour)})
	phase("Registration opens soon")
	b.organizer.Do(http.MethodPost, "/api"+b.page()+"/cancel", nil).Want(b.t, http.StatusOK)
	phase("Competition cancelled")
}

// testSteadyList holds the cards of a list still.
func testSteadyList(t *testing.T, s site) {
	b := newBoard(t, s, map[string]any{"title": "Steady", "capacity": 1, "tags": []string{"steady"}, "waitlist": true})
	for range 3 {
		b.organizer.Create(map[string]any{"title": "Steady neighbour", "tags": []string{"steady"}})
	}
	v := newVisitor(t, s.first(), "reader")
	v.open("/competitions?tags=steady")
	v.see("#results", "Steady")
	before := v.places()
	b.register(http.StatusCreated)
	v.see("#results .badge", "Waitlist open")
	v.wantSame("full", before)
	b.register(http.StatusCreated)
	v.see("#results .seats", "1 waiting")
	v.wantSame("somebody waits", before)
}
