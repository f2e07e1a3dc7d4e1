package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/testservices"
)

// A backup made during a rush holds one consistent state, and a server continues from there.
func TestBackupInARush(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, databaseURL string) {
		environment := map[string]string{"DATABASE_URL": databaseURL, "LOG_LEVEL": "warn"}
		p := serve(t, environment)
		competition := p.newCompetition(t)
		db := open(t, databaseURL)
		tokens := insertCrowd(t, db, 1000)
		file := filepath.Join(t.TempDir(), "backup")
		var before, after map[string]bool
		backedUp := make(chan struct{})
		p.rush(t, competition, tokens, func(n int) {
			if n == 200 {
				go func() {
					defer close(backedUp)
					before = registered(t, db, competition)
					if output, err := command(t, environment, "backup", file).CombinedOutput(); err != nil {
						t.Errorf("backup: %v\n%s", err, output)
					}
					after = registered(t, db, competition)
				}()
			}
		})
		<-backedUp
		t.Logf("%d registrations when the backup began, %d when it ended", len(before), len(after))

		scheme, _, _ := strings.Cut(databaseURL, ":")
		environment["DATABASE_URL"] = testservices.EmptyDatabaseURL(t, scheme)
		if got := runToEnd(t, environment, "", "restore", file); got.code != exitOK {
			t.Fatalf("restore: %s", got.errOut)
		}
		t.Run("restored", func(t *testing.T) { testRestored(t, environment, file, competition, before, after) })
		got := runToEnd(t, environment, "", "restore", file)
		if got.code != exitUsage || !strings.Contains(got.errOut, "--overwrite") {
			t.Errorf("restoring over data: exit code %d: %s", got.code, got.errOut)
		}
		wantRefused(t, environment, file)
		if got = runToEnd(t, environment, "", "restore", "--overwrite", file); got.code != exitOK ||
			!strings.Contains(got.out, "1 competitions") {
			t.Errorf("restoring over data: exit code %d: %s%s", got.code, got.out, got.errOut)
		}
	})
}

// testRestored checks that everything registered before the backup is there, and nothing from after it, and that a
// server continues from there.
func testRestored(
	t *testing.T, environment map[string]string, file, competition string, before, after map[string]bool,
) {
	restored := open(t, environment["DATABASE_URL"])
	are := registered(t, restored, competition)
	for user := range before {
		if !are[user] {
			t.Errorf("a registration from before the backup is not in it")
		}
	}
	for user := range are {
		if !after[user] {
			t.Errorf("a registration is in the backup that was not there when it ended")
		}
	}
	for what, query := range map[string]string{
		"seats taken":   `SELECT capacity - seats_left FROM competitions WHERE id = $1`,
		"last number":   `SELECT max(seq) FROM registrations WHERE competition_id = $1`,
		"numbers given": `SELECT next_seq - 1 FROM competitions WHERE id = $1`,
	} {
		if n := number(t, restored, query, competition); n != len(are) {
			t.Errorf("%s: %d, with %d registrations", what, n, len(are))
		}
	}

	serve(t, environment)
	apptest.Eventually(t, apptest.Patience, "every registration of the backup is confirmed", func() bool {
		return number(t, restored, `SELECT count(*) FROM registrations WHERE competition_id = $1
			AND status = 'CONFIRMED'`, competition) == len(are)
	})
	if n := number(t, restored, `SELECT count(*) FROM messages m JOIN registrations r ON r.id = m.registration_id
		WHERE r.competition_id = $1`, competition); n != len(are) {
		t.Errorf("%d messages for %d registrations", n, len(are))
	}
	got := runToEnd(t, environment, "", "restore", "--overwrite", file)
	if got.code != exitError || !strings.Contains(got.errOut, "stop the servers first") {
		t.Errorf("restoring under a server: exit code %d: %s", got.code, got.errOut)
	}
}

// wantRefused checks that a backup without its last ten bytes is refused, with advice for using it anyway.
func wantRefused(t *testing.T, environment map[string]string, file string) {
	t.Helper()
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut")
	if err := os.WriteFile(cut, whole[:len(whole)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	got := runToEnd(t, environment, "", "restore", "--overwrite", cut)
	if got.code != exitUsage || !strings.Contains(got.errOut, "cut off") ||
		!strings.Contains(got.errOut, "--unverified") {
		t.Errorf("restoring a backup that was cut: exit code %d: %s", got.code, got.errOut)
	}
}

// registered returns the users with a registration.
func registered(t *testing.T, db *sql.DB, competition string) map[string]bool {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT user_id FROM registrations WHERE competition_id = $1`,
		competition)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer rows.Close()
	users := map[string]bool{}
	for rows.Next() {
		var user string
		if err := rows.Scan(&user); err != nil {
			t.Error(err)
		}
		users[user] = true
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
	return users
}

func number(t *testing.T, db *sql.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Replicas may start together on an empty database, and one that is older than the database reports that and stops.
func TestReplicasStartTogether(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, databaseURL string) {
		environment := map[string]string{"DATABASE_URL": databaseURL, "LOG_LEVEL": "warn"}
		t.Run("replicas", func(t *testing.T) {
			for range 3 {
				t.Run("", func(t *testing.T) {
					t.Parallel()
					serve(t, environment)
				})
			}
		})
		if got := runToEnd(t, environment, "", "migrate", "status"); got.code != exitOK ||
			strings.Contains("\n"+got.out, "\npending") {
			t.Errorf("migrate status: %s%s", got.out, got.errOut)
		}
		if _, err := open(t, databaseURL).ExecContext(t.Context(),
			`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`); err != nil {
			t.Fatal(err)
		}
		got := runToEnd(t, environment, "", "serve", "--web-addr=127.0.0.1:0", "--api-addr=127.0.0.1:0")
		if got.code != exitError || !strings.Contains(got.errOut, "newer version") ||
			strings.Count(got.errOut, "\n") != 1 {
			t.Errorf("on a newer database: exit code %d: %s", got.code, got.errOut)
		}
	})
}
