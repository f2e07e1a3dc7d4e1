package store_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/fill"
	"github.com/minicompete/minicompete/internal/goldentest"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// largest is the number of registrations in the largest competition.
const largest = 5000

// filled returns a database with enough rows for the planner to have a choice.
func filled(t *testing.T, url string) (*store.Store, fill.IDs) {
	t.Helper()
	db := openAt(t, url)
	size := fill.Size{Users: 6000, Competitions: 2000, Registrations: 15_000, Largest: largest}
	if db.Kind() == sqldb.PostgreSQL { // its planner rightly scans small tables
		size = fill.Size{Users: 40_000, Competitions: 20_000, Registrations: 80_000, Largest: largest}
	}
	ids, err := fill.Run(t.Context(), fill.Config{
		Store: db, Size: size, Now: time.Now(),
		Progress: func(string, int, int) {}, Step: func(string) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return db, ids
}

// The stored counts of a filled database are correct, and its people are found.
func TestFill(t *testing.T) {
	t.Parallel()
	testservices.EachDatabase(t, func(t *testing.T, url string) {
		db, ids := filled(t, url)
		wantRecounted(t, db, 0)
		counts, err := db.RegistrationsByStatus(t.Context(), ids.Largest, compete.RegistrationFilter{}, false)
		if err != nil {
			t.Fatal(err)
		}
		if total := counts[compete.RegistrationConfirmed] +
			counts[compete.RegistrationWaitlisted] + counts[compete.RegistrationCancelled]; total != largest {
			t.Errorf("the largest competition has %v, want %d in all", counts, largest)
		}
		t.Run("rows", func(t *testing.T) { testFilledRows(t, db, ids) })
		t.Run("plans", func(t *testing.T) { testPlansOfMany(t, db, ids) })
		t.Run("search", func(t *testing.T) { testSearchOfMany(t, db, ids) })
		t.Run("search in parts", func(t *testing.T) { testSearchInParts(t, db) })
		t.Run("chart", func(t *testing.T) { testChartOfMany(t, db, ids) })
		t.Run("upcoming", func(t *testing.T) { testUpcomingOfMany(t, db) })
		t.Run("applications", func(t *testing.T) { testApplicationsOfMany(t, db, ids) })
	})
}

func idsOf(competitions []compete.Competition) []string {
	return ids(competitions, func(c compete.Competition) string { return c.ID })
}

// tooMany is the maximum number of rows that a frequent statement may read in vain, sort or hash: more than any page,
// and than the users examined to find out whether a word is common.
const tooMany = 1100

// allowed are exceptions from tooMany, by name.
var allowed = map[string]float64{
	// so many users are examined at once, in whichever way is shorter
	"participants, by name":              6600,
	"participants, one in 70, by name":   6600,
	"participants, two letters, by name": 6600,
	"participants, who haven't answered": largest, // answers are read through
	"popular tags":                       10_000,  // of the newest 5,000 that are open; kept for a while
}

// testPlansOfMany checks the plans of frequent statements with the database's own statistics and settings.
func testPlansOfMany(t *testing.T, db *store.Store, ids fill.IDs) {
	remind(t, db)
	type query struct {
		text string
		args []any
	}
	var queries []query
	traced := openTraced(t, db.DB().URL(),
		func(text string, args []any) {
			args = slices.Clone(args)
			for i := range args {
				if list, ok := args[i].([]string); ok {
					args[i] = slices.Clone(list) // the caller may reuse it
				}
			}
			queries = append(queries, query{text, args})
		})
	traced.SearchParts(2)
	calls := hot(traced, ids, time.Now())
	var plans strings.Builder
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		queries = nil
		if err := calls[name](t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fmt.Fprintf(&plans, "%s\n", name)
		for _, q := range queries {
			var plan string
			if db.Kind() == sqldb.SQLite {
				plan = explainReader(t, db, q.text)
			} else {
				top, bad := explainExecuted(t, db, cmp.Or(allowed[name], tooMany), q.text, q.args)
				if plan = top.outline(1); bad != "" {
					t.Errorf("%s: %s", name, bad)
				}
			}
			// in any list with a search
			if !strings.Contains(q.text, "search_text IS NULL") && !strings.Contains(q.text, "NOT c.searchable") {
				plans.WriteString(plan)
			}
		}
	}
	goldentest.File(t, "testdata/plans-"+string(db.Kind())+".txt", plans.String())
}

// openTraced opens a database again, with a callback for each query.
func openTraced(t *testing.T, url string, trace func(text string, args []any)) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: url, Trace: trace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// remind stores reminders for the whole largest competition, and for as many other registrations.
func remind(t *testing.T, db *store.Store) {
	t.Helper()
	if _, err := db.Writer().ExecContext(t.Context(), `INSERT INTO messages (id, user_id, registration_id, seq, kind,
		start_date, "to", subject, body, sent_at)
		SELECT r.id, r.user_id, r.id, r.seq, 'reminder', c.start_date, '', '', '', r.registered_at
		FROM registrations r JOIN competitions c ON c.id = r.competition_id WHERE r.status = 'CONFIRMED'`); err != nil {
		t.Fatal(err)
	}
	if db.Kind() == sqldb.SQLite {
		return // which has no statistics
	}
	// Statistics of all rows instead of a random sample make the plans the same in every run.
	conn, err := db.Writer().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, text := range []string{
		"SET default_statistics_target = 1000", "ANALYZE", "RESET default_statistics_target",
	} {
		if _, err := conn.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}

func explainReader(t *testing.T, db *store.Store, text string) string {
	t.Helper()
	conn, err := db.Reader().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return strings.TrimPrefix(explainSQLite(t, conn, text), "\n") + "\n"
}

// node is a step of an executed PostgreSQL plan.
type node struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Index   string  `json:"Index Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []node  `json:"Plans"`
}

// outline returns the steps with their tables and indexes, and without what differs between versions of PostgreSQL.
func (n *node) outline(depth int) string {
	line := strings.Repeat("\t", depth) + n.Type
	for _, of := range []string{n.Table, n.Index} {
		if of != "" {
			line += " " + of
		}
	}
	line += "\n"
	for i := range n.Plans {
		line += n.Plans[i].outline(depth + 1)
	}
	return line
}

// explainExecuted runs a statement and returns its plan, and the step that processes too many rows; empty if none does.
func explainExecuted(
	t *testing.T, db *store.Store, tooMany float64, text string, args []any,
) (top node, bad string) {
	t.Helper()
	var explained string
	if err := db.Reader().QueryRowContext(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) "+text,
		args...).Scan(&explained); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal([]byte(explained), &plans); err != nil {
		t.Fatal(err)
	}
	var look func(n node) string
	look = func(n node) string {
		read := (n.Rows + n.Removed) * n.Loops
		if strings.HasPrefix(n.Type, "Seq Scan") && read > tooMany || n.Removed*n.Loops > tooMany {
			return fmt.Sprintf("a %s of %s looks at %.0f rows", n.Type, n.Table, read)
		}
		for _, below := range n.Plans {
			if (n.Type == "Sort" || n.Type == "Hash") && below.Rows*below.Loops > tooMany {
				return fmt.Sprintf("a %s takes %.0f rows", n.Type, below.Rows*below.Loops)
			}
			if found := look(below); found != "" {
				return found
			}
		}
		return ""
	}
	if bad = look(plans[0].Plan); bad != "" {
		bad += ":\n" + text + "\n" + explained
	}
	return plans[0].Plan, bad
}

// testSearchOfMany compares the results of searching by index, or along a list, with those of examining every user.
func testSearchOfMany(t *testing.T, db *store.Store, ids fill.IDs) {
	people := allPeople(t, db, ids.Largest)
	for _, search := range []string{
		"user345", "user3456@example", "müller zoe", "zyzzyva", "yildiz", "李", "王", "さく",
		"さくら", "el", "example", "m@", "er@e", "smith ada", `"`, "'''", "a b c", "김",
	} {
		words := strings.Fields(normal.Fold(search))
		var users, registered []string
		for _, p := range people {
			if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(p.text, word) }) {
				users = append(users, p.id)
				if p.registered {
					registered = append(registered, p.id)
				}
			}
		}
		found := walkAll(t, "users", func(cursor compete.Cursor) (compete.Page[compete.User], error) {
			return db.Users(t.Context(), search, cursor, 700)
		})
		wantSame(t, "people, "+search, found, users, func(u compete.User) string { return u.ID })
		for _, sort := range []compete.RegistrationSort{
			compete.SortArrival, compete.SortLastFirst, compete.SortName,
			compete.SortStatus,
		} {
			f := compete.RegistrationFilter{Search: search, Sort: sort, Limit: 700}
			found := walkAll(t, sort.List(),
				func(cursor compete.Cursor) (compete.Page[compete.ParticipantRegistration], error) {
					f.Cursor = cursor
					return db.RegistrationsOfCompetition(t.Context(), ids.Largest, f)
				})
			wantSame(t, fmt.Sprintf("participants by %s, %s", sort, search), found, registered,
				func(r compete.ParticipantRegistration) string { return r.UserID })
		}
		counts, err := db.RegistrationsByStatus(t.Context(), ids.Largest, compete.RegistrationFilter{Search: search},
			true)
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for _, n := range counts {
			total += n
		}
		if total != len(registered) {
			t.Errorf("%s: counts %v, want %d in all", search, counts, len(registered))
		}
		some, err := db.RegistrationsByStatus(t.Context(), ids.Largest, compete.RegistrationFilter{Search: search},
			false)
		if err != nil {
			t.Fatal(err)
		}
		if some != nil && !maps.Equal(some, counts) {
			t.Errorf("%s: counts %v, and %v if it may leave off", search, counts, some)
		}
	}
}

type foundPerson struct {
	id, text   string
	registered bool
}

func allPeople(t *testing.T, db *store.Store, competitionID string) (people []foundPerson) {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), `SELECT u.id, u.search_text, r.id IS NOT NULL
		FROM users u LEFT JOIN registrations r ON r.user_id = u.id AND r.competition_id = $1`, competitionID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var p foundPerson
		if err := rows.Scan(&p.id, &p.text, &p.registered); err != nil {
			t.Fatal(err)
		}
		people = append(people, p)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return people
}

func walkAll[T any](t *testing.T, list string, read func(compete.Cursor) (compete.Page[T], error)) (all []T) {
	t.Helper()
	for cursor := (compete.Cursor{}); ; {
		page, err := read(cursor)
		if err != nil {
			t.Fatalf("%s: %v", list, err)
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor.IsZero() {
			return all
		}
	}
}

func wantSame[T any](t *testing.T, what string, found []T, want []string, id func(T) string) {
	t.Helper()
	got := make([]string, len(found))
	for i, item := range found {
		got[i] = id(item)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d found, want %d", what, len(got), len(want))
	}
}

// testChartOfMany checks that every point shows the number of registrations at its time.
func testChartOfMany(t *testing.T, db *store.Store, ids fill.IDs) {
	times, err := db.RegistrationTimes(t.Context(), ids.Largest, "", 20)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(times); n < 20 || n > 42 || times[0].Count != 1 || times[n-1].Count != largest {
		t.Fatalf("%d points from %+v to %+v", n, times[0], times[n-1])
	}
	for i, point := range times {
		var arrived int
		if err := db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM registrations WHERE competition_id = $1
			AND registered_at <= $2`,
			ids.Largest, point.At).Scan(&arrived); err != nil {
			t.Fatal(err)
		}
		if arrived != point.Count || i > 0 && !point.At.After(times[i-1].At) {
			t.Errorf("point %d says that %d had arrived at %v, and %d had", i, point.Count, point.At, arrived)
		}
	}
}
