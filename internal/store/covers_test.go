package store_test

import (
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
)

// TestCovers: every read of a competition returns its cover's hash, and a new cover changes nothing else.
func TestCovers(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		c := f.addCompetition(t, organizer, func(*compete.Competition) {})
		other := f.addCompetition(t, organizer, func(*compete.Competition) {})
		for _, id := range append([]string{newID()}, notIDs...) {
			wantError(t, "a cover of "+id, f.SetCover(t.Context(), id, compete.Cover{Hash: "x"}),
				compete.ErrCompetitionMissing)
			wantError(t, "no cover of "+id, f.DeleteCover(t.Context(), id), compete.ErrCompetitionMissing)
			_, err := f.Cover(t.Context(), id)
			wantError(t, "the cover of "+id, err, compete.ErrCoverMissing)
		}
		must(t, f.DeleteCover(t.Context(), c.ID)) // deleting a missing one is no error
		for _, cover := range []compete.Cover{
			{Hash: "0011aabb", Large: []byte{0xff, 0xd8, 0, 0x27, 0xff}, Small: []byte{0xff}},
			{Hash: "99", Large: []byte("other"), Small: []byte("smaller")},
		} {
			must(t, f.SetCover(t.Context(), c.ID, cover))
			got, err := f.Cover(t.Context(), c.ID)
			must(t, err)
			want(t, "the cover", got, cover)
			c.Cover = cover.Hash
			read, err := f.Competition(t.Context(), c.ID)
			must(t, err)
			want(t, "its competition", read, c)
			summaries, err := f.CompetitionsByID(t.Context(), []string{c.ID})
			must(t, err)
			want(t, "its summary", summaries, []compete.Competition{c.Summary()})
		}
		must(t, f.DeleteCover(t.Context(), c.ID))
		_, err := f.Cover(t.Context(), c.ID)
		wantError(t, "the cover once deleted", err, compete.ErrCoverMissing)
		c.Cover = ""
		for _, competition := range []compete.Competition{c, other} {
			read, err := f.Competition(t.Context(), competition.ID)
			must(t, err)
			want(t, "a competition without a cover", read, competition)
		}
	})
}
