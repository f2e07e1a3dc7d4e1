package registrar_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

// watcher records a registrar's notifications.
type watcher struct {
	reports    []registrar.Report
	turnedAway int
	changed    []string
}

func (w *watcher) Batch(r registrar.Report) { w.reports = append(w.reports, r) }

func (w *watcher) TurnedAway() { w.turnedAway++ }

func (w *watcher) Changed(competitionIDs ...string) { w.changed = append(w.changed, competitionIDs...) }

// TestReport: a batch is reported once it is answered, and published only once it is durable.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{}
		s := newScenario(withOneSeat)
		s.start(t, registrar.Config{Observer: w, Notifier: w})
		s.together(t, []step{
			registerWith("ada", "a key of ada", "request"), registerWith("ada", "a key of ada", "request"),
			register("bob"), register("bob").fails(compete.ErrAlreadyRegistered),
			register("olga").fails(compete.ErrOwnCompetition), cancel("ada"),
		})
		s.ledger.before = func() error { return compete.ErrDatabase }
		registerWith("mia", "a key of mia", "request").fails(compete.ErrDatabase).run(t, s)
		synctest.Wait()

		got := w.reports[len(w.reports)-2:] // the first report is about the command that held up the others
		want(t, "time of the batch that failed", got[1].Took, 350*time.Millisecond)
		got[0].Took, got[1].Took = 0, 0
		want(t, "reports", got, []registrar.Report{
			{
				Commands: 6, Accepted: 1, Replayed: 1, Waitlisted: 1,
				Refused: map[string]int{"already_registered": 1, "own_competition": 1},
			},
			{Commands: 1, Failed: 1},
		})
		want(t, "competitions that changed", w.changed, []string{cup})
		want(t, "records", slices.Collect(maps.Keys(s.ledger.records)),
			[]compete.IdempotencyKey{{UserID: "ada", Key: "a key of ada"}})
	})
}

// TestOpenPagesAreTold: each batch that changes a competition notifies its pages once; a refusal doesn't, and each page
// of a SettleJob always does.
func TestOpenPagesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watcher{}
		s := newScenario(nil)
		s.start(t, registrar.Config{Notifier: w})
		told := func(what string, n int) {
			t.Helper()
			synctest.Wait()
			want(t, "told after "+what, len(w.changed), n)
			w.changed = nil
		}
		register("ada").run(t, s)
		told("a registration", 1)
		register("ada").fails(compete.ErrAlreadyRegistered).run(t, s)
		told("a refusal", 0)
		if _, err := s.Settle(t.Context(), cup); err != nil {
			t.Error(err)
		}
		told("a page", 1)
	})
}
