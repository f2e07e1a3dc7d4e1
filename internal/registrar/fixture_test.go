package registrar_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// eachDatabase runs a test on a fresh store of each kind of database.
func eachDatabase(t *testing.T, test func(t *testing.T, db *store.Store)) {
	t.Helper()
	t.Parallel()
	for _, kind := range testservices.Databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, openAt(t, testservices.DatabaseURL(t, kind)))
		})
	}
}

func openAt(t *testing.T, url string) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: url, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	must(t, db.Migrate(t.Context()))
	return db
}

// eachFixture is eachDatabase with forty people and a registrar whose commits are checked.
func eachFixture(t *testing.T, test func(t *testing.T, a *fixture, r *registrar.Registrar)) {
	t.Helper()
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 40)
		test(t, a, startRegistrar(t, db.Ledger(), a.afterEachCommit(t)))
	})
}

// fixture is a database with people and registrars.
type fixture struct {
	db        *store.Store
	organizer compete.Actor
	people    []compete.Actor
}

// newFixture adds an organizer and the given number of participants to a fresh database. Its jobs aren't run; package
// jobs tests what they do.
func newFixture(t *testing.T, db *store.Store, people int) *fixture {
	t.Helper()
	a := &fixture{db: db}
	a.organizer = a.addUsers(t, compete.RoleOrganizer, 1)[0]
	a.people = a.addUsers(t, compete.RoleParticipant, people)
	t.Cleanup(func() { // in any case, the stored counts match the rows
		if wrong, err := db.Recount(context.Background(), nil); wrong > 0 || err != nil {
			t.Errorf("%d counts of registrations are wrong; error %v", wrong, err)
		}
	})
	return a
}

func (a *fixture) addUsers(t *testing.T, role compete.Role, n int) []compete.Actor {
	t.Helper()
	users := make([]compete.Actor, n)
	err := a.db.Transact(t.Context(), func(ctx context.Context, tx store.Tx) error {
		for i := range users {
			id := newID()
			if _, err := tx.SQL().ExecContext(ctx, `INSERT INTO users (id, email, name, password_hash, role,
				created_at, updated_at)
				VALUES ($1, $2, 'Ada', '', $3, $4, $4)`, id, id+"@example.com", string(role),
				compete.UTC(time.Now())); err != nil {
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

func (a *fixture) addCompetition(t *testing.T, capacity int, waitlist bool) string {
	t.Helper()
	id, now := newID(), compete.UTC(time.Now())
	if _, err := a.db.Writer().ExecContext(t.Context(), `INSERT INTO competitions
		(id, title, capacity, seats_left, reg_deadline, status, waitlist, organizer_id, created_at, updated_at)
		VALUES ($1, 'Rush', $2, $2, $3, 'PUBLISHED',
		$4, $5, $6, $6)`, id, capacity, now.Add(time.Hour), waitlist, a.organizer.UserID, now); err != nil {
		t.Fatalf("insert a competition: %v", err)
	}
	return id
}

// registration reads a person's registration; the zero value if there is none.
func (a *fixture) registration(t *testing.T, person int, competitionID string) (r compete.Registration) {
	t.Helper()
	err := a.db.Reader().QueryRowContext(t.Context(),
		"SELECT id, status, seq FROM registrations WHERE user_id = $1 AND competition_id = $2",
		a.people[person].UserID, competitionID).Scan(&r.ID, &r.Status, &r.Seq)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		t.Fatal(err)
	}
	return r
}

// seats reads the number of free seats and of people waiting.
func (a *fixture) seats(t *testing.T, competitionID string) (left, waitlisted int) {
	t.Helper()
	if err := a.db.Reader().QueryRowContext(t.Context(),
		"SELECT seats_left, waitlisted FROM competitions WHERE id = $1",
		competitionID).Scan(&left, &waitlisted); err != nil {
		t.Fatal(err)
	}
	return left, waitlisted
}

func (a *fixture) register(
	t *testing.T, r *registrar.Registrar, person int, competitionID string,
) compete.Registration {
	t.Helper()
	o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[person], CompetitionID: competitionID})
	if err != nil {
		t.Fatalf("Register: %v", err)
	}
	return o.Registration
}

func (a *fixture) remove(t *testing.T, r *registrar.Registrar, id string, removal compete.Removal) {
	t.Helper()
	_, err := r.Cancel(t.Context(), compete.CancelCommand{Actor: a.organizer, RegistrationID: id, Removal: removal})
	if err != nil {
		t.Fatalf("Cancel: %v", err)
	}
}

// change changes an account.
func (a *fixture) change(t *testing.T, actor compete.Actor, change func(*compete.User)) {
	t.Helper()
	_, err := a.db.UpdateUser(t.Context(), actor.UserID, "", change)
	must(t, err)
}

func disable(u *compete.User) {
	now := time.Now()
	u.DisabledAt = &now
}

func enable(u *compete.User) { u.DisabledAt = nil }

// wantStatuses checks the statuses of the people's registrations.
func (a *fixture) wantStatuses(t *testing.T, what, competitionID string, statuses ...compete.RegistrationStatus) {
	t.Helper()
	got := make([]compete.RegistrationStatus, len(statuses))
	for i := range statuses {
		got[i] = a.registration(t, i, competitionID).Status
	}
	want(t, what, got, statuses)
}

// startRegistrar runs a registrar on the ledger until the test ends.
func startRegistrar(t *testing.T, ledger compete.Ledger, notifier compete.SeatsNotifier) *registrar.Registrar {
	t.Helper()
	return startRegistrarAt(t, time.Now, ledger, notifier)
}

// startRegistrarAt is startRegistrar with a custom clock.
func startRegistrarAt(
	t *testing.T, clock func() time.Time, ledger compete.Ledger, notifier compete.SeatsNotifier,
) *registrar.Registrar {
	t.Helper()
	r := registrar.New(registrar.Config{
		Ledger: ledger, Notifier: notifier, Clock: clock, NewID: newID, Sealer: plainSealer{},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	r.Start()
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	return r
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

// afterCommit is called after every commit with the competitions that changed, in the committer's goroutine.
type afterCommit func(competitionIDs ...string)

func (f afterCommit) Changed(competitionIDs ...string) { f(competitionIDs...) }

// afterEachCommit checks what a registrar has committed. It also works beside other replicas, because the check is one
// statement and so sees the state after some commit.
func (a *fixture) afterEachCommit(t *testing.T) afterCommit {
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

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// The comparisons, under short names.
var (
	must      = check.NoError
	want      = check.Equal
	wantError = check.ErrorIs
)

const (
	pending    = compete.RegistrationPending
	offered    = compete.RegistrationOffered
	waitlisted = compete.RegistrationWaitlisted
	cancelled  = compete.RegistrationCancelled
)
