package store_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"minicompete/internal/compete"
	"minicompete/internal/store"
	"minicompete/internal/testservices"
)

func TestOpenRefuses(t *testing.T) {
	for _, tc := range []struct{ url, says string }{
		{"", "must start with sqlite: or postgres://"},
		{"mysql://root:secret@localhost/db", "must start with sqlite: or postgres://"},
		{"sqlite:", "must name a file"},
		{"sqlite::memory:", "must name a file"},
		{"sqlite://relative.db", "must name a file"},
		{"sqlite:///%zz.db", "must name a file"},
		{"sqlite:x.db?mode=ro", "must name a file"},
		{"sqlite:/proc/no/such.db", "create the database directory"},
		{"postgres://ada:secret@localhost:port/db", "is invalid"},
		{"postgres://ada:secret@127.0.0.1:1/db?connect_timeout=2", "connect to the database"},
	} {
		_, err := store.Open(t.Context(), store.Config{URL: tc.url})
		if err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Open %q: %v, want a sentence with %q and no password", tc.url, err, tc.says)
		}
	}
}

func TestOpenMakesTheFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, tc := range []struct{ url, file string }{
		{"sqlite:data/mini compete.db", "data/mini compete.db"},
		{"sqlite://" + filepath.Join(dir, "with%20space.db"), "with space.db"},
		{"sqlite:" + filepath.Join(dir, "100%.db"), "100%.db"},
	} {
		db, err := store.Open(t.Context(), store.Config{URL: tc.url})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{tc.file, tc.file + "-wal"} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, error %v, want a file for its owner alone", name, info, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

func newUser() compete.User {
	id := uuid.Must(uuid.NewV7()).String()
	now := compete.UTC(time.Now())
	return compete.User{ID: id, Email: id + "@example.com", Name: "Ada", Role: compete.RoleOrganizer, CreatedAt: now, UpdatedAt: now}
}

func TestPing(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		db := openAt(t, url)
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		if err := db.Ping(ctx); !errors.Is(err, compete.ErrDatabase) {
			t.Errorf("without time: %v, want %v", err, compete.ErrDatabase)
		}
	})
}

// A caller who went away is nobody to be told that the database is away.
func TestCancelledCaller(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		db := openAt(t, url)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := db.User(ctx, newUser().ID)
		if !errors.Is(err, context.Canceled) || errors.Is(err, compete.ErrDatabase) {
			t.Errorf("a read: %v", err)
		}
		err = db.Transact(ctx, func(context.Context, *store.Tx) error { return nil })
		if !errors.Is(err, context.Canceled) || errors.Is(err, compete.ErrDatabase) {
			t.Errorf("a transaction: %v", err)
		}
		during, cancel := context.WithCancel(t.Context())
		err = db.Transact(during, func(context.Context, *store.Tx) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) || errors.Is(err, compete.ErrCommitUnknown) {
			t.Errorf("a transaction whose caller left before the commit: %v", err)
		}
	})
}

func TestTransactRollsBack(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		db := openAt(t, url)
		u, refused := newUser(), errors.New("refused")
		insert := func(tx *store.Tx) {
			if _, err := tx.SQL().ExecContext(t.Context(), `INSERT INTO users (id, email, name, password_hash, role, created_at, updated_at)
				VALUES ($1, $2, 'Ada', '', 'ADMIN', $3, $3)`, u.ID, u.Email, u.CreatedAt); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Transact(t.Context(), func(_ context.Context, tx *store.Tx) error { insert(tx); return refused }); err != refused { //nolint:errorlint // unchanged
			t.Errorf("Transact: %v, want %v unchanged", err, refused)
		}
		func() {
			defer func() {
				if got := recover(); got != "a bug" {
					t.Errorf("recovered %v", got)
				}
			}()
			_ = db.Transact(t.Context(), func(_ context.Context, tx *store.Tx) error { insert(tx); panic("a bug") })
		}()
		if _, err := db.User(t.Context(), u.ID); !errors.Is(err, compete.ErrUserMissing) {
			t.Errorf("after a rollback and a panic: %v, want %v", err, compete.ErrUserMissing)
		}
		// Neither keeps the connection.
		if err := db.Transact(t.Context(), func(_ context.Context, tx *store.Tx) error { insert(tx); return nil }); err != nil {
			t.Error(err)
		}
		if _, err := db.User(t.Context(), u.ID); err != nil {
			t.Errorf("after a commit: %v", err)
		}
	})
}

