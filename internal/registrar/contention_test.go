package registrar_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// TestBuyers: of N buyers for K seats, exactly K get one, in order of seq; the others are refused, or join the waitlist
// in order.
func TestBuyers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		t.Run("for seats", func(t *testing.T) { testBuyers(t, db, false) })
		t.Run("for seats and a waitlist", func(t *testing.T) { testBuyers(t, db, true) })
	})
}

func testBuyers(t *testing.T, db *store.Store, waitlist bool) {
	const buyers, seats = 300, 100
	a := newFixture(t, db, buyers)
	id := a.addCompetition(t, seats, waitlist)
	r := startRegistrar(t, db.Ledger(), nil)

	outcomes := make([]compete.RegistrationOutcome, buyers)
	errs := make([]error, buyers)
	check.Together(buyers, func(i int) {
		outcomes[i], errs[i] = r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
	})
	seqs := map[int64]bool{}
	var accepted, queued, full int
	for i, o := range outcomes {
		switch {
		case errors.Is(errs[i], compete.ErrCompetitionFull):
			full++
		case errs[i] != nil:
			t.Errorf("buyer %d: %v", i, errs[i])
		case o.Registration.Status == compete.RegistrationPending && o.Registration.Seq <= seats:
			accepted++
		case o.Registration.Status == compete.RegistrationWaitlisted &&
			o.Registration.Position == int(o.Registration.Seq)-seats:
			queued++
		default:
			t.Errorf("buyer %d: got %+v", i, o.Registration)
		}
		seqs[o.Registration.Seq] = true
	}
	want := [3]int{seats, 0, buyers - seats}
	if waitlist {
		want = [3]int{seats, buyers - seats, 0}
	}
	if got := [3]int{accepted, queued, full}; got != want {
		t.Errorf("accepted, queued, full = %v, want %v", got, want)
	}
	for seq := range int64(accepted + queued) {
		if !seqs[seq+1] {
			t.Errorf("seq %d was given to nobody", seq+1)
		}
	}
	if err := errors.Join(checkSeats(t.Context(), db.Reader(), id),
		checkArrival(t.Context(), db.Reader(), id)); err != nil {
		t.Error(err)
	}
}

// wantAccepted checks that want registrations were accepted and all others failed because the competition is full.
func wantAccepted(t *testing.T, errs []error, want int) {
	t.Helper()
	accepted := 0
	for _, err := range errs {
		if err == nil {
			accepted++
		} else if !errors.Is(err, compete.ErrCompetitionFull) {
			t.Errorf("Register: %v", err)
		}
	}
	if accepted != want {
		t.Errorf("%d accepted, want %d", accepted, want)
	}
}

// mixWithPromotions repeats a random mix until somebody was promoted: about one in a hundred promotes nobody, and so
// tests too little.
func (a *fixture) mixWithPromotions(t *testing.T, run func(round uint64)) {
	t.Helper()
	for round := range uint64(10) {
		run(round)
		var promoted int
		if err := a.db.Reader().QueryRowContext(t.Context(),
			"SELECT count(*) FROM registrations WHERE promoted_at IS NOT NULL").Scan(&promoted); err != nil {
			t.Fatal(err)
		}
		if promoted > 0 {
			return
		}
	}
	t.Error("nobody was promoted")
}

// TestRandomMix: random registrations, cancellations, promotions and capacity changes keep every count correct after
// every commit.
func TestRandomMix(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 60)
		ids := []string{a.addCompetition(t, 10, true), a.addCompetition(t, 25, true), a.addCompetition(t, 5, false)}
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		a.mixWithPromotions(t, func(round uint64) {
			check.Together(12, func(worker int) {
				mix(t, a, r, ids, 60, rand.New(rand.NewPCG(1+2*round, uint64(worker))))
			})
		})
	})
}

