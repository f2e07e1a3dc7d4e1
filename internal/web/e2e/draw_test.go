package e2e

import (
	"fmt"
	"testing"
)

// testDraw is the story of a lottery, on a wide and on a narrow screen, with and without script: people apply, the
// organizer closes the list and enters the public value, and everybody learns their place.
func testDraw(t *testing.T, s site) {
	for i, width := range []int64{1280, 390} {
		drawCup(t, s, fmt.Sprintf("Lots %d", i), width, i == 1)
	}
}

func drawCup(t *testing.T, s site, name string, width int64, plain bool) {
	t.Helper()
	organizer := newVisitor(t, s.first(), "Olga "+name)
	organizer.screen(width, 900)
	if plain {
		organizer.withoutScript()
	}
	organizer.signUpDirectly("ORGANIZER")
	page := organizer.publishLottery(name+" Cup", 1)
	people := make([]*visitor, 2)
	for i, first := range []string{"Ada ", "Ben "} {
		people[i] = newVisitor(t, s.last().WebURL, first+name)
		people[i].screen(width, 900)
		people[i].signUpDirectly("PARTICIPANT")
		people[i].open(page)
		people[i].see("#stand-title", "Applications are open")
		people[i].see("#stand", "a public draw decides")
		people[i].click(registerButton)
		people[i].see("#stand-title", "You've applied")
	}
	ada := people[0]
	ada.check("an application", ada.accessibility(), ada.pageErrors())
	ada.click(`#stand a[href$="/draw"]`)
	ada.see("main", "Everyone who applies before registration closes is in the draw for 1 seat.")

	organizer.open(page + "/draw")
	organizer.set("source", "NAMED")
	organizer.fill("name", "")
	organizer.click(`form[action$="/source"] button`)
	organizer.see("#field-name-error", "required")
	organizer.fill("name", "The numbers of 4 July")
	organizer.click(`form[action$="/source"] button`)
	organizer.see("#flash", "Saved")
	organizer.fill("tickets", "email,tickets\nnobody@example.com,3")
	organizer.click(`form[action$="/tickets"] button`)
	organizer.see("#field-tickets-error", "nobody@example.com hasn't applied")
	organizer.fill("tickets", email("Ada "+name)+",3")
	organizer.click(`form[action$="/tickets"] button`)
	organizer.see("#flash", "Tickets saved")
	if !plain { // which axe needs
		organizer.check("an open draw", organizer.accessibility())
	}
	organizer.check("an open draw", organizer.overflow(width))

	organizer.open(page + "/close")
	organizer.click("main form button")
	organizer.see("#flash", "closed")
	organizer.seeIn(page+"/draw", "main", "The list is frozen with 2 people")
	organizer.see("main", "The numbers of 4 July")
	ada.seeIn(page+"/draw", "#draw-mine", "You're on the list")
	ada.see("main", "with 3 tickets")
	organizer.fill("value", "3 14 15 26 41 49")
	organizer.click(`form[action$="/value"] button`)
	organizer.see("h1", "Draw now?")
	organizer.see("main", "3 14 15 26 41 49")
	organizer.click(`form[action$="/value"] button`)
	organizer.see("#flash", "The draw follows")
	organizer.seeIn(page+"/draw", "main", "2 people were in the draw. Everyone has been notified.")
	organizer.see("main", "1 seat assigned, 1 on the waitlist in drawn order")
	organizer.check("a draw", organizer.overflow(width))
	ada.seeIn(page+"/draw", "#draw-mine", "You were drawn ")
	seated := 0
	for _, v := range people {
		v.open(page)
		switch title := eval[string](v, `document.querySelector("#stand-title").innerText`); title {
		case "You're in!":
			seated++
		case "You're 1st in line":
		default:
			t.Errorf("after the draw, the card says %q", title)
		}
		v.check("a place in the draw", v.accessibility(), v.overflow(width))
	}
	if seated != 1 {
		t.Errorf("%d have a seat, want 1", seated)
	}
}

// publishLottery publishes a competition whose seats are drawn.
func (v *visitor) publishLottery(title string, seats int) string {
	v.t.Helper()
	v.open("/competitions/create")
	v.click(`details:has([name="admission"]) summary`)
	v.set("admission", "LOTTERY")
	page := v.fillAndPublish("PUBLISHED", title, seats)
	v.see("#flash", "published")
	return page
}

// drawTours are those of somebody who has applied for a lottery, and of its organizer.
func drawTours(t *testing.T, s site) []tour {
	t.Helper()
	applied, organizer := newVisitor(t, s.first(), "in a lottery"), newVisitor(t, s.first(), "organizer of a lottery")
	applied.logInDirectly("participant3@minicompete.com", "password123")
	organizer.logInDirectly("organizer2@minicompete.com", "password123")
	page := applied.find("/dashboard", "Lake Night Run")
	return []tour{
		{applied, []stop{{name: "competition-lottery", path: page}, {name: "draw", path: page + "/draw"}}},
		{organizer, []stop{
			{name: "draw-organizer", path: page + "/draw"},
			{name: "draw-refused", like: true, path: page + "/draw", then: func(v *visitor) {
				v.fill("tickets", "nobody@example.com,2")
				v.click(`form[action$="/tickets"] button`)
				v.see("[data-errors]", "hasn't applied")
			}},
			{name: "draw-over", path: organizer.find("/dashboard", "Ridge Ultra 2023") + "/draw"},
			{name: "close-lottery", like: true, path: page + "/close"},
		}},
	}
}