func TestSQLiteTrouble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trouble.db")
	db := openAt(t, "sqlite:"+path)
	exec := func(handle *sql.DB, text string) {
		t.Helper()
		if _, err := handle.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("another process writes", func(t *testing.T) {
		other := openAt(t, "sqlite:"+path)
		exec(db.Writer(), "PRAGMA busy_timeout = 20")
		exec(other.Writer(), "BEGIN IMMEDIATE")
		err := db.CreateUser(t.Context(), newUser(), "")
		if !errors.Is(err, compete.ErrDatabase) {
			t.Errorf("CreateUser: %v, want %v", err, compete.ErrDatabase)
		}
		err = db.Transact(t.Context(), func(context.Context, *store.Tx) error { return nil })
		if !errors.Is(err, compete.ErrDatabase) || errors.Is(err, compete.ErrCommitUnknown) {
			t.Errorf("Transact: %v, want %v", err, compete.ErrDatabase)
		}
		if _, _, err := db.UserByEmail(t.Context(), "nobody@example.com"); !errors.Is(err, compete.ErrUserMissing) {
			t.Errorf("a read beside the writer: %v", err)
		}
		exec(other.Writer(), "ROLLBACK")
		if err := db.CreateUser(t.Context(), newUser(), ""); err != nil {
			t.Errorf("after the other one: %v", err)
		}
	})
	t.Run("the disk is full", func(t *testing.T) {
		exec(db.Writer(), "PRAGMA max_page_count = 1") // SQLite takes the present size instead
		u := newUser()
		u.Name = strings.Repeat("long ", 100_000)
		if err := db.CreateUser(t.Context(), u, ""); !errors.Is(err, compete.ErrDatabase) {
			t.Errorf("CreateUser: %v, want %v", err, compete.ErrDatabase)
		}
		exec(db.Writer(), "PRAGMA max_page_count = 1000000")
		if err := db.CreateUser(t.Context(), u, ""); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
	t.Run("readers cannot write", func(t *testing.T) {
		if _, err := db.Reader().ExecContext(t.Context(), "DELETE FROM users"); err == nil {
			t.Error("a reader deleted all users")
		}
	})
}

// Nobody waits without end for the connection that writes, such as while another process holds SQLite's lock and all who have the
// connection wait for that.
func TestWritesAreBounded(t *testing.T) {
	t.Parallel()
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), store.Config{URL: url, MaxConns: 2, WriteTimeout: 2 * time.Second}) // long enough for a busy machine
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var held []*sql.Conn
		for range db.Writer().Stats().MaxOpenConnections {
			conn, err := db.Writer().Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, conn)
		}
		u := newUser()
		for what, write := range map[string]func() error{
			"a write":       func() error { return db.CreateUser(t.Context(), u, "") },
			"a transaction": func() error { return db.Transact(t.Context(), func(context.Context, *store.Tx) error { return nil }) },
		} {
			if err := write(); !errors.Is(err, compete.ErrDatabase) || errors.Is(err, compete.ErrCommitUnknown) {
				t.Errorf("%s that finds every connection taken: %v, want %v", what, err, compete.ErrDatabase)
			}
		}
		for _, conn := range held {
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.CreateUser(t.Context(), u, ""); err != nil {
			t.Errorf("when they are free again: %v", err)
		}
	})
}

func TestPostgresTrouble(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		db, admin := openAt(t, url), openAt(t, url)
		t.Run("a deadlock is tried again", func(t *testing.T) { testDeadlock(t, db) })
		t.Run("tags that another replica changes meanwhile", func(t *testing.T) { testTagsMeanwhile(t, db, admin) })
		t.Run("the server ends a connection", func(t *testing.T) { testTerminated(t, db, admin) })
		t.Run("the database takes no connections", func(t *testing.T) { testNoConnections(t, db, url) })
	})
}

