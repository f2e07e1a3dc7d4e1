package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store/migrations"
)

// ErrTooNew refuses a database that a newer version of the program has migrated.
var ErrTooNew = errors.New(
	"the database was migrated by a newer version of Mini Compete; run that version, or restore an older backup",
)

// Migrator returns the migrator of the schema.
func Migrator(db *sqldb.DB) (*sqldb.Migrator, error) { return db.Migrator(migrations.Files) }

// Migrate updates the schema: see sqldb.Migrator. It then normalizes texts stored earlier (see TidyTexts), in pages, so
// that other processes can serve meanwhile. If the database is newer than the program, it fails with ErrTooNew and
// changes nothing.
func (s *Store) Migrate(ctx context.Context) error {
	m, err := Migrator(s.db)
	if err != nil {
		return err
	}
	if err := m.Up(ctx); err != nil {
		return tooNew(err)
	}
	if err := s.TidyTexts(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// MigrateDown reverts the newest migration. All data in its tables is lost. It reports whether there was a migration to
// revert.
func (s *Store) MigrateDown(ctx context.Context) (bool, error) {
	m, err := Migrator(s.db)
	if err != nil {
		return false, err
	}
	more, err := m.Down(ctx)
	return more, tooNew(err)
}

// MigrateStatus lists every migration, in order, with those of the job queue last.
func (s *Store) MigrateStatus(ctx context.Context) ([]sqldb.Migration, error) {
	m, err := Migrator(s.db)
	if err != nil {
		return nil, err
	}
	return m.Status(ctx)
}

// tooNew adds advice to sqldb.ErrTooNew.
func tooNew(err error) error {
	if errors.Is(err, sqldb.ErrTooNew) {
		return ErrTooNew
	}
	return err
}
