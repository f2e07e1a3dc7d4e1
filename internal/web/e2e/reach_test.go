package e2e

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"minicompete/internal/apptest"
	"minicompete/internal/compete"
)

// TestReach is about everything else that a page asks for: it too keeps the page when the network fails, and goes on afterwards.
func TestReach(t *testing.T) {
	s := site{[]*apptest.App{apptest.Start(t, apptest.Options{Demo: true})}}
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s site)
	}{
		{"requests of every page", testReachOfEveryPage},
		{"stopped form", testStoppedForm},
		{"form pressed twice", testFormPressedTwice},
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

// testReachOfEveryPage spoils, in every way, what pages ask for besides the card.
func testReachOfEveryPage(t *testing.T, s site) {
	participant, organizer, admin := newVisitor(t, s.first(), "reader"), newVisitor(t, s.first(), "organizer"), newVisitor(t, s.first(), "admin")
	participant.logIn("participant1@minicompete.com", "password123")
	organizer.logIn("organizer1@minicompete.com", "password123")
	admin.logIn("admin@minicompete.com", "password123")
	mine := participant.find("/dashboard", "City Half Marathon")
	full := organizer.find("/dashboard", "Regional Mathematics Olympiad")
	many := s.replicas[0].As(compete.RoleOrganizer)
	for range 30 {
		many.Create(map[string]any{"title": "One of many", "tags": []string{"many"}, "regDeadline": time.Now().AddDate(1, 0, 0)})
	}
	type step struct {
		name, path, pattern string
		v                   *visitor
		act                 func(v *visitor)
		keeps, gets         [2]string // a selector and its text: what stays meanwhile, and what comes in the end
	}
	typed := func(word string) func(*visitor) { return func(v *visitor) { v.typeIn("search", word) } }
	clicked := func(selector string) func(*visitor) { return func(v *visitor) { v.click(selector) } }
	for _, step := range []step{
		{"search", "/competitions?sort=deadline", "*search=chess*", participant, typed("chess"), [2]string{"#cards article:nth-of-type(2)", ""}, [2]string{"#found", "1 competition"}},
		{"show more", "/competitions?tags=many", "*cursor=*", participant, clicked("#cards [data-more] a"), [2]string{"#cards [data-more] a", "Show more"}, [2]string{"#cards article:nth-of-type(24)", "many"}},
		{"question", mine, "*/withdraw", participant, clicked(`#stand a[href$="/withdraw"]`), [2]string{"#stand-title", "You’re in"}, [2]string{"dialog", "Cancel your registration?"}},
		{"preview", "/competitions/create", "*/preview", organizer, clicked(`button[name="preview"]`), [2]string{"h1", "New competition"}, [2]string{"#preview", "look"}},
		{"participants", full + "/registrations", "*search=aisha*", organizer, typed("aisha"), [2]string{"#rows tbody tr:nth-child(2)", ""}, [2]string{"#rows tbody", "Aisha"}},
		{"people", "/admin", "*search=participant1*", admin, typed("participant1"), [2]string{"#users tbody tr:nth-child(2)", ""}, [2]string{"#users", "participant1@"}},
	} {
		for _, fault := range []string{"reset", "a proxy's 502", "an empty 503", "a Wi-Fi's log-in page", "a redirect without a goal"} {
			t.Run(step.name+", "+fault, func(t *testing.T) {
				v := *step.v
				v.t = t
				var tries counter
				release := make(chan struct{})
				v.open(step.path)
				v.intercept(step.pattern, func(r request) {
					if tries.next() == 1 {
						faults[fault](r)
						return
					}
					<-release
					r.pass()
				})
				step.act(&v)
				v.see("#stand .stand-note, #flash [data-away]", unreachable)
				v.see(step.keeps[0], step.keeps[1])
				close(release)
				v.see(step.gets[0], step.gets[1])
				v.until("no message any more", `!document.querySelector("[data-away]:not(.invisible)")`)
			})
		}
	}
}

// slowLogin is a way to the site on which each log-in is held up, and counted, until the test lets it through.
func slowLogin(t *testing.T, s site) (road string, held chan chan struct{}) {
	t.Helper()
	target, err := url.Parse(s.first())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // what is given up here is meant to be
	held = make(chan chan struct{}, 9)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == "/auth/login" {
			pass := make(chan struct{})
			held <- pass
			select {
			case <-pass:
			case <-r.Context().Done():
				return
			}
		}
		r.Header["X-Forwarded-For"] = nil // passed on as it is: the demo's accounts log in on this machine only
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.CloseClientConnections)
	return server.URL, held
}

