package store_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"minicompete/internal/store"
)

// Each statement must find its rows by an index, and a list its order too: what is quick with ten rows has to be quick with a
// million. The statements are those that the suite ran. The tables are nearly empty, so the reader is told to scan and sort only where
// there is no other way; what the writer runs is also planned as it is in a rush that meets empty tables.

// exceptions are the statements that may sort what they found, or read a table whole, by a part of their text, with the reason.
var exceptions = map[string]string{
	"lag(r.seq": "sorts one page or one batch, which an index found",
	"row_number() OVER (ORDER BY r.registered_at": "sorts all of a competition, for a chart",
	"m.start_date = $3":                           "looks through one page, which an index found",
	"GROUP BY coalesce(t.folded":                  "counts the tags of everything that is listed",
	"c.start_date > ":                             "sorts by id what starts within a day, which an index found",
	"search_text IS NULL":                         "reads an index that has these rows alone",
	"NOT c.searchable":                            "reads an index that has these rows alone",
	"FROM site_settings":                          "reads a dozen rows, all there are",
	"ORDER BY l.created_at DESC LIMIT 1 OFFSET":   "reads fifty rows along an index",
	"ORDER BY o.requested_at, o.id":               "reads one page along an index",
	"sum(taken)":                                  "compares every competition, once a minute",
}

func excepted(text string) bool {
	for part := range exceptions {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func checkPlans(t *testing.T, db *store.Store, texts map[string]bool) {
	conn, err := db.Reader().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	writer, err := db.Writer().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	explain := explainSQLite
	if db.Kind() == store.PostgreSQL {
		explain = explainPostgres
		for _, setting := range []string{"enable_seqscan = off", "enable_sort = off", "plan_cache_mode = force_generic_plan"} {
			if _, err := conn.ExecContext(t.Context(), "SET "+setting); err != nil {
				t.Fatal(setting, err)
			}
		}
	}
	for text, writes := range texts {
		if strings.HasPrefix(strings.TrimSpace(text), "INSERT") || excepted(text) {
			continue
		}
		plan := explain(t, conn, text)
		if bad := regexp.MustCompile(`(?m)SCAN [a-z]+( USING .*)?$|Seq Scan|TEMP B-TREE|Sort `).FindString(plan); bad != "" {
			t.Errorf("%s: %s%s", bad, text, plan)
		}
		if !writes || db.Kind() != store.PostgreSQL {
			continue
		}
		plan = explain(t, writer, text)
		if bad := regexp.MustCompile(`Seq Scan|Hash Join|Merge Join|Materialize`).FindString(plan); bad != "" {
			t.Errorf("as the writer has it planned: %s: %s%s", bad, text, plan)
		}
	}
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// parameters counts those of a statement.
func parameters(text string) int {
	n := 0
	for _, match := range parameter.FindAllStringSubmatch(text, -1) {
		i, _ := strconv.Atoi(match[1])
		n = max(n, i)
	}
	return n
}

func explainSQLite(t *testing.T, conn *sql.Conn, text string) string {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, make([]any, parameters(text))...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&plan, "\n\t%s", step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}

// explainPostgres asks for the plan whatever the parameters, by the settings of the connection.
func explainPostgres(t *testing.T, conn *sql.Conn, text string) string {
	t.Helper()
	execute := "EXPLAIN (COSTS OFF) EXECUTE explained"
	if n := parameters(text); n > 0 {
		execute += "(" + strings.Repeat("NULL, ", n-1) + "NULL)"
	}
	if _, err := conn.ExecContext(t.Context(), "PREPARE explained AS "+text); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.QueryContext(t.Context(), execute)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var step string
		if err := rows.Scan(&step); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&plan, "\n\t%s", step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if _, err := conn.ExecContext(t.Context(), "DEALLOCATE explained"); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
