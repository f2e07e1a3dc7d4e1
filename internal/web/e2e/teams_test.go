package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// testTeams is the story of a competition with teams, from its form to the last move by its organizer.
func testTeams(t *testing.T, s site) {
	for _, c := range settings {
		t.Run(c.name, func(t *testing.T) { teamStory{c}.run(t, s) })
	}
}

type teamStory struct{ setting }

func (r teamStory) title() string { return "Jam " + r.name }

func (r teamStory) run(t *testing.T, s site) {
	olga := r.person(t, s.first(), "Olga Jam", "ORGANIZER")
	page := r.create(olga)
	person := func(name string) *visitor { return r.person(t, s.last().WebURL, name+" Jam", "PARTICIPANT") }

	ada := person("Ada")
	ada.enterTeam(page, "new", "team.name", "Red")
	ada.see("#my-team section", "1 member. Teams have 2")
	r.check(ada, "a captain's card")
	ada.click(`#my-team a[href^="/teams/"]`)
	ada.see("h1", "Red")
	team, link := ada.at("/teams/"), eval[string](ada, `document.querySelector("[data-team-link]").href`)
	_, code, _ := strings.Cut(link, "?join=")
	join := page + "/team?join=" + code

	cem := r.newMember(t, s, join, code)
	ben := person("Ben")
	r.refused(ben, page, join, code)
	ada.open(team)
	ada.see("main", "The team is full.")
	r.invitation(person("Dan"), ben, page)

	ada.open(team + "/leave")
	ada.click("main form button")
	ada.see("#flash", "Make someone else captain")
	r.confirm(ada, `main a[href$="/captain"]`)
	ada.see("#flash", "new captain")
	r.check(ada, "a team that was handed over")
	r.confirm(ada, `main a[href$="/leave"]`)
	ada.see("#my-team section", "You're not in a team yet")

	cem.open(team)
	cem.click(`main form[action$="/code"] button`)
	cem.see("#flash", "new code")
	ada.open(join) // the earlier one
	ada.see("main", "No team has this code")
	r.check(ada, "a link that no longer works")

	olga.open(page + "/teams")
	olga.see("tbody tr:nth-child(1)", "Red")
	olga.see("tbody tr:nth-child(1)", "1 of 2")
	r.check(olga, "the list of teams")
	olga.open(page + "/registrations?search=ada")
	olga.see("#rows tbody", "No team")
	olga.click(`#rows a[href$="/team"]`)
	olga.see("h1", "Change team")
	r.check(olga, "moving somebody")
	olga.click(`main li:nth-child(1) button[name="teamId"]`)
	olga.see("#flash", "Team changed")
	olga.see("#rows tbody tr:nth-child(1)", "Red")
	ada.open(page)
	ada.see("#my-team section", "2 of 2 members")
	r.confirmAt(cem, team, `main a[href$="/remove"]`)
	cem.see("#flash", "Removed from the team")
	ada.open(page)
	ada.see("#my-team section", "Captains can't find you")
	ada.click(`#my-team form[action$="/team/looking"] button`)
	ada.see("#my-team section", "Captains can find you")
}

// create fills in the form, with a mistake.
func (r teamStory) create(v *visitor) (page string) {
	v.open("/competitions/create")
	v.until("teams to be folded away", `!document.querySelector('[name="team.max"]').checkVisibility()`)
	v.fill("title", r.title())
	v.fill("capacity", "6")
	v.fill("zone", "UTC")
	v.set("regDeadline", local(time.Now().Add(48*time.Hour)))
	v.click(`details:has([name="team.max"]) > summary`)
	v.fill("team.min", "2")
	v.fill("team.max", "1")
	eval[any](v, `document.querySelectorAll("main [min]").forEach((e) => e.removeAttribute("min"))`)
	v.click(`button[value="PUBLISHED"]`)
	v.see(`[id="field-team.min-error"]`, "Must be at most the largest size")
	r.check(v, "a refused team")
	v.fill("team.max", "2")
	v.click(`button[value="PUBLISHED"]`)
	v.see("#flash", "published")
	return v.at("/competitions/")
}

