package store

import (
	"maps"
	"slices"
)

// Texts are the statements that were run so far, as the database got them; those that are put together anew each time are left out.
func (s *Store) Texts() []string {
	texts := map[string]bool{}
	for _, p := range []*pool{s.reader, s.writer} {
		p.mu.RLock()
		for _, rendered := range p.texts {
			texts[rendered] = true
		}
		p.mu.RUnlock()
	}
	return slices.Sorted(maps.Keys(texts))
}
