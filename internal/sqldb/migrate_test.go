package sqldb_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/testservices"
)

// applied returns the number of applied migrations, and of all.
func applied(t *testing.T, db *sqldb.DB) (n, all int) {
	t.Helper()
	steps, err := migrator(t, db).Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if step.Applied {
			n++
		}
	}
	return n, len(steps)
}

func TestMigrator(t *testing.T) {
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := open(t, sqldb.Config{URL: url})
		m := migrator(t, db)
		if !slices.Equal(m.Versions(), []int64{1, 2}) {
			t.Errorf("the versions are %v", m.Versions())
		}
		var wg sync.WaitGroup
		for range 3 { // concurrently
			wg.Go(func() {
				if err := m.Up(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, all := applied(t, db); n != all || all < 3 {
			t.Errorf("%d of %d steps are applied", n, all)
		}
		if err := m.Undo(t.Context(), 1); err == nil && db.Kind() == sqldb.PostgreSQL {
			t.Error("a table is dropped that another one refers to")
		}
		if err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		for left := 2; left >= 0; left-- {
			if more, err := m.Down(t.Context()); err != nil || more != (left > 0) {
				t.Errorf("taking back with %d steps left: %t, %v", left, more, err)
			}
		}
		for version, want := range []bool{false, true} {
			if err := m.To(t.Context(), int64(version)); err != nil {
				t.Fatal(err)
			}
			if has, err := db.HasTable(t.Context(), "notes"); err != nil || has != want {
				t.Errorf("at version %d the table exists: %t, %v", version, has, err)
			}
		}
	})
}

func TestMigratorRefusesTheFuture(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		older, err := db.Migrator(fstest.MapFS{"00001_notes.sql": migrations["00001_notes.sql"]})
		if err != nil {
			t.Fatal(err)
		}
		if err := older.Up(t.Context()); !errors.Is(err, sqldb.ErrTooNew) {
			t.Errorf("Up: %v, want %v", err, sqldb.ErrTooNew)
		}
		if _, err := older.Down(t.Context()); !errors.Is(err, sqldb.ErrTooNew) {
			t.Errorf("Down: %v, want %v", err, sqldb.ErrTooNew)
		}
		if n, all := applied(t, db); n != all {
			t.Errorf("%d of %d steps are applied", n, all)
		}
	})
}

// Loggers of libraries that report every migration are silenced, including derived ones.
func TestMigratorIsQuiet(t *testing.T) {
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		var said bytes.Buffer
		db := open(t, sqldb.Config{URL: url, Logger: slog.New(slog.NewTextHandler(&said, nil))})
		if err := migrator(t, db).Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(said.String(), "level=INFO") {
			t.Errorf("it said %s", said.String())
		}
	})
}
