package e2e

import (
	"fmt"
	"slices"
	"testing"
)

// fullSettings are both widths and both themes, each with script and without.
var fullSettings = slices.Concat(settings, []setting{{"Desk", look{1280, "dark"}, false}})

// tell tells a story in every setting: of a competition from its form to its last seat.
func tell(story func(t *testing.T, s site, c setting)) func(*testing.T, site) {
	return func(t *testing.T, s site) {
		for _, c := range fullSettings {
			t.Run(c.name, func(t *testing.T) { story(t, s, c) })
		}
	}
}

// create publishes a competition, with what fill adds to the form.
func (v *visitor) create(title string, seats int, fill func()) (page string) {
	v.t.Helper()
	v.open("/competitions/create")
	fill()
	page = v.fillAndPublish("PUBLISHED", title, seats)
	v.see("#flash", "published")
	return page
}

// unfold opens the part of the form that has a field.
func (v *visitor) unfold(field string) {
	v.t.Helper()
	v.until(field+" to be folded away", fmt.Sprintf(`!document.querySelector('[name=%q]').checkVisibility()`, field))
	v.click(fmt.Sprintf(`details:has([name=%q]) > summary`, field))
}

// teamsOfTwo makes the seats of the open form those of teams.
func (v *visitor) teamsOfTwo() {
	v.t.Helper()
	v.unfold("team.max")
	v.fill("team.max", "2")
	v.pick("team.seatUnit", "TEAM")
}

// foundTeam opens the form to register, and names a new team in it.
func (v *visitor) foundTeam(page, name string) {
	v.t.Helper()
	v.open(page)
	v.click("#register")
	v.click(`label:has(#team-new)`)
	v.fill("team.name", name)
}

// send sends the form to register.
func (v *visitor) send(then string) {
	v.t.Helper()
	v.click(`main form[data-questions] button.btn-primary`)
	v.see("#stand-title", then)
}

// joins follows the link of a captain, whose page is open.
func (v *visitor) joins(captain *visitor) {
	v.t.Helper()
	link := eval[string](captain, `(({pathname, search}) => pathname + search)(
		new URL(document.querySelector("[data-team-link]").href))`)
	v.open(link)
	v.until("the code", `document.querySelector('[name="team.code"]').value !== ""`)
}

// firstCome is the plain competition: the last seat goes to who waited for it.
func firstCome(t *testing.T, s site, c setting) {
	olga := c.person(t, s.first(), "Olga Sprint", "ORGANIZER")
	page := olga.create("Story Sprint "+c.name, 2, func() { c.check(olga, "a new form") })
	people := make([]*visitor, 3)
	for i, then := range []string{"You're in!", "You're in!", "You're 1st in line"} {
		people[i] = c.person(t, s.last().WebURL, []string{"Ada", "Ben", "Cem"}[i]+" Sprint", "PARTICIPANT")
		people[i].open(page)
		people[i].click(registerButton)
		people[i].see("#stand-title", then)
		c.check(people[i], then)
	}
	olga.seeIn(page, "#stand .seats", "0 of 2 seats left")
	people[0].open(page + "/withdraw")
	c.check(people[0], "giving up a seat")
	people[0].click("main form button")
	people[0].see("#flash", "cancelled")
	people[2].seeIn(page, "#stand-title", "You're in!")
	olga.open(page + "/registrations")
	olga.see("#rows tbody tr:nth-child(3)", "Cem Sprint")
	c.check(olga, "the participants")
}

// hackathon takes applications of teams. One is admitted, and its captain accepts the seat.
func hackathon(t *testing.T, s site, c setting) {
	olga := c.person(t, s.first(), "Olga Hackathon", "ORGANIZER")
	page := olga.create("Story Hackathon "+c.name, 1, func() {
		olga.unfold("admission")
		olga.set("admission", "REVIEW")
		olga.unfold("offerHours")
		olga.fill("offerHours", "24")
		olga.teamsOfTwo()
		c.check(olga, "the form of a hackathon")
	})
	person := func(name string) *visitor { return c.person(t, s.last().WebURL, name+" Hackathon", "PARTICIPANT") }
	ada, ben, cem := person("Ada"), person("Ben"), person("Cem")
	ada.foundTeam(page, "Red")
	c.check(ada, "applying as a team")
	ada.send("You've applied")
	ben.joins(ada)
	ben.send("You've applied")
	cem.foundTeam(page, "Blue")
	cem.send("You've applied")

	olga.open(page + "/applications")
	for row, decided := range []struct{ team, decision, draft string }{
		{"Red", "ADMIT", "Draft: Admit"}, {"Blue", "WAITLIST", "Draft: Waitlist"},
	} {
		li := fmt.Sprintf("#applications li:nth-child(%d)", row+1)
		olga.see(li, decided.team)
		olga.click(li + fmt.Sprintf(" button[value=%q]", decided.decision))
		olga.see(li, decided.draft)
	}
	c.check(olga, "the applications")
	olga.open(page + "/applications/release")
	olga.see("main", "Admit: 1")
	c.check(olga, "the preview")
	olga.click("main form button")
	olga.see("#flash", "Decisions are being released")

	ada.seeIn(page, "#stand-title", "Your team was offered a seat")
	c.check(ada, "an offer to a team")
	ben.seeIn(page, "#stand", "Your captain can accept it by")
	c.check(ben, "an offer that the captain answers")
	ada.click("#accept")
	ada.see("#stand-title", "You're in!")
	ben.seeIn(page, "#stand-title", "You're in!")
	cem.seeIn(page, "#stand-title", "You're 1st in line")
	c.check(cem, "a team that waits")
	olga.open(page + "/registrations?teamName=red")
	olga.until("the team alone", `document.querySelectorAll("#rows tbody tr").length === 2`)
	olga.see("#rows tbody tr:nth-child(2)", "Ben Hackathon")
	c.check(olga, "the participants of a team")
}

