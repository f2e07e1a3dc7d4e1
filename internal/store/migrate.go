package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing/fstest"
	"text/template"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/rivermigrate"

	"minicompete/internal/store/migrations"
)

// ErrTooNew is the refusal of a database that a newer version of the program has migrated.
var ErrTooNew = errors.New("the database was migrated by a newer version of Mini Compete; run that version, or restore an older backup")

// Migration is one step of the schema.
type Migration struct {
	Name    string // e.g. 00001_schema
	Applied bool   // false: pending
}

// migrator applies our migrations, with goose, and the job queue's own beside them.
type migrator struct {
	dialect *dialect
	db      *sql.DB
	schema  *goose.Provider
	queue   *rivermigrate.Migrator[*sql.Tx]
}

func (s *Store) migrator() (*migrator, error) {
	files, err := s.dialect.migrations()
	if err != nil {
		return nil, err
	}
	schema, err := goose.NewProvider(s.dialect.gooseDialect, s.writer.db, files, goose.WithSlog(quiet(s.log)))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	queue, err := rivermigrate.New(s.dialect.river(s.writer.db), &rivermigrate.Config{Logger: quiet(s.log)})
	if err != nil {
		return nil, fmt.Errorf("read the job queue's migrations: %w", err)
	}
	return &migrator{dialect: s.dialect, db: s.writer.db, schema: schema, queue: queue}, nil
}

// quiet is the log of libraries that tell every step as news.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(minimumLevel{Handler: log.Handler(), level: slog.LevelWarn})
}

type minimumLevel struct {
	slog.Handler
	level slog.Level
}

func (h minimumLevel) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

// migrations are the files with the database's own words filled in.
func (d *dialect) migrations() (fs.FS, error) {
	rendered := fstest.MapFS{} // an fs.FS in memory is all that is used of it
	templates, err := template.ParseFS(migrations.Files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	for _, t := range templates.Templates() {
		var text strings.Builder
		if err := t.Execute(&text, d.schemaWords); err != nil {
			return nil, fmt.Errorf("read the migrations: %w", err)
		}
		rendered[t.Name()] = &fstest.MapFile{Data: []byte(text.String())}
	}
	return rendered, nil
}

// Migrate brings the schema, the job queue's tables too, up to date. Several processes may do so at once: one does the work under a
// lock, the others wait for it, for minutes if need be.
// Rows of before then get what a search finds them by, in pages: others may serve meanwhile.
// It fails with ErrTooNew, and changes nothing, when the database is ahead of the program.
func (s *Store) Migrate(ctx context.Context) error {
	m, err := s.migrator()
	if err != nil {
		return err
	}
	pending, err := m.pending(ctx)
	if err == nil && pending {
		err = s.dialect.alone(ctx, m.db, func() error { return m.up(ctx) })
	}
	if err != nil {
		return migrationFailure(err)
	}
	return migrationFailure(errors.Join(s.findableUsers(ctx), s.findableCompetitions(ctx)))
}

func migrationFailure(err error) error {
	if err == nil || errors.Is(err, ErrTooNew) {
		return err
	}
	return fmt.Errorf("migrate the database: %w", failure(err))
}

// up runs alone. Each step is a transaction with its version in it, so a process that is killed on the way leaves whole steps.
func (m *migrator) up(ctx context.Context) error {
	// The process that had the lock before may have done it all.
	if pending, err := m.pending(ctx); err != nil || !pending {
		return err
	}
	if _, err := m.schema.Up(ctx); err != nil {
		return err
	}
	_, err := m.queue.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// pending reports whether there is something to apply. It fails with ErrTooNew.
func (m *migrator) pending(ctx context.Context) (bool, error) {
	var begun bool // asked first: GetVersions makes the table, which is for who runs alone
	if err := m.db.QueryRowContext(ctx, m.dialect.hasTable, "goose_db_version").Scan(&begun); err != nil || !begun {
		return true, err
	}
	current, target, err := m.schema.GetVersions(ctx)
	if err != nil {
		return false, err
	}
	applied, err := m.queueVersion(ctx)
	if err != nil {
		return false, err
	}
	known := m.queue.AllVersions()
	latest := known[len(known)-1].Version
	if current > target || applied > latest {
		return false, ErrTooNew
	}
	return current < target || applied < latest, nil
}

// queueVersion is the newest migration of the job queue that was applied; 0 when its tables are not there.
func (m *migrator) queueVersion(ctx context.Context) (int, error) {
	var there bool
	if err := m.db.QueryRowContext(ctx, m.dialect.hasTable, "river_migration").Scan(&there); err != nil || !there {
		return 0, err
	}
	var version int
	err := m.db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM river_migration`).Scan(&version)
	return version, err
}

// MigrateDown takes back the newest step of our schema, and with the first one the job queue's tables too. All data in its
// tables is lost. It reports whether there was a step to take back.
func (s *Store) MigrateDown(ctx context.Context) (bool, error) {
	m, err := s.migrator()
	if err != nil {
		return false, err
	}
	var more bool
	err = s.dialect.alone(ctx, m.db, func() error {
		if _, err := m.pending(ctx); err != nil {
			return err
		}
		current, _, err := m.schema.GetVersions(ctx)
		if err != nil || current == 0 {
			return err
		}
		more = true
		if _, err = m.schema.Down(ctx); err != nil {
			return err
		}
		if current == m.schema.ListSources()[0].Version {
			_, err = m.queue.Migrate(ctx, rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{TargetVersion: -1})
		}
		return err
	})
	return more, migrationFailure(err)
}

// MigrateStatus lists every step of the schema, in order, the job queue's last.
func (s *Store) MigrateStatus(ctx context.Context) ([]Migration, error) {
	m, err := s.migrator()
	if err != nil {
		return nil, err
	}
	status, err := m.schema.Status(ctx)
	if err != nil {
		return nil, migrationFailure(err)
	}
	var steps []Migration
	for _, step := range status {
		steps = append(steps, Migration{Name: strings.TrimSuffix(step.Source.Path, ".sql"), Applied: step.State == goose.StateApplied})
	}
	queue, err := m.queueStatus(ctx)
	return slices.Concat(steps, queue), migrationFailure(err)
}

func (m *migrator) queueStatus(ctx context.Context) ([]Migration, error) {
	applied, err := m.queueVersion(ctx)
	if err != nil {
		return nil, err
	}
	var steps []Migration
	for _, known := range m.queue.AllVersions() {
		steps = append(steps, Migration{Name: fmt.Sprintf("job queue %03d: %s", known.Version, known.Name), Applied: known.Version <= applied})
	}
	return steps, nil
}
