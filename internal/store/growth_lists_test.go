package store_test

import (
	"crypto/sha256"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/fill"
	"github.com/minicompete/minicompete/internal/store"
)

// testUpcomingOfMany checks that what fills up although it isn't open yet comes first.
func testUpcomingOfMany(t *testing.T, db *store.Store) {
	now := time.Now()
	list := func(limit int) []string {
		page, err := db.Competitions(t.Context(), compete.CompetitionFilter{
			Phase: compete.PhaseUpcoming, Sort: compete.SortFilling, Limit: limit, Now: now,
		})
		if err != nil {
			t.Fatal(err)
		}
		return idsOf(page.Items)
	}
	newest := list(20)
	filled := []string{newest[19], newest[7]}
	for i, id := range filled {
		if _, err := db.Writer().ExecContext(t.Context(), `UPDATE competitions SET filling = $2 WHERE id = $1`, id,
			10-i); err != nil {
			t.Fatal(err)
		}
	}
	others := slices.DeleteFunc(slices.Clone(newest), func(id string) bool { return slices.Contains(filled, id) })
	if got, want := list(10), slices.Concat(filled, others[:8]); !slices.Equal(got, want) {
		t.Errorf("upcoming by filling: got %v, want %v", got, want)
	}
	if got := list(1); !slices.Equal(got, filled[:1]) {
		t.Errorf("the first: got %v, want %v", got, filled[:1])
	}
}

// testApplicationsOfMany compares lists of applications with what their competition has.
func testApplicationsOfMany(t *testing.T, db *store.Store, of fill.IDs) {
	const applied = ` FROM registrations r WHERE r.competition_id = $1
		AND r.status IN ('APPLIED', 'WAITLISTED', 'REJECTED')`
	// Every third one has a draft, and every sixth an outdated one, which is none.
	for _, statement := range []string{
		`UPDATE registrations SET status = 'APPLIED'
			WHERE competition_id = $1 AND status = 'WAITLISTED' AND seq % 2 = 0`,
		`INSERT INTO decisions (registration_id, competition_id, seq, decision, decided_at)
			SELECT r.id, r.competition_id, r.seq - CASE WHEN r.seq % 6 = 0 THEN 1 ELSE 0 END, 'ADMIT',
				r.registered_at` + applied + ` AND r.seq % 3 = 0`,
	} {
		if _, err := db.Writer().ExecContext(t.Context(), statement, of.Largest); err != nil {
			t.Fatal(err)
		}
	}
	for condition, f := range map[string]compete.ApplicationFilter{
		``:                                     {},
		` AND r.status = 'APPLIED'`:            {Status: compete.RegistrationApplied},
		` AND r.seq % 3 = 0 AND r.seq % 6 > 0`: {Drafts: true},
		` AND r.seq % 3 = 0 AND r.seq % 6 > 0 AND 1 = 1`:                 {Decision: compete.DecisionAdmit},
		` AND r.status = 'APPLIED' AND (r.seq % 3 > 0 OR r.seq % 6 = 0)`: {Undecided: true},
		` AND 1 = 0`: {Decision: compete.DecisionReject},
	} {
		want := idsFrom(t, db, `SELECT r.id`+applied+condition+` ORDER BY r.seq`, of.Largest)
		f.Limit, f.ReviewerID = 301, of.Organizer
		found := walkAll(t, f.Sort.List(), func(cursor compete.Cursor) (compete.Page[compete.Application], error) {
			f.Cursor = cursor
			return db.Applications(t.Context(), of.Largest, f)
		})
		if got := ids(found, func(a compete.Application) string { return a.ID }); !slices.Equal(got, want) {
			t.Errorf("applications%s: %d found, want %d", condition, len(got), len(want))
		}
	}
	// One with more applications than the organizer has written reviews, and one with fewer.
	few := idsFrom(t, db, `SELECT min(CAST(r.competition_id AS text)) FROM reviews v
		JOIN registrations r ON r.id = v.registration_id WHERE v.reviewer_id = $1 AND r.competition_id <> $2`,
		of.Organizer, of.Reviewed)
	for _, competitionID := range []string{of.Largest, of.Reviewed, few[0]} {
		want := idsFrom(t, db, `SELECT r.id`+applied+` AND NOT r.follows AND NOT EXISTS (SELECT 1 FROM reviews v
			WHERE v.registration_id = r.id AND v.reviewer_id = $2)`, competitionID, of.Organizer)
		got, err := db.Unscored(t.Context(), competitionID, of.Organizer)
		if err != nil || got != len(want) {
			t.Errorf("%s: %d without a score (%v), want %d", competitionID, got, err, len(want))
		}
	}
}

