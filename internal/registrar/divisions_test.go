package registrar_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// divided gives the competition three seats, and the divisions "short" and "long" so many of their own.
func divided(short, long int) func(*compete.Competition) {
	return func(c *compete.Competition) {
		c.Capacity, c.SeatsLeft = 3, 3
		c.Divisions = []compete.Division{division("short", short), division("long", long)}
	}
}

func division(name string, seats int) compete.Division {
	return compete.Division{
		DivisionContent: compete.DivisionContent{ID: name, Name: name, Capacity: seats}, SeatsLeft: seats,
	}
}

func move(name, divisionID string) step { return moveBy(name, name, divisionID, false) }

func moveBy(by, name, divisionID string, keepSeat bool) step {
	return step{
		what: by + " moves " + name + " to " + divisionID,
		do: func(ctx context.Context, s *scenario) (string, error) {
			o, err := s.Move(ctx, compete.MoveCommand{
				Actor: actor(by), RegistrationID: name + "'s", DivisionID: divisionID, KeepSeat: keepSeat,
			})
			if err == nil {
				s.mu.Lock()
				s.seqs[o.Registration.Seq] = name
				s.mu.Unlock()
			}
			return say(o), err
		},
	}
}

// divide replaces the divisions.
func divide(divisions ...compete.Division) step {
	change := compete.CompetitionChange{}
	change.Divisions.Set = true
	for _, d := range divisions {
		change.Divisions.Value = append(change.Divisions.Value, d.DivisionContent)
	}
	return silent(update("olga", 0, change))
}

