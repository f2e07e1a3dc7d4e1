package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// Failures are returned as errors of the domain; package sqldb tests when each occurs.

func TestPing(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		db := openAt(t, url)
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		if err := db.Ping(ctx); !errors.Is(err, compete.ErrDatabase) {
			t.Errorf("without time: %v, want %v", err, compete.ErrDatabase)
		}
	})
}

func TestDatabaseThatIsLocked(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "locked.db")
	db, other := openAt(t, url), openAt(t, url)
	for handle, text := range map[*store.Store]string{db: "PRAGMA busy_timeout = 20", other: "BEGIN IMMEDIATE"} {
		if _, err := handle.Writer().ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.CreateUser(t.Context(), newUser(), ""); !errors.Is(err, compete.ErrDatabase) {
		t.Errorf("CreateUser: %v, want %v", err, compete.ErrDatabase)
	}
	if _, _, err := db.UserByEmail(t.Context(), "nobody@example.com"); !errors.Is(err, compete.ErrUserMissing) {
		t.Errorf("a read beside the writer: %v", err)
	}
	if _, err := other.Writer().ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := db.CreateUser(t.Context(), newUser(), ""); err != nil {
		t.Errorf("after the other one: %v", err)
	}
}

// endConnections makes the server close every connection but the current one.
const endConnections = `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
	WHERE datname = current_database() AND pid <> pg_backend_pid()`

func TestServerEndsConnections(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		db, admin := openAt(t, url), openAt(t, url)
		end := func() {
			t.Helper()
			if _, err := admin.Writer().ExecContext(t.Context(), endConnections); err != nil {
				t.Fatal(err)
			}
		}
		err := db.Transact(t.Context(), func(context.Context, store.Tx) error { end(); return nil })
		if !errors.Is(err, compete.ErrCommitUnknown) || !errors.Is(err, compete.ErrDatabase) {
			t.Errorf("before COMMIT: %v, want %v", err, compete.ErrCommitUnknown)
		}
		err = db.Ledger().Transact(t.Context(), uuid.NewString(), func(ledger compete.LedgerTx) error {
			end()
			_, err := ledger.Read(t.Context(), compete.LedgerQuery{CompetitionIDs: []string{uuid.NewString()}})
			return err
		})
		if !errors.Is(err, compete.ErrDatabase) || errors.Is(err, compete.ErrCommitUnknown) {
			t.Errorf("before a statement: %v, want %v only", err, compete.ErrDatabase)
		}
		if err := db.CreateUser(t.Context(), newUser(), ""); err != nil {
			t.Errorf("on a new connection: %v", err)
		}
	})
}

func TestConstraint(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		session := compete.Session{ID: newID(), UserID: newID(), CreatedAt: f.now, ExpiresAt: f.now.Add(time.Hour)}
		err := f.CreateSession(t.Context(), session)
		if !errors.Is(err, compete.ErrConstraint) || sqldb.ViolationOf(err) != sqldb.ForeignKeyViolation {
			t.Errorf("a session of nobody: %v, want %v", err, compete.ErrConstraint)
		}
		c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), nil)
		f.addRegistration(t, c.ID, compete.RegistrationPending, nil)
		_, err = f.Writer().ExecContext(t.Context(), `DELETE FROM competitions WHERE id = $1`, c.ID)
		if sqldb.ViolationOf(err) != sqldb.ForeignKeyViolation {
			t.Errorf("deleting a competition with a registration: %v", err)
		}
	})
}
