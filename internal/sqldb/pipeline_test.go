package sqldb_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// The statements of a pipeline run in order, each sees the effects of the previous ones, and the first failure ends it.
func TestTrip(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		a, b := newNote("a"), newNote("b")
		var before, after []string
		var changed int64
		err := db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
			if err := tx.Pipeline().Run(ctx); err != nil {
				t.Errorf("without a statement: %v", err)
			}
			pipeline := tx.Pipeline()
			sqldb.Fetch(pipeline, &before, sqldb.ScanString, `SELECT n.text FROM notes n ORDER BY n.text`)
			pipeline.Bulk(insertNotes, noteRow.Rows([]note{a, b}), func(n int64) error { changed = n; return nil })
			pipeline.Bulk(likeNotes, nil, func(int64) error { t.Error("a statement for no rows ran"); return nil })
			pipeline.Exec(`UPDATE notes SET text = 'z' WHERE id = $1`, a.ID)
			sqldb.Fetch(pipeline, &after, sqldb.ScanString, `SELECT n.text FROM notes n WHERE n.id {any $1 uuid}
				ORDER BY n.text`, tx.Array([]string{a.ID, b.ID}))
			return pipeline.Run(ctx)
		})
		if err != nil || len(before) != 0 || changed != 2 || !slices.Equal(after, []string{"b", "z"}) {
			t.Errorf("before %q, %d changed, after %q, error %v", before, changed, after, err)
		}
		for name, tc := range map[string]struct {
			add  func(*sqldb.Pipeline)
			want error
		}{
			"a count that is refused": {
				func(pipeline *sqldb.Pipeline) {
					pipeline.Bulk(likeNotes, [][]any{{a.ID, 1}}, func(int64) error { return errRefused })
				}, errRefused,
			},
			"a row that is refused": {
				func(pipeline *sqldb.Pipeline) { pipeline.Exec(`UPDATE notes SET likes = -1`) },
				sqldb.ErrConstraint,
			},
			"a scan that fails": {
				func(pipeline *sqldb.Pipeline) {
					var found []int
					sqldb.Fetch(pipeline, &found, func(sqldb.Row) (int, error) { return 0, errRefused },
						`SELECT n.likes FROM notes n`)
				}, errRefused,
			},
		} {
			err := db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
				pipeline := tx.Pipeline()
				tc.add(pipeline)
				pipeline.Exec(`DELETE FROM notes`)
				return pipeline.Run(ctx)
			})
			if !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", name, err, tc.want)
			}
		}
		if found := texts(t, db); len(found) != 2 {
			t.Errorf("there are %q, want both notes", found)
		}
	})
}
