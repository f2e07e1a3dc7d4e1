package testservices

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// Row is a row's values by column.
type Row map[string]any

// Contents returns all rows of every table with data, by table, in the order of their columns.
func Contents(t testing.TB, db *sqldb.DB) map[string][]Row {
	t.Helper()
	tables, err := db.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]Row{}
	for _, table := range tables {
		all[table] = rowsOf(t, db, table)
	}
	return all
}

// Columns returns the names of a table's columns.
func Columns(t testing.TB, db *sqldb.DB, table string) []string {
	t.Helper()
	rows, err := db.Writer().SQL().QueryContext(t.Context(), `SELECT * FROM `+table+` LIMIT 0`+Unplanned())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err := errors.Join(err, rows.Err()); err != nil {
		t.Fatal(err)
	}
	return names
}

// Unplanned returns a comment that makes a statement new to the driver, which would otherwise reuse a plan from before
// a migration changed the columns.
func Unplanned() string { return fmt.Sprintf(" -- %d", time.Now().UnixNano()) }

func rowsOf(t testing.TB, db *sqldb.DB, table string) []Row {
	t.Helper()
	names := Columns(t, db, table)
	order := make([]string, len(names))
	for i := range order {
		order[i] = fmt.Sprint(i + 1)
	}
	rows, err := db.Writer().SQL().QueryContext(t.Context(), `SELECT * FROM `+table+` ORDER BY `+
		strings.Join(order, ", ")+Unplanned())
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := []Row{}
	for rows.Next() {
		values, fields := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			fields[i] = &values[i]
		}
		if err := rows.Scan(fields...); err != nil {
			t.Fatal(err)
		}
		r := Row{}
		for i, name := range names {
			r[name] = values[i]
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
