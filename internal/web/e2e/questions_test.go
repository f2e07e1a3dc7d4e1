package e2e

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
)

// testSafeAnswers opens every confirmation: the focus is on the answer that changes nothing, so that pressing Enter
// repeatedly does nothing.
func testSafeAnswers(t *testing.T, s site) {
	b := newBoard(t, s, nil)
	v := b.participant("Dora Careful")
	v.open(b.page())
	v.click(registerButton)
	v.see("#stand-title", "You're in")
	v.seeIn(b.page(), "#stand", "Registered") // from now on, the card doesn't change
	v.focus(`#stand a[href$="/withdraw"]`)
	v.press(kb.Enter)
	v.see("dialog", "Cancel your registration?")
	v.until("the focus on the safe answer", `document.activeElement.matches("dialog [data-close]")`)
	v.press(kb.Enter)
	v.until("no dialog", `!document.querySelector("dialog").open`)
	v.open(b.page())
	v.see("#stand-title", "You're in")
	b.wantRegistered(1)

	organizer := newVisitor(t, s.first(), "organizer")
	organizer.logInDirectly("organizer1@minicompete.com", "password123")
	open, full := organizer.find("/dashboard", "Green Code Hackathon"),
		organizer.find("/dashboard", "Regional Mathematics Olympiad")
	for path, link := range map[string]string{
		open: `a[href$="/close"]`, open + "?": `a[href$="/cancel"]`,
		full + "/registrations": `#rows a[href*="/remove"]`,
	} {
		organizer.open(path)
		organizer.click(link)
		// In a multi-line text, Enter begins a new line and so doesn't answer.
		organizer.until("the focus on the safe answer to "+link,
			`document.activeElement.matches("dialog[open] [data-close], dialog[open] textarea")`)
	}
	plain := newVisitor(t, s.first(), "organizer without script").withoutScript()
	plain.logInDirectly("organizer1@minicompete.com", "password123")
	for _, path := range []string{open + "/close", open + "/cancel", "/auth/logout"} {
		plain.open(path)
		plain.until("the focus on the safe answer at "+path, `document.activeElement.matches("form a[data-close]")`)
	}
	plain.open(organizer.linkOn(full+"/registrations", "/remove"))
	plain.until("the focus on no button",
		`document.readyState === "complete" && !document.activeElement.matches("button")`)
}

// testWhatBecomesOfSeat reads the confirmation's text in every situation.
func testWhatBecomesOfSeat(t *testing.T, s site) {
	for _, c := range []struct {
		name    string
		others  int // people who register after the one being asked
		wait    bool
		closed  bool
		waiting bool // the one being asked is on the waitlist
		want    []string
		not     string
	}{
		{
			"seats are free", 0, true, false, false,
			[]string{"You'll give up your seat", "register again while seats are free"},
			"in line",
		},
		{
			"nobody waits", 1, true, false, false,
			[]string{"You'll give up your seat", "register again while seats are free"},
			"in line",
		},
		{
			"somebody waits", 2, true, false, false,
			[]string{"goes to the next person in line", "end of the line"},
			"seats are free",
		},
		{"closed", 0, true, true, false, []string{"You'll give up your seat", "you can't register again"}, "in line"},
		{
			"closed, somebody waits", 2, true, true, false,
			[]string{"goes to the next person in line", "you can't register again"},
			"end of the line",
		},
		{
			"on the waitlist", 0, true, false, true,
			[]string{"lose your place in line", "1st", "end of the line"},
			"seat for",
		},
		{
			"on the waitlist, closed", 0, true, true, true,
			[]string{"lose your place in line", "you can't join again"},
			"end of the line",
		},
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
				organizer.logInDirectly(b.organizer.User.Email, apptest.Password)
				organizer.open(b.page() + "/close")
				organizer.click("main form button")
				organizer.see("#stand-title", "Registration is closed")
			}
			v := newVisitor(t, s.first(), "asker")
			v.logInDirectly(person.User.Email, apptest.Password)
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
