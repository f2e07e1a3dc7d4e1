package storetest

import (
	"errors"
	"math/rand/v2"
	"testing"

	"minicompete/internal/compete"
	"minicompete/internal/registrar"
	"minicompete/internal/store"
)

// TwoReplicas tests that two registrars on one database, as two replicas have them, stay exact.
func TwoReplicas(t *testing.T, one, other *store.Store) {
	a := newArena(t, one, 60)
	other.Queued = one.Queued
	t.Run("random mix", func(t *testing.T) { testReplicasMix(t, a, other) })
	t.Run("buyers for seats", func(t *testing.T) { testReplicasRush(t, a, other) })
}

// replicas are a registrar on the arena's store and one on the other, whose commits are checked.
func (a *arena) replicas(t *testing.T, other *store.Store) [2]*registrar.Registrar {
	t.Helper()
	return [2]*registrar.Registrar{
		startRegistrar(t, a.db.Ledger(), a.afterEachCommit(t)),
		startRegistrar(t, other.Ledger(), a.afterEachCommit(t)),
	}
}

func testReplicasMix(t *testing.T, a *arena, other *store.Store) {
	ids := []string{a.addCompetition(t, 10, true), a.addCompetition(t, 25, true), a.addCompetition(t, 5, false)}
	replicas := a.replicas(t, other)
	together(12, func(worker int) { mix(t, a, replicas[worker%2], ids, 60, rand.New(rand.NewPCG(2, uint64(worker)))) })
	a.wantPromotions(t)
}

// testReplicasRush: there are more seats than one replica has buyers, so that both give some.
func testReplicasRush(t *testing.T, a *arena, other *store.Store) {
	const seats = 45
	replicas := a.replicas(t, other)
	rush := a.addCompetition(t, seats, false)
	errs := make([]error, len(a.people))
	together(len(a.people), func(i int) {
		_, errs[i] = replicas[i%2].Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: rush})
	})
	accepted := 0
	for _, err := range errs {
		if err == nil {
			accepted++
		} else if !errors.Is(err, compete.ErrCompetitionFull) {
			t.Errorf("Register: %v", err)
		}
	}
	if accepted != seats {
		t.Errorf("%d accepted, want %d", accepted, seats)
	}
	if err := checkSeats(t.Context(), a.db.Reader(), rush); err != nil {
		t.Error(err)
	}
}
