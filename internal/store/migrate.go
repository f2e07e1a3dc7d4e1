package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store/migrations"
)

// ErrTooNew is the refusal of a database that a newer version of the program has migrated.
var ErrTooNew = errors.New(
	"the database was migrated by a newer version of Mini Compete; run that version, or restore an older backup",
)

// Migrator is the one of the schema.
func Migrator(db *sqldb.DB) (*sqldb.Migrator, error) { return db.Migrator(migrations.Files) }

// Migrate brings the schema up to date: see sqldb.Migrator. Texts that were stored before are then brought into form
// (see TidyTexts), in pages: others may serve meanwhile. It fails with ErrTooNew, and changes nothing, when the
// database is ahead of the program.
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

// MigrateDown takes back the newest step of the schema. All data in its tables is lost. It reports whether there was a
// step to take back.
func (s *Store) MigrateDown(ctx context.Context) (bool, error) {
	m, err := Migrator(s.db)
	if err != nil {
		return false, err
	}
	more, err := m.Down(ctx)
	return more, tooNew(err)
}

// MigrateStatus lists every step of the schema, in order, the job queue's last.
func (s *Store) MigrateStatus(ctx context.Context) ([]sqldb.Migration, error) {
	m, err := Migrator(s.db)
	if err != nil {
		return nil, err
	}
	return m.Status(ctx)
}

// tooNew says what to do about sqldb.ErrTooNew.
func tooNew(err error) error {
	if errors.Is(err, sqldb.ErrTooNew) {
		return ErrTooNew
	}
	return err
}
