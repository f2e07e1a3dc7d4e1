package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/registrar"
	"minicompete/internal/store"
)

// ledger is a compete.Ledger whose transactions can be held back or made to fail.
type ledger struct {
	compete.Ledger
	before func() error          // called before each transaction; an error takes its place
	after  func(err error) error // sees and replaces each transaction's result
}

func (l ledger) Transact(ctx context.Context, batchID string, f func(compete.LedgerTx) error) error {
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

// batched runs the calls so that they arrive in this order and are committed as one batch: the first transaction is held back
// until all of them are queued behind it.
func batched(t *testing.T, db compete.Ledger, calls ...func(r *registrar.Registrar)) {
	t.Helper()
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r := startRegistrar(t, ledger{Ledger: db, before: func() error {
		once.Do(func() { close(entered); <-release })
		return nil
	}}, nil)
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = r.Settle(t.Context(), newID()) }) // an unknown competition: it only opens the gate
	<-entered
	for i, call := range calls {
		wg.Go(func() { call(r) })
		for r.QueueDepth() <= i {
			time.Sleep(time.Millisecond) // until this call is in the queue, so that the next one arrives after it
		}
	}
	close(release)
	wg.Wait()
}

// testOneBatch: what happens within one batch is the same as if each command had a transaction of its own.
func testOneBatch(t *testing.T, db *store.Store) {
	a := newArena(t, db, 6)
	id := a.addCompetition(t, 1, true)
	registrations := make([]compete.Registration, len(a.people))
	register := func(i int, want compete.RegistrationStatus, position int) func(r *registrar.Registrar) {
		return func(r *registrar.Registrar) {
			o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
			if err != nil || o.Registration.Status != want || o.Registration.Position != position {
				t.Errorf("person %d: got %s at %d, %v; want %s at %d", i, o.Registration.Status, o.Registration.Position, err, want, position)
			}
			registrations[i] = o.Registration
		}
	}
	cancel := func(i int) func(r *registrar.Registrar) {
		return func(r *registrar.Registrar) {
			if _, err := r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[i], RegistrationID: registrations[i].ID}); err != nil {
				t.Errorf("cancel %d: %v", i, err)
			}
		}
	}
	const pending, waitlisted = compete.RegistrationPending, compete.RegistrationWaitlisted
	batched(t, db.Ledger(), register(0, pending, 0), register(1, waitlisted, 1), register(2, waitlisted, 2))
	// 0 leaves, so 1 has the seat; 2 leaves the waitlist and joins again behind 3; 1 leaves, so 3 has the seat.
	batched(t, db.Ledger(), cancel(0), cancel(2), register(3, waitlisted, 1), register(2, waitlisted, 2), cancel(1), register(4, waitlisted, 2))
	want := []compete.RegistrationStatus{compete.RegistrationCancelled, compete.RegistrationCancelled, waitlisted, pending, waitlisted}
	for i, status := range want {
		if got := a.registration(t, i, id).Status; got != status {
			t.Errorf("person %d: got %s, want %s", i, got, status)
		}
	}
	if err := checkSeats(t.Context(), db.Reader(), id); err != nil {
		t.Error(err)
	}
}

// testIdempotency: a key gives its first answer again, within a batch and after it; only successes are recorded.
func testIdempotency(t *testing.T, db *store.Store) {
	a := newArena(t, db, 2)
	id, full := a.addCompetition(t, 5, false), a.addCompetition(t, 1, false)
	command := func(person int, competition, key, hash string) compete.RegisterCommand {
		return compete.RegisterCommand{Actor: a.people[person], CompetitionID: competition, Idempotency: compete.Idempotency{Key: key, RequestHash: hash, Status: 201}}
	}
	var first, second compete.RegistrationOutcome
	batched(t, db.Ledger(),
		func(r *registrar.Registrar) { first, _ = r.Register(t.Context(), command(0, id, "key-one-0", "h")) },
		func(r *registrar.Registrar) { second, _ = r.Register(t.Context(), command(0, id, "key-one-0", "h")) })
	r := startRegistrar(t, db.Ledger(), nil)
	third, err := r.Register(t.Context(), command(0, id, "key-one-0", "h"))
	for i, o := range []compete.RegistrationOutcome{second, third} {
		if err != nil || !o.Replayed || o.Registration.ID != first.Registration.ID || o.Competition.SeatsLeft != 4 {
			t.Errorf("repeat %d: got %+v, %v; want the answer to the first", i+1, o, err)
		}
	}
	if _, err := r.Register(t.Context(), command(0, full, "key-one-0", "other")); !errors.Is(err, compete.ErrIdempotencyKeyReused) {
		t.Errorf("another request with the key: %v", err)
	}
	taken, err := r.Register(t.Context(), command(0, full, "key-two-0", "h"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Register(t.Context(), command(1, full, "key-one-1", "h")); !errors.Is(err, compete.ErrCompetitionFull) {
		t.Errorf("full: %v", err)
	}
	if _, err := r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[0], RegistrationID: taken.Registration.ID}); err != nil {
		t.Fatal(err)
	}
	if o, err := r.Register(t.Context(), command(1, full, "key-one-1", "h")); err != nil || o.Replayed {
		t.Errorf("the key of a refused press must be decided anew: %+v, %v", o, err)
	}
}