func TestDivisions(t *testing.T) {
	decide(t, []decision{
		{
			name: "a seat needs room in the division", competition: divided(1, 3),
			steps: []step{
				registerIn("ada", "short").gets("PENDING"), registerIn("bob", "short").gets("WAITLISTED at 1"),
				registerIn("eve", "long").gets("PENDING"), registerIn("mia", "short").gets("WAITLISTED at 2"),
			},
			standing: "1 ada PENDING, 2 bob WAITLISTED, 3 eve PENDING, 4 mia WAITLISTED; 1 left, 2 wait",
			messages: "confirmed ada, confirmed eve, waitlisted bob, waitlisted mia",
		},
		{
			name: "a seat needs room in the competition", competition: divided(3, 3),
			steps: []step{
				registerIn("ada", "short"), registerIn("bob", "short"), registerIn("eve", "long").gets("PENDING"),
				registerIn("mia", "long").gets("WAITLISTED at 1"),
			},
			standing: "1 ada PENDING, 2 bob PENDING, 3 eve PENDING, 4 mia WAITLISTED; 0 left, 1 wait",
			messages: "confirmed ada, confirmed bob, confirmed eve, waitlisted mia",
		},
		{
			name: "a freed seat goes to the earliest who fits, in any division", competition: divided(1, 3),
			before: []step{
				registerIn("ada", "short"), registerIn("bob", "long"), registerIn("eve", "long"),
				registerIn("mia", "short"), registerIn("zoe", "long"),
			},
			steps: []step{cancel("bob")},
			standing: "1 ada PENDING, 2 bob CANCELLED SELF, 3 eve PENDING, 4 mia WAITLISTED, 5 zoe PENDING; " +
				"0 left, 1 wait",
			messages: "cancelled bob, confirmed ada, confirmed bob, confirmed eve, promoted zoe, waitlisted mia, " +
				"waitlisted zoe",
		},
		{
			name: "the earliest who fits isn't passed", competition: divided(3, 3),
			before: []step{
				registerIn("ada", "short"), registerIn("bob", "long"), registerIn("eve", "long"),
				registerIn("mia", "short"), registerIn("zoe", "long"),
			},
			steps: []step{cancel("bob"), registerIn("pia", "long").gets("WAITLISTED at 2")},
			standing: "1 ada PENDING, 2 bob CANCELLED SELF, 3 eve PENDING, 4 mia PENDING, 5 zoe WAITLISTED, " +
				"6 pia WAITLISTED; 0 left, 2 wait",
			messages: "cancelled bob, confirmed ada, confirmed bob, confirmed eve, promoted mia, waitlisted mia, " +
				"waitlisted pia, waitlisted zoe",
		},
		{
			name: "without a waitlist, it says what is full",
			competition: func(c *compete.Competition) {
				divided(1, 3)(c)
				c.Waitlist = false
			},
			steps: []step{
				register("ada").fails(compete.Invalid()), registerIn("ada", "nowhere").fails(compete.Invalid()),
				registerIn("ada", "short"), registerIn("bob", "short").fails(compete.ErrDivisionFull),
				registerIn("bob", "long"), registerIn("eve", "long"),
				registerIn("mia", "long").fails(compete.ErrCompetitionFull),
			},
			standing: "1 ada PENDING, 2 bob PENDING, 3 eve PENDING; 0 left, 0 wait",
			messages: "confirmed ada, confirmed bob, confirmed eve",
		},
		{
			name: "another division is a new place in line there", competition: divided(1, 2),
			before: []step{
				registerIn("ada", "short"), registerIn("bob", "short"), registerIn("eve", "long"),
				registerIn("mia", "long"), registerIn("zoe", "long"),
			},
			steps: []step{
				move("eve", "long").gets("PENDING"), move("ada", "nowhere").fails(compete.Invalid()),
				moveBy("zoe", "ada", "long", false).fails(compete.ErrRegistrationGone),
				moveBy("ada", "ada", "long", true).fails(compete.ErrDivisionFull), // and the seat is kept
				move("bob", "long").gets("WAITLISTED at 2"),
				cancel("mia"), // zoe was there first
				move("zoe", "short").gets("WAITLISTED at 1"),
				cancel("ada"),
			},
			standing: "1 ada CANCELLED SELF, 3 eve PENDING, 4 mia CANCELLED SELF, 6 bob PENDING, 7 zoe PENDING; " +
				"0 left, 0 wait",
			messages: "cancelled ada, cancelled mia, confirmed ada, confirmed eve, confirmed mia, promoted bob, " +
				"promoted zoe, promoted zoe, waitlisted bob, waitlisted bob, waitlisted zoe, waitlisted zoe",
		},
		{
			name: "a mover's seat goes to who waits for it", competition: divided(1, 2),
			before: []step{registerIn("ada", "short"), registerIn("bob", "short"), registerIn("eve", "long")},
			steps:  []step{move("ada", "long").gets("PENDING")},
			// ada gets a new number
			standing: "2 bob PENDING, 3 eve PENDING, 4 ada PENDING; 0 left, 0 wait",
			messages: "confirmed ada, confirmed ada, confirmed eve, promoted bob, waitlisted bob",
		},
		{
			name: "a mover waits behind those who still wait there",
			competition: func(c *compete.Competition) {
				divided(1, 2)(c)
				c.Capacity, c.SeatsLeft = 1, 1
			},
			before:   []step{registerIn("ada", "short"), registerIn("bob", "long")},
			steps:    []step{move("ada", "long").gets("WAITLISTED at 1")},
			standing: "2 bob PENDING, 3 ada WAITLISTED; 0 left, 1 wait",
			messages: "confirmed ada, promoted bob, waitlisted ada, waitlisted bob",
		},
		{
			name: "with review, a mover doesn't take a seat from those who were told to wait",
			competition: func(c *compete.Competition) {
				divided(1, 2)(c)
				withReview(c)
			},
			before: []step{registerIn("ada", "short"), registerIn("bob", "long"), registerIn("eve", "long")},
			steps: []step{
				decideOn(admit, "ada"), decideOn(queue, "bob"), releaseCup(),
				move("ada", "long").fails(compete.ErrSeatKept), cancel("bob"), move("ada", "long").gets("PENDING"),
			},
			standing: "2 bob CANCELLED SELF, 3 eve APPLIED, 4 ada PENDING; 2 left, 0 wait",
			messages: "applied ada, applied bob, applied eve, confirmed ada, confirmed ada, " +
				"left_waitlist bob, waitlisted bob",
		},
		{
			name: "an offer that has run out gets no seat in another division",
			competition: func(c *compete.Competition) {
				divided(1, 2)(c)
				withReview(c)
				hours := 6
				c.OfferHours, c.RegDeadline = &hours, c.RegDeadline.Add(six)
			},
			before: []step{registerIn("ada", "short"), registerIn("bob", "short")},
			steps: []step{
				decideOn(admit, "ada"), releaseCup(), later(six), move("ada", "long").fails(compete.ErrOfferExpired),
				moveBy("olga", "ada", "long", false).fails(compete.ErrOfferExpired),
				move("bob", "long").gets("APPLIED"), later(grace), expire("ada").gets("one"),
			},
			standing: "1 ada CANCELLED EXPIRED, 3 bob APPLIED; 3 left, 0 wait",
			messages: "applied ada, applied bob, applied bob, offer_expired ada, offer_reminder ada, offered ada",
		},
		{
			name: "capacity isn't lowered below what is held in a division", competition: divided(2, 2),
			before: []step{registerIn("ada", "short"), registerIn("bob", "short"), registerIn("eve", "short")},
			steps: []step{
				divide(division("short", 1), division("long", 2)).fails(compete.ErrCapacityBelowHeld),
				divide(division("long", 2)).fails(compete.ErrDivisionNotEmpty),
				divide(division("elsewhere", 2)).fails(compete.Invalid()),
				divide(division("short", 3)), // long is empty
				registerIn("mia", "long").fails(compete.Invalid()),
			},
			standing: "1 ada PENDING, 2 bob PENDING, 3 eve PENDING; 0 left, 0 wait",
			messages: "confirmed ada, confirmed bob, promoted eve, waitlisted eve",
		},
		{
			name:   "a competition isn't divided once somebody is registered",
			before: []step{register("ada")},
			steps: []step{
				divide(compete.Division{DivisionContent: compete.DivisionContent{Name: "short", Capacity: 1}}).
					fails(compete.ErrDivisionsTooLate),
				cancel("ada"),
				divide(compete.Division{DivisionContent: compete.DivisionContent{Name: "short", Capacity: 1}}),
				register("bob").fails(compete.Invalid()),
			},
			standing: "1 ada CANCELLED SELF; 2 left, 0 wait", messages: "cancelled ada, confirmed ada",
		},
	})
}

