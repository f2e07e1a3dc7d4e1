package sqldb_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/minicompete/minicompete/internal/sqldb"
)

var saveWords = sqldb.NewBulk("note_id uuid, words text", `INSERT INTO note_search (note_id, words) {select v.note_id,
	{words v.words}}`)

func TestTextIndex(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		var notes []note
		var words [][]any
		for i := range 200 {
			n := newNote(fmt.Sprintf("%03d", i))
			notes = append(notes, n)
			words = append(words, []any{n.ID, fmt.Sprintf("common word%03d", i)})
		}
		insert(t, db, notes...)
		err := db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := tx.Bulk(ctx, saveWords, words)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if query := noteWords.Query(db, nil); query != "" {
			t.Errorf("without a word the query is %q", query)
		}
		for _, tc := range []struct {
			words      []string
			found      int
			many       bool
			first, end string
		}{
			{words: []string{"word007"}, found: 1, first: "007"},
			// which samples differently
			{words: []string{"word00"}, found: 10, many: db.Kind() == sqldb.PostgreSQL, first: "000"},
			{words: []string{"comm"}, found: 200, many: true, first: "000"},
			{words: []string{"common", "word007"}, found: 1, first: "007"},
			{words: []string{"comm", "word007"}}, // only the last word may be a prefix
		} {
			for how, condition := range map[string]string{
				"Few":  noteWords.Few("n.id", "%s"),
				"Many": noteWords.Many("n.id", "%s"),
			} {
				var st sqldb.Statement
				st.Add(`SELECT n.text FROM notes n WHERE `+condition+` ORDER BY n.text`,
					noteWords.Query(db, tc.words))
				found, err := sqldb.List(t.Context(), db.Reader().Unprepared(), sqldb.ScanString,
					st.Text(), st.Args()...)
				if err != nil || len(found) != tc.found || len(found) > 0 && found[0] != tc.first {
					t.Errorf("%s %q: %d from %q on, %v, want %d from %q on", how, tc.words, len(found),
						slices.Concat(found, []string{""})[0], err, tc.found, tc.first)
				}
			}
			e, err := noteWords.Estimate(t.Context(), db, tc.words)
			if err != nil || e.Many != tc.many {
				t.Errorf("%q finds many: %+v, %v, want %t", tc.words, e, err, tc.many)
			}
			var st sqldb.Statement
			query, condition, values := noteWords.LookUp(db, tc.words, e)
			st.Add(noteWords.Hits("note_id", "%s")+condition, append([]any{query}, values...)...)
			hits, err := sqldb.List(t.Context(), db.Reader().Unprepared(), sqldb.ScanPair, st.Text(), st.Args()...)
			if err != nil || len(hits) != tc.found || len(hits) > 0 && hits[0][0] != hits[0][1] {
				t.Errorf("Hits %q by %q: %q, %v, want %d", tc.words, query, hits, err, tc.found)
			}
		}
	})
}
