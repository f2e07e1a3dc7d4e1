package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// TestRequests checks all other requests of pages: if the network fails, the page stays usable, and recovers
// afterwards.
func TestRequests(t *testing.T) {
	s := site{[]*apptest.App{apptest.Start(t, apptest.Options{Demo: true})}}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s site)
	}{
		{"requests of every page", testRequestsOfEveryPage},
		{"closed message", testClosedMessage},
		{"silent removal", testSilentRemoval},
		{"stopped form", testStoppedForm},
		{"form pressed twice", testFormPressedTwice},
		{"busy login", testBusyLogIn},
		{"stopped press", testStoppedPress},
		{"back from sleep", testBackFromSleep},
		{"safe answers", testSafeAnswers},
		{"what becomes of a seat", testWhatBecomesOfSeat},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, s)
		})
	}
}

// step is something that a visitor does at a page, and the request that it sends.
type step struct {
	name, path, pattern string
	v                   *visitor
	act                 func(v *visitor)
	keeps, gets         [2]string // selector and text: what stays during the fault, and what appears in the end
}

// testRequestsOfEveryPage breaks all requests of pages besides the card's in every way.
func testRequestsOfEveryPage(t *testing.T, s site) {
	participant, organizer, admin := newVisitor(t, s.first(), "reader"), newVisitor(t, s.first(), "organizer"),
		newVisitor(t, s.first(), "admin")
	participant.logInDirectly("participant1@minicompete.com", "password123")
	organizer.logInDirectly("organizer1@minicompete.com", "password123")
	admin.logInDirectly("admin@minicompete.com", "password123")
	mine := participant.find("/dashboard", "City Half Marathon")
	full := organizer.find("/dashboard", "Regional Mathematics Olympiad")
	many := s.replicas[0].As(compete.RoleOrganizer)
	for range 30 {
		many.Create(map[string]any{
			"title": "One of many", "tags": []string{"many"},
			"regDeadline": time.Now().AddDate(1, 0, 0),
		})
	}
	// at once: partial input would find something else
	typed := func(word string) func(*visitor) { return func(v *visitor) { v.fill("search", word) } }
	clicked := func(selector string) func(*visitor) { return func(v *visitor) { v.click(selector) } }
	steps := []step{
		{
			"search", "/competitions?sort=deadline", "*search=chess*", participant, typed("chess"),
			[2]string{"#cards article:nth-of-type(2)", ""},
			[2]string{"#found", "1 competition"},
		},
		{
			"show more", "/competitions?tags=many", "*cursor=*", participant, clicked("#cards [data-more] a"),
			[2]string{"#cards [data-more] a", "Show more"},
			[2]string{"#cards article:nth-of-type(24)", "many"},
		},
		{
			"question", mine, "*/withdraw", participant, clicked(`#stand a[href$="/withdraw"]`),
			[2]string{"#stand-title", "You're in"},
			[2]string{"dialog", "Cancel your registration?"},
		},
		{
			"preview", "/competitions/create", "*/preview", organizer, clicked(`button[name="preview"]`),
			[2]string{"h1", "New competition"},
			[2]string{"#preview", "look"},
		},
		{
			"participants", full + "/registrations", "*search=aisha*", organizer, typed("aisha"),
			[2]string{"#rows tbody tr:nth-child(2)", ""},
			[2]string{"#rows tbody", "Aisha"},
		},
		{
			"cover", organizer.find("/dashboard", "Green Code Hackathon") + "/edit", "*/cover", organizer,
			func(v *visitor) { v.upload("photo.png", photo(v.t)) },
			[2]string{"#cover", "Upload"},
			[2]string{"#cover [role=status]", "Cover saved"},
		},
		{
			"people", "/admin", "*search=participant1*", admin, typed("participant1"),
			[2]string{"#users tbody tr:nth-child(2)", ""},
			[2]string{"#users", "participant1@"},
		},
	}
	for _, v := range []*visitor{participant, organizer, admin} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			for _, step := range steps {
				if step.v != v {
					continue
				}
				for _, fault := range []string{
					"reset", "a proxy's 502", "an empty 503", "a Wi-Fi's log-in page", "a redirect without a goal",
				} {
					t.Run(step.name+", "+fault, func(t *testing.T) { step.breaks(t, fault) })
				}
			}
		})
	}
}

