package store_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// Each statement must find its rows by an index, and lists their order too, so that what is fast with ten rows is fast
// with a million. The statements are those run by this package's tests. The tables are nearly empty, so the reader is
// configured to scan and sort only as a last resort; the writer's statements are also planned as in a rush on empty
// tables.

// exceptions are the statements that may sort their results or scan a table, by a part of their text, with the reason.
var exceptions = map[string]string{
	"PARTITION BY r.competition_id": "sorts one batch, which an index found",
	"r.user_id LIMIT": "sorts a few, or a competition that few of " +
		"all users are registered for",
	"row_number() OVER (ORDER BY r.registered_at": "sorts a few thousand of a competition, for a chart",
	"m.start_date = $3":                           "looks through one page, which an index found",
	"m.start_date = r.start_date":                 "sorts a few pages of registrations, which an index found",
	"FROM competition_search s LIMIT 1000":        "reads a thousand rows, all it asks for",
	"FROM users u LIMIT $1":                       "reads two hundred rows, all it asks for",
	"LIMIT 1 OFFSET $1":                           "reads one window along an index",
	"u.demoted":                                   "sorts what few organizers have, whom an index found",
	" AS before FROM users u WHERE":               "reads one window along an index",
	"people_grams":                                "sorts the few users who are found",
	"people_words":                                "reads the few users who are found",
	"users_grams":                                 "may look at users instead of an index, if they are few",
	"-d.registered":                               "compares every count, once a day",
	"-b.seated":                                   "compares every count, once a day",
	"GROUP BY 1":                                  "counts the days of one competition, when it gets another organizer",
	"GROUP BY b.block":                            "adds up one competition's blocks",
	"GROUP BY coalesce(t.folded":                  "counts the tags of what is listed, up to a bound",
	"search_text IS NULL":                         "reads an index that has these rows alone",
	"substr(password_hash, 2, 1) = '2'":           "reads an index that has these rows alone",
	"SELECT c.id, c.access_code FROM":             "reads an index that has these rows alone",
	"NOT c.searchable":                            "reads an index that has these rows alone",
	"u.nobody":                                    "reads an index that has these rows alone",
	"m.sent_at <= $1":                             "reads the table once a day, beside the writer",
	"s.network <> ''":                             "reads the table once a day, beside the writer",
	"coalesce(c.end_date, c.start_date, c.reg_deadline) <= $1": "looks at every competition, once a day",
	"AND NOT c.discarded LIMIT 1":                              "passes by drafts, of which a new site has few",
	"FROM site_settings":                                       "reads a dozen rows, all there are",
	"ORDER BY l.created_at DESC LIMIT 1 OFFSET":                "reads fifty rows along an index",
	"u.role = 'ADMIN' AND u.disabled_at IS NULL ORDER BY u.id": "sorts the admins, which an index found",
	"FROM failed_jobs f ORDER BY":                              "reads one page along an index",
	"FROM idempotency_keys k WHERE instr(": "looks through what is recorded of two days, once " +
		"for each account that is deleted",
	"FROM idempotency_keys k WHERE position(": "looks through what is recorded of two days, once for " +
		"each account that is deleted",
	"FROM audit_batches b ORDER BY b.id LIMIT 1": "reads the first row",
	"ORDER BY o.requested_at, o.id":              "reads one page along an index",
	"f.retried_at IS NULL LIMIT $1":              "reads an index that has these rows alone",
	"p.status = 'OPEN' LIMIT $1":                 "counts up to a bound what an index found",
	"LIMIT $2) t":                                "counts up to a bound what an index found",
	"SELECT h.id, h.place":                       "sorts what a search finds, if it is few",
	"sum(taken)":                                 "compares every competition, once a minute",
	"SELECT user_id, secret FROM auth":           "seals all secrets anew, at a start with two keys",
	"FROM reported n ORDER BY":                   "sorts one page, which an index found",
	"AND r.team_id = $2 GROUP BY r.status":       "counts the members of one team",
}

var pageOfParticipants = regexp.MustCompile(
	`(?s)previous_seq\s+FROM \((SELECT r\.\*, u\.name.*)\) r\) r ORDER BY r\.seq$`,
)

func excepted(text string) bool {
	for part := range exceptions {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// planned are the statements whose plans were checked, by kind of database, since many tests run the same ones.
var planned sync.Map

// checkNewPlans checks the plans of statements not checked before, on a separate empty database.
func checkNewPlans(t *testing.T, kind string, texts map[string]bool) {
	t.Helper()
	unseen := map[string]bool{}
	for text, writes := range texts {
		if _, seen := planned.LoadOrStore(fmt.Sprint(kind, writes, text), true); !seen {
			unseen[text] = writes
		}
	}
	if len(unseen) > 0 {
		t.Run("plans", func(t *testing.T) { checkPlans(t, openAt(t, testservices.DatabaseURL(t, kind)), unseen) })
	}
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
	if db.Kind() == sqldb.PostgreSQL {
		explain = explainPostgres
		// A server's statistics may well say that the tables are empty when they no longer are.
		if _, err := writer.ExecContext(t.Context(), "VACUUM (ANALYZE)"); err != nil {
			t.Fatal(err)
		}
		for _, setting := range []string{
			"enable_seqscan = off", "enable_sort = off",
			"plan_cache_mode = force_generic_plan",
		} {
			if _, err := conn.ExecContext(t.Context(), "SET "+setting); err != nil {
				t.Fatal(setting, err)
			}
		}
	}
	for text, writes := range texts {
		if strings.HasPrefix(strings.TrimSpace(text), "INSERT") || excepted(text) {
			continue
		}
		if page := pageOfParticipants.FindStringSubmatch(text); page != nil {
			text = page[1] // only the enclosing query sorts one page
		}
		plan := explain(t, conn, text)
		// on SQLite; PostgreSQL uses statistics
		if strings.Contains(text, "json_each") &&
			strings.Contains(text, "CROSS JOIN registrations r ON r.user_id = v.id") &&
			!strings.Contains(plan, "registrations_user_competition_key (user_id=? AND competition_id=?)") {
			t.Errorf("looks through a competition for a few users: %s%s", text, plan)
		}
		if bad := regexp.MustCompile(`(?m)SCAN [a-z]+( USING .*)?$|Seq Scan|TEMP B-TREE|Sort `).FindString(
			plan,
		); bad != "" {
			t.Errorf("%s: %s%s", bad, text, plan)
		}
		if !writes || db.Kind() != sqldb.PostgreSQL {
			continue
		}
		plan = explain(t, writer, text)
		if bad := regexp.MustCompile(`Seq Scan|Hash Join|Merge Join|Materialize`).FindString(plan); bad != "" {
			t.Errorf("as the writer has it planned: %s: %s%s", bad, text, plan)
		}
		if strings.Contains(text, " v (a, b)") && !lookedUp.MatchString(plan) {
			t.Errorf("doesn't look up each pair by both: %s%s", text, plan)
		}
	}
}

// lookedUp matches a plan that looks up each of {pairs …} in an index by both of its values.
var lookedUp = regexp.MustCompile(`Function Scan on v\n.* Index Scan using \S+ on .*\n.*Index Cond: \(.*v\.a.*v\.b.*\)`)

var parameter = regexp.MustCompile(`\$(\d+)`)

// parameters counts a statement's parameters.
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

// explainPostgres returns the generic plan, with the connection's settings.
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
