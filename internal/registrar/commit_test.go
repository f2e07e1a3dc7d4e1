package registrar_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// faultyLedger is a compete.Ledger whose transactions can be held back or made to fail.
type faultyLedger struct {
	compete.Ledger
	before func() error          // called before each transaction; an error replaces it
	after  func(err error) error // receives each transaction's result and may replace it
}

func (l faultyLedger) Transact(ctx context.Context, batchID string, f func(compete.LedgerTx) error) error {
	if l.before != nil {
		if err := l.before(); err != nil {
			return err
		}
	}
	err := l.Ledger.Transact(ctx, batchID, f)
	if l.after != nil {
		err = l.after(err)
	}
	return err
}

// TestFailingCommits: a failing transaction is retried a bounded number of times, and a commit with an unknown outcome
// is looked up.
func TestFailingCommits(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 4)
		id := a.addCompetition(t, 10, false)
		failures := 0
		times := func(n int, err error) func() error {
			failures = 0
			return func() error {
				if failures++; failures > n {
					return nil
				}
				return err
			}
		}
		lost := func(n int) func(error) error {
			failures = 0
			return func(err error) error {
				if failures++; err == nil && failures <= n {
					return fmt.Errorf("%w: connection died", compete.ErrCommitUnknown)
				}
				return err
			}
		}
		for i, test := range []struct {
			name   string
			ledger faultyLedger
			want   error
		}{
			{"away for a moment", faultyLedger{Ledger: db.Ledger(), before: times(2, compete.ErrDatabase)}, nil},
			{
				"away for long",
				faultyLedger{Ledger: db.Ledger(), before: times(99, compete.ErrDatabase)},
				compete.ErrDatabase,
			},
			{
				"commit unknown, nothing written",
				faultyLedger{Ledger: db.Ledger(), before: times(1, compete.ErrCommitUnknown)},
				nil,
			},
			{"commit unknown, but written", faultyLedger{Ledger: db.Ledger(), after: lost(1)}, nil},
		} {
			r := startRegistrar(t, test.ledger, nil)
			o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
			if !errors.Is(err, test.want) && (test.want != nil || err != nil) {
				t.Errorf("%s: got %v, want %v", test.name, err, test.want)
			}
			if stored := a.registration(t, i, id); stored.Seq != o.Registration.Seq ||
				(test.want == nil) != (stored.Seq > 0) {
				t.Errorf("%s: answered seq %d, %v; stored seq %d", test.name, o.Registration.Seq, err, stored.Seq)
			}
		}
		if err := checkSeats(t.Context(), db.Reader(), id); err != nil {
			t.Error(err)
		}
	})
}

// TestAttempts: which errors are retried, how often, and which error is returned in the end.
func TestAttempts(t *testing.T) {
	always := func(err error) func(int) error { return func(int) error { return err } }
	first := func(n int, err error) func(int) error {
		return func(attempt int) error {
			if attempt > n {
				return nil
			}
			return err
		}
	}
	errDriver := errors.New("something that a driver says")
	for _, test := range []struct {
		name                    string
		before, atCommit, after func(attempt int) error // called at that point; may be nil
		want                    error
		attempts, lookUps       int
		took                    time.Duration // time until the answer
		stored                  bool
	}{
		{name: "all is well", attempts: 1, stored: true},
		{
			name: "away for a moment", before: first(2, compete.ErrDatabase), attempts: 3, took: 150 * time.Millisecond,
			stored: true,
		},
		{
			name: "away for long", before: always(compete.ErrDatabase), want: compete.ErrDatabase, attempts: 4,
			took: 350 * time.Millisecond,
		},
		{
			name: "unknown, and took effect", after: first(1, compete.ErrCommitUnknown), attempts: 1,
			lookUps: 1, stored: true,
		},
		{
			name: "unknown, and took none", atCommit: first(1, compete.ErrCommitUnknown), attempts: 2, lookUps: 1,
			took: 50 * time.Millisecond, stored: true,
		},
		{
			name: "unknown each time", atCommit: always(compete.ErrCommitUnknown), want: compete.ErrDatabase,
			attempts: 4,
			lookUps:  4, took: 350 * time.Millisecond,
		},
		{
			name: "refused by a constraint", before: always(compete.ErrConstraint), want: compete.ErrDatabase,
			attempts: 4,
			took:     350 * time.Millisecond,
		},
		{name: "of nobody", before: always(compete.ErrUnauthorized), want: compete.ErrUnauthorized, attempts: 1},
		{
			name: "broken", before: always(errDriver), want: compete.AsError(errDriver), attempts: 4,
			took: 350 * time.Millisecond,
		},
		{name: "a panic", before: func(int) error { panic("a defect") }, want: compete.AsError(errDriver), attempts: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScenario(nil)
				fault := func(fails func(attempt int) error) func() error {
					return func() error {
						if fails == nil {
							return nil
						}
						return fails(s.ledger.transactions)
					}
				}
				s.ledger.before, s.ledger.atCommit, s.ledger.after = fault(test.before), fault(test.atCommit),
					fault(test.after)
				s.start(t, registrar.Config{})
				begun := time.Now()
				register("ada").fails(test.want).run(t, s)
				want(t, "attempts, look-ups", [2]int{s.ledger.transactions, s.ledger.lookUps},
					[2]int{test.attempts, test.lookUps})
				want(t, "time until the answer", time.Since(begun), test.took)
				want(t, "stored", len(s.ledger.registrations) == 1, test.stored)
			})
		})
	}
}
