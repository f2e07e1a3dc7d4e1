package e2e

import (
	"net/url"
	"strings"
	"testing"
)

// teamTours are those of a captain, a member whose team waits, somebody who looks for a team, a guest with a link, and
// the organizer.
func teamTours(t *testing.T, s site) []tour {
	t.Helper()
	person := func(who string) *visitor {
		v := newVisitor(t, s.first(), who+" with teams")
		v.logInDirectly(who, "password123")
		return v
	}
	captain, waiting := person("participant3@minicompete.com"), person("participant1@minicompete.com")
	newcomer, organizer := person("participant2@minicompete.com"), person("organizer1@minicompete.com")
	hackathon := captain.find("/dashboard", "Civic Tech Hackathon")
	cup := waiting.find("/dashboard", "School Science Cup")
	team := captain.linkOn(hackathon, "/teams/")
	baking := newcomer.find("/dashboard", "Bake-Off for Beginners")
	act := func(what string) string { return captain.linkOn(team, what) }
	link, change := captain.linkOn(team, "?join="), organizer.changeLink(hackathon)
	wrong := hackathon + "/team?" + url.Values{"join": {"999-AAAAAAAA"}}.Encode()
	looking := person(s.looking(t, hackathon))
	guest := newVisitor(t, s.first(), "guest with a link")
	refuse := func(v *visitor) {
		eval[any](v, `document.querySelectorAll("main [required]").forEach((e) => e.required = false)`)
		v.click(`label:has(#team-new)`)
		v.click(`main form[data-questions] button.btn-primary`)
		v.see("[data-errors]", "Team name")
	}
	return []tour{
		{captain, []stop{
			{name: "competition-captain", path: hackathon},
			{name: "team", path: team},
			{name: "team-board", path: team + "/board"},
			{name: "team-hand-over", path: act("/captain")},
			{name: "team-remove", path: act("/remove")},
			{name: "team-remove-dialog", path: team, then: func(v *visitor) {
				v.ask(`main a[href$="/remove"]`, "from the team?")
			}},
			{name: "team-leave", path: team + "/leave"},
		}},
		{waiting, []stop{
			{name: "competition-team-waits", path: cup},
			{name: "team-waits", path: waiting.linkOn(cup, "/teams/")},
			{name: "dashboard-team", path: "/dashboard"},
		}},
		{newcomer, []stop{
			{name: "competition-unanswered", path: baking, then: func(v *visitor) {
				v.see("#stand", "Answer questions")
			}},
			{name: "register-team", path: cup + "/register"},
			{name: "register-team-refused", path: cup + "/register", then: refuse},
			{name: "join-wrong", path: wrong},
		}},
		{looking, []stop{
			{name: "competition-looking", path: hackathon},
			{name: "choose-team", path: hackathon + "/team"},
			{name: "join-team", path: link},
		}},
		{guest, []stop{{name: "invited-guest", path: link}}},
		{organizer, []stop{
			{name: "teams", path: cup + "/teams"},
			{name: "teams-incomplete", path: cup + "/teams?show=incomplete"},
			{name: "teams-none", path: cup + "/teams?search=zzzzzz"},
			{name: "team-staff", path: organizer.linkOn(cup+"/teams", "/teams/")},
			{name: "registrations-teams", path: hackathon + "/registrations"},
			{name: "add-to-team", path: cup + "/registrations", then: func(v *visitor) {
				v.click("#add summary")
				v.click(`label:has(#team-existing)`)
				v.see("#add", "You don't need a code.")
			}},
			{name: "print-teams", path: cup + "/registrations/print"},
			{name: "change-team", path: change},
			{name: "edit-registration", path: strings.TrimSuffix(change, "/team")},
			{name: "edit-teams", path: cup + "/edit"},
		}},
	}
}

// looking returns the address of somebody who looks for a team in a competition.
func (s site) looking(t *testing.T, page string) (email string) {
	t.Helper()
	err := s.replicas[0].Store().Reader().QueryRowContext(t.Context(), `SELECT u.email FROM registrations r
		JOIN users u ON u.id = r.user_id WHERE r.looking AND r.competition_id = $1 ORDER BY r.seq LIMIT 1`,
		strings.TrimPrefix(page, "/competitions/")).Scan(&email)
	if err != nil {
		t.Fatal(err)
	}
	return email
}

// changeLink returns where an organizer changes the team of the first in the list.
func (v *visitor) changeLink(page string) string {
	v.t.Helper()
	v.open(page + "/registrations")
	return eval[string](v, `document.querySelector('#rows a[href$="/team"]').getAttribute("href")`)
}