// logInSlowly is about to log in. It returns a press of the button, as of a person who doesn't wait for the page that comes: until then
// the browser doesn't say what the old one shows.
func logInSlowly(t *testing.T, road, address string) (v *visitor, press func()) {
	t.Helper()
	v = newVisitor(t, road, address)
	v.hurry(0) // so that it isn't time alone that makes the form usable again
	v.open("/auth/login")
	v.fill("email", address)
	v.fill("password", "password123")
	v.until("the first paint", `document.readyState === "complete" && performance.getEntriesByName("first-contentful-paint").length > 0`)
	x, y := v.middle(`main form[action="/auth/login"] button`)
	return v, func() {
		v.mouse(input.DispatchMouseEventTypeMousePressed, x, y)
		v.mouse(input.DispatchMouseEventTypeMouseReleased, x, y)
	}
}

// testStoppedForm presses a button, stops the browser, and presses again: the form is sent again, at once.
func testStoppedForm(t *testing.T, s site) {
	road, held := slowLogin(t, s)
	v, press := logInSlowly(t, road, "participant3@minicompete.com")
	press()
	<-held
	if _, err := chromedp.Call(v.tab, page.StopLoading, cdp.Empty{}); err != nil {
		v.fatal("stop", err)
	}
	v.until("the form to be usable again", `document.querySelector('main form[action="/auth/login"]').ariaBusy === null`)
	press()
	close(<-held)
	v.until("being logged in", `document.querySelector('a[href="/account"]') !== null`)
}

// testFormPressedTwice sends a form once, however often it is pressed while the answer is on its way.
func testFormPressedTwice(t *testing.T, s site) {
	road, held := slowLogin(t, s)
	v, press := logInSlowly(t, road, "participant4@minicompete.com")
	press()
	first := <-held
	for range 3 {
		press()
	}
	close(first)
	v.until("being logged in", `document.querySelector('a[href="/account"]') !== null`)
	if len(held) > 0 {
		t.Errorf("the form was sent %d times more", len(held))
	}
}

// testStoppedPress stops the browser while a press is on its way: the button can be pressed again, and the card asks what became of it.
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
	v.see("#stand-title", "You’re in") // so the server says: the press had arrived
	b.wantRegistered(1)
}

// testBackFromSleep has a page hidden, or without a network, while something happens that no event tells: it asks when it is back.
func testBackFromSleep(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Cleo Asleep")
	v.open(b.page())
	v.until("the stream", `performance.getEntriesByType("resource").some((e) => e.name.includes("/live")) || true`)
	client := s.replicas[0].Visitor()
	var login struct{ Token string }
	client.Do(http.MethodPost, "/api/auth/login", map[string]any{"email": email(v.name), "password": "correct horse battery"}).Want(t, http.StatusOK).JSON(t, &login)
	client.Token = login.Token
	client.Do(http.MethodPost, "/api"+b.page()+"/register", nil).Want(t, http.StatusCreated)
	eval[any](v, `dispatchEvent(new Event("online"))`)
	v.see("#stand-title", "You’re in")
}

