package registrar_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// jumpingClock is a clock that a test can move forward.
type jumpingClock struct{ ahead atomic.Int64 }

func (c *jumpingClock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *jumpingClock) jump(d time.Duration) { c.ahead.Add(int64(d)) }

// offering creates a competition whose freed seats are offered for the given number of hours. All its seats are taken,
// by the first people.
func (a *fixture) offering(
	t *testing.T, r *registrar.Registrar, seats, hours int,
) (id string, registrations []compete.Registration) {
	t.Helper()
	id = a.addCompetition(t, seats, true)
	if _, err := a.db.Writer().ExecContext(t.Context(), `UPDATE competitions SET offer_hours = $2 WHERE id = $1`, id,
		hours); err != nil {
		t.Fatal(err)
	}
	for person := range a.people {
		registrations = append(registrations, a.register(t, r, person, id))
	}
	return id, registrations
}

func (a *fixture) answer(t *testing.T, r *registrar.Registrar, person int, registrationID string, accept bool) error {
	_, err := r.AnswerOffer(t.Context(), compete.AnswerOfferCommand{
		Actor: a.people[person], RegistrationID: registrationID, Accept: accept,
	})
	return err
}

// TestAnswersRace: if an offer is accepted and declined at the same moment, one of the answers counts; likewise for an
// acceptance and the end of the offer. In either case, the seat has one owner afterwards.
func TestAnswersRace(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 3)
		for round := range 20 {
			var clock jumpingClock
			r := startRegistrarAt(t, clock.now, db.Ledger(), a.afterEachCommit(t))
			id, registrations := a.offering(t, r, 1, 1)
			a.remove(t, r, registrations[0].ID, compete.Removal{})
			second := registrations[1].ID
			var accepted, other error
			check.Together(2, func(i int) {
				switch {
				case i == 0:
					accepted = a.answer(t, r, 1, second, true)
				case round%2 == 0:
					other = a.answer(t, r, 1, second, false)
				default:
					clock.jump(time.Hour + grace)
					n, err := r.ExpireOffers(t.Context(), []string{second})
					if other = err; n == 0 && err == nil {
						other = compete.ErrNoOffer
					}
				}
			})
			if (accepted == nil) == (other == nil) {
				t.Errorf("round %d: accepted with %v, and ended with %v: want one of them", round, accepted, other)
			}
			want := []compete.RegistrationStatus{cancelled, pending, waitlisted}
			if accepted != nil {
				want = []compete.RegistrationStatus{cancelled, cancelled, offered}
			}
			a.wantStatuses(t, fmt.Sprint("round ", round), id, want...)
		}
	})
}

// TestOffersUnderContention: offers are accepted, declined and expire while people register and cancel, and while the
// capacity changes. All counts are right after every commit, every change is a row of the table of transitions, and
// nobody waiting is passed.
func TestOffersUnderContention(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 40)
		var clock jumpingClock
		history := &recording{Ledger: db.Ledger()}
		r := startRegistrarAt(t, clock.now, history, a.afterEachCommit(t))
		ids := []string{a.addCompetition(t, 4, true), a.addCompetition(t, 9, true)}
		if _, err := db.Writer().ExecContext(t.Context(), `UPDATE competitions SET offer_hours = 1, reg_deadline = $1`,
			compete.UTC(time.Now().AddDate(1, 0, 0))); err != nil {
			t.Fatal(err)
		}
		for round := range uint64(20) {
			check.Together(10, func(worker int) {
				mixOffers(t, a, r, &clock, ids,
					rand.New(rand.NewPCG(round, uint64(worker))))
			})
			if round >= 2 && history.seen(compete.AuditAccepted, compete.AuditDeclined, compete.AuditOfferExpired,
				compete.AuditOffered) {
				break
			}
		}
		history.check(t, map[string]int{ids[0]: 4, ids[1]: 9})
	})
}

