package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// race is a lottery for the seats of two distances: people apply, the organizer closes the list and enters the public
// value, and everybody learns their place.
func race(t *testing.T, s site, c setting) {
	olga := c.person(t, s.first(), "Olga Run", "ORGANIZER")
	page := olga.create("Story Run "+c.name, 2, func() {
		olga.unfold("admission")
		olga.set("admission", "LOTTERY")
		olga.click("#edit-divisions summary")
		for i, name := range []string{"Half marathon", "10 km"} {
			if i > 0 {
				olga.click("#division-add-0")
				olga.see("#edit-divisions", "Division 2")
			}
			olga.fill(fmt.Sprintf("division-name-%d", i), name)
			olga.fill(fmt.Sprintf("division-capacity-%d", i), "1")
		}
		c.check(olga, "the form of a race")
	})
	people := make([]*visitor, 3)
	for i, division := range []int{1, 1, 2} {
		people[i] = c.person(t, s.last().WebURL, []string{"Ada", "Ben", "Cem"}[i]+" Run", "PARTICIPANT")
		people[i].open(page)
		people[i].see("#stand-title", "Applications are open")
		people[i].see("#stand", "a public draw decides")
		people[i].click(fmt.Sprintf("#divisions li:nth-child(%d) label", division))
		people[i].click(registerButton)
		people[i].see("#stand-title", "You've applied")
	}
	ada := people[0]
	c.check(ada, "an application for a distance")
	ada.click(`#stand a[href$="/draw"]`)
	ada.see("main", "Everyone who applies before registration closes is in the draw")

	olga.prepareDraw(page, email(ada.name))
	c.check(olga, "an open draw")
	olga.open(page + "/close")
	olga.click("main form button")
	olga.see("#flash", "closed")
	olga.passGrace(s, page)
	olga.seeIn(page+"/draw", "main", "The list is frozen with 3 people")
	olga.see("main", "The numbers of 4 July")
	ada.seeIn(page+"/draw", "#draw-mine", "You're on the list")
	ada.see("main", "with 3 tickets")
	c.check(ada, "a frozen list")

	olga.fill("value", "3 14 15 26 41 49")
	olga.click(`form[action$="/value"] button`)
	olga.see("h1", "Draw now?")
	olga.see("main", "3 14 15 26 41 49")
	olga.click(`form[action$="/value"] button`)
	olga.see("#flash", "The draw starts")
	olga.seeIn(page+"/draw", "main", "3 people were in the draw. Everyone has been notified.")
	olga.see("main", "2 seats assigned, 1 on the waitlist in drawn order")
	c.check(olga, "the draw")
	ada.seeIn(page+"/draw", "#draw-mine", "You were drawn ")
	people[2].seeIn(page, "#stand-title", "You're in!") // alone on the distance
	seated := 0
	for _, v := range people[:2] {
		v.open(page)
		if v.holds(shows("#stand-title", "You're in!")) {
			seated++
		} else {
			v.see("#stand-title", "You're 1st in line")
		}
		c.check(v, "a place in the draw")
	}
	if seated != 1 {
		t.Errorf("%d of two who wanted the same seat have it", seated)
	}
}

// prepareDraw names the source of a draw and gives somebody three tickets, both after a mistake.
func (v *visitor) prepareDraw(page, email string) {
	v.t.Helper()
	v.open(page + "/draw")
	v.set("source", "NAMED")
	v.fill("name", "")
	v.click(`form[action$="/source"] button`)
	v.see("#field-name-error", "required")
	v.fill("name", "The numbers of 4 July")
	v.click(`form[action$="/source"] button`)
	v.see("#flash", "Saved")
	v.fill("tickets", "email,tickets\nnobody@example.com,3")
	v.click(`form[action$="/tickets"] button`)
	v.see("#field-tickets-error", "nobody@example.com hasn't applied")
	v.fill("tickets", email+",3")
	v.click(`form[action$="/tickets"] button`)
	v.see("#flash", "Tickets saved")
}

// passGrace puts the deadline so far into the past that no press can be on its way any more.
func (v *visitor) passGrace(s site, page string) {
	v.t.Helper()
	_, err := s.replicas[0].Store().Writer().ExecContext(v.t.Context(),
		`UPDATE competitions SET reg_deadline = $1 WHERE id = $2`,
		compete.UTC(time.Now().Add(-compete.ArrivalGrace)), page[len("/competitions/"):])
	if err != nil {
		v.t.Fatal(err)
	}
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
			{name: "draw-refused", path: page + "/draw", then: func(v *visitor) {
				v.fill("tickets", "nobody@example.com,2")
				v.click(`form[action$="/tickets"] button`)
				v.see("[data-errors]", "hasn't applied")
			}},
			{name: "draw-over", path: organizer.find("/dashboard", "Ridge Ultra 2023") + "/draw"},
			{name: "close-lottery", path: page + "/close"},
		}},
	}
}
