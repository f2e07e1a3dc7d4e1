package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"minicompete/internal/compete"
	"minicompete/internal/registrar"
	"minicompete/internal/store"
)

// arena is a database with people and registrars on it.
type arena struct {
	db        *store.Store
	organizer compete.Actor
	people    []compete.Actor
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// newArena adds an organizer and so many participants to a fresh database. Jobs go nowhere: what they do is tested with package jobs.
func newArena(t *testing.T, db *store.Store, people int) *arena {
	t.Helper()
	db.Queued = func([]compete.Job) ([]compete.QueuedJob, error) { return nil, nil }
	a := &arena{db: db}
	a.organizer = a.addUsers(t, compete.RoleOrganizer, 1)[0]
	a.people = a.addUsers(t, compete.RoleParticipant, people)
	return a
}

func (a *arena) addUsers(t *testing.T, role compete.Role, n int) []compete.Actor {
	t.Helper()
	users := make([]compete.Actor, n)
	err := a.db.Transact(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for i := range users {
			id := newID()
			if _, err := tx.SQL().ExecContext(ctx, `INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at)
				VALUES ($1, $2, 'Ada', '', $3, $4, $4)`, id, id+"@example.com", string(role), compete.UTC(time.Now())); err != nil {
				return err
			}
			users[i] = compete.Actor{UserID: id, Role: role}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("insert users: %v", err)
	}
	return users
}

func (a *arena) addCompetition(t *testing.T, capacity int, waitlist bool) string {
	t.Helper()
	id, now := newID(), compete.UTC(time.Now())
	if _, err := a.db.Writer().ExecContext(t.Context(), `INSERT INTO competitions
		(id, title, capacity, seats_left, reg_deadline, status, waitlist, organizer_id, created_at, updated_at)
		VALUES ($1, 'Rush', $2, $2, $3, 'PUBLISHED', $4, $5, $6, $6)`, id, capacity, now.Add(time.Hour), waitlist, a.organizer.UserID, now); err != nil {
		t.Fatalf("insert a competition: %v", err)
	}
	return id
}

// registration reads a person's registration; its zero value when there is none.
func (a *arena) registration(t *testing.T, person int, competitionID string) (r compete.Registration) {
	t.Helper()
	err := a.db.Reader().QueryRowContext(t.Context(), "SELECT id, status, seq FROM registrations WHERE user_id = $1 AND competition_id = $2",
		a.people[person].UserID, competitionID).Scan(&r.ID, &r.Status, &r.Seq)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return r
}

// seats reads how many seats are left and how many wait.
func (a *arena) seats(t *testing.T, competitionID string) (left, waitlisted int) {
	t.Helper()
	if err := a.db.Reader().QueryRowContext(t.Context(), "SELECT seats_left, waitlisted FROM competitions WHERE id = $1", competitionID).Scan(&left, &waitlisted); err != nil {
		t.Fatal(err)
	}
	return left, waitlisted
}

// startRegistrar runs a registrar on the ledger until the test ends.
func startRegistrar(t *testing.T, ledger compete.Ledger, notifier compete.SeatsNotifier) *registrar.Registrar {
	t.Helper()
	return startRegistrarAt(t, time.Now, ledger, notifier)
}

// startRegistrarAt is startRegistrar with a clock of the test's own.
func startRegistrarAt(t *testing.T, clock func() time.Time, ledger compete.Ledger, notifier compete.SeatsNotifier) *registrar.Registrar {
	t.Helper()
	r := registrar.New(registrar.Config{Ledger: ledger, Notifier: notifier, Clock: clock, NewID: newID, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	r.Start()
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	return r
}

// checkSeats reads one competition in one statement and reports how it breaks seatsLeft = capacity − held, seatsLeft ≥ 0,
// waitlisted = number waiting, or the order of arrival (seq from 1 without reuse, in order of registered_at).
func checkSeats(ctx context.Context, db *sql.DB, competitionID string) error {
	var capacity, left, waitlisted, held, waiting int
	var nextSeq, maxSeq int64
	err := db.QueryRowContext(ctx, `
		SELECT c.capacity, c.seats_left, c.waitlisted, c.next_seq,
			count(CASE WHEN r.status IN ('PENDING', 'CONFIRMED') THEN 1 END),
			count(CASE WHEN r.status = 'WAITLISTED' THEN 1 END), coalesce(max(r.seq), 0)
		FROM competitions c LEFT JOIN registrations r ON r.competition_id = c.id
		WHERE c.id = $1 GROUP BY c.id, c.capacity, c.seats_left, c.waitlisted, c.next_seq`, competitionID).
		Scan(&capacity, &left, &waitlisted, &nextSeq, &held, &waiting, &maxSeq)
	switch {
	case err != nil:
		return err
	case held > capacity:
		return fmt.Errorf("oversold: %d seats held of %d", held, capacity)
	case left != capacity-held || left < 0:
		return fmt.Errorf("seats_left = %d, want %d − %d", left, capacity, held)
	case waitlisted != waiting:
		return fmt.Errorf("waitlisted = %d, but %d wait", waitlisted, waiting)
	case maxSeq >= nextSeq:
		return fmt.Errorf("next_seq = %d, but seq %d is given", nextSeq, maxSeq)
	}
	return nil
}

// checkArrival reports seqs that are not in the order of registered_at.
func checkArrival(ctx context.Context, db *sql.DB, competitionID string) error {
	var outOfOrder int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM (
		SELECT registered_at AS at, lag(registered_at) OVER (ORDER BY seq) AS before FROM registrations WHERE competition_id = $1) AS arrivals
		WHERE at < before`, competitionID).Scan(&outOfOrder)
	if err == nil && outOfOrder > 0 {
		err = fmt.Errorf("%d registrations have a seq out of the order of arrival", outOfOrder)
	}
	return err
}

// Contention runs the registrar's promises on the databases that open makes, each fresh and migrated.
func Contention(t *testing.T, open func(t *testing.T) *store.Store) {
	t.Run("buyers for seats", func(t *testing.T) { testBuyers(t, open(t), false) })
	t.Run("buyers for seats and a waitlist", func(t *testing.T) { testBuyers(t, open(t), true) })
	t.Run("random mix", func(t *testing.T) { testRandomMix(t, open(t)) })
	t.Run("pages", func(t *testing.T) { testPages(t, open(t)) })
	t.Run("cancel and join in one batch", func(t *testing.T) { testOneBatch(t, open(t)) })
	t.Run("people", func(t *testing.T) { testPeople(t, open) })
	t.Run("idempotency", func(t *testing.T) { testIdempotency(t, open(t)) })
	t.Run("idempotency keys expire", func(t *testing.T) { testKeyExpiry(t, open(t)) })
	t.Run("bad neighbours", func(t *testing.T) { testBadNeighbours(t, open(t)) })
	t.Run("failing commits", func(t *testing.T) { testFailingCommits(t, open(t)) })
	t.Run("bounds and stop", func(t *testing.T) { testBoundsAndStop(t, open(t)) })
	t.Run("lock and guard", func(t *testing.T) { testProtection(t, open(t)) })
}

// testBuyers: N buyers for K seats get exactly K, in order of seq; the others are told, or queue in order.
func testBuyers(t *testing.T, db *store.Store, waitlist bool) {
	const buyers, seats = 300, 100
	a := newArena(t, db, buyers)
	id := a.addCompetition(t, seats, waitlist)
	r := startRegistrar(t, db.Ledger(), nil)

	outcomes := make([]compete.RegistrationOutcome, buyers)
	errs := make([]error, buyers)
	together(buyers, func(i int) {
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
		case o.Registration.Status == compete.RegistrationWaitlisted && o.Registration.Position == int(o.Registration.Seq)-seats:
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
	if err := errors.Join(checkSeats(t.Context(), db.Reader(), id), checkArrival(t.Context(), db.Reader(), id)); err != nil {
		t.Error(err)
	}
}

// together calls f(0) … f(n-1) at the same moment and waits for all.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// wantAccepted wants so many presses accepted, and each other one to be told that all seats are taken.
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

// afterCommit is called with the competitions that changed after every commit, in the committer's own goroutine.
type afterCommit func(competitionIDs ...string)

func (f afterCommit) Changed(competitionIDs ...string) { f(competitionIDs...) }

// afterEachCommit checks what a registrar has committed. It is of use beside other replicas too: the check is one statement, and so
// sees what some commit left.
func (a *arena) afterEachCommit(t *testing.T) afterCommit {
	t.Helper()
	commits := 0
	t.Cleanup(func() {
		if commits == 0 {
			t.Error("no commit was checked")
		}
	})
	return func(changed ...string) {
		commits++
		for _, id := range changed {
			if err := checkSeats(context.Background(), a.db.Reader(), id); err != nil {
				t.Errorf("after commit %d: %v", commits, err)
			}
		}
	}
}

// mixWithPromotions runs a mix until somebody was promoted: one in which nobody is, as one in a hundred, tests too little.
func (a *arena) mixWithPromotions(t *testing.T, run func(round uint64)) {
	t.Helper()
	for round := range uint64(10) {
		run(round)
		var promoted int
		if err := a.db.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM registrations WHERE promoted_at IS NOT NULL").Scan(&promoted); err != nil {
			t.Fatal(err)
		}
		if promoted > 0 {
			return
		}
	}
	t.Error("nobody was promoted")
}

// testRandomMix: register, cancel, promotion and changes of capacity at random keep every number right after every commit.
func testRandomMix(t *testing.T, db *store.Store) {
	a := newArena(t, db, 60)
	ids := []string{a.addCompetition(t, 10, true), a.addCompetition(t, 25, true), a.addCompetition(t, 5, false)}
	r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
	a.mixWithPromotions(t, func(round uint64) {
		together(12, func(worker int) { mix(t, a, r, ids, 60, rand.New(rand.NewPCG(1+2*round, uint64(worker)))) })
	})
}

// mix presses buttons at random.
func mix(t *testing.T, a *arena, r *registrar.Registrar, ids []string, presses int, random *rand.Rand) {
	mine := map[string]compete.Actor{} // registrations made here, by id
	for range presses {
		id, person := ids[random.IntN(len(ids))], a.people[random.IntN(len(a.people))]
		var err error
		switch random.IntN(11) {
		case 0:
			change := compete.CompetitionChange{Capacity: compete.Some(5 + random.IntN(30))}
			_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
		case 10: // the organizer removes somebody, who may or may not register again
			for registration := range mine {
				_, err = r.Cancel(t.Context(), compete.CancelCommand{
					Actor: a.organizer, RegistrationID: registration, Removal: compete.Removal{Blocked: random.IntN(4) == 0},
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

// testPages: a raised capacity and a cancelled competition touch more registrations than one page, and everybody gets their turn.
func testPages(t *testing.T, db *store.Store) {
	const people = 700
	a := newArena(t, db, people)
	id := a.addCompetition(t, 1, true)
	r := startRegistrar(t, db.Ledger(), nil)
	together(people, func(i int) {
		if _, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: id}); err != nil {
			t.Errorf("Register: %v", err)
		}
	})
	c, err := r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: compete.CompetitionChange{Capacity: compete.Some(people - 50)}})
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
	if err := db.Reader().QueryRowContext(t.Context(), `SELECT min(CASE WHEN status = 'WAITLISTED' THEN seq END), max(CASE WHEN status = 'PENDING' THEN seq END)
		FROM registrations WHERE competition_id = $1`, id).Scan(&firstWaiting, &lastHeld); err != nil {
		t.Fatal(err)
	}
	if lastHeld != people-50 || firstWaiting != lastHeld+1 {
		t.Errorf("held up to seq %d, waiting from seq %d; want %d and the next", lastHeld, firstWaiting, people-50)
	}
	if c, err = r.CancelCompetition(t.Context(), compete.CancelCompetitionCommand{Actor: a.organizer, CompetitionID: id}); err != nil || c.Registered() == 0 {
		t.Fatalf("CancelCompetition cancelled all at once: %d left, %v", c.Registered(), err)
	}
	settleAll(t, r, id)
	if left, waitlisted := a.seats(t, id); left != c.Capacity || waitlisted != 0 {
		t.Errorf("after cancelling: %d seats left of %d, %d wait", left, c.Capacity, waitlisted)
	}
	if err := checkSeats(t.Context(), db.Reader(), id); err != nil {
		t.Error(err)
	}
}

func settleAll(t *testing.T, r *registrar.Registrar, id string) {
	t.Helper()
	for range 10 {
		more, err := r.Settle(t.Context(), id)
		if err != nil {
			t.Fatalf("Settle: %v", err)
		}
		if !more {
			return
		}
	}
	t.Fatal("Settle has no end")
}