// TestOffersOfTwoReplicas is the same with two registrars, so that nothing sees all commits in order.
func TestOffersOfTwoReplicas(t *testing.T) {
	t.Parallel()
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		one, other := openAt(t, url), openAt(t, url)
		a := newFixture(t, one, 30)
		var clock jumpingClock
		replicas := [2]*registrar.Registrar{
			startRegistrarAt(t, clock.now, one.Ledger(), a.afterEachCommit(t)),
			startRegistrarAt(t, clock.now, other.Ledger(), a.afterEachCommit(t)),
		}
		ids := []string{a.addCompetition(t, 4, true), a.addCompetition(t, 9, true)}
		if _, err := one.Writer().ExecContext(t.Context(), `UPDATE competitions SET offer_hours = 1, reg_deadline = $1`,
			compete.UTC(time.Now().AddDate(1, 0, 0))); err != nil {
			t.Fatal(err)
		}
		for round := range uint64(3) {
			check.Together(10, func(worker int) {
				mixOffers(t, a, replicas[worker%2], &clock, ids, rand.New(rand.NewPCG(round, uint64(worker))))
			})
		}
	})
}

// mixOffers sends random commands and lets time pass.
func mixOffers(t *testing.T, a *fixture, r *registrar.Registrar, clock *jumpingClock, ids []string, random *rand.Rand) {
	for range 60 {
		id, person := ids[random.IntN(len(ids))], random.IntN(len(a.people))
		mine, press := a.registration(t, person, id), random.IntN(12)
		if mine.ID == "" && press > 2 {
			press = 11 // there is nothing to answer or cancel
		}
		var err error
		switch press {
		case 0:
			seats := 2 + random.IntN(10)
			change := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Capacity = seats }}
			_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
		case 1:
			clock.jump(20 * time.Minute)
		case 2:
			_, err = r.ExpireOffers(t.Context(), a.offers(t, id))
		case 3, 4:
			err = a.answer(t, r, person, mine.ID, true)
		case 5:
			err = a.answer(t, r, person, mine.ID, false)
		case 6, 7:
			_, err = r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[person], RegistrationID: mine.ID})
		default:
			_, err = r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[person], CompetitionID: id})
		}
		if err != nil && compete.AsError(err).Kind != compete.KindConflict &&
			!errors.Is(err, compete.ErrRegistrationGone) {
			t.Errorf("unexpected refusal: %v", err)
		}
	}
}

// offers returns the ids of a competition's offers that were open a moment ago.
func (a *fixture) offers(t *testing.T, competitionID string) (ids []string) {
	rows, err := a.db.Reader().QueryContext(t.Context(), `SELECT id FROM registrations WHERE competition_id = $1
		AND status = 'OFFERED'`, competitionID)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Error(err)
		}
		ids = append(ids, id)
	}
	if rows.Err() != nil {
		t.Error(rows.Err())
	}
	return ids
}

// TestAnswersWithoutTheLock is the negative control: with the lock off, two replicas give different answers to one
// offer. The other tests must not see that with the lock on.
func TestAnswersWithoutTheLock(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 2)
		for _, lock := range []bool{true, false} {
			setUp := startRegistrar(t, db.Ledger(), nil)
			id, registrations := a.offering(t, setUp, 1, 1)
			a.remove(t, setUp, registrations[0].ID, compete.Removal{})
			var everyone sync.WaitGroup
			everyone.Add(2)
			var turn sync.Mutex
			first := &overlap{second: make(chan struct{})}
			errs := make([]error, 2)
			check.Together(2, func(i int) {
				replica := startRegistrar(t, &stripped{
					Ledger: db.Ledger(), meeting: meeting{everyone: &everyone}, lock: lock, overlap: first, turn: &turn,
				}, nil)
				errs[i] = a.answer(t, replica, 1, registrations[1].ID, i == 0)
			})
			if counted := errs[0] == nil && errs[1] == nil; counted == lock {
				t.Errorf("with the lock %v, both answers count: %v (%v)", lock, counted, errs)
			}
			if err := checkSeats(t.Context(), db.Reader(), id); lock && err != nil {
				t.Error(err)
			}
			if _, err := db.Recount(t.Context(), nil); err != nil { // without the lock, the counts are wrong
				t.Error(err)
			}
		}
	})
}