func testDeadlock(t *testing.T, db *store.Store) {
	users := []compete.User{newUser(), newUser()}
	for _, u := range users {
		if err := db.CreateUser(t.Context(), u, ""); err != nil {
			t.Fatal(err)
		}
	}
	// Each locks one user, waits until both have, and then wants the other's.
	locked := make(chan struct{}, 2)
	both := make(chan struct{})
	runs := make(chan int, 2)
	for i := range 2 {
		go func() {
			attempts := 0
			err := db.Transact(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				attempts++
				for j, u := range []compete.User{users[i], users[1-i]} {
					if _, err := tx.SQL().ExecContext(ctx, `UPDATE users SET name = name || 'x' WHERE id = $1`, u.ID); err != nil {
						return err
					}
					if j == 0 && attempts == 1 {
						locked <- struct{}{}
						<-both
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
	<-locked
	<-locked
	close(both)
	if total := <-runs + <-runs; total < 3 {
		t.Errorf("two transactions ran %d times, want one of them again", total)
	}
	for _, u := range users {
		if got, err := db.User(t.Context(), u.ID); err != nil || got.Name != "Adaxx" {
			t.Errorf("name %q, error %v, want both changes", got.Name, err)
		}
	}
}

// terminate ends the connection of a transaction.
func terminate(t *testing.T, tx *store.Tx, admin *store.Store) {
	t.Helper()
	var pid int
	if err := tx.SQL().QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	var gone bool
	if err := admin.Writer().QueryRowContext(t.Context(), `SELECT pg_terminate_backend($1, 5000)`, pid).Scan(&gone); err != nil || !gone {
		t.Fatalf("terminate the connection: %v, %v", gone, err)
	}
}

func testTerminated(t *testing.T, db, admin *store.Store) {
	err := db.Transact(t.Context(), func(_ context.Context, tx *store.Tx) error {
		terminate(t, tx, admin)
		return nil
	})
	if !errors.Is(err, compete.ErrCommitUnknown) || !errors.Is(err, compete.ErrDatabase) {
		t.Errorf("before COMMIT: %v, want %v", err, compete.ErrCommitUnknown)
	}
	err = db.Ledger().Transact(t.Context(), uuid.NewString(), func(ledger compete.LedgerTx) error {
		if _, err := admin.Writer().ExecContext(t.Context(), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
		_, err := ledger.Read(t.Context(), compete.LedgerQuery{CompetitionIDs: []string{uuid.NewString()}})
		return err
	})
	if !errors.Is(err, compete.ErrDatabase) || errors.Is(err, compete.ErrCommitUnknown) {
		t.Errorf("before a statement: %v, want %v alone", err, compete.ErrDatabase)
	}
	if err := db.CreateUser(t.Context(), newUser(), ""); err != nil {
		t.Errorf("on a new connection: %v", err)
	}
}

// testTagsMeanwhile changes a title while another replica, which was first, changes the tags: both changes stay.
func testTagsMeanwhile(t *testing.T, db, other *store.Store) {
	organizer := newUser()
	if err := db.CreateUser(t.Context(), organizer, ""); err != nil {
		t.Fatal(err)
	}
	now := compete.UTC(time.Now())
	c := compete.Competition{
		ID: uuid.Must(uuid.NewV7()).String(), Title: "Cup", Tags: []string{"old"}, Capacity: 1, SeatsLeft: 1, RegDeadline: now.Add(time.Hour),
		Status: compete.StatusPublished, Organizer: compete.Organizer{ID: organizer.ID}, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if _, err := db.CreateCompetition(t.Context(), c, compete.IdempotencyRecord{}); err != nil {
		t.Fatal(err)
	}
	first, err := other.Writer().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Rollback() }()
	for _, text := range []string{
		`UPDATE competitions SET version = version + 1 WHERE id = $1`,
		`DELETE FROM competition_tags WHERE competition_id = $1`,
		`INSERT INTO competition_tags (competition_id, tag) VALUES ($1, 'new')`,
	} {
		if _, err := first.ExecContext(t.Context(), text, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	second := make(chan error, 1)
	go func() {
		second <- db.Ledger().Transact(t.Context(), uuid.NewString(), func(ledger compete.LedgerTx) error {
			state, err := ledger.Read(t.Context(), compete.LedgerQuery{CompetitionIDs: []string{c.ID}})
			if err != nil {
				return err
			}
			read := state.Competitions[0]
			read.Title, read.ContentSet = "Grand Cup", true
			read.Version++
			return ledger.Write(t.Context(), compete.LedgerChanges{Competitions: []compete.LedgerCompetition{read}, Now: now})
		})
	}()
	for waiting := 0; waiting == 0; {
		if err := other.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	got, err := db.Competition(t.Context(), c.ID)
	if err != nil || got.Title != "Grand Cup" || !slices.Equal(got.Tags, []string{"new"}) || got.Version != 3 {
		t.Errorf("%q with tags %v, version %d, error %v, want both changes", got.Title, got.Tags, got.Version, err)
	}
}

func testNoConnections(t *testing.T, db *store.Store, databaseURL string) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	server, err := store.Open(t.Context(), store.Config{URL: u.String()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	allow := func(yes string) {
		t.Helper()
		for _, text := range []string{`ALTER DATABASE ` + name + ` ALLOW_CONNECTIONS ` + yes, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '` + name + `'`} {
			if _, err := server.Writer().ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
	}
	allow("false")
	for what, err := range map[string]error{
		"Ping": db.Ping(t.Context()), "CreateUser": db.CreateUser(t.Context(), newUser(), ""),
		"Transact": db.Transact(t.Context(), func(context.Context, *store.Tx) error { return nil }),
	} {
		if !errors.Is(err, compete.ErrDatabase) || errors.Is(err, compete.ErrCommitUnknown) {
			t.Errorf("%s: %v, want %v", what, err, compete.ErrDatabase)
		}
	}
	allow("true")
	if err := db.CreateUser(t.Context(), newUser(), ""); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}