// testFilledRows checks that what is stored twice is the same in a filled database, and that its draws can be verified.
func testFilledRows(t *testing.T, db *store.Store, of fill.IDs) {
	for what, wrong := range map[string]string{
		"seats of competitions": `SELECT c.id FROM competitions c WHERE c.status <> 'CANCELLED' AND (
			c.capacity - c.seats_left <> (SELECT coalesce(sum(r.seats), 0) FROM registrations r
				WHERE r.competition_id = c.id)
			OR c.waitlisted <> (SELECT count(*) FROM registrations r WHERE r.competition_id = c.id
				AND r.status = 'WAITLISTED')
			OR c.next_seq <= (SELECT coalesce(max(r.seq), 0) FROM registrations r WHERE r.competition_id = c.id))`,
		"seats of divisions": `SELECT d.id FROM divisions d WHERE d.capacity - d.seats_left <> (
				SELECT coalesce(sum(r.seats), 0) FROM registrations r WHERE r.division_id = d.id)
			OR d.waitlisted <> (SELECT count(*) FROM registrations r WHERE r.division_id = d.id
				AND r.status = 'WAITLISTED')`,
		"captains": `SELECT t.id FROM teams t WHERE NOT EXISTS (SELECT 1 FROM registrations r WHERE r.team_id = t.id
			AND r.user_id = t.captain_id AND NOT r.follows)`,
		"scores": `SELECT s.registration_id FROM review_scores s WHERE s.average <> (
			SELECT sum(v.score) * 100 / count(*) FROM reviews v WHERE v.registration_id = s.registration_id)`,
	} {
		if found := idsFrom(t, db, wrong); len(found) > 0 {
			t.Errorf("%s: %d are wrong, among them %s", what, len(found), found[0])
		}
	}
	drawn, err := db.Draw(t.Context(), of.Drawn)
	if err != nil {
		t.Fatal(err)
	}
	list, err := db.DrawList(t.Context(), of.Drawn)
	if err != nil {
		t.Fatal(err)
	}
	order, err := db.DrawOrder(t.Context(), of.Drawn)
	if err != nil {
		t.Fatal(err)
	}
	random := sha256.Sum256([]byte(drawn.Value))
	if len(list) < largest/30 || draw.ListHash(list) != drawn.ListHash ||
		!slices.Equal(draw.Order(list, random[:]), order) {
		t.Errorf("the draw of %d entries isn't what its list and value say", len(list))
	}
}

func idsFrom(t *testing.T, db *store.Store, query string, args ...any) (found []string) {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		found = append(found, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// testSearchInParts compares what is found in parts of the index with what is found in all of it.
func testSearchInParts(t *testing.T, db *store.Store) {
	inParts := 0
	parts := openTraced(t, db.DB().URL(), func(text string, _ []any) {
		if strings.Contains(text, "f.first") || strings.Contains(text, "f.edge") {
			inParts++
		}
	})
	parts.SearchParts(1)
	whole := openTraced(t, db.DB().URL(), func(string, []any) {})
	whole.SearchParts(math.MaxInt)
	now := time.Now()
	moveHits(t, whole, now)
	for _, search := range []string{"z", "mara", "rob", "summer", "annual c"} {
		for _, phase := range []compete.Phase{"", compete.PhaseClosed, compete.PhaseUpcoming, compete.PhaseCancelled} {
			for _, sort := range []compete.Sort{compete.SortNewest, compete.SortDeadline} {
				walked := func(db *store.Store) []string {
					f := compete.CompetitionFilter{Search: search, Phase: phase, Sort: sort, Limit: 3, Now: now}
					read := func(cursor compete.Cursor) (compete.Page[compete.Competition], error) {
						f.Cursor = cursor
						return db.Competitions(t.Context(), f)
					}
					found := walkAll(t, string(sort), read)
					return ids(found, func(c compete.Competition) string { return c.ID })
				}
				got, expected := walked(parts), walked(whole)
				if !slices.Equal(got, expected) {
					t.Errorf("%q in phase %q by %s: %d found, want %d", search, phase, sort, len(got), len(expected))
				}
			}
		}
	}
	if inParts == 0 {
		t.Error("no search looked at a part of the index")
	}
}

// moveHits changes the times of one competition that a search finds, and has the words of another one written anew.
func moveHits(t *testing.T, db *store.Store, now time.Time) {
	t.Helper()
	page, err := db.Competitions(t.Context(),
		compete.CompetitionFilter{Search: "z", Sort: compete.SortNewest, Limit: 2, Now: now})
	if err != nil || len(page.Items) < 2 {
		t.Fatalf("%d found, %v", len(page.Items), err)
	}
	moved, rewritten := page.Items[0].ID, page.Items[1].ID
	for _, change := range []struct {
		text string
		args []any
	}{
		{`UPDATE competitions SET created_at = $2, reg_deadline = $3 WHERE id = $1`, []any{
			moved, compete.UTC(now.AddDate(-9, 0, 0)), compete.UTC(now.Add(time.Hour)),
		}},
		{`DELETE FROM competition_search WHERE competition_id = $1`, []any{rewritten}},
		{`UPDATE competitions SET searchable = false WHERE id = $1`, []any{rewritten}},
	} {
		if _, err := db.Writer().ExecContext(t.Context(), change.text, change.args...); err != nil {
			t.Fatal(err)
		}
	}
}