// recording is the ledger of one registrar. It records what its transactions write to the audit log, in order.
type recording struct {
	compete.Ledger
	mu      sync.Mutex
	records []compete.AuditRecord
}

func (l *recording) Transact(ctx context.Context, batchID string, f func(compete.LedgerTx) error) error {
	tx := &recordingTx{}
	err := l.Ledger.Transact(ctx, batchID, func(inner compete.LedgerTx) error {
		tx.LedgerTx = inner
		return f(tx)
	})
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.records = append(l.records, tx.records...)
	}
	return err
}

type recordingTx struct {
	compete.LedgerTx
	records []compete.AuditRecord
}

func (t *recordingTx) Write(ctx context.Context, c compete.LedgerChanges) error {
	t.records = c.Audit
	return t.LedgerTx.Write(ctx, c)
}

// seen reports whether all of the actions occurred.
func (l *recording) seen(actions ...compete.AuditAction) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := map[compete.AuditAction]bool{}
	for _, r := range l.records {
		taken[r.Action] = true
	}
	for _, action := range actions {
		if !taken[action] {
			return false
		}
	}
	return true
}

// check replays the history of competitions with the given numbers of seats: each change is a row of the table of
// transitions, no more seats are held than exist, and each seat goes to the person who has waited longest.
func (l *recording) check(t *testing.T, seats map[string]int) {
	t.Helper()
	type state struct {
		Status, Reason string
		Seq            int64
		Capacity       int
	}
	now := map[string]state{}
	held := map[string]int{}
	transitions := 0
	for i, r := range l.records {
		var before, after state
		if len(r.Before) > 0 {
			must(t, json.Unmarshal(r.Before, &before))
		}
		if len(r.After) > 0 {
			must(t, json.Unmarshal(r.After, &after))
		}
		if r.SubjectID == "" { // of the competition
			if after.Capacity > 0 {
				seats[r.CompetitionID] = after.Capacity
			}
			continue
		}
		was := now[r.SubjectID]
		if before.Status != was.Status {
			t.Fatalf("record %d, %s: from %q, but it was %q", i, r.Action, before.Status, was.Status)
		}
		if !inTable(was.Status, after.Status, after.Reason) {
			t.Errorf("record %d, %s: there is no transition from %q to %q %s", i, r.Action, was.Status,
				after.Status, after.Reason)
		}
		transitions++
		if after.Seq == 0 {
			after.Seq = was.Seq
		}
		if r.Action == compete.AuditOffered || r.Action == compete.AuditPromoted {
			for id, other := range now {
				if other.Status == string(waitlisted) && other.Seq < was.Seq && l.competitionOf(id) == r.CompetitionID {
					t.Errorf("record %d: seq %d passes seq %d, who waits", i, was.Seq, other.Seq)
				}
			}
		}
		held[r.CompetitionID] += compete.RegistrationStatus(after.Status).Seats() - compete.RegistrationStatus(
			was.Status,
		).Seats()
		if held[r.CompetitionID] > seats[r.CompetitionID] {
			t.Errorf("record %d: %d seats are held of %d", i, held[r.CompetitionID], seats[r.CompetitionID])
		}
		now[r.SubjectID] = after
	}
	if transitions < 100 {
		t.Errorf("%d transitions were seen, want many", transitions)
	}
}

func (l *recording) competitionOf(registrationID string) string {
	for _, r := range l.records {
		if r.SubjectID == registrationID {
			return r.CompetitionID
		}
	}
	return ""
}

func inTable(from, to, reason string) bool {
	for _, row := range compete.Transitions {
		if string(row.From) == from && string(row.To) == to && string(row.Reason) == reason {
			return true
		}
	}
	return false
}