// enterTeam registers with the choice of a team.
func (v *visitor) enterTeam(page, choice, field, value string) {
	v.t.Helper()
	v.open(page)
	v.click("#register")
	v.see("h1", "Register")
	v.chooseTeam(choice, field, value)
}

func (v *visitor) chooseTeam(choice, field, value string) {
	v.t.Helper()
	v.click(`label:has(#team-` + choice + `)`)
	if field != "" {
		v.fill(field, value)
	}
	v.click(`main form[data-questions] button.btn-primary`)
}

// newMember follows the link without an account, signs up, and finds the code filled in.
func (r teamStory) newMember(t *testing.T, s site, join, code string) *visitor {
	v := r.visitor(t, s.first(), "Cem Jam")
	v.open(join)
	v.see("main", "You're invited to a team in "+r.title())
	v.see("h1", "Join Red")
	r.check(v, "an invitation")
	v.click(`main a[href^="/auth/signup"]`)
	v.see("h1", "Create account")
	v.fill("name", v.name)
	v.fill("email", email(v.name))
	v.fill("password", "correct horse battery")
	v.click(`main form[action="/auth/signup"] button`)
	v.see("h1", "Join Red")
	v.until("the code", fmt.Sprintf(`document.querySelector('[name="team.code"]').value === %q`, code))
	r.check(v, "joining a team")
	v.click(`main form[data-questions] button.btn-primary`)
	v.see("#my-team section", "2 of 2 members")
	return v
}

// refused tries a full team, a wrong code and a name that is taken, and then looks for a team.
func (r teamStory) refused(v *visitor, page, join, code string) {
	v.open(join)
	v.see("h1", "You can't join Red")
	v.see("main", "no room for another member")
	r.check(v, "a full team")
	v.enterTeam(page, "code", "team.code", code)
	v.see(`[id="field-team.code-error"]`, "no room for another member")
	v.until("what was typed", fmt.Sprintf(`document.querySelector('[name="team.code"]').value === %q`, code))
	v.chooseTeam("new", "team.name", "rEd")
	v.see(`[id="field-team.name-error"]`, "Another team in this competition already has this name")
	r.check(v, "a refused name")
	v.chooseTeam("looking", "", "")
	v.see("#my-team section", "Captains can find you")
}

// invitation has a captain invite somebody from the board.
func (r teamStory) invitation(captain, looking *visitor, page string) {
	captain.enterTeam(page, "new", "team.name", "Blue")
	captain.click(`#my-team a[href^="/teams/"]`)
	captain.click(`main a[href$="/board"]`)
	captain.see("main li", "Ben")
	r.check(captain, "the board")
	captain.click(`main li button[name="registrationId"]`)
	captain.see("#flash", "Invitation sent")
	captain.see("main li", "Invited")
	team := strings.TrimSuffix(captain.at("/teams/"), "/board")
	captain.open(team)
	captain.click(`main form[action$="/code"] button`) // the link that was sent no longer works
	captain.see("#flash", "new code")
	captain.open(team + "/board")
	captain.click(`main li button[name="registrationId"]`)
	captain.see("#flash", "Invitation sent")
	looking.open(looking.linkOn(looking.find("/mailbox", `Join the team "Blue"`), "?join="))
	looking.see("h1", "Join Blue?")
	r.check(looking, "accepting an invitation")
	looking.click("main form button.btn-primary")
	looking.see("#flash", "You joined the team")
	looking.see("main", "2 of 2 members")
	captain.open(team + "/board")
	captain.see("main", "Nobody is looking for a team")
}

// confirm follows a link to a question, and says yes.
func (r teamStory) confirm(v *visitor, link string) {
	v.t.Helper()
	v.open(eval[string](v, fmt.Sprintf(`new URL(document.querySelector(%q).href).pathname`, link)))
	v.click("main form button")
}

func (r teamStory) confirmAt(v *visitor, page, link string) {
	v.t.Helper()
	v.open(page)
	r.confirm(v, link)
}

