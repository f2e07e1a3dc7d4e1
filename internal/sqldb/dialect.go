package sqldb

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
)

// Kind is a database product.
type Kind string

// The supported databases.
const (
	SQLite     Kind = "sqlite"
	PostgreSQL Kind = "postgres"
)

// dialect contains the small differences between the databases. Larger ones have separate functions.
type dialect struct {
	kind         Kind
	prepares     bool              // statements are prepared and cached here, because the driver parses each text anew
	pipelines    bool              // accessed over a network: see Pipeline
	types        map[string]string // of bulk columns, if their names differ
	words        SchemaWords
	gooseDialect goose.Dialect
	hasTable     string // a query for whether table $1 exists
	tables       string // a query for DB.Tables
	serialize    string // a statement for Tx.Serialize with the key $1; empty if transactions are serial anyway
	unindexed    string // prefix of a column, for a planner without statistics
	now          string // the current time, as stored by the job queue
	text         textDialect
}

var (
	sqliteDialect = &dialect{
		kind:         SQLite,
		prepares:     true,
		words:        SchemaWords{UUID: "text", Time: "timestamp", Bytes: "blob", Keyed: " WITHOUT ROWID"},
		gooseDialect: goose.DialectSQLite3,
		hasTable:     `SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = $1`,
		tables: `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'
			AND name NOT LIKE 'goose%' AND name NOT LIKE 'river%' ORDER BY name`,
		now:       `datetime('now', 'subsec')`,
		unindexed: `+`,
		text:      sqliteText,
	}
	postgresDialect = &dialect{
		kind:      PostgreSQL,
		pipelines: true,
		types:     map[string]string{"time": "timestamptz", "bytes": "bytea"},
		words: SchemaWords{
			UUID: "uuid", Time: "timestamptz", Bytes: "bytea", Bytewise: ` COLLATE "C"`,
			TextVectors: true,
		},
		gooseDialect: goose.DialectPostgres,
		hasTable:     `SELECT to_regclass($1) IS NOT NULL`,
		tables: `SELECT CAST(tablename AS text) FROM pg_tables WHERE schemaname = current_schema()
			AND tablename NOT LIKE 'goose%' AND tablename NOT LIKE 'river%' ORDER BY tablename`,
		serialize: `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`,
		now:       `now()`,
		text:      postgresText,
	}
)

// SchemaWords are the values for the templates of migrations.
type SchemaWords struct {
	UUID, Time, Bytes string // types
	Keyed             string // suffix of a table that is stored by its primary key
	Bytewise          string // suffix of text that is compared bytewise, as in Go
	TextVectors       bool   // full-text search by tsvector; otherwise by FTS5
}

const dayMicros = int64(24 * time.Hour / time.Microsecond)

// Day returns SQL for the UTC day of a column's time, as a number of days since 1970.
func (w SchemaWords) Day(column string) string {
	if w.TextVectors {
		return "(CAST(" + column + " AT TIME ZONE 'UTC' AS date) - DATE '1970-01-01')"
	}
	day := strconv.FormatInt(dayMicros, 10) // times are stored as microseconds, and division rounds toward zero
	return "((" + column + " - (" + column + " % " + day + " + " + day + ") % " + day + ") / " + day + ")"
}

// during returns the context that a statement runs with. On SQLite, statements always run to completion, which takes
// microseconds: for a cancellable context the driver starts a goroutine, and reading a row costs 38 µs instead of 25.
func (d *dialect) during(ctx context.Context) (context.Context, error) {
	if d.kind == PostgreSQL || ctx.Done() == nil {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

// pairs returns the values of {pairs $1 $2 …}. If two columns are looked up together, a list for each of them would
// make the database try every combination.
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
	return d.array(joined), nil
}

// idLength is the length of an id. On SQLite a pair is one string that starts with an id: splitting it is cheaper than
// JSON within JSON.
const idLength = 36

// array returns the value of the parameter of {any $1 …}.
func (d *dialect) array(values []string) any {
	if d.kind == PostgreSQL {
		return values
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings can always be encoded
	}
	return string(encoded)
}
