package sqldb_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestListOneChange(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		none, err := sqldb.List(t.Context(), db.Reader(), noteRow.Scan, allNotes)
		if err != nil || none == nil || len(none) != 0 {
			t.Errorf("of nothing: %v, %v, want an empty slice", none, err)
		}
		if _, err := sqldb.One(t.Context(), db.Reader(), errRefused, noteRow.Scan, allNotes); !errors.Is(err,
			errRefused) {
			t.Errorf("one of nothing: %v, want %v", err, errRefused)
		}
		insert(t, db, newNote("a"), newNote("b"), newNote("c"))
		first, err := sqldb.One(t.Context(), db.Reader(), errRefused, noteRow.Scan, allNotes)
		if err != nil || first.Text != "a" {
			t.Errorf("one: %+v, %v", first, err)
		}
		n, err := sqldb.Change(t.Context(), db.Writer(), `UPDATE notes SET likes = $1 WHERE text < $2`, 1, "c")
		if err != nil || n != 2 {
			t.Errorf("changed %d, %v, want 2", n, err)
		}
		liked, err := sqldb.ListUnbounded(t.Context(), db.Reader(), sqldb.ScanPair, `SELECT n.text, n.id FROM notes n
			WHERE n.likes > 0`)
		if err != nil || len(liked) != 2 {
			t.Errorf("liked %q, %v, want 2", liked, err)
		}
	})
}

func TestArrayAndPairs(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		a, b, c := newNote("a"), newNote("b"), newNote("c")
		insert(t, db, a, b, c)
		for name, tc := range map[string]struct {
			text string
			args []any
		}{
			"any": {
				`SELECT n.text FROM notes n WHERE n.id {any $1 uuid} ORDER BY n.text`,
				[]any{db.Array([]string{a.ID, c.ID})},
			},
			"any text": {
				`SELECT n.text FROM notes n WHERE n.text {any $1 text} ORDER BY n.text`,
				[]any{db.Array([]string{"a", "c", `"`})},
			},
			"each": {
				`SELECT n.text FROM {each $1 uuid} CROSS JOIN notes n WHERE n.id = v.id ORDER BY n.text`,
				[]any{db.Array([]string{a.ID, c.ID})},
			},
			"pairs": {
				`SELECT n.text FROM {pairs $1 $2 uuid text} {match notes n: n.id = v.a AND n.text = v.b}
					ORDER BY n.text`,
				pairs(db, [2]string{a.ID, "a"}, [2]string{b.ID, "a"}, [2]string{c.ID, "c"}),
			},
		} {
			found, err := sqldb.List(t.Context(), db.Reader(), sqldb.ScanString, tc.text, tc.args...)
			if err != nil || !slices.Equal(found, []string{"a", "c"}) {
				t.Errorf("%s: %q, %v, want a and c", name, found, err)
			}
		}
	})
}

func pairs(db *sqldb.DB, values ...[2]string) []any {
	first, second := db.Pairs(values)
	return []any{first, second}
}

// Varying texts are read without leaving a prepared statement behind, and reported to the trace.
func TestUnpreparedAndTrace(t *testing.T) {
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		openNotes(t, url)
		var mu sync.Mutex
		var traced []string
		db := open(t, sqldb.Config{URL: url, Trace: func(text string, _ []any) {
			mu.Lock()
			defer mu.Unlock()
			traced = append(traced, text)
		}})
		const kept, varied = `SELECT n.text FROM notes n`, `SELECT n.text FROM notes n WHERE n.text > $1`
		if _, err := sqldb.List(t.Context(), db.Reader(), sqldb.ScanString, kept); err != nil {
			t.Fatal(err)
		}
		if _, err := sqldb.List(t.Context(), db.Reader().Unprepared(), sqldb.ScanString, varied, "a"); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(traced, []string{kept, varied}) {
			t.Errorf("traced %q", traced)
		}
		if got := db.Reader().Texts(); !slices.Equal(got, []string{kept}) {
			t.Errorf("the pool keeps %q", got)
		}
	})
}

// A statement first used inside a transaction is prepared before the next one, with the same results.
func TestStatementsOfTransactions(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		for round := range 3 {
			err := db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
				n := newNote(string(rune('a' + round)))
				if err := addNote(ctx, tx, n); err != nil {
					return err
				}
				found, err := sqldb.List(ctx, tx, noteRow.Scan, `SELECT `+noteColumns+
					` FROM notes n WHERE n.id {any $1 uuid}`, tx.Array([]string{n.ID}))
				if err != nil || len(found) != 1 || found[0].ID != n.ID {
					t.Errorf("round %d: %v, %v", round, found, err)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestStatement(t *testing.T) {
	var s sqldb.Statement
	s.Add(`SELECT 1 WHERE a = %s`, "x")
	s.Add(` AND (b, c) > (%s, %s)`, 2, "%s; DROP TABLE notes")
	const want = `SELECT 1 WHERE a = $1 AND (b, c) > ($2, $3)`
	if s.Text() != want || !slices.Equal(s.Args(), []any{"x", 2, "%s; DROP TABLE notes"}) {
		t.Errorf("got %q with %v, want %q", s.Text(), s.Args(), want)
	}
}