// testTeamSeats is the story of a competition whose seats are for teams: one waits, and is promoted as a whole. The
// captain answers for the team, and what was prepared is checked again at the press.
func testTeamSeats(t *testing.T, s site) {
	organizer := s.last().As(compete.RoleOrganizer)
	id := organizer.Create(map[string]any{
		"capacity": 1, "waitlist": true, "team": map[string]any{"min": 1, "max": 2, "seatUnit": "TEAM"},
		"questions": []map[string]any{{
			"id": "school", "kind": "TEXT", "label": "School", "required": true, "scope": "TEAM",
		}},
	})
	page := "/competitions/" + id
	person := func(name string) *visitor {
		v := newVisitor(t, s.first(), name+" of a school")
		v.signUpDirectly("PARTICIPANT")
		return v
	}
	ada, ben, cem := person("Ada"), person("Ben"), person("Cem").withoutScript()
	ada.open(page)
	ada.click("#register")
	ada.until("no question to the team", `!document.querySelector('[name="answers.school"]').checkVisibility()`)
	ada.chooseTeam("new", "team.name", "Alpha")
	ada.see(`[data-errors] a[href="#field-answers.school"]`, "School")
	ada.fill("answers.school", "No. 5")
	ada.click(`main form[data-questions] button.btn-primary`)
	ada.see("#stand-title", "You're in!")

	ben.open(page)
	ben.click("#register")
	ben.click(`label:has(#team-new)`)
	ben.fill("answers.school", "No. 7")
	ben.chooseTeam("new", "team.name", "Beta")
	ben.see("#stand-title", "You're 1st in line")
	link := eval[string](ben, `document.querySelector("[data-team-link]").href`)
	_, code, _ := strings.Cut(link, "?join=")
	cem.open(page + "/team?join=" + code)
	cem.see("h1", "Join Beta")
	cem.click(`main form[data-questions] button.btn-primary`)
	cem.see("#stand-title", "You're 1st in line")
	cem.click(`#my-team a[href^="/teams/"]`)
	cem.see("main", "teams are promoted as a whole, in strict order")
	team := cem.at("/teams/")

	ben.open(page + "/withdraw") // a captain hands over first
	ben.see("#flash", "Make someone else captain")
	ada.open(page + "/withdraw")
	ada.click("main form button")
	ada.see("#flash", "cancelled")
	for _, v := range []*visitor{ben, cem} {
		v.open(page)
		v.see("#stand-title", "You're in!")
	}
	ben.seeIn(team, "main", "Confirmed")
	ben.open(team)
	teamStory{}.confirmAt(ben, team, `main a[href$="/remove"]`)
	ben.see("#flash", "Removed from the team")
	cem.open(page)
	cem.see("#stand", "Removed from your team by its captain or the organizer.")
	cem.find("/mailbox", "You were removed from")
}

// testTeamReady prepares two teams of one name. The press of the second brings nothing, and is told at the field.
func testTeamReady(t *testing.T, s site) {
	organizer := s.last().As(compete.RoleOrganizer)
	id := organizer.Create(map[string]any{
		"team": map[string]any{"max": 3}, "regOpensAt": time.Now().Add(time.Hour),
	})
	page := "/competitions/" + id
	var people []*visitor
	for i, name := range []string{"Ada", "Ben", "Cem"} {
		v := newVisitor(t, s.first(), name+" prepares a team")
		if i == 1 {
			v.withoutScript()
		}
		v.signUpDirectly("PARTICIPANT")
		v.open(page)
		v.click("#register")
		v.see("h1", "Get ready")
		v.chooseTeam("new", "team.name", "Gamma")
		v.see("#flash", "You're ready")
		people = append(people, v)
	}
	organizer.Do(http.MethodPatch, "/api"+page, map[string]any{"regOpensAt": nil}, "If-Match", "*").
		Want(t, http.StatusOK)
	for _, v := range people {
		v.open(page)
	}
	people[0].click(registerButton)
	people[0].see("#stand-title", "You're in!")
	people[0].see("#my-team section", "Gamma")
	for i, v := range people[1:] {
		v.click(registerButton)
		v.see(`[id="field-team.name-error"]`, "Another team in this competition already has this name")
		v.until("what was typed", `document.querySelector('[name="team.name"]').value === "Gamma"`)
		v.chooseTeam("new", "team.name", fmt.Sprintf("Gamma %d", i+2))
		v.see("#stand-title", "You're in!")
	}
}
