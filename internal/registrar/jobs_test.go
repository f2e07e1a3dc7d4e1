package registrar_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

// The work that one transaction does for a command is bounded. A SettleJob does the rest, and no newcomer passes the
// people waiting.
func TestPagesOfOneChange(t *testing.T) {
	const page, people = 256, 600
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(withOneSeat)
		s.start(t, registrar.Config{})
		for i := range people {
			register(fmt.Sprint("person ", i)).run(t, s)
		}
		capacity(people).gets(fmt.Sprintf("version 2, %d of %d left, %d wait", people-1-page, people,
			people-1-page)).run(t, s)
		register("newcomer").gets(fmt.Sprint("WAITLISTED at ", people-page)).run(t, s)
		last := func() compete.LedgerChanges { return s.ledger.changes[len(s.ledger.changes)-1] }
		settle := func(wantMore bool) {
			t.Helper()
			if more, err := s.Settle(t.Context(), cup); more != wantMore || err != nil {
				t.Errorf("Settle: more = %t, %v; want %t", more, err, wantMore)
			}
		}
		s.wantSettleJobs(t, 1)
		settle(true)
		settle(false)
		want(t, "promoted in the last page", len(last().Updated), people-1-2*page)
		callOff("olga").run(t, s)
		want(t, "cancelled in one page", len(last().Updated), page)
		s.wantSettleJobs(t, 2)
		settle(true)
		settle(false)
		s.wantCounts(t)
		if c := s.ledger.competitions[cup]; c.SeatsLeft != people || c.Waitlisted != 0 {
			t.Errorf("%d seats are left, %d wait", c.SeatsLeft, c.Waitlisted)
		}
	})
}

// wantSettleJobs checks the number of jobs that continue a command's work.
func (s *scenario) wantSettleJobs(t *testing.T, n int) {
	t.Helper()
	got := 0
	for _, changes := range s.ledger.changes {
		for _, job := range changes.Jobs {
			if job == compete.Job(compete.SettleJob{CompetitionID: cup}) {
				got++
			}
		}
	}
	want(t, "jobs that do the rest", got, n)
}

// A change of time or place that affects somebody begins a move and enqueues a job to end it. A second one in the same
// batch joins it.
func TestMoves(t *testing.T) {
	hall := func(name string) step {
		return update("olga", 0,
			compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Location = name }})
	}
	for _, test := range []struct {
		name  string
		steps []step
		want  []string // for each move, the previous place and the first seq that knows about the change
	}{
		{"nobody is registered", []step{hall("A")}, nil},
		{"nothing moves", []step{register("ada"), capacity(5)}, nil},
		{"one", []step{register("ada"), hall("A"), register("bob")}, []string{"from '' before 2"}},
		{
			"two, and somebody comes in between",
			[]step{register("ada"), hall("A"), register("bob"), hall("B")},
			[]string{"from '' before 3"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScenario(nil)
				s.start(t, registrar.Config{})
				s.together(t, test.steps)
				var got, jobs []string
				for _, changes := range s.ledger.changes {
					for _, move := range changes.Moves {
						got = append(got, fmt.Sprintf("from '%s' before %d", move.Before.Location, move.BeforeSeq))
					}
					for _, job := range changes.Jobs {
						if move, ok := job.(compete.MoveJob); ok {
							jobs = append(jobs, move.MoveID)
						}
					}
				}
				want(t, "moves", got, test.want)
				want(t, "jobs that end them", len(jobs), len(test.want))
			})
		})
	}
}
