package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/testservices"
)

func addNote(ctx context.Context, q sqldb.Querier, n note) error {
	_, err := sqldb.Change(ctx, q, noteRow.Insert("notes"), noteRow.Values(&n)...)
	return err
}

func TestViolations(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		n := newNote("a")
		insert(t, db, n)
		same, less := n, newNote("b")
		same.Text, less.Likes = "c", -1
		for name, tc := range map[string]struct {
			err  error
			want sqldb.Violation
		}{
			"the same id":     {addNote(t.Context(), db.Writer(), same), sqldb.PrimaryKeyViolation},
			"the same text":   {addNote(t.Context(), db.Writer(), newNote("a")), sqldb.UniqueViolation},
			"a check":         {addNote(t.Context(), db.Writer(), less), sqldb.OtherViolation},
			"no such parent":  {parent(t, db, n.ID, uuid.NewString()), sqldb.ForeignKeyViolation},
			"another failure": {errRefused, sqldb.NoViolation},
		} {
			if got := sqldb.ViolationOf(tc.err); got != tc.want {
				t.Errorf("%s: %v is violation %d, want %d", name, tc.err, got, tc.want)
			}
			if got := errors.Is(tc.err, sqldb.ErrConstraint); got != (tc.want != sqldb.NoViolation) {
				t.Errorf("%s: %v", name, tc.err)
			}
		}
	})
}

func parent(t *testing.T, db *sqldb.DB, id, parentID string) error {
	_, err := sqldb.Change(t.Context(), db.Writer(), `UPDATE notes SET parent_id = $2 WHERE id = $1`, id, parentID)
	return err
}

// A program's own errors replace those of the package.
func TestErrorsOfTheProgram(t *testing.T) {
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		openNotes(t, url)
		db := open(t, sqldb.Config{URL: url, Errors: sqldb.Errors{Constraint: errRefused}})
		n := newNote("a")
		n.Likes = -1
		if err := addNote(t.Context(), db.Writer(), n); !errors.Is(err, errRefused) ||
			errors.Is(err, sqldb.ErrConstraint) {
			t.Errorf("got %v, want %v", err, errRefused)
		}
	})
}

func TestErrorsOfSQLite(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "errors.db")
	db := openNotes(t, url)
	exec := func(handle *sql.DB, text string) {
		t.Helper()
		if _, err := handle.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("another process writes", func(t *testing.T) {
		other := open(t, sqldb.Config{URL: url})
		exec(db.Writer().SQL(), "PRAGMA busy_timeout = 20")
		exec(other.Writer().SQL(), "BEGIN IMMEDIATE")
		if err := addNote(t.Context(), db.Writer(), newNote("a")); !errors.Is(err, sqldb.ErrUnavailable) {
			t.Errorf("a write: %v, want %v", err, sqldb.ErrUnavailable)
		}
		if err := db.Transact(t.Context(), nothing); !errors.Is(err, sqldb.ErrUnavailable) ||
			errors.Is(err, sqldb.ErrCommitUnknown) {
			t.Errorf("Transact: %v, want %v", err, sqldb.ErrUnavailable)
		}
		if found := texts(t, db); len(found) != 0 {
			t.Errorf("a read beside the writer finds %q", found)
		}
		exec(other.Writer().SQL(), "ROLLBACK")
		if err := addNote(t.Context(), db.Writer(), newNote("a")); err != nil {
			t.Errorf("after the other one: %v", err)
		}
	})
	t.Run("the disk is full", func(t *testing.T) {
		exec(db.Writer().SQL(), "PRAGMA max_page_count = 1") // SQLite uses the current size instead
		n := newNote(strings.Repeat("long ", 100_000))
		if err := addNote(t.Context(), db.Writer(), n); !errors.Is(err, sqldb.ErrUnavailable) {
			t.Errorf("a write: %v, want %v", err, sqldb.ErrUnavailable)
		}
		exec(db.Writer().SQL(), "PRAGMA max_page_count = 1000000")
		if err := addNote(t.Context(), db.Writer(), n); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
	t.Run("readers cannot write", func(t *testing.T) {
		if _, err := db.Reader().SQL().ExecContext(t.Context(), "DELETE FROM notes"); err == nil {
			t.Error("a reader deleted all notes")
		}
	})
}

func TestErrorsOfPostgres(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, _ string) {
		databaseURL := testservices.EmptyDatabaseURL(t, testservices.KindPostgres)
		db, admin := openNotes(t, databaseURL), open(t, sqldb.Config{URL: databaseURL})
		t.Run("the server ends a connection", func(t *testing.T) { testTerminated(t, db, admin) })
		t.Run("the database takes no connections", func(t *testing.T) { testNoConnections(t, db, databaseURL) })
	})
}

// terminate ends the connection of a transaction.
func terminate(t *testing.T, tx *sqldb.Tx, admin *sqldb.DB) {
	t.Helper()
	var pid int
	if err := tx.SQL().QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	var gone bool
	err := admin.Writer().SQL().QueryRowContext(t.Context(), `SELECT pg_terminate_backend($1, 5000)`, pid).Scan(&gone)
	if err != nil || !gone {
		t.Fatalf("terminate the connection: %v, %v", gone, err)
	}
}

func testTerminated(t *testing.T, db, admin *sqldb.DB) {
	err := db.Transact(t.Context(), func(_ context.Context, tx *sqldb.Tx) error {
		terminate(t, tx, admin)
		return nil
	})
	if !errors.Is(err, sqldb.ErrCommitUnknown) || !errors.Is(err, sqldb.ErrUnavailable) {
		t.Errorf("before COMMIT: %v, want %v", err, sqldb.ErrCommitUnknown)
	}
	err = db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
		terminate(t, tx, admin)
		pipeline := tx.Pipeline()
		pipeline.Exec(`UPDATE notes SET likes = 1`)
		return pipeline.Run(ctx)
	})
	if !errors.Is(err, sqldb.ErrUnavailable) || errors.Is(err, sqldb.ErrCommitUnknown) {
		t.Errorf("before a statement: %v, want %v only", err, sqldb.ErrUnavailable)
	}
	if err := addNote(t.Context(), db.Writer(), newNote("a")); err != nil {
		t.Errorf("on a new connection: %v", err)
	}
}

func testNoConnections(t *testing.T, db *sqldb.DB, databaseURL string) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	server := open(t, sqldb.Config{URL: u.String()})
	allow := func(yes string) {
		t.Helper()
		for _, text := range []string{
			`ALTER DATABASE ` + name + ` ALLOW_CONNECTIONS ` + yes,
			`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '` + name + `'`,
		} {
			if _, err := server.Writer().SQL().ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
	}
	allow("false")
	_, read := sqldb.List(t.Context(), db.Reader(), noteRow.Scan, allNotes)
	for what, err := range map[string]error{
		"a read": read, "a write": addNote(t.Context(), db.Writer(), newNote("b")),
		"a transaction": db.Transact(t.Context(), nothing),
	} {
		if !errors.Is(err, sqldb.ErrUnavailable) || errors.Is(err, sqldb.ErrCommitUnknown) {
			t.Errorf("%s: %v, want %v", what, err, sqldb.ErrUnavailable)
		}
	}
	allow("true")
	if err := addNote(t.Context(), db.Writer(), newNote("b")); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}
