package registrar_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
)

// meeting is where a replica waits for the others, during its first attempt only.
type meeting struct {
	everyone *sync.WaitGroup // the replicas that haven't arrived
	met      bool
}

// meet waits until every replica has arrived.
func (m *meeting) meet() {
	if !m.met {
		m.met = true
		m.everyone.Done()
		m.everyone.Wait()
	}
}

// stripped is one replica's ledger without the lock, the guard or both. The rest runs as in production.
type stripped struct {
	compete.Ledger
	meeting
	lock, guard bool
	overlap     *overlap    // nil if no transaction has to wait
	turn        *sync.Mutex // held from passing the guard to the end of the transaction
}

// Transact runs f in one transaction or, without the lock, with a separate transaction per step.
func (s *stripped) Transact(ctx context.Context, batchID string, f func(compete.LedgerTx) error) error {
	t := &strippedTx{ledger: s, batchID: batchID}
	defer func() {
		if t.hasTurn {
			s.turn.Unlock()
		}
	}()
	if !s.lock {
		return f(t)
	}
	s.meet() // behind the lock they couldn't meet
	return s.Ledger.Transact(ctx, batchID, func(tx compete.LedgerTx) error {
		t.LedgerTx = tx
		return f(t)
	})
}

// overlap is where the first transaction that has read waits for a second one to read concurrently. With a lock none
// can, so the wait is short; without one, that is long enough.
type overlap struct {
	reads  atomic.Int32
	second chan struct{}
}

func (o *overlap) wait() {
	switch o.reads.Add(1) {
	case 1:
		select {
		case <-o.second:
		case <-time.After(100 * time.Millisecond):
		}
	case 2:
		close(o.second)
	}
}

// strippedTx is one transaction of a stripped ledger.
type strippedTx struct {
	compete.LedgerTx // nil without the lock
	ledger           *stripped
	batchID          string
	query            compete.LedgerQuery
	hasTurn          bool
}

func (t *strippedTx) step(ctx context.Context, f func(compete.LedgerTx) error) error {
	if t.LedgerTx != nil {
		return f(t.LedgerTx)
	}
	return t.ledger.Ledger.Transact(ctx, t.batchID, f)
}

// Read ends its transaction, and so releases the lock, before the decision.
func (t *strippedTx) Read(ctx context.Context, q compete.LedgerQuery) (state compete.LedgerState, err error) {
	t.query = q
	err = t.step(ctx, func(tx compete.LedgerTx) (err error) {
		state, err = tx.Read(ctx, q)
		return err
	})
	if !t.ledger.lock {
		t.ledger.meet()
	} else if t.ledger.overlap != nil {
		t.ledger.overlap.wait()
	}
	return state, err
}

// Write gets past the guard by claiming to have read the current version.
func (t *strippedTx) Write(ctx context.Context, changes compete.LedgerChanges) error {
	if !t.ledger.guard && !t.hasTurn {
		t.ledger.turn.Lock()
		t.hasTurn = true
	}
	return t.step(ctx, func(tx compete.LedgerTx) error {
		if !t.ledger.guard {
			now, err := tx.Read(ctx, t.query)
			if err != nil {
				return err
			}
			c := &changes.Competitions[0]
			c.ReadVersion, c.ReadNextSeq = now.Competitions[0].ReadVersion, now.Competitions[0].ReadNextSeq
		}
		return tx.Write(ctx, changes)
	})
}

// TestLockAndGuard: either the lock or the guard is enough to keep replicas exact. With both off they oversell, and the
// check that the other tests rely on must detect it. Seqs are not unique here, because uniqueness would make up for the
// guard.
func TestLockAndGuard(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		const replicas = 5
		a := newFixture(t, db, replicas)
		if _, err := db.Writer().ExecContext(t.Context(), "DROP INDEX registrations_competition_seq_key"); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			name        string
			lock, guard bool
			accepted    int
			found       string // result of the check
		}{
			{"lock alone", true, false, 1, ""},
			{"guard alone", false, true, 1, ""},
			{"neither", false, false, replicas, "oversold: 5 seats held of 1"},
		} {
			t.Run(test.name, func(t *testing.T) {
				id := a.addCompetition(t, 1, false)
				var everyone sync.WaitGroup
				everyone.Add(replicas)
				var turn sync.Mutex
				first := &overlap{second: make(chan struct{})}
				errs := make([]error, replicas)
				check.Together(replicas, func(i int) {
					r := startRegistrar(t, &stripped{
						Ledger: db.Ledger(), meeting: meeting{everyone: &everyone}, lock: test.lock, guard: test.guard,
						overlap: first, turn: &turn,
					}, nil)
					_, errs[i] = r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
				})
				wantAccepted(t, errs, test.accepted)
				found := ""
				if err := checkSeats(t.Context(), db.Reader(), id); err != nil {
					found = err.Error()
				}
				if found != test.found {
					t.Errorf("the check found %q, want %q", found, test.found)
				}
			})
		}
	})
}
