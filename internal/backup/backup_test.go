package backup_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/backup"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

func written(t *testing.T, url string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a backup")
	if err := backup.Write(t.Context(), store.Config{URL: url}, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBackupAndRestore(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		path := written(t, url)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("got %v, %v; want a file for its owner alone", info, err)
		}
		if beside, err := os.ReadDir(filepath.Dir(path)); err != nil || len(beside) != 1 {
			t.Errorf("beside the backup: %v, %v", beside, err)
		}
		want := testservices.Contents(t, db.DB())

		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		restored := store.Config{URL: other}
		manifest, err := backup.Restore(t.Context(), restored, path, backup.Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantManifest(t, manifest, db.Kind(), want)
		copied := testservices.OpenStore(t, other)
		if diff := cmp.Diff(want, testservices.Contents(t, copied.DB())); diff != "" {
			t.Errorf("the restored database differs (-want +got):\n%s", diff)
		}
		// It is usable: it needs no migration, and its indexes and triggers exist.
		steps, err := copied.MigrateStatus(t.Context())
		if err != nil || slices.ContainsFunc(steps, func(step sqldb.Migration) bool { return !step.Applied }) {
			t.Errorf("its steps are %v, error %v, want all of them applied", steps, err)
		}
		if err := copied.CreateUser(t.Context(), newUser(), ""); err != nil {
			t.Error(err)
		}

		// It now contains data, which is only replaced on request.
		for _, overwrite := range []bool{false, true} {
			if _, err := backup.Restore(t.Context(), restored, path,
				backup.Options{Overwrite: overwrite}); !errors.Is(err, backup.ErrInUse) {
				t.Errorf("restoring while it is open, overwriting %t: %v, want %v", overwrite, err, backup.ErrInUse)
			}
		}
		if err := copied.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Restore(t.Context(), restored, path, backup.Options{}); !errors.Is(err,
			backup.ErrNotEmpty) {
			t.Errorf("restoring over data: %v, want %v", err, backup.ErrNotEmpty)
		}
		if _, err := backup.Restore(t.Context(), restored, path, backup.Options{Overwrite: true}); err != nil {
			t.Fatal(err)
		}
		copied = testservices.OpenStore(t, other)
		if diff := cmp.Diff(want, testservices.Contents(t, copied.DB())); diff != "" {
			t.Errorf("what was there before is left (-want +got):\n%s", diff)
		}
	})
}

// An older version of the program, which takes no lock, is detected by its connection's name; other programs may be
// connected.
func TestRestoreNoticesOlderVersions(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		path := written(t, url)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			server, restore string // the name in DATABASE_URL, or the program's default
			want            error
		}{
			{"minicompete", "", backup.ErrInUse},
			{"cup", "cup", backup.ErrInUse},
			{"psql", "", nil},
			{"minicompete", "cup", backup.ErrInUse},
		} {
			conn, err := sql.Open("pgx", url+"&application_name="+tc.server)
			if err != nil {
				t.Fatal(err)
			}
			if err := conn.PingContext(t.Context()); err != nil {
				t.Fatal(err)
			}
			at := url
			if tc.restore != "" {
				at += "&application_name=" + tc.restore
			}
			if _, err := backup.Restore(t.Context(), store.Config{URL: at}, path,
				backup.Options{Overwrite: true}); !errors.Is(err, tc.want) {
				t.Errorf("%+v: %v", tc, err)
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func wantManifest(t *testing.T, m backup.Manifest, kind sqldb.Kind, contents map[string][]testservices.Row) {
	t.Helper()
	rows := map[string]int64{}
	for table, all := range contents {
		rows[table] = int64(len(all))
	}
	if diff := cmp.Diff(rows, m.Rows); diff != "" {
		t.Errorf("the rows in the manifest (-want +got):\n%s", diff)
	}
	if m.Format != 1 || m.Database != kind || m.Schema < 10 || time.Since(m.CreatedAt).Abs() > time.Hour ||
		m.Size == 0 || len(m.SHA256) != 64 {
		t.Errorf("got %+v", m)
	}
}

// A migrated but unused database contains nothing worth keeping; nothing of a later schema remains.
func TestRestoreOverOtherSchemas(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		path := written(t, url)
		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		unused := testservices.OpenStore(t, other)
		if err := unused.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := unused.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Restore(t.Context(), store.Config{URL: other}, path, backup.Options{}); err != nil {
			t.Fatal(err)
		}
		unused = testservices.OpenStore(t, other)
		if _, err := unused.Writer().ExecContext(t.Context(),
			`CREATE TABLE of_the_future (id text PRIMARY KEY)`); err != nil {
			t.Fatal(err)
		}
		if err := unused.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Restore(t.Context(), store.Config{URL: other}, path,
			backup.Options{Overwrite: true}); err != nil {
			t.Fatal(err)
		}
		unused = testservices.OpenStore(t, other)
		if diff := cmp.Diff(testservices.Contents(t, db.DB()), testservices.Contents(t, unused.DB())); diff != "" {
			t.Errorf("the restored database differs (-want +got):\n%s", diff)
		}
	})
}

