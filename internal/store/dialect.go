package store

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"
)

// The dialect files alone name a database: the few words of SQL that differ are here; beside it are how to reach it
// (dialect_connect.go), what its error codes mean (dialect_errors.go) and how it is migrated (dialect_migrate.go).

// Kind is a database.
type Kind string

// The databases.
const (
	SQLite     Kind = "sqlite"
	PostgreSQL Kind = "postgres"
)

// dialect is what differs between the databases.
type dialect struct {
	kind         Kind
	prepares     bool              // statements are kept prepared by us: the driver parses each text anew
	trips        bool              // it is across a network: see trip
	types        map[string]string // of bulk columns, where they are not called the same
	schemaWords  schemaWords
	gooseDialect goose.Dialect
	hasTable     string // a query that tells whether the table $1 is there
	tables       string // a query that lists the tables with data, without the bookkeeping of migrations and of the job queue
	matches      string // %s is the parameter with the search
	words        string // %s is the parameter with the words
	serialize    string // a statement that makes the transaction wait for others that name the same key $1; none where they wait anyway
	unindexed    string // before a column, for a planner without statistics
	now          string // the present, as the job queue keeps times
	quote        string // around a word of a search
	and          string // between two
	prefix       string // after the last
}

// schemaWords are what the templates of package migrations are filled with.
type schemaWords struct {
	UUID, Time, Bytes string // types
	Keyed             string // ends a table that is stored by its primary key
	TextVectors       bool   // full-text search by tsvector; else by FTS5
}

var (
	sqliteDialect = &dialect{
		kind:         SQLite,
		prepares:     true,
		schemaWords:  schemaWords{UUID: "text", Time: "timestamp", Bytes: "blob", Keyed: " WITHOUT ROWID"},
		gooseDialect: goose.DialectSQLite3,
		hasTable:     `SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = $1`,
		tables: `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'
			AND name NOT LIKE 'goose%' AND name NOT LIKE 'river%' ORDER BY name`,
		matches:   `(SELECT s.competition_id FROM competition_words w JOIN competition_search s ON s.number = w.rowid WHERE competition_words MATCH %s)`,
		words:     `%s`,
		now:       `datetime('now', 'subsec')`,
		unindexed: `+`,
		quote:     `"`, and: ` `, prefix: `*`,
	}
	postgresDialect = &dialect{
		kind:         PostgreSQL,
		trips:        true,
		types:        map[string]string{"time": "timestamptz", "bytes": "bytea"},
		schemaWords:  schemaWords{UUID: "uuid", Time: "timestamptz", Bytes: "bytea", TextVectors: true},
		gooseDialect: goose.DialectPostgres,
		hasTable:     `SELECT to_regclass($1) IS NOT NULL`,
		tables: `SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()
			AND tablename NOT LIKE 'goose%' AND tablename NOT LIKE 'river%' ORDER BY tablename`,
		serialize: `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`,
		matches:   `(SELECT competition_id FROM competition_search WHERE words @@ CAST(%s AS tsquery))`,
		words:     `array_to_tsvector(string_to_array(%s, ' '))`,
		now:       `now()`,
		quote:     `'`, and: ` & `, prefix: `:*`,
	}
)

var (
	mark     = regexp.MustCompile(`\{[^{}]*\}`) // the innermost
	rowValue = regexp.MustCompile(`\bv\.([a-z_]+)`)
)

// render fills in what differs. The marks of a text are
//
//	{any $1 uuid}  membership in a list that one parameter holds (see dialect.list); also text
//	{pairs $1 $2 uuid text}  a relation v of pairs (a, b), of which a is an id, that two parameters hold (see dialect.pairs)
//	{lock c}       the lock on the rows of c that are read
//	{matches $1}   membership in what a search finds (see searchQuery)
//	{words v.w}    searchable words, separated by spaces
//	{bytes c.name} text that is compared by its bytes, as Go does
//	{+c.at}        a column whose index is not to be used, because another one serves the order of the list
//	{micros c.at}  a time as microseconds since 1970, to calculate with
//	{now}          the present, as the job queue keeps times
//	{in v.seconds} so many seconds later
//
// and, where the statement is run for many rows with these columns (see bulk), {select v.id, …} and {from}.
func (d *dialect) render(text string, columns ...column) string {
	for mark.MatchString(text) {
		text = mark.ReplaceAllStringFunc(text, func(m string) string {
			name, rest, _ := strings.Cut(strings.Trim(m, "{}"), " ")
			if column, ok := strings.CutPrefix(name, "+"); ok {
				return d.unindexed + column
			}
			return d.fill(name, rest, columns)
		})
	}
	if len(columns) == 0 || d.kind == PostgreSQL {
		return text
	}
	return rowValue.ReplaceAllStringFunc(text, func(value string) string {
		i := slices.IndexFunc(columns, func(c column) bool { return "v."+c.name == value })
		if i < 0 {
			panic("store: no such column: " + value)
		}
		return fmt.Sprintf("$%d", i+1)
	})
}

