// Package backup writes the whole database to one file, checks such files, and restores them.
//
// It defines the file's format: the output of the database's own tools (a copy of SQLite's file, or pg_dump's format),
// followed by a manifest and a seal. It doesn't know what the rows mean.
package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
)

var (
	// ErrNoDatabase refuses to back up a database that doesn't exist.
	ErrNoDatabase = errors.New("no Mini Compete database found to back up")
	// ErrExists refuses to overwrite a file with a backup.
	ErrExists = errors.New("the file already exists; choose another name")
	// ErrNotEmpty refuses to overwrite existing data by a restore, unless that is requested.
	ErrNotEmpty = errors.New("the database already contains data, which a restore would replace")
	// ErrNoBackup refuses a file that isn't a backup.
	ErrNoBackup = errors.New("the file isn't a complete backup of a Mini Compete database")
	// ErrInUse refuses to restore a database that another process has open.
	ErrInUse = errors.New("another process is using the database: stop the servers first")
)

// Write writes a consistent snapshot of the whole database to a new file that only its owner can read, and verifies it
// before giving it its name. Other processes can read and write meanwhile. The database is not migrated. Errors:
// ErrNoDatabase, ErrExists, ErrNoBackup if the result is incomplete.
func Write(ctx context.Context, c store.Config, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(ErrExists, err)
	}
	if err := existing(c.URL); err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, c.Database())
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	migrated, err := db.HasTable(ctx, "goose_db_version")
	if err != nil || !migrated {
		return errors.Join(err, ErrNoDatabase)
	}
	return newFile(path, func(unnamed string) error {
		m := Manifest{Database: db.Kind(), CreatedAt: time.Now().UTC().Truncate(time.Second)}
		if err := copyOut(ctx, db, unnamed); err != nil {
			return fmt.Errorf("write the backup: %w", err)
		}
		if m.Schema, m.Rows, err = inspect(ctx, db.Kind(), unnamed); err != nil {
			return err
		}
		if err := sealFile(unnamed, m); err != nil {
			return err
		}
		_, err := Verify(unnamed)
		return err
	})
}

// Note records for admins that a backup was made. With an older schema, which can't store that, it does nothing.
func Note(ctx context.Context, c store.Config, at time.Time) error {
	s, err := store.Open(ctx, c)
	if err != nil {
		return err
	}
	hasSettings, err := s.DB().HasTable(ctx, "site_settings")
	if err == nil && hasSettings {
		err = s.SetSiteSettings(ctx, map[string]string{compete.NoteBackup: at.UTC().Format(time.RFC3339)}, at)
	}
	return errors.Join(err, s.Close())
}

// newFile has write fill a temporary file beside path, readable only by its owner, and renames it once it is complete
// and on the disk.
func newFile(path string, write func(unnamed string) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".minicompete-backup-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := write(file.Name()); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	// A link, unlike a rename, never replaces a file created in the meantime.
	if err := os.Link(file.Name(), path); errors.Is(err, fs.ErrExist) {
		return ErrExists
	} else if err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil { // on systems where a directory can be synced
		defer dir.Close()
		_ = dir.Sync()
	}
	return nil
}

// Options say which problems Restore ignores.
type Options struct {
	Overwrite bool // existing data in the database, which is lost
	// a missing manifest or wrong checksum, as long as the database's own tools can read the whole file
	Unverified bool
}

// Restore restores the database to its state at the time of the backup: completely or, after a failure or a crash, not
// at all. No other process may have it open. The schema is then the backup's; store.Store.Migrate updates it. The
// manifest is empty if Unverified. Errors: ErrNoBackup, ErrNoManifest, store.ErrTooNew if a newer version of the
// program made the backup, ErrNotEmpty unless Overwrite is set, ErrInUse.
func Restore(ctx context.Context, c store.Config, path string, options Options) (m Manifest, err error) {
	kind, err := kindOf(path)
	if err != nil {
		return m, err
	}
	if !options.Unverified {
		if m, err = Verify(path); err != nil {
			return m, err
		}
	}
	db, err := sqldb.OpenExclusive(ctx, c.Database())
	if err != nil {
		return m, inUse(err)
	}
	defer func() { _ = db.Close() }() // the restored data is already committed
	return m, inUse(db.Exclusively(ctx, func() error { return restore(ctx, db, path, kind, options.Overwrite) }))
}

