package store

import (
	"context"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// Texts are the statements that were run so far, as the database got them, and whether the writer ran them; those that
// are put together anew each time are left out.
func (s *Store) Texts() map[string]bool {
	texts := map[string]bool{}
	for _, p := range []*sqldb.Pool{s.reader, s.writer} {
		for _, rendered := range p.Texts() {
			texts[rendered] = p == s.writer
		}
	}
	return texts
}

// SearchParts makes searches look for their first hits in a part of the index of words, if there are at least so many
// pages of them.
func (s *Store) SearchParts(pages int) { s.parts = partsWorth{pages: pages} }

// ByName lists the users among a competition's participants by name, looking at so many users first, or reading all
// participants before, and says where to go on if there may be more although there are fewer than f.Limit.
func (s *Store) ByName(
	ctx context.Context, competitionID string, f compete.RegistrationFilter, window int, members bool,
) (userIDs []string, next compete.Cursor, err error) {
	found, err := s.alongNames(ctx, competitionID, participantFilter{
		RegistrationFilter: f, among: candidates{all: true}, names: stretch{members: members},
	}, []int{window, 4 * window, 16 * window, 64 * window})
	for _, p := range found.rows[:min(len(found.rows), f.Limit)] {
		userIDs = append(userIDs, p.UserID)
	}
	return userIDs, found.next, err
}
