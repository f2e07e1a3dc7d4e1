package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		manifest, err := store.Restore(t.Context(), restored, path, store.RestoreOptions{})
		if err != nil {
			t.Fatal(err)
		}
		wantManifest(t, manifest, db.Kind(), want)
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
		for _, overwrite := range []bool{false, true} {
			if _, err := store.Restore(t.Context(), restored, path, store.RestoreOptions{Overwrite: overwrite}); !errors.Is(err, store.ErrInUse) {
				t.Errorf("restoring while it is open, overwriting %t: %v, want %v", overwrite, err, store.ErrInUse)
			}
		}
		if err := copied.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Restore(t.Context(), restored, path, store.RestoreOptions{}); !errors.Is(err, store.ErrNotEmpty) {
			t.Errorf("restoring over data: %v, want %v", err, store.ErrNotEmpty)
		}
		if _, err := store.Restore(t.Context(), restored, path, store.RestoreOptions{Overwrite: true}); err != nil {
			t.Fatal(err)
		}
		copied = openEmpty(t, other)
		if diff := cmp.Diff(want, contents(t, copied)); diff != "" {
			t.Errorf("what was there before is left (-want +got):\n%s", diff)
		}
	})
}

func wantManifest(t *testing.T, m store.Manifest, kind store.Kind, contents map[string][]row) {
	t.Helper()
	rows := map[string]int64{}
	for table, all := range contents {
		rows[table] = int64(len(all))
	}
	if diff := cmp.Diff(rows, m.Rows); diff != "" {
		t.Errorf("the rows in the manifest (-want +got):\n%s", diff)
	}
	if m.Format != 1 || m.Database != kind || m.Schema < 10 || time.Since(m.CreatedAt).Abs() > time.Hour || m.Size == 0 || len(m.SHA256) != 64 {
		t.Errorf("got %+v", m)
	}
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
		if err := unused.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Restore(t.Context(), store.Config{URL: other}, path, store.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		unused = openEmpty(t, other)
		if _, err := unused.Writer().ExecContext(t.Context(), `CREATE TABLE of_the_future (id text PRIMARY KEY)`); err != nil {
			t.Fatal(err)
		}
		if err := unused.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Restore(t.Context(), store.Config{URL: other}, path, store.RestoreOptions{Overwrite: true}); err != nil {
			t.Fatal(err)
		}
		unused = openEmpty(t, other)
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

// A failed restore changes nothing. The seal refuses what the database's own tools could still read, and those what has no seal.
func TestRestoreRefuses(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		was := contents(t, db)
		whole, err := os.ReadFile(backup(t, url))
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		damaged := append([]byte(nil), whole...)
		for i := len(damaged) / 3; i < len(damaged)*2/3; i++ {
			damaged[i] ^= 0x5a
		}
		for name, tc := range map[string]struct {
			content []byte
			want    error
		}{
			"empty": {nil, store.ErrNoBackup}, "text": {[]byte(strings.Repeat("hello ", 100)), store.ErrNoBackup},
			"half": {whole[:len(whole)/2], store.ErrNoManifest}, "ten bytes less": {whole[:len(whole)-10], store.ErrNoManifest},
			"a byte more": {append(bytes.Clone(whole), '\n'), store.ErrNoManifest}, "damaged": {damaged, store.ErrNoBackup},
		} {
			path := filepath.Join(t.TempDir(), "backup")
			if err := os.WriteFile(path, tc.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Restore(t.Context(), store.Config{URL: url}, path, store.RestoreOptions{Overwrite: true}); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", name, err, tc.want)
			}
			if name == "ten bytes less" || name == "a byte more" {
				continue // the database itself is whole
			}
			if _, err := store.Restore(t.Context(), store.Config{URL: url}, path, store.RestoreOptions{Overwrite: true, Unverified: true}); !errors.Is(err, store.ErrNoBackup) {
				t.Errorf("%s, unverified: %v, want %v", name, err, store.ErrNoBackup)
			}
		}
		if diff := cmp.Diff(was, contents(t, openEmpty(t, url))); diff != "" {
			t.Errorf("a restore that failed changed the database (-was +is):\n%s", diff)
		}
	})
}

// Whichever byte of a backup is another, it is refused.
func TestEveryByteOfABackupCounts(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		filledDatabase(t, url)
		path := backup(t, url)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := store.Verify(path)
		if err != nil {
			t.Fatal(err)
		}
		at := []int64{0, 1, 100, m.Size / 2, m.Size - 1}
		for i := m.Size; i < int64(len(whole)); i++ {
			at = append(at, i)
		}
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		write := func(b byte, at int64) {
			t.Helper()
			if _, err := file.WriteAt([]byte{b}, at); err != nil {
				t.Fatal(err)
			}
		}
		for _, i := range at {
			for _, flip := range []byte{0x01, 0x20} { // 0x20 is the case of a letter
				write(whole[i]^flip, i)
				if _, err := store.Verify(path); err == nil {
					t.Errorf("byte %d of %d may be %q instead of %q", i, len(whole), whole[i]^flip, whole[i])
				}
			}
			write(whole[i], i)
		}
		if _, err := store.Verify(path); err != nil {
			t.Errorf("as it was: %v", err)
		}
	})
}

// A file of before, or of pg_dump, has no manifest: it is restored when the operator says so.
func TestRestoreUnverified(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		path := backup(t, url)
		m, err := store.Verify(path)
		if err := errors.Join(err, os.Truncate(path, m.Size)); err != nil {
			t.Fatal(err)
		}
		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		if _, err := store.Restore(t.Context(), store.Config{URL: other}, path, store.RestoreOptions{}); !errors.Is(err, store.ErrNoManifest) {
			t.Errorf("got %v, want %v", err, store.ErrNoManifest)
		}
		if _, err := store.Restore(t.Context(), store.Config{URL: other}, path, store.RestoreOptions{Unverified: true}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(contents(t, db), contents(t, openEmpty(t, other))); diff != "" {
			t.Errorf("the restored database differs (-want +got):\n%s", diff)
		}
	})
}

// A restore that dies in the middle leaves what was there: the files as they are then are what the next process finds. PostgreSQL
// forgets a transaction that nobody commits.
func TestRestoreDiesInTheMiddle(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		path := backup(t, url)
		old := openEmpty(t, other)
		if err := old.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := old.CreateUser(t.Context(), newUser(), ""); err != nil {
			t.Fatal(err)
		}
		was := contents(t, old)
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		left, err := store.RestoreHalf(t.Context(), store.Config{URL: other}, path, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(was, contents(t, openEmpty(t, left))); diff != "" {
			t.Errorf("what was there before changed (-was +is):\n%s", diff)
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
		if _, err := store.Restore(t.Context(), store.Config{URL: other}, path, store.RestoreOptions{}); !errors.Is(err, store.ErrTooNew) {
			t.Errorf("got %v, want %v", err, store.ErrTooNew)
		}
	})
}

func TestRestoreRefusesAnotherKind(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, postgres string) {
		sqlite := testservices.EmptyDatabaseURL(t, testservices.KindSQLite)
		for _, url := range []string{postgres, sqlite} {
			if err := filledDatabase(t, url).Close(); err != nil {
				t.Fatal(err)
			}
		}
		for from, to := range map[string]string{postgres: sqlite, sqlite: postgres} {
			_, err := store.Restore(t.Context(), store.Config{URL: to}, backup(t, from), store.RestoreOptions{})
			if err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
				t.Errorf("got %v", err)
			}
		}
	})
}