// addDivisions splits a competition.
func (a *fixture) addDivisions(t *testing.T, r *registrar.Registrar, id string, capacities ...int) []compete.Division {
	t.Helper()
	var contents []compete.DivisionContent
	for i, capacity := range capacities {
		contents = append(contents, compete.DivisionContent{Name: fmt.Sprint("division ", i), Capacity: capacity})
	}
	c, err := r.Update(t.Context(), compete.UpdateCommand{
		Actor: a.organizer, CompetitionID: id, Change: compete.CompetitionChange{Divisions: compete.Some(contents)},
	})
	must(t, err)
	return c.Divisions
}

// checkDivisions reports, for the divisions of a competition, how they break what checkSeats checks, whether somebody
// waits although there is room, and whether somebody who waits was passed by a later one in the same division.
func checkDivisions(ctx context.Context, db *sql.DB, competitionID string) error {
	var wrong, waitDespiteRoom, passed int
	err := db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM (SELECT d.capacity, d.seats_left, d.waitlisted, coalesce(sum(r.seats), 0) AS held,
				count(CASE WHEN r.status = 'WAITLISTED' AND NOT r.follows THEN 1 END) AS waiting
			FROM divisions d LEFT JOIN registrations r ON r.division_id = d.id WHERE d.competition_id = $1
			GROUP BY d.id, d.capacity, d.seats_left, d.waitlisted) d
			WHERE d.held > d.capacity OR d.seats_left <> d.capacity - d.held OR d.waitlisted <> d.waiting),
		(SELECT count(*) FROM divisions d JOIN competitions c ON c.id = d.competition_id
			WHERE c.id = $1 AND c.seats_left > 0 AND d.seats_left > 0 AND d.waitlisted > 0),
		(SELECT count(*) FROM registrations w JOIN registrations h ON h.division_id = w.division_id AND h.seq > w.seq
			WHERE w.competition_id = $1 AND w.status = 'WAITLISTED' AND NOT w.follows AND h.seats > 0)`, competitionID).
		Scan(&wrong, &waitDespiteRoom, &passed)
	if err == nil && wrong+waitDespiteRoom+passed > 0 {
		err = fmt.Errorf("%d divisions have wrong counts, in %d somebody waits despite room, %d times somebody was "+
			"passed", wrong, waitDespiteRoom, passed)
	}
	return err
}

// afterEachDivided is afterEachCommit with the divisions.
func (a *fixture) afterEachDivided(t *testing.T) afterCommit {
	t.Helper()
	seats := a.afterEachCommit(t)
	return func(changed ...string) {
		seats(changed...)
		for _, id := range changed {
			if err := checkDivisions(context.Background(), a.db.Reader(), id); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestDivisionsUnderContention: people register, cancel and change division while capacities of divisions and the total
// change. After every commit, all counts are right, nobody waits for a seat that fits, and nobody is passed.
func TestDivisionsUnderContention(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 60)
		r := startRegistrar(t, db.Ledger(), a.afterEachDivided(t))
		ids := []string{a.addCompetition(t, 12, true), a.addCompetition(t, 20, false), a.addCompetition(t, 6, true)}
		divisions := map[string][]compete.Division{
			ids[0]: a.addDivisions(t, r, ids[0], 4, 7, 6), ids[1]: a.addDivisions(t, r, ids[1], 5, 5),
		}
		a.mixWithPromotions(t, func(round uint64) {
			check.Together(12, func(worker int) {
				mixDivisions(t, a, r, ids, divisions, rand.New(rand.NewPCG(1+2*round, uint64(worker))))
			})
		})
	})
}

// TestDivisionsOfTwoReplicas is the same with two registrars.
func TestDivisionsOfTwoReplicas(t *testing.T) {
	t.Parallel()
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		one, other := openAt(t, url), openAt(t, url)
		a := newFixture(t, one, 60)
		replicas := [2]*registrar.Registrar{
			startRegistrar(t, one.Ledger(), a.afterEachDivided(t)),
			startRegistrar(t, other.Ledger(), a.afterEachDivided(t)),
		}
		ids := []string{a.addCompetition(t, 12, true), a.addCompetition(t, 8, true)}
		divisions := map[string][]compete.Division{ids[0]: a.addDivisions(t, replicas[0], ids[0], 4, 7, 6)}
		a.mixWithPromotions(t, func(round uint64) {
			check.Together(12, func(worker int) {
				mixDivisions(t, a, replicas[worker%2], ids, divisions, rand.New(rand.NewPCG(2+2*round, uint64(worker))))
			})
		})
	})
}

// mixDivisions sends random commands about competitions, of which some have divisions.
func mixDivisions(
	t *testing.T, a *fixture, r *registrar.Registrar, ids []string, divisions map[string][]compete.Division,
	random *rand.Rand,
) {
	for range 60 {
		id := ids[random.IntN(len(ids))]
		person := random.IntN(len(a.people))
		of, in := divisions[id], ""
		if len(of) > 0 {
			in = of[random.IntN(len(of))].ID
		}
		mine := a.registration(t, person, id)
		what := random.IntN(12)
		if mine.ID == "" {
			what += 12
		}
		var err error
		switch what {
		case 0:
			seats := 4 + random.IntN(14)
			change := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Capacity = seats }}
			_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
		case 1:
			var change compete.CompetitionChange
			change.Divisions.Set = len(of) > 0
			for _, d := range of {
				d.Capacity = 1 + random.IntN(9)
				change.Divisions.Value = append(change.Divisions.Value, d.DivisionContent)
			}
			_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
		case 2, 3, 4:
			_, err = r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[person], RegistrationID: mine.ID})
		case 5, 6:
			if in != "" {
				_, err = r.Move(t.Context(), compete.MoveCommand{
					Actor: a.people[person], RegistrationID: mine.ID, DivisionID: in, KeepSeat: random.IntN(2) == 0,
				})
			}
		default:
			_, err = r.Register(t.Context(), compete.RegisterCommand{
				Actor: a.people[person], CompetitionID: id, Entry: compete.Entry{DivisionID: in},
			})
		}
		if err != nil && compete.AsError(err).Kind != compete.KindConflict &&
			!errors.Is(err, compete.ErrRegistrationGone) {
			t.Errorf("unexpected refusal: %v", err)
		}
	}
}

// TestDivisionOutcomesAreReplayed repeats a request with its key after the divisions have changed: the answer is the
// first one, with the seats of then.
func TestDivisionOutcomesAreReplayed(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 2)
		r := startRegistrar(t, db.Ledger(), nil)
		id := a.addCompetition(t, 5, true)
		divisions := a.addDivisions(t, r, id, 2, 3)
		command := compete.RegisterCommand{
			Actor: a.people[0], CompetitionID: id, Entry: compete.Entry{DivisionID: divisions[1].ID},
			Idempotency: compete.Idempotency{Key: "the-same-key", RequestHash: "h"},
		}
		first, err := r.Register(t.Context(), command)
		must(t, err)
		divisions[1].Name = "renamed"
		_, err = r.Update(t.Context(), compete.UpdateCommand{
			Actor: a.organizer, CompetitionID: id, Change: compete.CompetitionChange{
				Divisions: compete.Some([]compete.DivisionContent{
					divisions[1].DivisionContent, {Name: "new", Capacity: 9}, divisions[0].DivisionContent,
				}),
			},
		})
		must(t, err)
		again, err := r.Register(t.Context(), command)
		must(t, err)
		want(t, "replayed", again.Replayed, true)
		want(t, "division", again.Registration.DivisionID, divisions[1].ID)
		want(t, "divisions", again.Competition.Divisions, first.Competition.Divisions)
		if left := again.Competition.Divisions[1].SeatsLeft; left != 2 {
			t.Errorf("%d seats were left, want 2", left)
		}
		stored, err := db.Competition(t.Context(), id)
		must(t, err)
		var names []string
		for _, d := range stored.Divisions {
			names = append(names, fmt.Sprint(d.Name, " ", d.SeatsLeft, " of ", d.Capacity))
		}
		want(t, "stored divisions", names, []string{"renamed 2 of 3", "new 9 of 9", "division 0 2 of 2"})
	})
}

// A person with a disabled account whom staff move joins the other waitlist, but a seat that becomes free in the same
// batch isn't theirs.
func TestDisabledAreMovedInOneBatch(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 2)
		id := a.addCompetition(t, 1, true)
		r := startRegistrar(t, db.Ledger(), nil)
		divisions := a.addDivisions(t, r, id, 2, 2)
		for _, person := range a.people {
			_, err := r.Register(t.Context(), compete.RegisterCommand{
				Actor: person, CompetitionID: id, Entry: compete.Entry{DivisionID: divisions[0].ID},
			})
			must(t, err)
		}
		a.change(t, a.people[1], disable)
		mine := a.registration(t, 1, id)
		batched(t, db.Ledger(), func(r *registrar.Registrar) {
			o, err := r.Move(t.Context(), compete.MoveCommand{
				Actor: a.organizer, RegistrationID: mine.ID, DivisionID: divisions[1].ID,
			})
			if err != nil || o.Registration.Status != waitlisted {
				t.Errorf("moved: %s, %v", o.Registration.Status, err)
			}
		}, func(r *registrar.Registrar) {
			_, err := r.Update(t.Context(), compete.UpdateCommand{
				Actor: a.organizer, CompetitionID: id, Change: compete.CompetitionChange{
					Edit: func(c *compete.CompetitionContent) { c.Capacity = 2 },
				},
			})
			if err != nil {
				t.Error(err)
			}
		})
		want(t, "status", a.registration(t, 1, id).Status, waitlisted)
		left, waiting := a.seats(t, id)
		want(t, "seats left and people waiting", []int{left, waiting}, []int{1, 1})
	})
}
