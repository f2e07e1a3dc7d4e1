package e2e

import (
	"fmt"
	"slices"
	"testing"
)

// setting is how a story is told: on a screen, with script or without.
type setting struct {
	name   string
	look   look
	script bool
	pair   bool // the checks look at the opposite width and theme, too: the story isn't told there in the same way
}

// settings are those of a story that is told twice.
var settings = []setting{{"Phone", look{390, "dark"}, true, true}, {"Plain", look{1280, "light"}, false, true}}

// tell tells the nth story at both widths, with script and without, once in each theme: from the form of a competition
// to its last seat. The themes of the next story are the other way round, so that two have every combination.
func tell(n int, story func(t *testing.T, s site, c setting)) func(*testing.T, site) {
	return func(t *testing.T, s site) {
		script, plain := opposites(n), opposites(n+1)
		for _, c := range []setting{
			{"Script", script[0], true, false},
			{"Script Phone", script[1], true, false},
			{"Plain", plain[0], false, false},
			{"Plain Phone", plain[1], false, false},
		} {
			t.Run(c.name, func(t *testing.T) { story(t, s, c) })
		}
	}
}

// visitor opens a browser in the setting.
func (c setting) visitor(t *testing.T, base, name string) *visitor {
	t.Helper()
	v := newVisitor(t, base, name+" "+c.name)
	v.wear(c.look)
	if !c.script {
		v.withoutScript()
	}
	return v
}

// person is somebody in the setting, with an account.
func (c setting) person(t *testing.T, base, name, role string) *visitor {
	t.Helper()
	v := c.visitor(t, base, name)
	v.signUpDirectly(role)
	return v
}

// check looks at the page as it is now.
func (c setting) check(v *visitor, where string) {
	v.t.Helper()
	worn := []look{c.look}
	if c.pair {
		worn = append(worn, looks[slices.Index(looks, c.look)^1])
	}
	for i, l := range worn {
		v.wear(l)
		v.check(where, v.overflow(l.width))
		switch {
		case !c.script:
		case i == 0:
			v.check(where, v.accessibility())
		default:
			v.check(where, v.contrast())
		}
	}
	v.wear(c.look)
	if c.script {
		v.check(where, v.pageErrors())
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

// folded waits until a field of the form isn't shown.
func (v *visitor) folded(field string) {
	v.t.Helper()
	v.until(field+" to be folded away", fmt.Sprintf(`!document.querySelector('main [name=%q]').checkVisibility()`, field))
}

// unfold opens the part of the form that has a field.
func (v *visitor) unfold(field string) {
	v.t.Helper()
	v.folded(field)
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
	page := olga.create("Story Sprint "+c.name, 2, func() {
		for _, field := range []string{
			"admission", "offerHours", "team.max", "division-name-0", "accessCode",
			"edit-questions",
		} {
			olga.folded(field)
		}
		c.check(olga, "a new form")
	})
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
