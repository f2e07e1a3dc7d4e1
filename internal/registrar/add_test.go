package registrar_test

import (
	"errors"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestAdditionsAmongPresses: staff add people, half of them over the capacity, while others press. Every commit is
// checked: seats_left is exact, and the capacity only grows by those it was raised for.
func TestAdditionsAmongPresses(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		for name, waitlist := range map[string]bool{"for seats": false, "for seats and a waitlist": true} {
			t.Run(name, func(t *testing.T) {
				a := newFixture(t, db, 200)
				r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
				addAmongPresses(t, a, waitlist, r, r)
			})
		}
	})
}

// TestAdditionsOfTwoReplicas is the same with two registrars.
func TestAdditionsOfTwoReplicas(t *testing.T) {
	t.Parallel()
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		one, other := openAt(t, url), openAt(t, url)
		a := newFixture(t, one, 200)
		addAmongPresses(t, a, true, startRegistrar(t, one.Ledger(), a.afterEachCommit(t)),
			startRegistrar(t, other.Ledger(), a.afterEachCommit(t)))
	})
}

// addAmongPresses registers everybody: of four people, two press and two are added, one of those over the capacity.
func addAmongPresses(t *testing.T, a *fixture, waitlist bool, replicas ...*registrar.Registrar) {
	t.Helper()
	const seats = 40
	people := len(a.people)
	id := a.addCompetition(t, seats, waitlist)
	outcomes, errs := make([]compete.RegistrationOutcome, people), make([]error, people)
	together(people, func(i int) {
		r := replicas[i%len(replicas)]
		if i%4 < 2 {
			outcomes[i], errs[i] = r.Register(t.Context(),
				compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
			return
		}
		outcomes[i], errs[i] = r.Add(t.Context(), compete.AddCommand{
			Actor: a.organizer, CompetitionID: id, Person: a.people[i], OverCapacity: i%4 == 3,
		})
	})
	got := map[compete.RegistrationStatus]int{}
	for i, o := range outcomes {
		switch {
		case errs[i] == nil:
			got[o.Registration.Status]++
		case waitlist || i%4 == 3 || compete.AsError(errs[i]).Code != "competition_full":
			t.Errorf("person %d: %v", i, errs[i])
		}
		if i%4 == 3 && o.Registration.Status != pending {
			t.Errorf("person %d was added over the capacity, and is %s", i, o.Registration.Status)
		}
	}
	var capacity, version int
	must(t, a.db.Reader().QueryRowContext(t.Context(), `SELECT capacity, version FROM competitions WHERE id = $1`, id).
		Scan(&capacity, &version))
	left, waiting := a.seats(t, id)
	if capacity <= seats || capacity > seats+people/4 || left != 0 || got[pending] != capacity ||
		version != 1+capacity-seats {
		t.Errorf("%v have a place; %d seats of %d left, in version %d", got, left, capacity, version)
	}
	if want := people - capacity; waitlist && (waiting != want || got[waitlisted] != want) {
		t.Errorf("%d wait, want %d of %v", waiting, want, got)
	}
	must(t, errors.Join(checkSeats(t.Context(), a.db.Reader(), id), checkArrival(t.Context(), a.db.Reader(), id)))
}
