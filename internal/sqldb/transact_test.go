package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/testservices"
)

func nothing(context.Context, *sqldb.Tx) error { return nil }

// A cancelled call doesn't report that the database is unavailable.
func TestCancelledCaller(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := sqldb.List(ctx, db.Reader(), noteRow.Scan, allNotes)
		if !errors.Is(err, context.Canceled) || errors.Is(err, sqldb.ErrUnavailable) {
			t.Errorf("a read: %v", err)
		}
		err = db.Transact(ctx, nothing)
		if !errors.Is(err, context.Canceled) || errors.Is(err, sqldb.ErrUnavailable) {
			t.Errorf("a transaction: %v", err)
		}
		during, cancel := context.WithCancel(t.Context())
		err = db.Transact(during, func(context.Context, *sqldb.Tx) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) || errors.Is(err, sqldb.ErrCommitUnknown) {
			t.Errorf("a transaction whose caller left before the commit: %v", err)
		}
	})
}

func TestTransactRollsBack(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		n := newNote("a")
		add := func(ctx context.Context, tx *sqldb.Tx) {
			if _, err := sqldb.Change(ctx, tx, noteRow.Insert("notes"), noteRow.Values(&n)...); err != nil {
				t.Error(err)
			}
		}
		err := db.Transact(t.Context(),
			func(ctx context.Context, tx *sqldb.Tx) error { add(ctx, tx); return errRefused })
		if err != errRefused { //nolint:errorlint // unchanged
			t.Errorf("Transact: %v, want %v unchanged", err, errRefused)
		}
		func() {
			defer func() {
				if got := recover(); got != "a bug" {
					t.Errorf("recovered %v", got)
				}
			}()
			_ = db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error { add(ctx, tx); panic("a bug") })
		}()
		if found := texts(t, db); len(found) != 0 {
			t.Errorf("after a rollback and a panic there is %q", found)
		}
		// Neither keeps the connection.
		if err := db.Transact(t.Context(),
			func(ctx context.Context, tx *sqldb.Tx) error { add(ctx, tx); return nil }); err != nil {
			t.Error(err)
		}
		if found := texts(t, db); !slices.Equal(found, []string{"a"}) {
			t.Errorf("after a commit there is %q", found)
		}
	})
}

// The wait for the writing connection is bounded, for example while another process holds SQLite's lock and everyone
// with the connection waits for that.
func TestWritesAreBounded(t *testing.T) {
	t.Parallel()
	testservices.EachEmptyDatabase(t, func(t *testing.T, url string) {
		openNotes(t, url)
		db := open(t, sqldb.Config{URL: url, MaxConns: 2, WriteTimeout: 200 * time.Millisecond})
		var held []*sql.Conn
		for range db.Writer().SQL().Stats().MaxOpenConnections {
			conn, err := db.Writer().SQL().Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, conn)
		}
		write := func() error {
			_, err := sqldb.Change(t.Context(), db.Writer(), `UPDATE notes SET likes = 1`)
			return err
		}
		for what, err := range map[string]error{
			"a write":       write(),
			"a transaction": db.Transact(t.Context(), nothing),
		} {
			if !errors.Is(err, sqldb.ErrUnavailable) || errors.Is(err, sqldb.ErrCommitUnknown) {
				t.Errorf("%s that finds every connection taken: %v, want %v", what, err, sqldb.ErrUnavailable)
			}
		}
		for _, conn := range held {
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
		// a busy machine may take longer than that
		check.Eventually(t, "a write succeeds when they are free again", func() bool { return write() == nil })
	})
}

func TestDeadlockIsTriedAgain(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, _ string) {
		db := openNotes(t, testservices.EmptyDatabaseURL(t, testservices.KindPostgres))
		notes := []note{newNote("a"), newNote("b")}
		insert(t, db, notes...)
		// Each locks one note, waits until both have, and then wants the other's.
		var locked sync.WaitGroup
		locked.Add(2)
		runs := make(chan int, 2)
		for i := range 2 {
			go func() {
				attempts := 0
				err := db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
					attempts++
					for j, n := range []note{notes[i], notes[1-i]} {
						if _, err := sqldb.Change(ctx, tx, `UPDATE notes SET likes = likes + 1 WHERE id = $1`,
							n.ID); err != nil {
							return err
						}
						if j == 0 && attempts == 1 {
							locked.Done()
							locked.Wait()
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				runs <- attempts
			}()
		}
		if total := <-runs + <-runs; total < 3 {
			t.Errorf("two transactions ran %d times, want one of them again", total)
		}
		likes, err := sqldb.List(t.Context(), db.Reader(), sqldb.ScanInt, `SELECT n.likes FROM notes n`)
		if err != nil || !slices.Equal(likes, []int{2, 2}) {
			t.Errorf("likes %v, error %v, want both changes of both", likes, err)
		}
	})
}

// Of transactions that use the same key, each sees the effects of the previous ones.
func TestSerialize(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *sqldb.DB) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				err := db.Transact(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
					if err := tx.Serialize(ctx, "first note"); err != nil {
						return err
					}
					n, err := sqldb.One(ctx, tx, nil, sqldb.ScanInt, `SELECT count(*) FROM notes`)
					if err != nil || n > 0 {
						return err
					}
					first := newNote(time.Now().String())
					_, err = sqldb.Change(ctx, tx, noteRow.Insert("notes"), noteRow.Values(&first)...)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if found := texts(t, db); len(found) != 1 {
			t.Errorf("there are %q, want one note", found)
		}
	})
}
