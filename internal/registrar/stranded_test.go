package registrar_test

import (
	"context"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
)

// Stranded finds nothing: TestDisabledCaptain tests that on the databases.
func (tx *memoryTx) Stranded(context.Context, string, int) ([]compete.StrandedTeam, error) {
	return nil, nil
}

// TestDisabledCaptain: when a captain's account is disabled, another member takes over, and the team gets the free seat
// that it waits for. A team of the disabled alone stays as it is.
func TestDisabledCaptain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 6)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id := a.addCompetition(t, 1, true)
		a.addTeams(t, r, id, compete.TeamRules{Min: 1, Max: 3, SeatUnit: compete.SeatPerTeam})
		teams := map[string]compete.Team{}
		register := func(person int, name string) compete.Registration {
			t.Helper()
			choice := compete.TeamChoice{Name: name}
			if one, ok := teams[name]; ok {
				choice = compete.TeamChoice{Code: one.Code(plainSealer{})}
			}
			o, err := r.Register(t.Context(), compete.RegisterCommand{
				Actor: a.people[person], CompetitionID: id, Entry: compete.Entry{Team: choice},
			})
			must(t, err)
			teams[name], err = db.Team(t.Context(), o.Registration.TeamID)
			must(t, err)
			return o.Registration
		}
		seat := register(0, "Seated")
		register(1, "Alone")
		register(2, "Waiting")
		register(3, "Waiting") // disabled before the captain is
		register(4, "Waiting")
		register(5, "Last")
		for _, person := range []int{1, 3, 2} {
			a.change(t, a.people[person], disable)
		}
		var asked int
		must(t, db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = $1`,
			compete.SettleJob{}.Kind()).Scan(&asked))
		want(t, "jobs that two captains caused", asked, 2)
		settleAll(t, r, id)
		a.remove(t, r, seat.ID, compete.Removal{})
		a.wantStatuses(t, "a seat is free", id, cancelled, waitlisted, pending, pending, pending, waitlisted)
		for name, captain := range map[string]int{"Alone": 1, "Waiting": 4} {
			one, err := db.Team(t.Context(), teams[name].ID)
			must(t, err)
			if one.CaptainID != a.people[captain].UserID {
				t.Errorf("%s has another captain", name)
			}
		}
	})
}

// TestDisabledSuccessor: the captain's role passes on to whoever has been in the team for longest, and on from there if
// that account is disabled.
func TestDisabledSuccessor(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 3)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id := a.addCompetition(t, 9, true)
		a.addTeams(t, r, id, compete.TeamRules{Min: 1, Max: 3, SeatUnit: compete.SeatPerTeam})
		choice, team := compete.TeamChoice{Name: "Red"}, compete.Team{}
		for person := range a.people {
			o, err := r.Register(t.Context(), compete.RegisterCommand{
				Actor: a.people[person], CompetitionID: id, Entry: compete.Entry{Team: choice},
			})
			must(t, err)
			team, err = db.Team(t.Context(), o.Registration.TeamID)
			must(t, err)
			choice = compete.TeamChoice{Code: team.Code(plainSealer{})}
		}
		a.change(t, a.people[1], disable)
		_, err := r.RemoveMember(t.Context(), compete.MemberCommand{
			TeamCommand: compete.TeamCommand{Actor: a.organizer, CompetitionID: id, TeamID: team.ID},
			UserID:      a.people[0].UserID,
		})
		must(t, err)
		var asked int
		must(t, db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = $1`,
			compete.SettleJob{}.Kind()).Scan(&asked))
		want(t, "jobs that settle", asked, 1)
		settleAll(t, r, id)
		team, err = db.Team(t.Context(), team.ID)
		must(t, err)
		want(t, "the captain", team.CaptainID, a.people[2].UserID)
		a.wantStatuses(t, "without the first captain", id, cancelled, pending, pending)
	})
}