// testRace draws the seats of two distances. The lists of all settings are closed before any is drawn, since a draw
// waits a while for presses that are on their way.
func testRace(t *testing.T, s site) {
	var draws []func()
	for _, c := range fullSettings {
		draws = append(draws, race(t, s, c))
	}
	for _, draw := range draws {
		draw()
	}
}

// race has people apply for two distances and closes the list. It returns the draw.
func race(t *testing.T, s site, c setting) (draw func()) {
	t.Helper()
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
		people[i].click(fmt.Sprintf("#divisions li:nth-child(%d) label", division))
		people[i].click(registerButton)
		people[i].see("#stand-title", "You've applied")
	}
	c.check(people[0], "an application for a distance")

	olga.open(page + "/draw")
	olga.set("source", "NAMED")
	olga.fill("name", "The numbers of 4 July")
	olga.click(`form[action$="/source"] button`)
	olga.see("#flash", "Saved")
	olga.open(page + "/close")
	olga.click("main form button")
	olga.see("#flash", "closed")
	return func() { drawRace(t, c, page, olga, people) }
}

func drawRace(t *testing.T, c setting, page string, olga *visitor, people []*visitor) {
	t.Helper()
	olga.seeIn(page+"/draw", "main", "The list is frozen with 3 people")
	olga.fill("value", "3 14 15 26 41 49")
	olga.click(`form[action$="/value"] button`)
	olga.see("#flash", "The draw follows")
	olga.seeIn(page+"/draw", "main", "2 seats assigned, 1 on the waitlist")
	c.check(olga, "the draw")
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

// olympiad asks teams for their school, and everybody for their year. The last seat is added for a team that waits.
func olympiad(t *testing.T, s site, c setting) {
	olga := c.person(t, s.first(), "Olga Cup", "ORGANIZER")
	var school, year string
	page := olga.create("Story Cup "+c.name, 1, func() {
		olga.teamsOfTwo()
		olga.click("[data-question-editor] > summary")
		school = olga.addQuestion(1, "TEXT", "School")
		year = olga.addQuestion(2, "ONE_OF", "Year")
		olga.fill("q."+year+".options", "9\n10")
		for _, box := range []string{school + ".team", school + ".required", year + ".required"} {
			eval[any](olga, fmt.Sprintf(`document.querySelector('[name="q.%s"]').click()`, box))
		}
		c.check(olga, "the form of an olympiad")
	})
	person := func(name string) *visitor { return c.person(t, s.last().WebURL, name+" Cup", "PARTICIPANT") }
	answer := func(v *visitor, year, value string) {
		v.click(fmt.Sprintf(`main label:has([name="answers.%s"][value=%q])`, year, value))
	}
	ada, ben, cem := person("Ada"), person("Ben"), person("Cem")
	ada.foundTeam(page, "Alpha")
	answer(ada, year, "9")
	ada.click(`main form[data-questions] button.btn-primary`)
	ada.see(`[data-errors] a[href="#field-answers.`+school+`"]`, "School")
	c.check(ada, "a refused team")
	ada.fill("answers."+school, "No. 5")
	ada.send("You're in!")
	ben.joins(ada)
	ben.until("no question to the team", `!document.querySelector('[name="answers.`+school+`"]')?.checkVisibility()`)
	answer(ben, year, "10")
	c.check(ben, "joining a team")
	ben.send("You're in!")
	cem.foundTeam(page, "Beta")
	cem.fill("answers."+school, "No. 7")
	answer(cem, year, "9")
	cem.send("You're 1st in line")

	olga.open(page + "/edit")
	olga.fill("capacity", "2")
	olga.click("main form .btn-primary")
	olga.see("#flash", "Saved")
	cem.seeIn(page, "#stand-title", "You're in!")
	c.check(cem, "the last seat")
	olga.seeIn(page, "#stand .seats", "0 of 2 seats left")
	olga.open(page + "/registrations/answers")
	olga.see("main", "2 answers")
	c.check(olga, "the answers")
}
