package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"minicompete/internal/compete"
)

var (
	// ErrNoDatabase is the refusal to back up what is not there.
	ErrNoDatabase = errors.New("no Mini Compete database found to back up")
	// ErrBackupExists is the refusal to write a backup over a file.
	ErrBackupExists = errors.New("the file already exists; choose another name")
	// ErrNotEmpty is the refusal to restore over data that nobody said to give up.
	ErrNotEmpty = errors.New("the database already contains data, which a restore would replace")
	// ErrNoBackup is the refusal of a file that no backup wrote.
	ErrNoBackup = errors.New("the file isn't a complete backup of a Mini Compete database")
	// ErrInUse is the refusal to restore a database that another process has open.
	ErrInUse = errors.New("another process is using the database: stop the servers first")
)

// Backup writes the whole database, as it was at one moment, to a new file that its owner alone can read, and reads that through
// again before it gives it its name. Others may go on reading and writing meanwhile. The database is not migrated.
// Errors: ErrNoDatabase, ErrBackupExists, ErrNoBackup when what was written is not whole.
func Backup(ctx context.Context, c Config, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(ErrBackupExists, err)
	}
	if err := existing(c); err != nil {
		return err
	}
	s, err := Open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // it was only read
	there, err := s.has(ctx, "goose_db_version")
	if err != nil || !there {
		return errors.Join(err, ErrNoDatabase)
	}
	return newFile(path, func(unnamed string) error {
		m := Manifest{Database: s.Kind(), CreatedAt: time.Now().UTC().Truncate(time.Second)}
		if err := s.dialect.backup(ctx, s.writer.db, c.URL, unnamed); err != nil {
			return fmt.Errorf("write the backup: %w", err)
		}
		if m.Schema, m.Rows, err = s.dialect.inspect(ctx, unnamed); err != nil {
			return err
		}
		if err := sealFile(unnamed, m); err != nil {
			return err
		}
		_, err := Verify(unnamed)
		return err
	})
}

// NoteBackup tells admins that a backup was made. An older schema has no place for it, and stays as it is.
func NoteBackup(ctx context.Context, c Config, at time.Time) error {
	s, err := Open(ctx, c)
	if err != nil {
		return err
	}
	there, err := s.has(ctx, "site_settings")
	if err == nil && there {
		err = s.SetSiteSettings(ctx, map[string]string{compete.NoteBackup: at.UTC().Format(time.RFC3339)}, at)
	}
	return errors.Join(err, s.Close())
}

// newFile has write fill a file beside path, for its owner alone, and gives it that name once it is whole and on the disk.
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
	// A link, unlike a rename, never replaces a file that came meanwhile.
	if err := os.Link(file.Name(), path); errors.Is(err, fs.ErrExist) {
		return ErrBackupExists
	} else if err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil { // where a directory can be synced
		defer dir.Close()
		_ = dir.Sync()
	}
	return nil
}

// RestoreOptions say what to go on in spite of.
type RestoreOptions struct {
	Overwrite  bool // data in the database, which are lost
	Unverified bool // a file without a manifest, or with a wrong checksum, as long as the database's own tools can read all of it
}

// Restore makes the database what it was when the backup was made: all of it or, after a failure or a crash, nothing. Nobody else can
// have it open meanwhile. Its schema is then that of the backup; Migrate brings it up to date. The manifest is empty if Unverified.
// Errors: ErrNoBackup, ErrNoManifest, ErrTooNew when a newer version of the program made the backup, ErrNotEmpty unless Overwrite is
// set, ErrInUse.
func Restore(ctx context.Context, c Config, path string, options RestoreOptions) (m Manifest, err error) {
	kind, err := kindOfBackup(path)
	if err != nil {
		return m, err
	}
	if !options.Unverified {
		if m, err = Verify(path); err != nil {
			return m, err
		}
	}
	s, err := openAlone(ctx, c)
	if err != nil {
		return m, err
	}
	defer func() { _ = s.Close() }() // what was restored has been committed
	return m, s.dialect.unused(ctx, s.writer.db, func() error { return s.restore(ctx, c, path, kind, options.Overwrite) })
}

func (s *Store) restore(ctx context.Context, c Config, path string, kind Kind, overwrite bool) error {
	if s.Kind() != kind {
		return fmt.Errorf("the file is a %s backup but DATABASE_URL is a %s database; set DATABASE_URL to the same kind", kind, s.Kind())
	}
	if err := s.fits(ctx, path); err != nil {
		return err
	}
	if filled, err := s.filled(ctx); err != nil {
		return err
	} else if filled && !overwrite {
		return ErrNotEmpty
	}
	if err := s.dialect.restore(ctx, s.writer.db, c.URL, path); err != nil {
		return fmt.Errorf("restore the backup: %w", err)
	}
	return nil
}

// fits reads a backup through, and refuses one with steps of the schema that this program does not know.
func (s *Store) fits(ctx context.Context, path string) error {
	version, _, err := s.dialect.inspect(ctx, path)
	if err != nil {
		return err
	}
	m, err := s.migrator()
	if err != nil {
		return err
	}
	if known := m.schema.ListSources(); version > known[len(known)-1].Version {
		return fmt.Errorf("the backup was made by a newer version of Mini Compete: %w", ErrTooNew)
	}
	return nil
}

// filled reports whether a table has rows. The bookkeeping of migrations and of the job queue doesn't count.
func (s *Store) filled(ctx context.Context) (bool, error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return false, err
	}
	for _, table := range tables {
		rows, err := list(ctx, s.reader, scanInt, `SELECT count(*) FROM (SELECT 1 FROM "`+table+`" LIMIT 1) t`)
		if err != nil || rows[0] > 0 {
			return rows != nil && rows[0] > 0, err
		}
	}
	return false, nil
}

// tables lists the tables that hold data, the bookkeeping of migrations and of the job queue left out.
func (s *Store) tables(ctx context.Context) ([]string, error) {
	return list(ctx, s.reader, scanString, s.dialect.tables)
}

func (s *Store) has(ctx context.Context, table string) (there bool, err error) {
	err = s.reader.db.QueryRowContext(ctx, s.dialect.hasTable, table).Scan(&there)
	return there, failure(err)
}

// kindOfBackup tells by its first bytes which database a backup is of.
func kindOfBackup(path string) (Kind, error) {
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
		return SQLite, nil
	case bytes.HasPrefix(head, []byte("PGDMP")):
		return PostgreSQL, nil
	}
	return "", ErrNoBackup
}