// testSafeAnswers opens every question: the focus is on the answer that changes nothing, so that Enter, and Enter again, does nothing.
func testSafeAnswers(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Dora Careful")
	v.open(b.page())
	v.click(registerButton)
	v.see("#stand-title", "You’re in")
	v.seeIn(b.page(), "#stand", "Registered") // from now on the card stays as it is
	v.do(chromedp.Focus(chromedp.CSS(`#stand a[href$="/withdraw"]`)))
	v.press(kb.Enter)
	v.see("dialog", "Cancel your registration?")
	v.until("the focus on the safe answer", `document.activeElement.matches("dialog [data-close]")`)
	v.press(kb.Enter)
	v.until("no dialog", `!document.querySelector("dialog").open`)
	v.open(b.page())
	v.see("#stand-title", "You’re in")
	b.wantRegistered(1)

	organizer := newVisitor(t, s.first(), "organizer")
	organizer.logIn("organizer1@minicompete.com", "password123")
	open, full := organizer.find("/dashboard", "Green Code Hackathon"), organizer.find("/dashboard", "Regional Mathematics Olympiad")
	for path, link := range map[string]string{
		open: `a[href$="/close"]`, open + "?": `a[href$="/cancel"]`, full + "/registrations": `#rows a[href*="/remove"]`,
	} {
		organizer.open(path)
		organizer.click(link)
		// In a text of several lines Enter begins a new one, and so answers nothing.
		organizer.until("the focus on the safe answer to "+link, `document.activeElement.matches("dialog[open] [data-close], dialog[open] textarea")`)
	}
	plain := newVisitor(t, s.first(), "organizer without script").withoutScript()
	plain.logIn("organizer1@minicompete.com", "password123")
	for _, path := range []string{open + "/close", open + "/cancel", "/auth/logout"} {
		plain.open(path)
		plain.until("the focus on the safe answer at "+path, `document.activeElement.matches("form a[data-close]")`)
	}
	plain.open(organizer.linkOn(full+"/registrations", "/remove"))
	plain.until("the focus on no button", `document.readyState === "complete" && !document.activeElement.matches("button")`)
}

// testWhatBecomesOfSeat reads what the question says in every situation.
func testWhatBecomesOfSeat(t *testing.T, s site) {
	for _, c := range []struct {
		name    string
		others  int // who register after the one who asks
		wait    bool
		closed  bool
		waiting bool // the one who asks came too late
		want    []string
		not     string
	}{
		{"seats are free", 0, true, false, false, []string{"You’ll give up your seat", "register again while seats are free"}, "in line"},
		{"nobody waits", 1, true, false, false, []string{"You’ll give up your seat", "register again while seats are free"}, "in line"},
		{"somebody waits", 2, true, false, false, []string{"goes to the next person in line", "end of the line"}, "seats are free"},
		{"closed", 0, true, true, false, []string{"You’ll give up your seat", "you can’t register again"}, "in line"},
		{"closed, somebody waits", 2, true, true, false, []string{"goes to the next person in line", "you can’t register again"}, "end of the line"},
		{"on the waitlist", 0, true, false, true, []string{"lose your place in line", "1st", "end of the line"}, "seat for"},
		{"on the waitlist, closed", 0, true, true, true, []string{"lose your place in line", "you can’t join again"}, "end of the line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t, s, map[string]any{"capacity": 2, "waitlist": c.wait})
			if c.waiting {
				b.register(http.StatusCreated)
				b.register(http.StatusCreated)
			}
			person := s.replicas[0].As(compete.RoleParticipant)
			person.Do(http.MethodPost, "/api"+b.page()+"/register", nil).Want(t, http.StatusCreated)
			for range c.others {
				b.register(http.StatusCreated)
			}
			if c.closed {
				organizer := newVisitor(t, s.first(), "organizer")
				organizer.logIn(b.organizer.User.Email, apptest.Password)
				organizer.open(b.page() + "/close")
				organizer.click("main form button")
				organizer.see("#stand-title", "Registration is closed")
			}
			v := newVisitor(t, s.first(), "asker")
			v.logIn(person.User.Email, apptest.Password)
			v.open(b.page() + "/withdraw")
			for _, want := range c.want {
				v.see("main form p", want)
			}
			if v.holds(shows("main form p", c.not)) {
				t.Errorf("the question says %q", c.not)
			}
		})
	}
}
