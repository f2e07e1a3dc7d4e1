package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestCompetitionList(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		t.Run("walks", func(t *testing.T) { testWalk(t, f, organizer) })
		t.Run("nobody's", func(t *testing.T) {
			for _, id := range append([]string{newID()}, notIDs[1:]...) {
				page, err := f.Competitions(t.Context(),
					compete.CompetitionFilter{OrganizerID: id, Sort: compete.SortNewest, Limit: 20, Now: f.now})
				must(t, err)
				if len(page.Items) != 0 {
					t.Errorf("organizer %q has %d", id, len(page.Items))
				}
			}
		})
		t.Run("cursors out of bounds", func(t *testing.T) {
			for _, sort := range []compete.Sort{compete.SortNewest, compete.SortDeadline, compete.SortFilling} {
				for _, cursor := range outOfBounds(string(sort)) {
					_, err := f.Competitions(t.Context(),
						compete.CompetitionFilter{Sort: sort, Cursor: cursor, Limit: 20, Now: f.now})
					must(t, err)
				}
			}
		})
		t.Run("tags", func(t *testing.T) { testTags(t, f) })
	})
}

// testWalk reads a thousand competitions, with ties in every order, page by page: each must appear once.
func testWalk(t *testing.T, f *fixture, organizer compete.User) {
	const n = 330
	all := make([]compete.Competition, n)
	for i := range all {
		all[i] = f.competition(organizer)
		all[i].Tags = []string{"walk"}
		all[i].CreatedAt, all[i].RegDeadline = f.ago(time.Duration(i%7)*time.Microsecond),
			f.ago(-time.Hour-time.Duration(i%11)*time.Second)
	}
	f.addCompetitions(t, all)
	unlisted := make([]compete.Competition, 40) // none of them is in any list but their organizer's
	other := f.addUser(t, compete.RoleOrganizer)
	for i := range unlisted {
		unlisted[i] = f.competition(other)
		unlisted[i].Tags, unlisted[i].Visibility = []string{"walk"}, compete.VisibilityUnlisted
		unlisted[i].CreatedAt, unlisted[i].RegDeadline = all[i].CreatedAt, all[i].RegDeadline
	}
	f.addCompetitions(t, unlisted)
	own, err := f.Competitions(t.Context(), compete.CompetitionFilter{
		OrganizerID: other.ID, Sort: compete.SortFilling, Limit: 100, Now: f.now,
	})
	if must(t, err); len(own.Items) != len(unlisted) {
		t.Errorf("their organizer has %d unlisted competitions, want %d", len(own.Items), len(unlisted))
	}
	filling := f.spreadFilling(t)
	id := func(c compete.Competition) string { return c.ID }
	for sort, before := range map[compete.Sort]func(a, b compete.Competition) bool{
		compete.SortNewest: func(a, b compete.Competition) bool {
			return a.CreatedAt.After(b.CreatedAt) || a.CreatedAt.Equal(b.CreatedAt) && a.ID > b.ID
		},
		compete.SortDeadline: func(a, b compete.Competition) bool {
			return a.RegDeadline.Before(b.RegDeadline) || a.RegDeadline.Equal(b.RegDeadline) && a.ID < b.ID
		},
		compete.SortFilling: func(a, b compete.Competition) bool {
			return filling[a.ID] > filling[b.ID] || filling[a.ID] == filling[b.ID] && a.ID > b.ID
		},
	} {
		for what, filter := range map[string]compete.CompetitionFilter{
			"listed":           {},
			"of one organizer": {OrganizerID: organizer.ID},
			"of a phase":       {Phase: compete.PhaseOpen},
			"with a tag":       {Tags: []string{"walk", "none"}},
		} {
			filter.Sort, filter.Now, filter.Limit = sort, f.now, 27
			all := walk(t, string(sort), func(cursor compete.Cursor) (compete.Page[compete.Competition], error) {
				filter.Cursor = cursor
				return f.Competitions(t.Context(), filter)
			})
			t.Run(fmt.Sprintf("%s, %s first", what, sort), func(t *testing.T) { wantOrder(t, all, n, id, before) })
		}
	}
}

