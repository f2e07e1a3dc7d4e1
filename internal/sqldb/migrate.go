package sqldb

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
)

// ErrTooNew is returned for a database migrated by a newer version of the program.
var ErrTooNew = errors.New("the database was migrated by a newer version of the program")

// Migration is one step of the schema.
type Migration struct {
	Name    string // e.g. 00001_schema
	Applied bool   // false: pending
}

// Migrator applies a program's migrations, with goose, and those of its job queue, River.
type Migrator struct {
	db     *DB
	schema *goose.Provider
	queue  *rivermigrate.Migrator[*sql.Tx]
}

// Migrator reads the program's migrations: numbered files in goose's format, each with an up and a down part, at the
// top level of files. They are templates, with SchemaWords as data.
func (db *DB) Migrator(files fs.FS) (*Migrator, error) {
	rendered, err := db.dialect.migrations(files)
	if err != nil {
		return nil, err
	}
	// A step may have been added with a lower number than an applied one.
	schema, err := goose.NewProvider(db.dialect.gooseDialect, db.writer.handle, rendered,
		goose.WithSlog(quiet(db.log)), goose.WithAllowOutofOrder(true))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	queue, err := rivermigrate.New(db.River(), &rivermigrate.Config{Logger: quiet(db.log)})
	if err != nil {
		return nil, fmt.Errorf("read the job queue's migrations: %w", err)
	}
	return &Migrator{db: db, schema: schema, queue: queue}, nil
}

// quiet returns a log for libraries that report every step as news.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(minimumLevel{Handler: log.Handler(), level: slog.LevelWarn})
}

type minimumLevel struct {
	slog.Handler
	level slog.Level
}

// Enabled implements slog.Handler.
func (h minimumLevel) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (h minimumLevel) WithAttrs(attrs []slog.Attr) slog.Handler {
	return minimumLevel{h.Handler.WithAttrs(attrs), h.level}
}

// WithGroup implements slog.Handler.
func (h minimumLevel) WithGroup(name string) slog.Handler {
	return minimumLevel{h.Handler.WithGroup(name), h.level}
}

// migrations returns the files with the database's own words filled in.
func (d *dialect) migrations(files fs.FS) (fs.FS, error) {
	rendered := fstest.MapFS{} // only used as an in-memory fs.FS
	templates, err := template.ParseFS(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	for _, t := range templates.Templates() {
		var text strings.Builder
		if err := t.Execute(&text, d.words); err != nil {
			return nil, fmt.Errorf("read the migrations: %w", err)
		}
		rendered[t.Name()] = &fstest.MapFile{Data: []byte(text.String())}
	}
	return rendered, nil
}

// Up migrates the schema, including the job queue's tables. Several processes may do so concurrently: one does the work
// under a lock, and the others wait for it, up to 5 minutes. It fails with ErrTooNew, and changes nothing, if the
// database is ahead of the program.
func (m *Migrator) Up(ctx context.Context) error {
	pending, err := m.pending(ctx)
	if err == nil && pending {
		err = m.db.locked(ctx, func() error { return m.up(ctx) })
	}
	if err == nil {
		err = m.db.migrated(ctx)
	}
	return m.failure(err)
}

func (m *Migrator) failure(err error) error {
	if err == nil || errors.Is(err, ErrTooNew) {
		return err
	}
	return fmt.Errorf("migrate the database: %w", m.db.Failure(err))
}

// up runs under the lock. Each step is a transaction that includes its version, so a killed process leaves only
// complete steps.
func (m *Migrator) up(ctx context.Context) error {
	// The previous owner of the lock may have done everything.
	if pending, err := m.pending(ctx); err != nil || !pending {
		return err
	}
	if _, err := m.schema.Up(ctx); err != nil {
		return err
	}
	_, err := m.queue.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// pending reports whether there are steps to apply. It fails with ErrTooNew.
func (m *Migrator) pending(ctx context.Context) (bool, error) {
	// Checked first, because GetVersions creates the table, for which the lock is needed.
	if begun, err := m.db.HasTable(ctx, "goose_db_version"); err != nil || !begun {
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
	missing, err := m.schema.HasPending(ctx)
	return missing || applied < latest, err
}

// queueVersion returns the newest applied migration of the job queue; 0 if its tables don't exist.
func (m *Migrator) queueVersion(ctx context.Context) (int, error) {
	if exists, err := m.db.HasTable(ctx, "river_migration"); err != nil || !exists {
		return 0, err
	}
	var version int
	err := m.db.writer.handle.QueryRowContext(ctx,
		`SELECT coalesce(max(version), 0) FROM river_migration`).Scan(&version)
	return version, err
}

// Down reverts the newest step of the program's schema, and along with the first step the job queue's tables too. All
// data in the affected tables is lost. It reports whether there was a step to revert. It fails with ErrTooNew as Up
// does.
func (m *Migrator) Down(ctx context.Context) (more bool, err error) {
	err = m.db.locked(ctx, func() error {
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
	return more, m.failure(err)
}

// To migrates the program's schema to a version, up or down (0: to nothing), and the job queue's tables up. It is for
// tests of migrations.
func (m *Migrator) To(ctx context.Context, version int64) error {
	current, _, err := m.schema.GetVersions(ctx)
	switch {
	case err != nil || version == current:
		return err
	case version > current:
		_, err = m.schema.UpTo(ctx, version)
	default:
		_, err = m.schema.DownTo(ctx, version)
	}
	if err == nil {
		_, err = m.queue.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	return err
}

// Undo reverts one step of the program's schema, regardless of later ones. It is for tests of migrations.
func (m *Migrator) Undo(ctx context.Context, version int64) error {
	_, err := m.schema.ApplyVersion(ctx, version, false)
	return err
}

// Versions returns the numbers of the program's steps, in order.
func (m *Migrator) Versions() []int64 {
	var versions []int64
	for _, source := range m.schema.ListSources() {
		versions = append(versions, source.Version)
	}
	return versions
}

// Status lists every step of the schema, in order, the job queue's last.
func (m *Migrator) Status(ctx context.Context) ([]Migration, error) {
	status, err := m.schema.Status(ctx)
	if err != nil {
		return nil, m.failure(err)
	}
	var steps []Migration
	for _, step := range status {
		name := strings.TrimSuffix(step.Source.Path, ".sql")
		steps = append(steps, Migration{Name: name, Applied: step.State == goose.StateApplied})
	}
	queue, err := m.queueStatus(ctx)
	return slices.Concat(steps, queue), m.failure(err)
}

func (m *Migrator) queueStatus(ctx context.Context) ([]Migration, error) {
	applied, err := m.queueVersion(ctx)
	if err != nil {
		return nil, err
	}
	var steps []Migration
	for _, known := range m.queue.AllVersions() {
		name := fmt.Sprintf("job queue %03d: %s", known.Version, known.Name)
		steps = append(steps, Migration{Name: name, Applied: known.Version <= applied})
	}
	return steps, nil
}
