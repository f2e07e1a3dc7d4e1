package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// Rows are loaded without the indexes, which exist again afterwards.
func TestLoad(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		const n = 300
		rows := func(row func(id uuid.UUID, i int) []any) func(func([]any) bool) {
			return func(yield func([]any) bool) {
				for i := range n {
					if !yield(row(uuid.NewSHA1(uuid.Nil, []byte{byte(i), byte(i >> 8)}), i)) {
						return
					}
				}
			}
		}
		err := db.Load(t.Context(), []string{"notes", "note_search"}, func(load sqldb.Loader) error {
			add := load.Add(t.Context(), "notes", []string{"id", "text"},
				rows(func(id uuid.UUID, i int) []any { return []any{id, fmt.Sprint(i)} }))
			words := load.AddWords(t.Context(), noteWords, nil,
				rows(func(id uuid.UUID, i int) []any { return []any{id, fmt.Sprintf("word%d", i)} }))
			return errors.Join(add, words)
		})
		if err != nil {
			t.Fatal(err)
		}
		if found := texts(t, db); len(found) != n {
			t.Errorf("there are %d notes, want %d", len(found), n)
		}
		if err := addNote(t.Context(), db.Writer(), newNote("7")); sqldb.ViolationOf(err) != sqldb.UniqueViolation {
			t.Errorf("the same text again: %v", err)
		}
		found, err := sqldb.List(t.Context(), db.Reader(), sqldb.ScanString,
			`SELECT n.text FROM notes n WHERE `+noteWords.Few("n.id", "$1"), noteWords.Query(db, []string{"word77"}))
		if err != nil || len(found) != 1 || found[0] != "77" {
			t.Errorf("found %q, %v, want 77", found, err)
		}
		if err := db.Scrub(t.Context()); err != nil {
			t.Errorf("Scrub: %v", err)
		}
		err = db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := tx.Bulk(ctx, saveWords, [][]any{{newNote("").ID, "nobody's"}})
			return err
		})
		if sqldb.ViolationOf(err) != sqldb.ForeignKeyViolation {
			t.Errorf("words of nothing: %v", err)
		}
	})
}