// spreadFilling gives each competition 0 to 4 seats taken in the last hour, and returns these counts.
func (f *fixture) spreadFilling(t *testing.T) map[string]int {
	t.Helper()
	rows, err := f.Reader().QueryContext(t.Context(), `SELECT id FROM competitions`)
	must(t, err)
	defer rows.Close()
	filling := map[string]int{}
	for rows.Next() {
		var id string
		must(t, rows.Scan(&id))
		filling[id] = len(filling) % 5
	}
	must(t, rows.Err())
	tx, err := f.Writer().BeginTx(t.Context(), nil)
	must(t, err)
	defer func() { _ = tx.Rollback() }() // no effect after the commit
	for id, n := range filling {
		_, err := tx.ExecContext(t.Context(), `UPDATE competitions SET filling = $2 WHERE id = $1`, id, n)
		must(t, err)
	}
	must(t, tx.Commit())
	return filling
}

func testTags(t *testing.T, f *fixture) {
	organizer := f.addUser(t, compete.RoleOrganizer)
	names := map[string]string{}
	for _, tags := range []string{"a", "b", "a,b", "c", ""} {
		c := f.addCompetition(t, organizer, func(c *compete.Competition) {
			c.Tags = slices.DeleteFunc(strings.Split(tags, ","), func(s string) bool { return s == "" })
		})
		names[c.ID] = "[" + tags + "]"
	}
	for tags, found := range map[string]string{
		"a": "[a,b][a]", "a,b": "[a,b][b][a]", "c": "[c]", "d": "", "A": "[a,b][a]", "a%": "", "nul\x00": "", `"`: "",
	} {
		page, err := f.Competitions(t.Context(),
			compete.CompetitionFilter{
				OrganizerID: organizer.ID, Tags: strings.Split(tags, ","),
				Sort: compete.SortNewest, Limit: 20, Now: f.now,
			})
		must(t, err)
		want(t, fmt.Sprintf("tags %q", tags),
			strings.Join(ids(page.Items, func(c compete.Competition) string { return names[c.ID] }), ""), found)
	}
}

// TestPhases compares every filter with Competition.Phase, in every combination of the inputs of phases.
func TestPhases(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		var all []compete.Competition
		moments := []*time.Time{nil, f.agoPointer(time.Microsecond), f.agoPointer(0), f.agoPointer(-time.Microsecond)}
		for _, status := range []compete.CompetitionStatus{
			compete.StatusDraft, compete.StatusPublished,
			compete.StatusCancelled,
		} {
			for _, opens := range moments {
				for _, deadline := range moments[1:] {
					for seats := range 8 {
						c := f.competition(organizer)
						c.Status, c.RegOpensAt, c.RegDeadline = status, opens, *deadline
						c.SeatsLeft, c.Waitlisted, c.Waitlist = seats&1, seats>>1&1, seats>>2 == 1
						all = append(all, storedCompetition(c))
					}
				}
			}
		}
		f.addCompetitions(t, all)
		now := compete.UTC(f.now) // the clock used for phases has whole microseconds too
		total := 0
		for _, phase := range compete.Phases {
			var expected []string
			for _, c := range all {
				if c.Phase(now) == phase {
					expected = append(expected, c.ID)
				}
			}
			total += len(expected)
			for what, organizerID := range map[string]string{"everybody's": "", "an organizer's": organizer.ID} {
				f.wantListed(t, fmt.Sprintf("%s, %s", phase, what),
					compete.CompetitionFilter{Phase: phase, OrganizerID: organizerID}, expected)
			}
		}
		if total != len(all) {
			t.Errorf("the phases hold %d of %d competitions", total, len(all))
		}
		var listed, everything []string
		for _, c := range all {
			everything = append(everything, c.ID)
			if c.Status == compete.StatusPublished && now.Before(c.RegDeadline) {
				listed = append(listed, c.ID)
			}
		}
		f.wantListed(t, "without a phase", compete.CompetitionFilter{}, listed)
		f.wantListed(t, "an organizer's, without a phase", compete.CompetitionFilter{OrganizerID: organizer.ID},
			everything)
	})
}

func (f *fixture) wantListed(t *testing.T, what string, filter compete.CompetitionFilter, expected []string) {
	t.Helper()
	filter.Sort, filter.Limit, filter.Now = compete.SortNewest, 1000, f.now
	page, err := f.Competitions(t.Context(), filter)
	must(t, err)
	got := ids(page.Items, func(c compete.Competition) string { return c.ID })
	slices.Sort(got)
	slices.Sort(expected)
	if !slices.Equal(got, expected) {
		t.Errorf("%s: lists %d, want %d", what, len(got), len(expected))
	}
}
