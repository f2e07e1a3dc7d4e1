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
	deadline := time.Now().Add(time.Minute)
	for alone := 0; alone != 1; {
		if time.Now().After(deadline) {
			t.Fatal("the note is only in the log")
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if err := os.WriteFile(copied, content, 0o600); err != nil {
			t.Fatal(err)
		}
		alone = notesIn(t, copied)
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
	var held atomic.Int64
	url := "sqlite://" + filepath.Join(t.TempDir(), "notes.db")
	openNotes(t, url)
	db := open(t, sqldb.Config{URL: url, Held: func(time.Duration) { held.Add(1) }})
	n := newNote("a")
	n.Picture = make([]byte, 4096*(sqldb.MaxLog+1))
	insert(t, db, n)
	if held.Load() == 0 {
		t.Error("the transaction wasn't reported")
	}
	for range 50 { // another checkpoint may have been first
		before, after, err := db.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if after < sqldb.MaxLog {
			return
		}
		t.Logf("%d pages before, %d after", before, after)
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("the log only grows")
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
			_, _, _ = db.Checkpoint(ctx)
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
