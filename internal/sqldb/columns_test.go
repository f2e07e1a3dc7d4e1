package sqldb_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// Written values are read back unchanged, by every way of writing and reading.
func TestColumnsRoundTrip(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		at := time.Date(2026, 3, 29, 1, 30, 0, 123456789, time.FixedZone("", 3600))
		full, empty := newNote("a"), newNote("b")
		full.Likes, full.Pinned, full.WrittenAt, full.Picture, full.To = 7, true, &at, []byte{0xff, 0}, "Ann"
		insert(t, db, full)
		if err := addNote(t.Context(), db.Writer(), empty); err != nil {
			t.Fatal(err)
		}
		kept := sqldb.UTC(at)
		full.WrittenAt = &kept
		if kept.Nanosecond() != 123456000 || kept.Location() != time.UTC {
			t.Errorf("a time is kept as %v", kept)
		}
		want := []note{full, empty}
		found, err := sqldb.List(t.Context(), db.Reader(), noteRow.Scan, allNotes)
		if diff := cmp.Diff(want, found); diff != "" || err != nil {
			t.Errorf("read %v (-want +got):\n%s", err, diff)
		}
		var fetched []note
		err = db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
			pipeline := tx.Pipeline()
			sqldb.Fetch(pipeline, &fetched, noteRow.Scan, allNotes)
			return pipeline.Run(ctx)
		})
		if diff := cmp.Diff(want, fetched); diff != "" || err != nil {
			t.Errorf("read in a pipeline %v (-want +got):\n%s", err, diff)
		}
		if missing, err := sqldb.One(t.Context(), db.Reader(), nil, sqldb.ScanInt, `SELECT count(*) FROM notes
			WHERE "to" IS NULL`); missing != 1 || err != nil {
			t.Errorf("%d are to nobody, %v, want 1", missing, err)
		}
	})
}

func TestColumnsTexts(t *testing.T) {
	columns := sqldb.Columns[note]{
		noteRow[0], noteRow[6],
		{Read: "count(*)", Field: func(n *note) any { return &n.Likes }},
	}
	for name, tc := range map[string]struct{ got, want string }{
		"Select":   {columns.Select("n"), `n.id, n."to", count(*)`},
		"Reading":  {columns.Reading("to", "''").Reading("count(*)", "0").Select("n"), `n.id, '', 0`},
		"Insert":   {columns.Insert("notes", "text"), `INSERT INTO notes (id, "to", text) VALUES ($1, $2, $3)`},
		"Set":      {columns.Set(2), `id = $2, "to" = $3`},
		"Excluded": {columns.Excluded(), `id = excluded.id, "to" = excluded."to"`},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %s, want %s", name, tc.got, tc.want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a column that doesn't exist is read")
		}
	}()
	columns.Reading("nothing", "")
}
