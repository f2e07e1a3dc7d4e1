package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/riverqueue/river/rivermigrate"

	"minicompete/internal/sqlitefile"
)

// Texts are the statements that were run so far, as the database got them, and whether the writer ran them; those that are put together
// anew each time are left out.
func (s *Store) Texts() map[string]bool {
	texts := map[string]bool{}
	for _, p := range []*pool{s.reader, s.writer} {
		p.mu.RLock()
		for _, rendered := range p.texts {
			texts[rendered] = p == s.writer
		}
		p.mu.RUnlock()
	}
	return texts
}

// Versions are the steps of our schema.
func (s *Store) Versions() ([]int64, error) {
	m, err := s.migrator()
	if err != nil {
		return nil, err
	}
	var versions []int64
	for _, source := range m.schema.ListSources() {
		versions = append(versions, source.Version)
	}
	return versions, nil
}

// MigrateTo takes our schema to a version, up or down (0: to nothing), with the job queue's tables as they are in use.
func (s *Store) MigrateTo(ctx context.Context, version int64) error {
	m, err := s.migrator()
	if err != nil {
		return err
	}
	current, _, err := m.schema.GetVersions(ctx)
	if err != nil {
		return err
	}
	if version == current {
		return nil
	}
	if version > current {
		_, err = m.schema.UpTo(ctx, version)
	} else {
		_, err = m.schema.DownTo(ctx, version)
	}
	if err != nil {
		return err
	}
	_, err = m.queue.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// RestoreHalf begins to restore a backup and dies in the middle. It returns the database as the next process finds it.
func RestoreHalf(ctx context.Context, c Config, path, dir string) (url string, err error) {
	s, err := openAlone(ctx, c)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if s.Kind() == PostgreSQL {
		return c.URL, s.dieInDump(ctx, c.URL, path, dir)
	}
	file, _, err := sqlitefile.Path(c.URL)
	if err != nil {
		return "", err
	}
	conn, err := s.writer.db.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = conn.Raw(func(driverConn any) error {
		b, err := driverConn.(backupConn).NewRestore(sqliteFile(path) + "?immutable=1")
		if err != nil {
			return err
		}
		more, err := b.Step(20)
		if err != nil || !more {
			return errors.Join(err, errors.New("20 pages are all there is"))
		}
		return errors.Join(os.CopyFS(dir, os.DirFS(filepath.Dir(file))), b.Finish())
	})
	return "sqlite:" + filepath.Join(dir, filepath.Base(file)), err
}

// dieInDump runs a script that ends before its COMMIT.
func (s *Store) dieInDump(ctx context.Context, url, path, dir string) error {
	whole, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	half := filepath.Join(dir, "half")
	if err := os.WriteFile(half, whole[:len(whole)*2/3], 0o600); err != nil {
		return err
	}
	if err := s.dialect.restore(ctx, s.writer.db, url, half); err == nil {
		return errors.New("half a dump is restored")
	}
	return nil
}

// Tables are those with data.
func (s *Store) Tables(ctx context.Context) ([]string, error) { return s.tables(ctx) }
