package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
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
	types        map[string]string // of bulk columns, where they are not called the same
	schemaWords  schemaWords
	gooseDialect goose.Dialect
	hasTable     string // a query that tells whether the table $1 is there
	matches      string // %s is the parameter with the search
	words        string // %s is the parameter with the words
	fold         string // %s is lower-cased, whatever the alphabet
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
		matches:      `(SELECT s.competition_id FROM competition_words w JOIN competition_search s ON s.number = w.rowid WHERE competition_words MATCH %s)`,
		words:        `%s`,
		fold:         `fold(%s)`,
		quote:        `"`, and: ` `, prefix: `*`,
	}
	postgresDialect = &dialect{
		kind:         PostgreSQL,
		types:        map[string]string{"time": "timestamptz", "bytes": "bytea"},
		schemaWords:  schemaWords{UUID: "uuid", Time: "timestamptz", Bytes: "bytea", TextVectors: true},
		gooseDialect: goose.DialectPostgres,
		hasTable:     `SELECT to_regclass($1) IS NOT NULL`,
		matches:      `(SELECT competition_id FROM competition_search WHERE words @@ CAST(%s AS tsquery))`,
		words:        `array_to_tsvector(string_to_array(%s, ' '))`,
		fold:         `lower(%s)`,
		quote:        `'`, and: ` & `, prefix: `:*`,
	}
)

func init() {
	// SQLite's own lower() knows ASCII alone. Queries use this one; the index on emails uses the built-in, so that other tools can write it.
	sqlite.MustRegisterDeterministicScalarFunction("fold", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		s, _ := args[0].(string)
		return strings.ToLower(s), nil
	})
}

var mark = regexp.MustCompile(`\{[^{}]*\}`)

// render fills in what differs. The marks of a text are
//
//	{any $1 uuid}  membership in a list that one parameter holds (see dialect.list); also text
//	{lock c}       the lock on the rows of c that are read
//	{matches $1}   membership in what a search finds (see searchQuery)
//	{words $1}     searchable words, separated by spaces
//	{fold c.name}  lower-cased
func (d *dialect) render(text string) string {
	return mark.ReplaceAllStringFunc(text, func(m string) string {
		part := strings.Fields(strings.Trim(m, "{}"))
		switch part[0] {
		case "any":
			if d.kind == PostgreSQL {
				return "= ANY(CAST(" + part[1] + " AS " + part[2] + "[]))"
			}
			return "IN (SELECT value FROM json_each(" + part[1] + "))"
		case "lock":
			if d.kind == PostgreSQL {
				return "FOR UPDATE OF " + part[1]
			}
			return "" // the transaction has the only write lock
		case "matches":
			return "IN " + fmt.Sprintf(d.matches, part[1])
		case "words":
			return fmt.Sprintf(d.words, part[1])
		case "fold":
			return fmt.Sprintf(d.fold, part[1])
		}
		panic("store: no such mark: " + m)
	})
}

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

// rows is the relation v that a bulk statement reads: of all rows from arrays, or of one row from its parameters.
func (d *dialect) rows(columns []column) string {
	var values, names []string
	for i, c := range columns {
		param := fmt.Sprintf("$%d", i+1)
		if d.kind == PostgreSQL {
			values, names = append(values, "CAST("+param+" AS "+d.typeOf(c.kind)+"[])"), append(names, `"`+c.name+`"`)
		} else {
			values = append(values, param+` AS "`+c.name+`"`)
		}
	}
	if d.kind == PostgreSQL {
		return "unnest(" + strings.Join(values, ", ") + ") AS v (" + strings.Join(names, ", ") + ")"
	}
	return "(SELECT " + strings.Join(values, ", ") + ") AS v"
}

func (d *dialect) typeOf(kind string) string {
	if t, ok := d.types[kind]; ok {
		return t
	}
	return kind
}