// mix runs random commands.
func mix(t *testing.T, a *fixture, r *registrar.Registrar, ids []string, presses int, random *rand.Rand) {
	mine := map[string]compete.Actor{} // registrations made in this mix, by id
	for range presses {
		id, person := ids[random.IntN(len(ids))], a.people[random.IntN(len(a.people))]
		var err error
		switch random.IntN(11) {
		case 0:
			capacity := 5 + random.IntN(30)
			change := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Capacity = capacity }}
			_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
		case 10: // the organizer removes somebody, with or without a block
			for registration := range mine {
				_, err = r.Cancel(t.Context(), compete.CancelCommand{
					Actor: a.organizer, RegistrationID: registration,
					Removal: compete.Removal{Blocked: random.IntN(4) == 0},
				})
				delete(mine, registration)
				break
			}
		case 1, 2, 3:
			for registration, owner := range mine {
				_, err = r.Cancel(t.Context(), compete.CancelCommand{Actor: owner, RegistrationID: registration})
				delete(mine, registration)
				break
			}
		default:
			var o compete.RegistrationOutcome
			if o, err = r.Register(t.Context(), compete.RegisterCommand{Actor: person, CompetitionID: id}); err == nil {
				mine[o.Registration.ID] = person
			}
		}
		if err != nil && compete.AsError(err).Kind != compete.KindConflict && !errors.Is(err, compete.ErrBlocked) {
			t.Errorf("unexpected refusal: %v", err)
		}
	}
}

// TestChangesInPages: raising the capacity or cancelling a competition affects more registrations than fit one page,
// and every one is processed.
func TestChangesInPages(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		const people = 700
		a := newFixture(t, db, people)
		id := a.addCompetition(t, 1, true)
		r := startRegistrar(t, db.Ledger(), nil)
		check.Together(people, func(i int) {
			if _, err := r.Register(t.Context(),
				compete.RegisterCommand{Actor: a.people[i], CompetitionID: id}); err != nil {
				t.Errorf("Register: %v", err)
			}
		})
		c, err := r.Update(t.Context(), compete.UpdateCommand{
			Actor: a.organizer, CompetitionID: id,
			Change: compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Capacity = people - 50 }},
		})
		if err != nil || c.Waitlisted == 0 {
			t.Fatalf("Update promoted all at once: waitlisted = %d, %v", c.Waitlisted, err)
		}
		newcomer := a.addUsers(t, compete.RoleParticipant, 1)[0]
		o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: newcomer, CompetitionID: id})
		if err != nil || o.Registration.Status != compete.RegistrationWaitlisted {
			t.Errorf("a newcomer passed those who wait: %+v, %v", o.Registration, err)
		}
		settleAll(t, r, id)
		var firstWaiting, lastHeld int64
		if err := db.Reader().QueryRowContext(t.Context(), `SELECT min(CASE WHEN status = 'WAITLISTED' THEN seq END),
			max(CASE WHEN status = 'PENDING' THEN seq END)
		FROM registrations WHERE competition_id = $1`, id).Scan(&firstWaiting, &lastHeld); err != nil {
			t.Fatal(err)
		}
		if lastHeld != people-50 || firstWaiting != lastHeld+1 {
			t.Errorf("held up to seq %d, waiting from seq %d; want %d and the next", lastHeld, firstWaiting, people-50)
		}
		if c, err = r.CancelCompetition(t.Context(),
			compete.CancelCompetitionCommand{Actor: a.organizer, CompetitionID: id}); err != nil ||
			c.Registered() == 0 {
			t.Fatalf("CancelCompetition cancelled all at once: %d left, %v", c.Registered(), err)
		}
		settleAll(t, r, id)
		if left, waitlisted := a.seats(t, id); left != c.Capacity || waitlisted != 0 {
			t.Errorf("after cancelling: %d seats left of %d, %d wait", left, c.Capacity, waitlisted)
		}
		if err := checkSeats(t.Context(), db.Reader(), id); err != nil {
			t.Error(err)
		}
	})
}