func (d *dialect) fill(name, rest string, columns []column) string {
	postgres := d.kind == PostgreSQL
	switch name {
	case "any":
		param, kind, _ := strings.Cut(rest, " ")
		if postgres {
			return "= ANY(" + array(param, kind) + ")"
		}
		return "IN (SELECT value FROM json_each(" + param + "))"
	case "pairs":
		words := strings.Fields(rest)
		if postgres {
			return fmt.Sprintf("unnest(%s, %s) AS v (a, b)", array(words[0], words[2]), array(words[1], words[3]))
		}
		return fmt.Sprintf("(SELECT substr(value, 1, %[3]d) AS a, substr(value, %[3]d + 1) AS b FROM json_each(%[1]s) WHERE %[2]s IS NULL) AS v", words[0], words[1], idLength)
	case "lock":
		if postgres {
			return "FOR UPDATE OF " + rest
		}
		return "" // the transaction has the only write lock
	case "matches":
		return "IN " + fmt.Sprintf(d.matches, rest)
	case "words":
		return fmt.Sprintf(d.words, rest)
	case "bytes":
		if postgres {
			return `(` + rest + `) COLLATE "C"`
		}
		return rest
	case "now":
		return d.now
	case "in":
		if postgres {
			return "now() + make_interval(secs => " + rest + ")"
		}
		return "datetime('now', 'subsec', '+' || " + rest + " || ' seconds')"
	case "micros":
		if postgres {
			return "CAST(EXTRACT(EPOCH FROM " + rest + ") * 1000000 AS bigint)"
		}
		return rest // it is kept as that
	case "select":
		if postgres {
			return "SELECT " + rest + " " + d.from(columns)
		}
		return "VALUES (" + rest + ")"
	case "from":
		if postgres {
			return d.from(columns)
		}
		return ""
	}
	panic("store: no such mark: " + name)
}

// during is the context that a statement runs with. SQLite's run to their end, which is microseconds away: for one that can be
// cancelled its driver starts a goroutine, and the read of a competition costs 38 µs instead of 25.
func (d *dialect) during(ctx context.Context) (context.Context, error) {
	if d.kind == PostgreSQL || ctx.Done() == nil {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

// array is a parameter as PostgreSQL's array of a type. Ids travel as text: the driver would parse each of them to send it as a
// uuid, which took a tenth of the processor time of a rush; the server does that for less.
func array(param, kind string) string {
	if kind == "uuid" {
		return "CAST(CAST(" + param + " AS text[]) AS uuid[])"
	}
	return "CAST(" + param + " AS " + kind + "[])"
}

// from is the relation v that a bulk statement reads: one array for each column.
func (d *dialect) from(columns []column) string {
	var arrays, names []string
	for i, c := range columns {
		kind := c.kind
		if t, ok := d.types[kind]; ok {
			kind = t
		}
		arrays = append(arrays, array(fmt.Sprintf("$%d", i+1), kind))
		names = append(names, `"`+c.name+`"`)
	}
	return "FROM unnest(" + strings.Join(arrays, ", ") + ") AS v (" + strings.Join(names, ", ") + ")"
}

// pairs are the values of the two parameters of {pairs $1 $2 …}. Where two columns are looked up together, a list for each of them
// would make the database try every combination.
func (d *dialect) pairs(pairs [][2]string) (first, second any) {
	if d.kind == PostgreSQL {
		a, b := make([]string, len(pairs)), make([]string, len(pairs))
		for i, pair := range pairs {
			a[i], b[i] = pair[0], pair[1]
		}
		return a, b
	}
	joined := make([]string, len(pairs))
	for i, pair := range pairs {
		joined[i] = pair[0] + pair[1]
	}
	return d.list(joined), nil
}

// idLength is the length of an id. On SQLite a pair, which an id begins, is one string: to take it apart is cheaper than JSON in JSON.
const idLength = 36

// list is the value of the parameter of {any $1 …}.
func (d *dialect) list(values []string) any {
	if d.kind == PostgreSQL {
		return values
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings can always be encoded
	}
	return string(encoded)
}
