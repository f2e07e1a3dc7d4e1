package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// testDivisions is the story of a race with two distances, from its form to the last seat.
func testDivisions(t *testing.T, s site) {
	for _, c := range settings {
		t.Run(c.name, func(t *testing.T) { raceStory{c}.run(t, s) })
	}
}

type raceStory struct{ setting }

func (r raceStory) run(t *testing.T, s site) {
	olga := r.person(t, s.first(), "Olga Race", "ORGANIZER")
	page := r.create(olga)
	race := map[string]string{}
	for _, name := range []string{"Half marathon", "10 km"} {
		race[name] = fmt.Sprintf(`#divisions li:has(input[value=%q])`,
			eval[string](olga, fmt.Sprintf(`[...document.querySelectorAll("#divisions li")]
				.find(li => li.innerText.includes(%q)).querySelector("[data-division]").dataset.division`, name)))
	}
	enter := func(name, base string) *visitor {
		v := r.person(t, base, name+" Race", "PARTICIPANT")
		v.open(page)
		return v
	}
	register := func(v *visitor, division, then string) {
		v.t.Helper()
		v.click(race[division] + " label")
		v.click(registerButton)
		v.see("#stand-title", then)
	}
	ada, ben := enter("Ada", s.last().WebURL), enter("Ben", s.first())
	r.check(ada, "choosing a division")
	ada.see(race["10 km"], "2 of 2 seats left")
	register(ada, "Half marathon", "You're in!")
	ada.see("#stand .bib", "Half marathon")
	register(ben, "Half marathon", "1st in line")
	ben.see("#stand", "Half marathon")
	r.check(ben, "waiting in a division")
	cleo, dan, eve := enter("Cleo", s.first()), enter("Dan", s.last().WebURL), enter("Eve", s.first())
	register(cleo, "10 km", "You're in!")
	dan.open(page)
	dan.see(race["10 km"], "1 of 2 seats left")
	register(dan, "10 km", "You're in!") // the last seat
	register(eve, "10 km", "1st in line")

	r.change(olga, page)

	// A seat is only given up for a seat.
	cleo.open(page)
	cleo.click(`#stand a[href$="/division"]`)
	cleo.see("h1", "Change division")
	r.check(cleo, "changing division")
	cleo.click(`main form label:not(:has(:checked))`)
	cleo.click("main form button")
	cleo.see("main form", "You keep the one you have")
	ada.open(page + "/withdraw")
	ada.click("main form button")
	ada.see("#flash", "cancelled")
	ben.open(page)
	ben.see("#stand-title", "You're in!")
	eve.open(page)
	eve.see("#stand-title", "1st in line")
	r.list(olga, page)
}

// create fills in the form with divisions that are added, moved and removed.
func (r raceStory) create(v *visitor) (page string) {
	v.open("/competitions/create")
	v.until("divisions to be folded away", `!document.querySelector("[name=division-name-0]").checkVisibility()`)
	v.fill("title", "Race "+r.name)
	v.fill("capacity", "3")
	v.fill("zone", "UTC")
	v.set("regDeadline", local(time.Now().Add(48*time.Hour)))
	v.click("#edit-divisions summary")
	for i, division := range []struct{ name, seats string }{{"10 km", "2"}, {"Kids", "9"}, {"Half marathon", "1"}} {
		if i > 0 {
			v.click("#division-add-0")
			v.see("#edit-divisions", fmt.Sprintf("Division %d", i+1))
		}
		v.fill(fmt.Sprintf("division-name-%d", i), division.name)
		v.fill(fmt.Sprintf("division-capacity-%d", i), division.seats)
	}
	v.click("#division-remove-1")
	v.until("two divisions", `document.querySelector("[name=division-name-2]") === null`)
	v.click("#division-up-1")
	v.until("another order", `document.querySelector("[name=division-name-0]").value === "Half marathon"`)
	v.fill("division-capacity-1", "0")
	r.check(v, "a form with divisions")
	eval[any](v, `document.querySelectorAll("main [min]").forEach((e) => e.removeAttribute("min"))`)
	v.click(`button[value="PUBLISHED"]`)
	v.see("#field-division-capacity-1-error", "Must be between 1 and")
	r.check(v, "a refused division")
	v.fill("division-capacity-1", "2")
	v.focus(`main [name="title"]`)
	v.press(kb.Enter) // publishes, rather than removing a division
	v.see("#flash", "published")
	v.see("#divisions li:nth-child(1)", "Half marathon")
	v.see("#divisions li:nth-child(2)", "10 km")
	return v.at("/competitions/")
}

// change tries to take what people have, and adds a division.
func (r raceStory) change(v *visitor, page string) {
	v.open(page + "/edit")
	v.see("#edit-divisions", "3 registrations")
	v.fill("division-capacity-1", "1")
	v.click("main form .btn-primary")
	v.see("#field-division-capacity-1-error", "2 people already hold seats")
	v.fill("division-capacity-1", "2")
	v.fill("division-name-1", "10 km, flat")
	v.click("#division-add-0")
	v.fill("division-name-2", "Kids")
	v.fill("division-capacity-2", "5")
	v.click("main form .btn-primary")
	v.see("#flash", "Saved")
	v.see("#divisions li:nth-child(2)", "10 km, flat")
	v.see("#divisions li:nth-child(3)", "Kids")
}

// list looks at the participants of one division.
func (r raceStory) list(v *visitor, page string) {
	v.open(page + "/registrations")
	v.see("#rows tbody tr:nth-child(5)", "10 km, flat")
	r.check(v, "participants")
	v.click(`.chips a:nth-child(2)`)
	v.until("the list of a division", `document.querySelectorAll("#rows tbody tr").length === 2`)
	v.see("#rows tbody tr:nth-child(1)", "Ada")
	v.see("#rows tbody tr:nth-child(2)", "Ben")
	v.until("its export", `document.querySelector("a[href*='.csv']").href.includes("division=")`)
}
