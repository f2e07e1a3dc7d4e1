package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// TestFillingList reads lists sorted by "filling" page by page while every count changes between two pages: each
// competition appears once, in the order of the counts at the first page, with those that were never recounted last.
func TestFillingList(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		const n = 40
		organizer := f.addUser(t, compete.RoleOrganizer)
		all := make([]compete.Competition, n)
		for i := range all {
			all[i] = f.competition(organizer)
			all[i].Tags = []string{"filling"}
		}
		f.addCompetitions(t, all)
		now := compete.UTC(f.now)
		// count records taken(i) seats taken in competition i this hour, and none before.
		count := func(taken func(i int) int) {
			now = now.Add(time.Minute)
			f.exec(t, `DELETE FROM seats_taken`)
			for i, c := range all {
				if taken(i) > 0 {
					f.exec(t, `INSERT INTO seats_taken (competition_id, minute, taken) VALUES ($1, $2, $3)`, c.ID,
						now.Truncate(time.Minute), taken(i))
				}
			}
			must(t, f.RefreshFilling(t.Context(), now))
		}
		first := func(i int) int { return i * 7 % 20 } // 0 for some
		filling := map[string]int{}
		for i, c := range all {
			filling[c.ID] = first(i)
		}
		for what, filter := range map[string]compete.CompetitionFilter{
			"of one organizer": {OrganizerID: organizer.ID},
			"with a tag":       {Tags: []string{"filling"}},
			"of a phase":       {OrganizerID: organizer.ID, Phase: compete.PhaseOpen},
			"by the page":      {Tags: []string{"filling"}, Phase: compete.PhaseOpen, OrganizerID: organizer.ID},
		} {
			filter.Sort, filter.Now, filter.Limit = compete.SortFilling, f.now, 7
			count(first)
			round := 0
			walked := walk(t, string(compete.SortFilling),
				func(cursor compete.Cursor) (compete.Page[compete.Competition], error) {
					filter.Cursor = cursor
					page, err := f.Competitions(t.Context(), filter)
					round++
					switch round % 3 {
					case 1: // reverse the order
						count(func(i int) int { return 100 - first(i) })
					case 2: // including unchanged ones
						count(func(i int) int { return first(i) * (i % 2) })
					}
					return page, err
				})
			t.Run(what, func(t *testing.T) {
				wantOrder(t, walked, n, func(c compete.Competition) string { return c.ID },
					func(a, b compete.Competition) bool {
						return filling[a.ID] > filling[b.ID] || filling[a.ID] == filling[b.ID] && a.ID > b.ID
					})
			})
		}

		count(first)
		filter := compete.CompetitionFilter{OrganizerID: organizer.ID, Sort: compete.SortFilling, Now: f.now, Limit: 7}
		page, err := f.Competitions(t.Context(), filter)
		must(t, err)
		filter.Cursor = page.Next
		for range 2 { // within two hours it continues; later it is refused rather than wrong
			now = now.Add(59 * time.Minute)
			count(func(i int) int { return first(i) + now.Minute() })
			page, err = f.Competitions(t.Context(), filter)
			must(t, err)
			want(t, "the second page", len(page.Items), filter.Limit)
		}
		now = now.Add(time.Hour)
		count(func(int) int { return 1 })
		now = now.Add(3 * time.Hour)
		count(func(int) int { return 2 })
		if _, err := f.Competitions(t.Context(), filter); !errors.Is(err, compete.ErrOldCursor) {
			t.Errorf("a cursor of long ago: %v, want %v", err, compete.ErrOldCursor)
		}
		var kept int
		must(t, f.Reader().QueryRowContext(t.Context(),
			`SELECT count(DISTINCT refresh) FROM filling_changes`).Scan(&kept))
		want(t, "refreshes that are kept", kept, 2)
	})
}

func TestRefreshFilling(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		var names []string
		byName := map[string]string{}
		for _, name := range []string{"quiet", "slow", "fast"} {
			c := f.addCompetition(t, organizer, nil)
			names, byName[name] = append(names, c.ID), c.ID
		}
		take := func(name string, taken int, ago time.Duration) {
			t.Helper()
			must(t, f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) error {
				return tx.Write(t.Context(),
					compete.LedgerChanges{SeatsTaken: map[string]int{byName[name]: taken}, Now: f.ago(ago)})
			}))
		}
		take("fast", 5, 0)
		take("fast", 5, time.Minute)
		take("fast", 4, time.Minute)
		take("slow", 3, 58*time.Minute)
		take("slow", 90, 2*time.Hour)
		f.wantFilling(t, names, 0, 3, 14)
		f.now = f.ago(-5 * time.Minute)
		f.wantFilling(t, names, 0, 0, 14)
		f.now = f.ago(-time.Hour)
		f.wantFilling(t, names, 0, 0, 0)
		var left int
		must(t, f.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM seats_taken`).Scan(&left))
		want(t, "minutes that are kept", left, 0)
	})
}

func (f *fixture) wantFilling(t *testing.T, ids []string, expected ...int) {
	t.Helper()
	must(t, f.RefreshFilling(t.Context(), f.now))
	for i, id := range ids {
		var got int
		must(t, f.Reader().QueryRowContext(t.Context(), `SELECT filling FROM competitions WHERE id = $1`,
			id).Scan(&got))
		want(t, fmt.Sprintf("filling of competition %d", i), got, expected[i])
	}
}
