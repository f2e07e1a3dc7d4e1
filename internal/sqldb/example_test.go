package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// A tally counts something by name.
type tally struct {
	Name  string
	Count int64
}

var (
	tallyRow = sqldb.Columns[tally]{
		{Name: "name", Type: "text", Field: func(t *tally) any { return &t.Name }},
		{Name: "count", Type: "bigint", Field: func(t *tally) any { return &t.Count }},
	}
	selectTallies = `SELECT ` + tallyRow.Select("t") + ` FROM tallies t WHERE t.name {any $1 text} ORDER BY t.name`
	addTallies    = tallyRow.Bulk("tallies", "ON CONFLICT (name) DO UPDATE SET count = tallies.count + excluded.count")
)

// The same program runs on PostgreSQL with another URL.
func Example() {
	dir, err := os.MkdirTemp("", "tallies")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := countBirds(context.Background(), "sqlite:"+filepath.Join(dir, "tallies.db")); err != nil {
		fmt.Println(err)
	}
	// Output:
	// robin 3
	// wren 1
	// refused: true
}

func countBirds(ctx context.Context, url string) error {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: url})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	migrator, err := db.Migrator(fstest.MapFS{"00001_tallies.sql": {Data: []byte(`-- +goose Up
CREATE TABLE tallies (name text PRIMARY KEY, count bigint NOT NULL CHECK (count > 0)){{.Keyed}};
-- +goose Down
DROP TABLE tallies;`)}})
	if err != nil {
		return err
	}
	if err := migrator.Up(ctx); err != nil {
		return err
	}
	seen := func(tallies ...tally) error {
		return db.Transact(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := tx.Bulk(ctx, addTallies, tallyRow.Rows(tallies))
			return err
		})
	}
	if err := errors.Join(seen(tally{"wren", 1}, tally{"robin", 2}), seen(tally{"robin", 1})); err != nil {
		return err
	}
	tallies, err := sqldb.List(ctx, db.Reader(), tallyRow.Scan, selectTallies,
		db.Array([]string{"robin", "wren", "heron"}))
	if err != nil {
		return err
	}
	for _, t := range tallies {
		fmt.Println(t.Name, t.Count)
	}
	fmt.Println("refused:", errors.Is(seen(tally{"heron", -1}), sqldb.ErrConstraint))
	return nil
}
