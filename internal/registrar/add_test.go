package registrar_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
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
	check.Together(people, func(i int) {
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
	err := checkSeats(t.Context(), a.db.Reader(), id)
	if len(replicas) == 1 { // across replicas, the order is that of commits
		err = errors.Join(err, checkArrival(t.Context(), a.db.Reader(), id))
	}
	must(t, err)
}

// undone is a ledger whose transactions all fail at the end, as in a crash.
type undone struct{ compete.Ledger }

func (l undone) Transact(ctx context.Context, batchID string, f func(compete.LedgerTx) error) error {
	return l.Ledger.Transact(ctx, batchID, func(tx compete.LedgerTx) error {
		return errors.Join(f(tx), compete.ErrDatabase)
	})
}

// TestAccountsOfThoseAdded adds people who have no account: they get one together with the registration, or none.
func TestAccountsOfThoseAdded(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 1)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id, full := a.addCompetition(t, 1, false), a.addCompetition(t, 1, false)
		a.register(t, r, 0, full)
		for _, c := range []struct {
			name        string
			r           *registrar.Registrar
			competition string
			email       string
			refusal     *compete.Error
		}{
			{"refused", r, full, "new@example.com", compete.ErrCompetitionFull},
			{"undone", startRegistrar(t, undone{db.Ledger()}, nil), id, "new@example.com", compete.ErrDatabase},
			{"address taken", r, id, strings.ToUpper(a.people[0].UserID) + "@example.com", compete.ErrEmailTaken},
			{"added", r, id, "new@example.com", nil},
		} {
			now := time.Now()
			account := compete.User{
				ID: newID(), Email: c.email, Name: "Eve", Role: compete.RoleParticipant, CreatedAt: now, UpdatedAt: now,
			}
			o, err := c.r.Add(t.Context(), compete.AddCommand{
				Actor: a.organizer, CompetitionID: c.competition, Account: &account,
				Person: compete.Actor{UserID: account.ID, Role: account.Role},
			})
			if c.refusal != nil && !errors.Is(err, c.refusal) || c.refusal == nil && err != nil {
				t.Errorf("%s: error %v, want %v", c.name, err, c.refusal)
			}
			stored, err := db.User(t.Context(), account.ID)
			if c.refusal != nil && !errors.Is(err, compete.ErrUserMissing) {
				t.Errorf("%s: there is an account, error %v", c.name, err)
			}
			if c.refusal == nil && (err != nil || stored.Name != "Eve" || o.Registration.UserID != account.ID) {
				t.Errorf("%s: the account is %+v, error %v", c.name, stored, err)
			}
		}
	})
}

// TestAdditionsAmongCapacityChanges: people press and cancel, staff add people over the capacity, and the organizer
// raises and lowers the capacity meanwhile. In every commit, no more seats are held than there are.
func TestAdditionsAmongCapacityChanges(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 200)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id := a.addCompetition(t, 30, true)
		var added, lowered atomic.Int32
		check.Together(len(a.people), func(i int) {
			o, err := addOrPress(t.Context(), a, r, id, i)
			if err != nil {
				t.Errorf("person %d: %v", i, err)
			}
			switch i % 5 {
			case 0: // the event has room for so many
				_, err = r.Update(t.Context(), compete.UpdateCommand{
					Actor: a.organizer, CompetitionID: id, Change: compete.CompetitionChange{
						Edit: func(c *compete.CompetitionContent) { c.Capacity = 20 + i%70 },
					},
				})
				if lowered.Add(1); err != nil && !errors.Is(err, compete.ErrCapacityBelowHeld) {
					t.Errorf("change %d: %v", i, err)
				}
			case 1:
				_, err = r.Cancel(t.Context(),
					compete.CancelCommand{Actor: a.people[i], RegistrationID: o.Registration.ID})
				if err != nil {
					t.Errorf("person %d cancels: %v", i, err)
				}
			case 2:
				if added.Add(1); o.Registration.Status != pending {
					t.Errorf("person %d was added over the capacity, and is %s", i, o.Registration.Status)
				}
			}
		})
		if added.Load() != 40 || lowered.Load() != 40 {
			t.Errorf("%d added, %d changes, want 40 of each", added.Load(), lowered.Load())
		}
		must(t, errors.Join(checkSeats(t.Context(), db.Reader(), id), checkArrival(t.Context(), db.Reader(), id)))
	})
}

// addOrPress has staff add every fifth person, over the capacity; the others press.
func addOrPress(
	ctx context.Context, a *fixture, r *registrar.Registrar, id string, i int,
) (compete.RegistrationOutcome, error) {
	if i%5 == 2 {
		return r.Add(ctx, compete.AddCommand{
			Actor: a.organizer, CompetitionID: id, Person: a.people[i], OverCapacity: true,
		})
	}
	return r.Register(ctx, compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
}
