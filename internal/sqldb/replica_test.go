package sqldb_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/testservices"
)

// replicated returns a database with the table notes and a replica that answers its reads with a context of MayLag.
func replicated(t *testing.T, replication *testservices.Replication) *sqldb.DB {
	t.Helper()
	primaryURL, standbyURL := replication.Database()
	db, err := sqldb.Open(t.Context(), sqldb.Config{
		URL: primaryURL, ReplicaURL: standbyURL, MaxLag: time.Hour, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	change(t, db, `CREATE TABLE notes (id text PRIMARY KEY)`)
	change(t, db, `INSERT INTO notes VALUES ('first')`)
	mayLag := from(0)
	for db.Replica().Reads(sqldb.ReadByReplica) == 0 { // the replica has the table by then
		db.Replica().Look(t.Context())
		notes(mayLag(t.Context()), t, db)
	}
	return db
}

func change(t *testing.T, db *sqldb.DB, text string) {
	t.Helper()
	if _, err := sqldb.Change(t.Context(), db.Writer(), text); err != nil {
		t.Fatal(err)
	}
}

func notes(ctx context.Context, t *testing.T, db *sqldb.DB) int {
	t.Helper()
	found, err := sqldb.List(ctx, db.Replicated(), sqldb.ScanString, `SELECT id FROM notes`)
	if err != nil {
		t.Fatal(err)
	}
	again, err := sqldb.List(ctx, db.Replicated().Unprepared(), sqldb.ScanString, `SELECT id FROM notes`)
	if err != nil || len(again) != len(found) {
		t.Fatalf("got %d and then %d notes, %v", len(found), len(again), err)
	}
	return len(found)
}

// from returns a function that creates contexts whose reads require a position.
func from(position sqldb.Position) func(context.Context) context.Context {
	return func(ctx context.Context) context.Context {
		return sqldb.MayLag(ctx, func(context.Context) (sqldb.Position, error) { return position, nil })
	}
}

func TestReplicated(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, _ string) {
		replication := testservices.Replicate(t)
		if replication == nil {
			t.Log("this machine has no PostgreSQL of its own, so there is no standby")
			return
		}
		t.Run("reads", func(t *testing.T) { testReplicated(t, replicated(t, replication), replication) })
		t.Run("idle", func(t *testing.T) { testIdle(t, replicated(t, replication), replication) })
	})
}

func testReplicated(t *testing.T, db *sqldb.DB, replication *testservices.Replication) {
	replica := db.Replica()
	replication.Pause()
	defer replication.Resume()
	before, err := db.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	change(t, db, `INSERT INTO notes VALUES ('second')`)
	after, err := db.Position(t.Context())
	if err != nil || after <= before {
		t.Fatalf("a commit led from %d to %d, %v", before, after, err)
	}
	failing := sqldb.MayLag(t.Context(),
		func(context.Context) (sqldb.Position, error) { return 0, errors.New("no position") })
	for name, tc := range map[string]struct {
		ctx     context.Context
		want    int
		outcome sqldb.ReadOutcome
	}{
		"may lag":                          {from(0)(t.Context()), 1, sqldb.ReadByReplica},
		"behind what it has":               {from(1)(t.Context()), 1, sqldb.ReadByReplica},
		"behind what it hasn't":            {from(after)(t.Context()), 2, sqldb.ReadBehind},
		"no position":                      {failing, 2, sqldb.ReadBehind},
		"behind what nothing will ever be": {from(sqldb.Unreached)(t.Context()), 2, sqldb.ReadBehind},
		"may not lag":                      {t.Context(), 2, -1},
	} {
		t.Run(name, func(t *testing.T) {
			counts := func() (all [len(sqldb.ReadOutcomes)]uint64) {
				for o := range all {
					all[o] = replica.Reads(sqldb.ReadOutcome(o))
				}
				return all
			}
			want := counts()
			if tc.outcome >= 0 {
				want[tc.outcome] += 2 // notes reads twice
			}
			if got := notes(tc.ctx, t, db); got != tc.want {
				t.Errorf("got %d notes, want %d", got, tc.want)
			}
			if got := counts(); got != want {
				t.Errorf("outcomes %v, want %v", got, want)
			}
		})
	}

	change(t, db, `CREATE TABLE later (id text)`)
	failed := replica.Reads(sqldb.ReadFailed)
	if _, err := sqldb.List(from(0)(t.Context()), db.Replicated(), sqldb.ScanString,
		`SELECT id FROM later`); err != nil {
		t.Errorf("what the replica can't answer: %v", err)
	}
	if replica.Reads(sqldb.ReadFailed) != failed+1 || replica.Check(t.Context()) != nil {
		t.Error("that isn't counted as a failure of one read")
	}
	gone, leave := context.WithCancel(from(0)(t.Context()))
	leave()
	if _, err := sqldb.List(gone, db.Replicated(), sqldb.ScanString, `SELECT id FROM notes`); !errors.Is(err,
		context.Canceled) {
		t.Errorf("for somebody who has gone: %v", err)
	}
}

// While nothing happens, the log of a database whose replica seems to lag is extended once, and then left alone.
func testIdle(t *testing.T, db *sqldb.DB, replication *testservices.Replication) {
	replica := db.Replica()
	replication.Pause()
	defer replication.Resume()
	change(t, db, `INSERT INTO notes VALUES ('second')`)
	position := func() sqldb.Position {
		t.Helper()
		at, err := db.Position(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	look := func() (pushed bool) {
		before := position()
		replica.Look(t.Context())
		return position() != before
	}
	pushed := false
	for range 3 {
		pushed = pushed || look()
	}
	if !pushed {
		t.Error("the log wasn't pushed on")
	}
	for range 100 { // the server itself extends the log once in a while
		if !look() {
			return
		}
	}
	t.Error("the log is pushed on again and again")
}

// The age of a replica's state, derived from the ends of the log over time.
func TestPassed(t *testing.T) {
	start := time.Now()
	at := func(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }
	var p sqldb.Passed
	if _, reached := p.Reached(1000); reached {
		t.Error("nothing is known, and the replica has it")
	}
	for i, end := range []sqldb.Position{100, 200, 200, 300} {
		if idle := p.Add(at(i), end); idle != (i == 2) {
			t.Errorf("at %d s: idle %v", i, idle)
		}
	}
	for _, tc := range []struct {
		replayed sqldb.Position
		want     int // seconds; -1: unknown
	}{{99, -1}, {100, 0}, {199, 0}, {200, 2}, {299, 2}, {300, 3}, {400, 3}, {299, -1}} {
		got, reached := p.Reached(tc.replayed)
		if reached != (tc.want >= 0) || reached && !got.Equal(at(tc.want)) {
			t.Errorf("replayed up to %d: %v, %v; want %d s", tc.replayed, got.Sub(start), reached, tc.want)
		}
	}
	for i := range 100_000 {
		p.Add(at(i+10), sqldb.Position(1000+i))
	}
	if p.Len() > 1024 {
		t.Errorf("%d ends are kept of a replica that stays away", p.Len())
	}
	if got, reached := p.Reached(1_000_000); !reached || !got.Equal(at(100_009)) {
		t.Errorf("a replica that is back: %v, %v", got.Sub(start), reached)
	}
}

func TestReplicaOfSQLite(t *testing.T) {
	_, err := sqldb.Open(t.Context(), sqldb.Config{
		URL:        testservices.EmptyDatabaseURL(t, testservices.KindSQLite),
		ReplicaURL: "postgres://127.0.0.1/x",
	})
	if !errors.Is(err, sqldb.ErrReplicaURL) {
		t.Errorf("got %v", err)
	}
}
