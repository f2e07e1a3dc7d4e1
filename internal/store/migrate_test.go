package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

func migrator(t *testing.T, db *store.Store) *sqldb.Migrator {
	t.Helper()
	m, err := store.Migrator(db.DB())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// applied returns the number of applied migrations, and of all.
func applied(t *testing.T, db *store.Store) (n, all int) {
	t.Helper()
	steps, err := db.MigrateStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if step.Name == "" || strings.HasSuffix(step.Name, ".sql") {
			t.Errorf("a step is called %q", step.Name)
		}
		if step.Applied {
			n++
		}
	}
	return n, len(steps)
}

func TestMigrateUpAndDown(t *testing.T) {
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		if n, all := applied(t, db); n != 0 || all < 3 {
			t.Errorf("an empty database has %d of %d steps", n, all)
		}
		for round := range 2 { // down and up again, with data
			for range 2 { // up, and up once more
				if err := db.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			n, all := applied(t, db)
			if n != all {
				t.Errorf("after Migrate %d of %d steps are applied", n, all)
			}
			u := newUser()
			if err := db.CreateUser(t.Context(), u, ""); err != nil {
				t.Fatal(err)
			}
			c := compete.Competition{
				ID: newUser().ID,
				CompetitionContent: compete.CompetitionContent{
					Title: "Cup", Tags: []string{"go"}, Capacity: 1, RegDeadline: u.CreatedAt.AddDate(1, 0, 0),
				},
				SeatsLeft: 1, Status: compete.StatusPublished, Organizer: compete.Organizer{ID: u.ID}, Version: 1,
				CreatedAt: u.CreatedAt, UpdatedAt: u.CreatedAt,
			}
			if _, err := db.CreateCompetition(t.Context(), c, compete.IdempotencyRecord{}); err != nil {
				t.Fatal(err)
			}
			if round == 0 {
				migrateAllDown(t, db)
			}
		}
	})
}

// migrateAllDown reverts all migrations, one by one.
func migrateAllDown(t *testing.T, db *store.Store) {
	t.Helper()
	before, _ := applied(t, db)
	for {
		more, err := db.MigrateDown(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n, _ := applied(t, db)
		if !more {
			if n != 0 {
				t.Errorf("after the last step down %d are applied", n)
			}
			return
		}
		if n >= before {
			t.Fatalf("a step down left %d of %d", n, before)
		}
		before = n
	}
}

// A migration is applied even if its number is lower than an applied one's, as when two were written at the same time.
func TestMigrateAppliesWhatIsMissing(t *testing.T) {
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := testservices.OpenStore(t, url)
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		const filling = 10 // no later migration depends on it
		if err := migrator(t, db).Undo(t.Context(), filling); err != nil {
			t.Fatal(err)
		}
		if n, all := applied(t, db); n != all-1 {
			t.Fatalf("%d of %d steps are applied", n, all)
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n, all := applied(t, db); n != all {
			t.Errorf("%d of %d steps are applied", n, all)
		}
		migrateAllDown(t, db)
	})
}

func TestMigrateTogether(t *testing.T) {
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		var wg sync.WaitGroup
		for range 4 {
			db := testservices.OpenStore(t, url)
			wg.Go(func() {
				if err := db.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		db := testservices.OpenStore(t, url)
		if n, all := applied(t, db); n != all {
			t.Errorf("%d of %d steps are applied", n, all)
		}
		if err := db.CreateUser(t.Context(), newUser(), ""); err != nil {
			t.Error(err)
		}
	})
}

func TestMigrateRefusesTheFuture(t *testing.T) {
	t.Parallel()
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		for _, future := range []string{
			`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`,
			`INSERT INTO river_migration (line, version) VALUES ('main', 99999)`,
		} {
			db := openAt(t, url)
			if _, err := db.Writer().ExecContext(t.Context(), future); err != nil {
				t.Fatal(err)
			}
			if err := db.Migrate(t.Context()); !errors.Is(err, store.ErrTooNew) {
				t.Errorf("Migrate after %s: %v, want %v", future, err, store.ErrTooNew)
			}
			if _, err := db.MigrateDown(t.Context()); !errors.Is(err, store.ErrTooNew) {
				t.Errorf("MigrateDown after %s: %v, want %v", future, err, store.ErrTooNew)
			}
			for _, table := range []string{"goose_db_version WHERE version_id", "river_migration WHERE version"} {
				if _, err := db.Writer().ExecContext(t.Context(), `DELETE FROM `+table+` = 99999`); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
