package registrar_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// awaitDepth waits until n commands are queued.
func awaitDepth(t *testing.T, r *registrar.Registrar, n int) {
	t.Helper()
	check.Eventually(t, fmt.Sprintf("%d commands are queued", n), func() bool { return r.QueueDepth() >= n })
}

// batched runs the calls so that they arrive in this order and commit as one batch: the first transaction is held back
// until all of them are queued.
func batched(t *testing.T, db compete.Ledger, calls ...func(r *registrar.Registrar)) {
	t.Helper()
	entered, held := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(held) })
	defer release()
	var once sync.Once
	r := startRegistrar(t, faultyLedger{Ledger: db, before: func() error {
		once.Do(func() { close(entered); <-held })
		return nil
	}}, nil)
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = r.Settle(t.Context(), newID()) }) // unknown competition: only occupies the committer
	<-entered
	for i, call := range calls {
		wg.Go(func() { call(r) })
		awaitDepth(t, r, i+1) // before the next call
	}
	release()
	wg.Wait()
}

// TestCommandsOfOneBatch: commands in one batch have the same results as in transactions of their own.
func TestCommandsOfOneBatch(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 6)
		id := a.addCompetition(t, 1, true)
		registrations := make([]compete.Registration, len(a.people))
		register := func(i int, want compete.RegistrationStatus, position int) func(r *registrar.Registrar) {
			return func(r *registrar.Registrar) {
				o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
				if err != nil || o.Registration.Status != want || o.Registration.Position != position {
					t.Errorf("person %d: got %s at %d, %v; want %s at %d", i, o.Registration.Status,
						o.Registration.Position, err, want, position)
				}
				registrations[i] = o.Registration
			}
		}
		cancel := func(i int) func(r *registrar.Registrar) {
			return func(r *registrar.Registrar) {
				if _, err := r.Cancel(t.Context(),
					compete.CancelCommand{Actor: a.people[i], RegistrationID: registrations[i].ID}); err != nil {
					t.Errorf("cancel %d: %v", i, err)
				}
			}
		}
		batched(t, db.Ledger(), register(0, pending, 0), register(1, waitlisted, 1), register(2, waitlisted, 2))
		// 0 leaves, so 1 gets the seat; 2 leaves the waitlist and rejoins behind 3; 1 leaves, so 3 gets the seat.
		batched(t, db.Ledger(), cancel(0), cancel(2), register(3, waitlisted, 1), register(2, waitlisted, 2), cancel(1),
			register(4, waitlisted, 2))
		want := []compete.RegistrationStatus{cancelled, cancelled, waitlisted, pending, waitlisted}
		for i, status := range want {
			if got := a.registration(t, i, id).Status; got != status {
				t.Errorf("person %d: got %s, want %s", i, got, status)
			}
		}
		if err := checkSeats(t.Context(), db.Reader(), id); err != nil {
			t.Error(err)
		}
	})
}

// TestBadCommandsFailAlone: in the middle of a batch, a nonexistent user and a panicking command don't affect other
// commands.
func TestBadCommandsFailAlone(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 8)
		id := a.addCompetition(t, 100, false)
		stranger, poisoned := compete.Actor{UserID: newID(), Role: compete.RoleParticipant}, a.people[5]
		calls := []func(r *registrar.Registrar){}
		for i, actor := range slices.Insert(slices.Clone(a.people), 3, stranger) {
			calls = append(calls, func(r *registrar.Registrar) {
				_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: actor, CompetitionID: id})
				switch {
				case actor == stranger && !errors.Is(err, compete.ErrUnauthorized):
					t.Errorf("command %d, of nobody: %v", i, err)
				case actor == poisoned && (err == nil || compete.AsError(err).Kind != compete.KindInternal):
					t.Errorf("command %d, a panic, must end as a bland error, got %v", i, err)
				case actor != stranger && actor != poisoned && err != nil:
					t.Errorf("command %d, a neighbour: %v", i, err)
				}
			})
		}
		batched(t, panicking{Ledger: db.Ledger(), at: poisoned.UserID}, calls...)
		if left, _ := a.seats(t, id); left != 100-len(a.people)+1 {
			t.Errorf("%d seats left, want %d", left, 100-len(a.people)+1)
		}
		if err := checkSeats(t.Context(), db.Reader(), id); err != nil {
			t.Error(err)
		}
	})
}

// panicking is a ledger that panics for one person's registration, after the rest of the batch is written.
type panicking struct {
	compete.Ledger
	at string // the person's user id
}

func (p panicking) Transact(ctx context.Context, batchID string, f func(compete.LedgerTx) error) error {
	return p.Ledger.Transact(ctx, batchID, func(tx compete.LedgerTx) error { return f(panickingTx{tx, p.at}) })
}

type panickingTx struct {
	compete.LedgerTx
	at string
}

func (p panickingTx) Write(ctx context.Context, changes compete.LedgerChanges) error {
	if err := p.LedgerTx.Write(ctx, changes); err != nil {
		return err
	}
	if slices.ContainsFunc(changes.Inserted, func(r compete.Registration) bool { return r.UserID == p.at }) {
		panic("a defect")
	}
	return nil
}
