package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/apptest"
)

// TestLayoutIsStable checks that controls don't move while a competition changes its phase.
func TestLayoutIsStable(t *testing.T) {
	s := site{[]*apptest.App{apptest.Start(t, apptest.Options{})}}
	for name, open := range map[string]func(b board) *visitor{
		"guest":       func(board) *visitor { return newVisitor(t, s.first(), "guest") },
		"participant": func(b board) *visitor { return b.participant("Ada Steady") },
		"organizer": func(b board) *visitor {
			v := newVisitor(t, s.first(), "organizer")
			v.logInDirectly(b.organizer.User.Email, apptest.Password)
			return v
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBoard(t, s, map[string]any{
				"title": "The Cup of all the Cities by the Sea", "capacity": 1200,
				"location": "https://example.org/rooms/7", "tags": []string{"running", "night", "outdoor"},
				"description": "Bring [water](https://example.org/water).",
				"regOpensAt":  time.Now().Add(50 * time.Hour),
				"regDeadline": time.Now().Add(100 * time.Hour), "startDate": time.Now().Add(200 * time.Hour),
			})
			b.t = t
			v := open(b)
			v.t = t
			testLayoutOfCard(b, v, name == "participant")
		})
	}
	t.Run("own registration", func(t *testing.T) {
		t.Parallel()
		testLayoutOfRegistration(t, s)
	})
	t.Run("list", func(t *testing.T) {
		t.Parallel()
		testLayoutOfList(t, s)
	})
}

// places returns the positions of all controls, and of the bar with the main button in any state.
const places = `(() => {
	const found = {};
	for (const e of document.querySelectorAll("a[href], button, input, .stand-bar")) {
		const r = e.getBoundingClientRect();
		if (r.width === 0 || e.closest("dialog, template") || e.parentElement.closest(".stand-bar")) continue;
		const name = e.matches(".stand-bar") ? "the bar"
			: (e.getAttribute("href") ?? "") + " " + e.innerText.split("\n")[0];
		if (name) found[name] = [r.x, r.y + scrollY, r.width, r.height].map(Math.round);
	}
	return found;
})()`

// place is x, y, width and height, in pixels.
type place [4]int

func (p place) overlaps(q place) bool {
	return p[0] < q[0]+q[2] && q[0] < p[0]+p[2] && p[1] < q[1]+q[3] && q[1] < p[1]+p[3]
}

func (v *visitor) places() map[string]place {
	v.t.Helper()
	all := map[string]place{}
	for i, width := range []int64{320, 390, 800, 1280} {
		v.screen(width, 900)
		v.until("the layout", fmt.Sprintf(`innerWidth === %d && document.fonts.status === "loaded"`, width))
		for name, at := range eval[map[string]place](v, places) {
			at[0] += i * 10000 // so that those of different widths don't overlap
			all[fmt.Sprintf("%s at %d px", name, width)] = at
		}
	}
	return all
}

// wantNothingMoved fails the test if a control has moved, or another one has appeared in its place. Controls may
// disappear.
func (v *visitor) wantNothingMoved(what string, before map[string]place, mayGo int) map[string]place {
	v.t.Helper()
	now := v.places()
	gone := 0
	for name, was := range before {
		switch is, ok := now[name]; {
		case !ok:
			gone++
		case is != was:
			v.t.Errorf("%s: %s is at %v, before at %v", what, name, is, was)
		}
	}
	if len(before) < 24 || gone > mayGo {
		v.t.Errorf("%s: %d of %d things to press are gone", what, gone, len(before))
	}
	for name, is := range now {
		if _, ok := before[name]; ok {
			continue
		}
		for other, was := range before {
			if is.overlaps(was) && !sameLink(name, other) {
				v.t.Errorf("%s: %s is where %s was", what, name, other)
			}
		}
	}
	return now
}

// sameLink reports whether two controls, as places names them, lead to the same page: leaving the waitlist becomes
// cancelling the registration, and that page asks.
func sameLink(name, other string) bool {
	to, _, _ := strings.Cut(name, " ")
	was, _, _ := strings.Cut(other, " ")
	return to != "" && to == was
}

