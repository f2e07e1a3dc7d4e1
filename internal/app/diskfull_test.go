package app_test

import (
	"net/http"
	"testing"

	"github.com/minicompete/minicompete/internal/apptest"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/testservices"
)

// filling are statements that fill the disk, and that make room again. SQLite gets no page more than it has. A server's
// disk is other tests' too, so PostgreSQL says of each registration what it says when its disk is full. (If there's no
// room for its log, it ends, as in TestSoak.)
var filling = map[sqldb.Kind]struct{ full, room []string }{
	sqldb.SQLite: {
		[]string{`PRAGMA max_page_count = 1`}, // SQLite uses the current size instead
		[]string{`PRAGMA max_page_count = 1000000`},
	},
	sqldb.PostgreSQL: {
		[]string{
			`CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
				RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`,
			`CREATE TRIGGER disk_full BEFORE INSERT ON registrations EXECUTE FUNCTION disk_full()`,
		},
		[]string{`DROP TRIGGER disk_full ON registrations`},
	},
}

// While the disk is full, reads are served, and writes are told to retry; once there is room again, everybody gets
// through.
func TestDiskFull(t *testing.T) {
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		a := apptest.Start(t, apptest.Options{DatabaseURL: databaseURL})
		competition := a.As(compete.RoleOrganizer).Create(map[string]any{"capacity": 1000})
		crowd := a.Crowd(100)
		press := func(c *apptest.Client) *apptest.Answer {
			return c.Do(http.MethodPost, "/api/competitions/"+competition+"/register", nil, "Idempotency-Key",
				"key-of-"+c.User.ID)
		}
		execute := func(statements []string) {
			t.Helper()
			for _, statement := range statements {
				if _, err := a.Store().Writer().ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
		}
		execute(filling[a.Store().Kind()].full)
		seated := 0
		for press(crowd[seated]).Status == http.StatusCreated { // partially filled pages still have room
			seated++
		}
		for range 2 {
			if answer := press(crowd[seated]).WantCode(t, http.StatusServiceUnavailable,
				"database_unavailable"); answer.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}
		a.Visitor().Do(http.MethodGet, "/api/competitions/"+competition, nil).Want(t, http.StatusOK)

		execute(filling[a.Store().Kind()].room)
		for _, c := range crowd[seated:] {
			press(c).Want(t, http.StatusCreated)
		}
		wantConfirmedOnce(t, a, competition, len(crowd))
	})
}
