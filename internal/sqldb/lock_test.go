package sqldb_test

import (
	"errors"
	"testing"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestExclusively(t *testing.T) {
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		exclusively := func() error {
			db, err := sqldb.OpenExclusive(t.Context(), sqldb.Config{URL: url})
			if err != nil {
				return err
			}
			return errors.Join(db.Exclusively(t.Context(), func() error { return nil }), db.Close())
		}
		shared, err := sqldb.Open(t.Context(), sqldb.Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		if err := exclusively(); !errors.Is(err, sqldb.ErrInUse) {
			t.Errorf("beside another: %v, want %v", err, sqldb.ErrInUse)
		}
		if err := shared.Close(); err != nil {
			t.Fatal(err)
		}
		if err := exclusively(); err != nil {
			t.Errorf("alone: %v", err)
		}
	})
}
