package registrar_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
	"github.com/minicompete/minicompete/internal/store"
)

// TestTeamDeadlines: captains of teams that are too small are warned once, 48 hours before the deadline. After the
// deadline, once nobody can have joined in time any more, these teams are dropped, with those who have no team, and
// their seats pass on. Nothing happens twice, and what happens to whoever leaves later is nobody's concern.
func TestTeamDeadlines(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		for _, unit := range []compete.SeatUnit{compete.SeatPerPerson, compete.SeatPerTeam} {
			t.Run(string(unit), func(t *testing.T) { testTeamDeadlines(t, db, unit) })
		}
	})
}

func testTeamDeadlines(t *testing.T, db *store.Store, unit compete.SeatUnit) {
	a := newFixture(t, db, 8)
	var clock jumpingClock
	r := startRegistrarAt(t, clock.now, db.Ledger(), a.afterEachCommit(t))
	seats := 3
	if unit == compete.SeatPerTeam {
		seats = 2
	}
	id := a.addCompetition(t, seats, true)
	deadline := time.Now().Add(72 * time.Hour)
	if _, err := db.Writer().ExecContext(t.Context(), `UPDATE competitions SET reg_deadline = $2 WHERE id = $1`, id,
		compete.UTC(deadline)); err != nil {
		t.Fatal(err)
	}
	a.addTeams(t, r, id, compete.TeamRules{Min: 2, Max: 3, SeatUnit: unit, DropIncomplete: true})
	teams := compete.NewTeams(compete.TeamsConfig{
		Runtime: compete.Runtime{Clock: clock.now, NewID: newID, Log: slog.New(slog.DiscardHandler)}, Store: db,
		Registrar: r, Competitions: competetest.Services(competetest.Parts{}).Competitions,
		Throttle: &compete.Throttle{}, Sealer: plainSealer{}, Registrations: db, Users: db,
		Wording: struct{ compete.AccountWording }{},
	})
	register := func(person int, choice compete.TeamChoice) {
		t.Helper()
		_, err := r.Register(t.Context(), compete.RegisterCommand{
			Actor: a.people[person], CompetitionID: id,
			Entry: compete.Entry{Team: choice, LookingForTeam: choice.IsZero()},
		})
		must(t, err)
	}
	codeOf := func(name string) compete.TeamChoice {
		t.Helper()
		page, err := db.Teams(t.Context(), id, compete.TeamFilter{Search: name, Limit: 1})
		must(t, err)
		return compete.TeamChoice{Code: page.Items[0].Code(plainSealer{})}
	}
	register(0, compete.TeamChoice{Name: "Small"})
	register(1, compete.TeamChoice{Name: "Whole"})
	register(2, codeOf("whole"))
	register(3, compete.TeamChoice{Name: "Waiting"})
	register(4, codeOf("Wait"))
	register(5, compete.TeamChoice{Name: "Waiting and small"})
	if unit == compete.SeatPerPerson {
		register(6, compete.TeamChoice{})
	}
	jobs := func() (n int) {
		t.Helper()
		must(t, teams.Deadlines(t.Context()))
		must(t, teams.Deadlines(t.Context()))
		err := db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'notify'
			AND CAST(args AS text) LIKE '%team_too_small%'`).Scan(&n)
		must(t, err)
		return n
	}
	asked := jobs()
	clock.jump(25 * time.Hour)
	want(t, "jobs that warn, within 48 hours of the deadline", jobs()-asked, 1)
	var warned string
	must(t, db.Reader().QueryRowContext(t.Context(), `SELECT CAST(args AS text) FROM river_job WHERE kind = 'notify'
		AND CAST(args AS text) LIKE '%team_too_small%' ORDER BY id DESC LIMIT 1`).Scan(&warned))
	for person := range 7 { // those who are alone in a team, and who have none
		id := a.registration(t, person, id).ID
		want(t, fmt.Sprint("warned is ", person), id != "" && strings.Contains(warned, id),
			person == 0 || person == 5 || person == 6 && unit == compete.SeatPerPerson)
	}
	statuses := func() []compete.RegistrationStatus {
		var all []compete.RegistrationStatus
		for person := range 7 {
			all = append(all, a.registration(t, person, id).Status)
		}
		return all
	}
	before := statuses()
	clock.jump(deadline.Sub(clock.now()))
	jobs()
	want(t, "while somebody who joined in time may be in a queue", statuses(), before)
	clock.jump(grace)
	jobs()
	solo := compete.RegistrationStatus("")
	if unit == compete.SeatPerPerson {
		solo = cancelled
	}
	// With a seat per person, the two who wait get the seats of two who were dropped only as far as there are any.
	fourth := pending
	if unit == compete.SeatPerPerson {
		fourth = waitlisted
	}
	want(t, "at the deadline", statuses(), []compete.RegistrationStatus{
		cancelled, pending, pending, pending, fourth, cancelled, solo,
	})
	_, err := r.Cancel(t.Context(), compete.CancelCommand{
		Actor: a.people[2], RegistrationID: a.registration(t, 2, id).ID,
	})
	must(t, err)
	jobs()
	want(t, "whose team is too small later", statuses()[1], pending)
}
