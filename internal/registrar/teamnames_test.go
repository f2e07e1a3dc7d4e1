package registrar_test

import (
	"errors"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// TestTeamsSwapNames renames teams in one batch, which ends with each of them having the former name of another. The
// store refuses two teams with one name after each statement: the batch is split then.
func TestTeamsSwapNames(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 3)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id := a.addCompetition(t, 9, false)
		a.addTeams(t, r, id, compete.TeamRules{Min: 1, Max: 3, SeatUnit: compete.SeatPerPerson})
		register := func(r *registrar.Registrar, i int, name string) string {
			o, err := r.Register(t.Context(), compete.RegisterCommand{
				Actor: a.people[i], CompetitionID: id, Entry: compete.Entry{Team: compete.TeamChoice{Name: name}},
			})
			if err != nil {
				t.Errorf("creating %s: %v", name, err)
			}
			return o.Registration.TeamID
		}
		red, blue := register(r, 0, "Red"), register(r, 1, "Blue")
		renames := func(captain int, team, name string, want error) func(*registrar.Registrar) {
			return func(r *registrar.Registrar) {
				_, err := r.RenameTeam(t.Context(), compete.RenameTeamCommand{
					TeamCommand: compete.TeamCommand{Actor: a.people[captain], CompetitionID: id, TeamID: team},
					Name:        name,
				})
				if !errors.Is(err, want) {
					t.Errorf("renaming to %s: got %v, want %v", name, err, want)
				}
			}
		}
		green := ""
		batched(t, db.Ledger(), renames(0, red, "BLUE", compete.ErrTeamNameTaken), renames(0, red, "Old", nil),
			renames(1, blue, "red", nil), renames(0, red, "Blue", nil),
			func(r *registrar.Registrar) { green = register(r, 2, "Old") })
		for team, want := range map[string]string{red: "Blue", blue: "red", green: "Old"} {
			got, err := db.Team(t.Context(), team)
			must(t, err)
			if got.Name != want {
				t.Errorf("a team is called %q, want %q", got.Name, want)
			}
			named, err := db.TeamNamed(t.Context(), compete.TeamName{CompetitionID: id, Key: compete.TeamKey(want)})
			must(t, err)
			if named.ID != team {
				t.Errorf("the name %q leads to another team", want)
			}
		}
	})
}
