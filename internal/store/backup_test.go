package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"minicompete/internal/store"
	"minicompete/internal/testservices"
)

// filledDatabase is up to date, with a row in every table.
func filledDatabase(t *testing.T, url string) *store.Store {
	t.Helper()
	db := openEmpty(t, url)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	fillEmpty(t, db)
	return db
}

func backup(t *testing.T, url string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a backup")
	if err := store.Backup(t.Context(), store.Config{URL: url}, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBackupAndRestore(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		path := backup(t, url)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got %v, %v; want a file for its owner alone", info, err)
		}
		if beside, err := os.ReadDir(filepath.Dir(path)); err != nil || len(beside) != 1 {
			t.Errorf("beside the backup: %v, %v", beside, err)
		}
		want := contents(t, db)

		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		restored := store.Config{URL: other}
		if err := store.Restore(t.Context(), restored, path, false); err != nil {
			t.Fatal(err)
		}
		copied := openEmpty(t, other)
		if diff := cmp.Diff(want, contents(t, copied)); diff != "" {
			t.Errorf("the restored database differs (-want +got):\n%s", diff)
		}
		// It works: it needs no migration, and its indexes and triggers are there.
		if n, all := applied(t, copied); n != all {
			t.Errorf("%d of %d steps are applied", n, all)
		}
		if err := copied.CreateUser(t.Context(), newUser(), ""); err != nil {
			t.Error(err)
		}

		// It has data now: only who says so replaces them.
		if err := store.Restore(t.Context(), restored, path, false); !errors.Is(err, store.ErrNotEmpty) {
			t.Errorf("restoring over data: %v, want %v", err, store.ErrNotEmpty)
		}
		if err := store.Restore(t.Context(), restored, path, true); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, contents(t, copied)); diff != "" {
			t.Errorf("what was there before is left (-want +got):\n%s", diff)
		}
	})
}

// A database that was migrated and never used holds nothing worth keeping; one of a later state leaves nothing behind.
func TestRestoreOverOtherSchemas(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		path := backup(t, url)
		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		unused := openEmpty(t, other)
		if err := unused.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := store.Restore(t.Context(), store.Config{URL: other}, path, false); err != nil {
			t.Fatal(err)
		}
		if _, err := unused.Writer().ExecContext(t.Context(), `CREATE TABLE of_the_future (id text PRIMARY KEY)`); err != nil {
			t.Fatal(err)
		}
		if err := store.Restore(t.Context(), store.Config{URL: other}, path, true); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(contents(t, db), contents(t, unused)); diff != "" {
			t.Errorf("the restored database differs (-want +got):\n%s", diff)
		}
	})
}

func TestBackupRefuses(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		config := store.Config{URL: url}
		path := filepath.Join(t.TempDir(), "backup")
		if err := store.Backup(t.Context(), config, path); !errors.Is(err, store.ErrNoDatabase) {
			t.Errorf("of nothing: %v", err)
		}
		filledDatabase(t, url)
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := store.Backup(t.Context(), config, path); !errors.Is(err, store.ErrBackupExists) {
			t.Errorf("over a file: %v", err)
		}
		if kept, err := os.ReadFile(path); err != nil || string(kept) != "precious" {
			t.Errorf("the file was changed: %q, %v", kept, err)
		}
		if err := store.Backup(t.Context(), config, filepath.Join(t.TempDir(), "nowhere", "backup")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("into a directory that is not there: %v", err)
		}
		stopped, cancel := context.WithCancel(t.Context())
		cancel()
		unwritten := filepath.Join(t.TempDir(), "backup")
		if err := store.Backup(stopped, config, unwritten); err == nil {
			t.Error("a backup that was stopped succeeds")
		}
		if left, err := os.ReadDir(filepath.Dir(unwritten)); err != nil || len(left) > 0 {
			t.Errorf("a backup that failed leaves %v, %v", left, err)
		}
	})
}

// A failed restore changes nothing.
func TestRestoreRefuses(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		was := contents(t, db)
		whole, err := os.ReadFile(backup(t, url))
		if err != nil {
			t.Fatal(err)
		}
		damaged := append([]byte(nil), whole...)
		for i := len(damaged) / 3; i < len(damaged)*2/3; i++ {
			damaged[i] ^= 0x5a
		}
		for name, content := range map[string][]byte{"empty": nil, "text": []byte(strings.Repeat("hello ", 100)), "cut off": whole[:len(whole)/2], "damaged": damaged} {
			path := filepath.Join(t.TempDir(), "backup")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := store.Restore(t.Context(), store.Config{URL: url}, path, true); !errors.Is(err, store.ErrNoBackup) {
				t.Errorf("%s: %v, want %v", name, err, store.ErrNoBackup)
			}
		}
		if diff := cmp.Diff(was, contents(t, db)); diff != "" {
			t.Errorf("a restore that failed changed the database (-was +is):\n%s", diff)
		}
	})
}

func TestRestoreRefusesTheFuture(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		if _, err := db.Writer().ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`); err != nil {
			t.Fatal(err)
		}
		path := backup(t, url)
		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		if err := store.Restore(t.Context(), store.Config{URL: other}, path, true); !errors.Is(err, store.ErrTooNew) {
			t.Errorf("got %v, want %v", err, store.ErrTooNew)
		}
	})
}

func TestRestoreRefusesAnotherKind(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, postgres string) {
		sqlite := testservices.EmptyDatabaseURL(t, testservices.KindSQLite)
		filledDatabase(t, postgres)
		filledDatabase(t, sqlite)
		for from, to := range map[string]string{postgres: sqlite, sqlite: postgres} {
			err := store.Restore(t.Context(), store.Config{URL: to}, backup(t, from), true)
			if err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
				t.Errorf("got %v", err)
			}
		}
	})
}