// testKeyExpiry: a key holds for 24 hours from its press, to the microsecond, and is then free for another request.
func testKeyExpiry(t *testing.T, db *store.Store) {
	a := newArena(t, db, 1)
	id, other := a.addCompetition(t, 5, false), a.addCompetition(t, 5, false)
	if _, err := db.Writer().ExecContext(t.Context(), "UPDATE competitions SET reg_deadline = $1", compete.UTC(time.Now()).Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	now := compete.UTC(time.Now()) // moved only while no command is under way
	r := startRegistrarAt(t, func() time.Time { return now }, db.Ledger(), nil)
	press := func(competition, hash string) (compete.RegistrationOutcome, error) {
		return r.Register(t.Context(), compete.RegisterCommand{
			Actor: a.people[0], CompetitionID: competition, Idempotency: compete.Idempotency{Key: "key-of-a-day", RequestHash: hash, Status: 201},
		})
	}
	first, err := press(id, "first")
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(24*time.Hour - time.Microsecond)
	if _, err := press(other, "second"); !errors.Is(err, compete.ErrIdempotencyKeyReused) {
		t.Errorf("another request in the key's last microsecond: %v", err)
	}
	if again, err := press(id, "first"); err != nil || !again.Replayed || again.Registration.ID != first.Registration.ID {
		t.Errorf("the same request in the key's last microsecond: %+v, %v", again, err)
	}
	now = now.Add(time.Microsecond)
	second, err := press(other, "second")
	if err != nil || second.Replayed {
		t.Fatalf("another request after 24 hours: %+v, %v", second, err)
	}
	// The record is the second request's now, with a day of its own.
	now = now.Add(24*time.Hour - time.Microsecond)
	if again, err := press(other, "second"); err != nil || !again.Replayed || again.Registration.ID != second.Registration.ID {
		t.Errorf("the second request again: %+v, %v", again, err)
	}
}

// testBadNeighbours: in the midst of a batch, a user that does not exist and a command that panics fail alone.
func testBadNeighbours(t *testing.T, db *store.Store) {
	a := newArena(t, db, 8)
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
}

// panicking is a ledger with a defect that one person's registration brings out, once the rest of its batch is written.
type panicking struct {
	compete.Ledger
	at string // the user's id
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

// testFailingCommits: a failed retrying a transaction a bounded number of times, and a commit of unknown outcome is looked up.
func testFailingCommits(t *testing.T, db *store.Store) {
	a := newArena(t, db, 4)
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
		ledger ledger
		want   error
	}{
		{"away for a moment", ledger{Ledger: db.Ledger(), before: times(2, compete.ErrDatabase)}, nil},
		{"away for long", ledger{Ledger: db.Ledger(), before: times(99, compete.ErrDatabase)}, compete.ErrDatabase},
		{"commit unknown, nothing written", ledger{Ledger: db.Ledger(), before: times(1, compete.ErrCommitUnknown)}, nil},
		{"commit unknown, but written", ledger{Ledger: db.Ledger(), after: lost(1)}, nil},
	} {
		r := startRegistrar(t, test.ledger, nil)
		o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
		if !errors.Is(err, test.want) && (test.want != nil || err != nil) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
		if stored := a.registration(t, i, id); stored.Seq != o.Registration.Seq || (test.want == nil) != (stored.Seq > 0) {
			t.Errorf("%s: answered seq %d, %v; stored seq %d", test.name, o.Registration.Seq, err, stored.Seq)
		}
	}
	if err := checkSeats(t.Context(), db.Reader(), id); err != nil {
		t.Error(err)
	}
}

// testBoundsAndStop: a full queue refuses at once, and a stop answers everything that was taken.
func testBoundsAndStop(t *testing.T, db *store.Store) {
	a := newArena(t, db, 4)
	id := a.addCompetition(t, 10, false)
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	gate := ledger{Ledger: db.Ledger(), before: func() error {
		once.Do(func() { close(entered); <-release })
		return nil
	}}
	r := registrar.New(registrar.Config{Ledger: gate, Clock: time.Now, NewID: newID, Logger: slog.New(slog.DiscardHandler), QueueSize: 2})
	r.Start()
	press := func(i int) error {
		_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i], CompetitionID: id})
		return err
	}
	errs := make(chan error, 3)
	go func() { errs <- press(0) }()
	<-entered
	for i := 1; i <= 2; i++ {
		go func() { errs <- press(i) }()
	}
	for r.QueueDepth() < 2 {
		time.Sleep(time.Millisecond) // until both wait
	}
	if err := press(3); !errors.Is(err, compete.ErrBusy) {
		t.Errorf("a full queue: %v, want busy", err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(context.Background()) }()
	for !errors.Is(press(3), compete.ErrStopping) {
		time.Sleep(time.Millisecond) // until the stop has begun
	}
	close(release)
	for range 3 {
		if err := <-errs; err != nil {
			t.Errorf("taken before the stop: %v", err)
		}
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
}
