package sqldb_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/sqldb"
)

var likeNotes = sqldb.NewBulk("id uuid, likes bigint", `UPDATE notes SET likes = v.likes {from} WHERE notes.id = v.id`)

func TestBulk(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		a, b := newNote("a"), newNote("b")
		for round, want := range []int64{2, 2} { // first inserted, then updated
			err := db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
				n, err := tx.Bulk(ctx, insertNotes, noteRow.Rows([]note{a, b}))
				if n != want {
					t.Errorf("round %d changed %d rows, want %d", round, n, want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			a.Likes = 7
		}
		err := db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
			if n, err := tx.Bulk(ctx, likeNotes, nil); n != 0 || err != nil {
				t.Errorf("no rows: %d, %v", n, err)
			}
			n, err := tx.Bulk(ctx, likeNotes, [][]any{{b.ID, 3}, {newNote("c").ID, 4}})
			if n != 1 {
				t.Errorf("changed %d rows, want the one that exists", n)
			}
			if _, err := tx.Bulk(ctx, likeNotes, [][]any{{"a"}}); err == nil ||
				!strings.Contains(err.Error(), "1 values for 2 columns") {
				t.Errorf("a row that is too short: %v", err)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		likes, err := sqldb.List(t.Context(), db.Reader(), sqldb.ScanInt, `SELECT n.likes FROM notes n ORDER BY n.text`)
		if err != nil || !slices.Equal(likes, []int{7, 3}) {
			t.Errorf("likes %v, %v, want 7 and 3", likes, err)
		}
	})
}