// breaks goes one step, whose first request meets a fault.
func (step step) breaks(t *testing.T, fault string) {
	v := *step.v
	v.t = t
	var tries counter
	release := make(chan struct{})
	v.open(step.path)
	before := eval[float64](&v, headingAt)
	v.intercept(step.pattern, func(r request) {
		if tries.next() == 1 {
			faults[fault](r)
			return
		}
		<-release
		r.pass()
	})
	step.act(&v)
	v.see("#stand .stand-note, #toast [data-away]", unreachable)
	v.see(step.keeps[0], step.keeps[1])
	if at := eval[float64](&v, headingAt); at != before {
		t.Errorf("the message moves the page by %v pixels", at-before)
	}
	close(release)
	v.see(step.gets[0], step.gets[1])
	v.until("no message any more", `!document.querySelector("[data-away]:not(.invisible)")`)
}

// testClosedMessage closes the message about a failed search: automatic retries don't bring it back, a new search does.
func testClosedMessage(t *testing.T, s site) {
	v := newVisitor(t, s.first(), "reader")
	v.open("/competitions?sort=deadline")
	var tries counter
	v.intercept("*search=*", func(r request) {
		tries.next()
		faults["reset"](r)
	})
	v.fill("search", "chess")
	v.see("#toast", unreachable)
	eval[any](v, `document.querySelector("[data-close-toast]").click()`)
	before := tries.Load()
	apptest.Eventually(t, patience, "two more tries", func() bool { return tries.Load() >= before+2 })
	if v.holds(`document.querySelector("#toast").childElementCount > 0`) {
		t.Error("a message that was closed is back")
	}
	v.fill("search", "robots")
	v.see("#toast", unreachable)
}

// testSilentRemoval removes somebody without a message, which changes no phase: the open page still shows it.
func testSilentRemoval(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Rosa Removed")
	v.open(b.page())
	v.click(registerButton)
	v.see("#stand-title", "You're in")
	v.see(".nav [data-unread]", "1") // reported by the stream
	var rows []struct{ ID string }
	b.organizer.Get("/api"+b.page()+"/registrations", &rows)
	b.organizer.Do(http.MethodDelete, "/api/registrations/"+rows[0].ID, map[string]any{"notify": false}).Want(t,
		http.StatusOK)
	v.see("#stand .stand-box", "Removed by the organizer.")
}

// headingAt is the vertical position of the page's heading.
const headingAt = `document.querySelector("main h1").getBoundingClientRect().y + scrollY`

// testStoppedPress stops loading while a registration is in progress: the button is enabled again, and the card asks
// for the result.
func testStoppedPress(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Ben Stop")
	v.open(b.page())
	arrived := make(chan request, 2)
	v.intercept("*/register", func(r request) { arrived <- r })
	v.click(registerButton)
	press := <-arrived
	press.deliver()
	if answer := <-arrived; !answer.answered() {
		t.Fatal("the press was sent twice")
	}
	if _, err := chromedp.Call(v.tab, page.StopLoading, cdp.Empty{}); err != nil {
		v.fatal("stop", err)
	}
	v.see("#stand-title", "You're in") // according to the server: the request had arrived
	b.wantRegistered(1)
}

// testBackFromSleep hides a page, or disconnects it, during a change that no event reports: it asks for the state when
// it is back.
func testBackFromSleep(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Cleo Asleep")
	v.open(b.page())
	v.until("the stream", `performance.getEntriesByType("resource").some((e) => e.name.includes("/live")) || true`)
	s.login(t, v).Do(http.MethodPost, "/api"+b.page()+"/register", nil).Want(t, http.StatusCreated)
	eval[any](v, `dispatchEvent(new Event("online"))`)
	v.see("#stand-title", "You're in")
}