// inUse adds advice to sqldb.ErrInUse.
func inUse(err error) error {
	if errors.Is(err, sqldb.ErrInUse) {
		return ErrInUse
	}
	return err
}

func restore(ctx context.Context, db *sqldb.DB, path string, kind sqldb.Kind, overwrite bool) error {
	if db.Kind() != kind {
		return fmt.Errorf(
			"the file is a %s backup but DATABASE_URL is a %s database; set DATABASE_URL to the same kind", kind,
			db.Kind(),
		)
	}
	if err := fits(ctx, db, path); err != nil {
		return err
	}
	if filled, err := filled(ctx, db); err != nil {
		return err
	} else if filled && !overwrite {
		return ErrNotEmpty
	}
	if err := copyIn(ctx, db, path); err != nil {
		return fmt.Errorf("restore the backup: %w", err)
	}
	return nil
}

// fits verifies a backup, and refuses one with migrations that this program doesn't know.
func fits(ctx context.Context, db *sqldb.DB, path string) error {
	version, _, err := inspect(ctx, db.Kind(), path)
	if err != nil {
		return err
	}
	m, err := store.Migrator(db)
	if err != nil {
		return err
	}
	if known := m.Versions(); version > known[len(known)-1] {
		return fmt.Errorf("the backup was made by a newer version of Mini Compete: %w", store.ErrTooNew)
	}
	return nil
}

// filled reports whether any table has rows, ignoring the bookkeeping of migrations and of the job queue.
func filled(ctx context.Context, db *sqldb.DB) (bool, error) {
	tables, err := db.Tables(ctx)
	if err != nil {
		return false, err
	}
	for _, table := range tables {
		rows, err := sqldb.List(ctx, db.Reader().Unprepared(), sqldb.ScanInt,
			`SELECT count(*) FROM (SELECT 1 FROM "`+table+`" LIMIT 1) t`)
		if err != nil || rows[0] > 0 {
			return rows != nil && rows[0] > 0, err
		}
	}
	return false, nil
}

// kindOf determines from its first bytes which database a backup is from.
func kindOf(path string) (sqldb.Kind, error) {
	file, err := os.Open(path) //nolint:gosec // the operator says which
	if err != nil {
		return "", err
	}
	defer file.Close()
	head := make([]byte, 16)
	if _, err := io.ReadFull(file, head); err != nil {
		return "", ErrNoBackup
	}
	switch {
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return sqldb.SQLite, nil
	case bytes.HasPrefix(head, []byte("PGDMP")):
		return sqldb.PostgreSQL, nil
	}
	return "", ErrNoBackup
}

// copyOut writes the whole database to a file with the database's own tools.
func copyOut(ctx context.Context, db *sqldb.DB, path string) error {
	if db.Kind() == sqldb.PostgreSQL {
		return dumpPostgres(ctx, db.URL(), path)
	}
	return backUpSQLite(ctx, db.Writer().SQL(), path)
}

// inspect reads a whole backup, and returns its newest migration and the number of rows in each table. It fails with
// ErrNoBackup if the backup is incomplete.
func inspect(ctx context.Context, kind sqldb.Kind, path string) (version int64, rows map[string]int64, err error) {
	if kind == sqldb.PostgreSQL {
		version, rows, err = inspectDump(ctx, path)
	} else {
		version, rows, err = inspectSQLite(ctx, path)
	}
	if err != nil && !errors.Is(err, errNoTool) {
		err = fmt.Errorf("%w: %w", ErrNoBackup, err)
	}
	return version, rows, err
}

// copyIn replaces the database's content by the file's.
func copyIn(ctx context.Context, db *sqldb.DB, path string) error {
	if db.Kind() == sqldb.PostgreSQL {
		return restoreDump(ctx, db, path)
	}
	return restoreSQLite(ctx, db.Writer().SQL(), path)
}

// holdsData excludes the bookkeeping of migrations and of the job queue, as sqldb.DB.Tables does.
func holdsData(table string) bool {
	return !strings.HasPrefix(table, "goose") && !strings.HasPrefix(table, "river")
}