func TestBackupRefuses(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		config := store.Config{URL: url}
		path := filepath.Join(t.TempDir(), "backup")
		if err := backup.Write(t.Context(), config, path); !errors.Is(err, backup.ErrNoDatabase) {
			t.Errorf("of nothing: %v", err)
		}
		filledDatabase(t, url)
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := backup.Write(t.Context(), config, path); !errors.Is(err, backup.ErrExists) {
			t.Errorf("over a file: %v", err)
		}
		if kept, err := os.ReadFile(path); err != nil || string(kept) != "precious" {
			t.Errorf("the file was changed: %q, %v", kept, err)
		}
		if err := backup.Write(t.Context(), config, filepath.Join(t.TempDir(), "nowhere", "backup")); !errors.Is(err,
			os.ErrNotExist) {
			t.Errorf("into a directory that is not there: %v", err)
		}
		stopped, cancel := context.WithCancel(t.Context())
		cancel()
		unwritten := filepath.Join(t.TempDir(), "backup")
		if err := backup.Write(stopped, config, unwritten); err == nil {
			t.Error("a backup that was stopped succeeds")
		}
		if left, err := os.ReadDir(filepath.Dir(unwritten)); err != nil || len(left) > 0 {
			t.Errorf("a backup that failed leaves %v, %v", left, err)
		}
	})
}

// A failed restore changes nothing. The seal detects damage that the database's own tools don't, and they detect damage
// in files without a seal.
func TestRestoreRefuses(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		was := testservices.Contents(t, db.DB())
		whole, err := os.ReadFile(written(t, url))
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
			"empty": {nil, backup.ErrNoBackup}, "text": {[]byte(strings.Repeat("hello ", 100)), backup.ErrNoBackup},
			"half":           {whole[:len(whole)/2], backup.ErrNoManifest},
			"ten bytes less": {whole[:len(whole)-10], backup.ErrNoManifest},
			"a byte more":    {append(bytes.Clone(whole), '\n'), backup.ErrNoManifest},
			"damaged":        {damaged, backup.ErrNoBackup},
		} {
			path := filepath.Join(t.TempDir(), "backup")
			if err := os.WriteFile(path, tc.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := backup.Restore(t.Context(), store.Config{URL: url}, path,
				backup.Options{Overwrite: true}); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", name, err, tc.want)
			}
			if name == "ten bytes less" || name == "a byte more" {
				continue // the database's part is intact
			}
			if _, err := backup.Restore(t.Context(), store.Config{URL: url}, path,
				backup.Options{Overwrite: true, Unverified: true}); !errors.Is(err, backup.ErrNoBackup) {
				t.Errorf("%s, unverified: %v, want %v", name, err, backup.ErrNoBackup)
			}
		}
		if diff := cmp.Diff(was, testservices.Contents(t, testservices.OpenStore(t, url).DB())); diff != "" {
			t.Errorf("a restore that failed changed the database (-was +is):\n%s", diff)
		}
	})
}

// A backup with any changed byte is refused.
func TestEveryByteOfABackupCounts(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		filledDatabase(t, url)
		path := written(t, url)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m, err := backup.Verify(path)
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
			for _, flip := range []byte{0x01, 0x20} { // 0x20 changes a letter's case
				write(whole[i]^flip, i)
				if _, err := backup.Verify(path); err == nil {
					t.Errorf("byte %d of %d may be %q instead of %q", i, len(whole), whole[i]^flip, whole[i])
				}
			}
			write(whole[i], i)
		}
		if _, err := backup.Verify(path); err != nil {
			t.Errorf("as it was: %v", err)
		}
	})
}

// A file from an older version, or from pg_dump, has no manifest: it is only restored on request.
func TestRestoreUnverified(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		path := written(t, url)
		m, err := backup.Verify(path)
		if err := errors.Join(err, os.Truncate(path, m.Size)); err != nil {
			t.Fatal(err)
		}
		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		if _, err := backup.Restore(t.Context(), store.Config{URL: other}, path, backup.Options{}); !errors.Is(err,
			backup.ErrNoManifest) {
			t.Errorf("got %v, want %v", err, backup.ErrNoManifest)
		}
		if _, err := backup.Restore(t.Context(), store.Config{URL: other}, path,
			backup.Options{Unverified: true}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(testservices.Contents(t, db.DB()),
			testservices.Contents(t, testservices.OpenStore(t, other).DB())); diff != "" {
			t.Errorf("the restored database differs (-want +got):\n%s", diff)
		}
	})
}

// A restore killed in the middle leaves the previous data for the next process. PostgreSQL rolls back a transaction
// that isn't committed.
func TestRestoreDiesInTheMiddle(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		path := written(t, url)
		old := testservices.OpenStore(t, other)
		if err := old.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := old.CreateUser(t.Context(), newUser(), ""); err != nil {
			t.Fatal(err)
		}
		was := testservices.Contents(t, old.DB())
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
		left, err := backup.RestoreHalf(t.Context(), store.Config{URL: other}, path, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(was, testservices.Contents(t, testservices.OpenStore(t, left).DB())); diff != "" {
			t.Errorf("what was there before changed (-was +is):\n%s", diff)
		}
	})
}

func TestRestoreRefusesTheFuture(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		db := filledDatabase(t, url)
		if _, err := db.Writer().ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied)
			VALUES (99999, true)`); err != nil {
			t.Fatal(err)
		}
		path := written(t, url)
		other := testservices.EmptyDatabaseURL(t, string(db.Kind()))
		if _, err := backup.Restore(t.Context(), store.Config{URL: other}, path, backup.Options{}); !errors.Is(err,
			store.ErrTooNew) {
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
			_, err := backup.Restore(t.Context(), store.Config{URL: to}, written(t, from), backup.Options{})
			if err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
				t.Errorf("got %v", err)
			}
		}
	})
}
