package store_test

import (
	"testing"

	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// No check makes SQLite build a table in memory for each row that it writes to one of the tables that a registration
// and its message are written to.
func TestChecksOfTheBusiestTablesBuildNone(t *testing.T) {
	t.Parallel()
	db := openAt(t, testservices.DatabaseURL(t, testservices.KindSQLite))
	for _, table := range []string{
		"registrations", "registration_answers", "teams", "idempotency_keys", "messages", "batches", "audit_batches",
		"audit", "registration_blocks", "division_blocks", "seats_taken", "organizer_days",
	} {
		if n := tablesBuilt(t, db, `INSERT INTO `+table+` DEFAULT VALUES`); n > 0 {
			t.Errorf("writing a row of %s builds %d tables in memory", table, n)
		}
	}
	if n := tablesBuilt(t, db, `INSERT INTO reports DEFAULT VALUES`); n == 0 {
		t.Error("no tables are found for checks with a list, which some other tables have")
	}
}

// tablesBuilt returns how many tables in memory a statement builds.
func tablesBuilt(t *testing.T, db *store.Store, statement string) (n int) {
	t.Helper()
	rows, err := db.Writer().QueryContext(t.Context(), `EXPLAIN `+statement)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var opcode string
		var other any
		if err := rows.Scan(&other, &opcode, &other, &other, &other, &other, &other, &other); err != nil {
			t.Fatal(err)
		}
		if opcode == "OpenEphemeral" {
			n++
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
