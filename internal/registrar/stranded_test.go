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
