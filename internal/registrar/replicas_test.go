package registrar_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestTwoReplicas tests that two registrars on one database, as with two replicas, stay exact.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		one, other := openAt(t, url), openAt(t, url)
		a := newFixture(t, one, 60)
		t.Run("random mix", func(t *testing.T) { testReplicasMix(t, a, other) })
		t.Run("buyers for seats", func(t *testing.T) { testReplicasRush(t, a, other) })
		t.Run("one key for one request", func(t *testing.T) { testReplicasRepeat(t, a, other) })
		t.Run("one key for many requests", func(t *testing.T) { testReplicasReuse(t, a, other) })
	})
}

// replicas returns a registrar on the fixture's store and one on the other store. The commits of both are checked.
func (a *fixture) replicas(t *testing.T, other *store.Store) [2]*registrar.Registrar {
	t.Helper()
	return [2]*registrar.Registrar{
		startRegistrar(t, a.db.Ledger(), a.afterEachCommit(t)),
		startRegistrar(t, other.Ledger(), a.afterEachCommit(t)),
	}
}

func testReplicasMix(t *testing.T, a *fixture, other *store.Store) {
	ids := []string{a.addCompetition(t, 10, true), a.addCompetition(t, 25, true), a.addCompetition(t, 5, false)}
	replicas := a.replicas(t, other)
	a.mixWithPromotions(t, func(round uint64) {
		check.Together(12, func(worker int) {
			mix(t, a, replicas[worker%2], ids, 60, rand.New(rand.NewPCG(2+2*round, uint64(worker))))
		})
	})
}

// testReplicasRush uses more seats than one replica has buyers, so that both assign some.
func testReplicasRush(t *testing.T, a *fixture, other *store.Store) {
	const seats = 45
	replicas := a.replicas(t, other)
	rush := a.addCompetition(t, seats, false)
	errs := make([]error, len(a.people))
	check.Together(len(a.people), func(i int) {
		_, errs[i] = replicas[i%2].Register(t.Context(),
			compete.RegisterCommand{Actor: a.people[i], CompetitionID: rush})
	})
	wantAccepted(t, errs, seats)
	if err := checkSeats(t.Context(), a.db.Reader(), rush); err != nil {
		t.Error(err)
	}
}

const presses = 20

// press registers the given number of times at once with one key, alternating between the replicas, each time for the
// competition that competitionOf returns.
func press(
	t *testing.T, actor compete.Actor, replicas [2]*registrar.Registrar, competitionOf func(i int) string,
) ([]compete.RegistrationOutcome, []error) {
	t.Helper()
	outcomes, errs := make([]compete.RegistrationOutcome, presses), make([]error, presses)
	check.Together(presses, func(i int) {
		id := competitionOf(i)
		outcomes[i], errs[i] = replicas[i%2].Register(t.Context(), compete.RegisterCommand{
			Actor: actor, CompetitionID: id, Idempotency: compete.Idempotency{Key: "the-same-key", RequestHash: id},
		})
	})
	return outcomes, errs
}

// testReplicasRepeat: of registrations with one key on both replicas, one is the first and the others get its answer.
// The first two transactions start at the same moment.
func testReplicasRepeat(t *testing.T, a *fixture, other *store.Store) {
	id := a.addCompetition(t, presses, false)
	var everyone sync.WaitGroup
	everyone.Add(2)
	replicas := [2]*registrar.Registrar{
		startRegistrar(t,
			&stripped{Ledger: a.db.Ledger(), lock: true, guard: true, meeting: meeting{everyone: &everyone}}, nil),
		startRegistrar(t, &stripped{
			Ledger: other.Ledger(), lock: true, guard: true,
			meeting: meeting{everyone: &everyone},
		}, nil),
	}
	outcomes, errs := press(t, a.people[0], replicas, func(int) string { return id })
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	stored, first := a.registration(t, 0, id), 0
	for _, o := range outcomes {
		if !o.Replayed {
			first++
		}
		if o.Registration.ID != stored.ID || o.Registration.Seq != stored.Seq || o.Competition.SeatsLeft != presses-1 {
			t.Errorf("answered %+v, want registration %s with seq %d", o, stored.ID, stored.Seq)
		}
	}
	if first != 1 {
		t.Errorf("%d presses were the first, want 1", first)
	}
}

// testReplicasReuse: of different requests that share a key by mistake, on both replicas, one gets it and the others
// are refused. The first two transactions have both read that the key is unused.
func testReplicasReuse(t *testing.T, a *fixture, other *store.Store) {
	ids := make([]string, presses)
	for i := range ids {
		ids[i] = a.addCompetition(t, 1, false)
	}
	var everyone sync.WaitGroup
	everyone.Add(2)
	replicas := [2]*registrar.Registrar{
		startRegistrar(t, &sameMoment{Ledger: a.db.Ledger(), meeting: meeting{everyone: &everyone}}, nil),
		startRegistrar(t, &sameMoment{Ledger: other.Ledger(), meeting: meeting{everyone: &everyone}}, nil),
	}
	_, errs := press(t, a.people[1], replicas, func(i int) string { return ids[i] })
	accepted, held := 0, 0
	for i, err := range errs {
		if err == nil {
			accepted++
		} else if !errors.Is(err, compete.ErrIdempotencyKeyReused) {
			t.Errorf("Register: %v", err)
		}
		left, _ := a.seats(t, ids[i])
		if held += 1 - left; (err == nil) != (left == 0) {
			t.Errorf("press %d was answered %v, and %d seats are left", i, err, left)
		}
	}
	if accepted != 1 || held != 1 {
		t.Errorf("%d presses were accepted and %d seats are held, want 1", accepted, held)
	}
}

// sameMoment is one replica's ledger whose first transaction, after reading, waits until the others' have read too.
type sameMoment struct {
	compete.Ledger
	meeting
}

func (s *sameMoment) Transact(ctx context.Context, batchID string, f func(compete.LedgerTx) error) error {
	return s.Ledger.Transact(ctx, batchID, func(tx compete.LedgerTx) error { return f(sameMomentTx{tx, s}) })
}

type sameMomentTx struct {
	compete.LedgerTx
	ledger *sameMoment
}

func (s sameMomentTx) Read(ctx context.Context, q compete.LedgerQuery) (compete.LedgerState, error) {
	defer s.ledger.meet()
	return s.LedgerTx.Read(ctx, q)
}
