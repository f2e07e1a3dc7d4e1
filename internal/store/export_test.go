package store

import (
	"context"

	"github.com/riverqueue/river/rivermigrate"
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

// Tables are those with data.
func (s *Store) Tables(ctx context.Context) ([]string, error) { return s.tables(ctx) }