func testLayoutOfCard(b board, v *visitor, presses bool) {
	b.t.Helper()
	v.open(b.page())
	v.see("#stand-title", "Registration opens soon")
	before := v.places()
	phase := func(title string) {
		b.t.Helper()
		v.see("#stand-title", title)
		v.wantNothingMoved(title, before, 0)
	}
	// The last second, when the page itself knows that it is over.
	eval[any](v,
		`document.querySelector("[data-countdown]").dataset.countdown = new Date(Date.now() + 90 * 60000).toISOString()`)
	v.see("[data-clock]", "1:")
	v.wantNothingMoved("the last hours", before, 0)
	eval[any](v, `document.querySelector("[data-countdown]").dataset.countdown = new Date(0).toISOString()`)
	v.until("the opening", `document.querySelector("[data-after].invisible") === null`)
	v.wantNothingMoved("the opening second", before, 0)

	b.change(map[string]any{"regOpensAt": time.Now().Add(-time.Second)})
	phase("Registration is open")
	b.change(map[string]any{"capacity": 1})
	b.register(http.StatusCreated)
	phase("All seats are taken")
	b.change(map[string]any{"waitlist": true})
	phase("Full")
	b.register(http.StatusCreated)
	v.see("#stand .seats", "1 waiting")
	v.wantNothingMoved("somebody waits", before, 0)
	if presses {
		v.intercept("*/register", func(r request) { faults["reset"](r) })
		v.click(registerButton)
		v.see("#stand .stand-note", unreachable)
		v.wantNothingMoved("away", before, 0)
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

// testLayoutOfRegistration changes a registration from elsewhere in every possible way while the page is open.
func testLayoutOfRegistration(t *testing.T, s site) {
	b := newBoard(t, s, map[string]any{
		"title": "Steady Hands", "capacity": 1, "waitlist": true, "location": "https://example.org/rooms/7",
		"description": "Bring [water](https://example.org/water).", "startDate": time.Now().Add(200 * time.Hour),
	})
	v := b.participant("Ada Steadfast")
	elsewhere, other := s.login(t, v), s.replicas[0].Crowd(1)[0]
	type registration struct{ ID string }
	register := func(c *apptest.Client) (r registration) {
		t.Helper()
		c.Do(http.MethodPost, "/api"+b.page()+"/register", nil).Want(t, http.StatusCreated).JSON(t, &r)
		return r
	}
	remove := func(c *apptest.Client, r registration, body any) {
		t.Helper()
		c.Do(http.MethodDelete, "/api/registrations/"+r.ID, body).Want(t, http.StatusOK)
	}
	const buttons = 2 * 4 // those that disappear with a registration, at four widths
	var before map[string]place
	is := func(what, selector, text string) {
		t.Helper()
		v.see(selector, text)
		before = v.wantNothingMoved(what, before, buttons)
	}
	first := register(other)
	v.open(b.page())
	// so that the next messages are the first unread ones
	eval[any](v, `fetch("/mailbox/read-all", {method: "POST"}).then((r) => r.status)`)
	v.open(b.page())
	v.see("#stand-title", "Full. Join the waitlist")
	before = v.places()
	mine := register(elsewhere)
	is("on the waitlist", "#stand-title", "1st in line")
	remove(other, first, nil)
	v.see("#stand-title", "You're in")
	is("promoted, and confirmed", ".stand-status", "Confirmed")
	remove(b.organizer, mine, map[string]any{"reason": strings.Repeat("You were registered twice. ", 15)})
	is("removed", ".stand-box", "Removed by the organizer.")
	mine = register(elsewhere)
	is("in again", ".stand-status", "Confirmed")
	remove(elsewhere, mine, nil)
	is("withdrawn", ".stand-box", "You cancelled an earlier registration.")
	mine = register(elsewhere)
	is("in once more", ".stand-status", "Confirmed")
	remove(b.organizer, mine, map[string]any{"notify": false})
	is("removed silently", ".stand-box", "Removed by the organizer.")
	mine = register(elsewhere)
	is("in after a removal", ".stand-status", "Confirmed")
	remove(b.organizer, mine, map[string]any{"reason": "Unfair.", "block": true})
	is("blocked", "#stand-title", "Removed by the organizer")

	b.organizer.Do(http.MethodPost, "/api"+b.page()+"/cancel", nil).Want(t, http.StatusOK)
	is("blocked, and cancelled", "#stand-title", "Competition cancelled")
	b.id = b.organizer.Create(map[string]any{
		"title": "Steady Hands", "capacity": 1, "waitlist": true,
		"startDate": time.Now().Add(200 * time.Hour),
	})
	register(elsewhere)
	v.open(b.page())
	v.see(".stand-status", "Confirmed")
	before = v.places()
	b.organizer.Do(http.MethodPost, "/api"+b.page()+"/cancel", nil).Want(t, http.StatusOK)
	is("cancelled", "#stand-title", "Competition cancelled")
}

// login logs in to the visitor's account on another device.
func (s site) login(t *testing.T, v *visitor) *apptest.Client {
	t.Helper()
	client := s.replicas[0].Visitor()
	var login struct{ Token string }
	client.Do(http.MethodPost, "/api/auth/login",
		map[string]any{"email": email(v.name), "password": "correct horse battery"}).Want(t, http.StatusOK).JSON(t,
		&login)
	client.Token = login.Token
	return client
}

// testLayoutOfList checks that the cards of a list don't move.
func testLayoutOfList(t *testing.T, s site) {
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
	v.wantNothingMoved("full", before, 0)
	b.register(http.StatusCreated)
	v.see("#results .seats", "1 waiting")
	v.wantNothingMoved("somebody waits", before, 0)
}
