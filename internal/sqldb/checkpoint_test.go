package sqldb_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// What was written gets from the log to the database file on its own.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "notes.db")
	db := openNotes(t, "sqlite://"+file)
	insert(t, db, newNote("a"))
	until(t, "the note is in the file", func() bool {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(copied, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return notesIn(t, copied) == 1
	})
}

// until waits for a state. The limit is only for a test that fails.
func until(t *testing.T, what string, reached func() bool) {
	t.Helper()
	limit, look := time.After(2*time.Minute), time.NewTicker(10*time.Millisecond)
	defer look.Stop()
	for !reached() {
		select {
		case <-limit:
			t.Fatalf("not reached: %s", what)
		case <-look.C:
		}
	}
}

func notesIn(t *testing.T, file string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", sqldb.SQLiteURI(file))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM notes`).Scan(&n); err != nil {
		return 0 // without a table yet
	}
	return n
}

// A large log is begun anew, and holding the writer for that is reported.
func TestLargeLog(t *testing.T) {
	t.Parallel()
	db, held := largeLog(t)
	if held() == 0 {
		t.Error("the transaction wasn't reported")
	}
	until(t, "a write begins the log anew", func() bool { // another checkpoint may have been first
		checkpoint(t, db)
		return writeTo(t, db) < sqldb.MaxLog
	})
}

// writeTo writes something, and returns the size of the log then.
func writeTo(t *testing.T, db *sqldb.DB) (size int) {
	t.Helper()
	_, err := sqldb.Change(t.Context(), db.Writer(), `UPDATE notes SET likes = likes + 1`)
	if err == nil {
		size, err = db.LogSize(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// While nobody writes, a large log of which nothing is left to copy doesn't take the writer again.
func TestLargeLogOfAnIdleSite(t *testing.T) {
	t.Parallel()
	db, held := largeLog(t)
	until(t, "the writer is left alone", func() bool {
		before := held()
		checkpoint(t, db)
		return held() == before
	})
	before := held()
	for range 10 {
		checkpoint(t, db)
	}
	if n := held() - before; n > 0 {
		t.Errorf("the writer was taken %d times", n)
	}
	until(t, "a write begins the log anew", func() bool { return writeTo(t, db) < sqldb.MaxLog })
}

// largeLog opens a database with a large log. held counts how often its writer was held.
func largeLog(t *testing.T) (db *sqldb.DB, held func() int64) {
	t.Helper()
	var n atomic.Int64
	url := "sqlite://" + filepath.Join(t.TempDir(), "notes.db")
	openNotes(t, url)
	db = open(t, sqldb.Config{URL: url, Held: func(time.Duration) { n.Add(1) }})
	note := newNote("a")
	note.Picture = make([]byte, 4096*(sqldb.MaxLog+1))
	insert(t, db, note)
	return db, n.Load
}

func checkpoint(t *testing.T, db *sqldb.DB) {
	t.Helper()
	if err := db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Emptying the log doesn't fail because a checkpoint is running.
func TestScrubBesideCheckpoints(t *testing.T) {
	t.Parallel()
	db := openNotes(t, "sqlite://"+filepath.Join(t.TempDir(), "notes.db"))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_ = db.Checkpoint(ctx)
		}
	}()
	for range 50 {
		if err := db.Scrub(t.Context()); err != nil {
			t.Error(err)
		}
	}
	stop()
	<-done
}
