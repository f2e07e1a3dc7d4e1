package sqldb

import (
	"context"
	"fmt"
	"strings"
)

// TextIndex finds rows by their words, with whole-word indexes of both databases: FTS5 on SQLite, a GIN index of
// tsvector on PostgreSQL. Neither folds or splits text: the program does, so that both find the same. Its migrations
// create
//
//	Table  one row for each row that can be found: the column Owner with its id, and words, which {words v.w} writes
//	Words  on SQLite, an FTS5 table over the column words of Table, whose rowid is the column number of Table
//
// and, on PostgreSQL, an index on the column words of Table.
type TextIndex struct{ Table, Owner, Words string }

// TrigramIndex finds rows that may have some text in a column, by the groups of three characters (trigrams) in it and
// in two spaces after it. Its migrations create, on SQLite,
//
//	Words    an FTS5 table with the tokenizer trigram,
//	Grams    an fts5vocab table of its instances, and
//	Numbers  a table from its rowid, number, to the id of the row, Owner
//
// and, on PostgreSQL, an index on Function(Column) of Table, which returns a tsvector.
type TrigramIndex struct{ Words, Grams, Numbers, Owner, Table, Column, Function string }

// textDialect contains the differences between indexes of text. The verbs of formats are numbered: a condition's are
// table, owner, words, the id of the row and the parameter with the query; a sample's are table, words and sampled;
// those of trigrams and beginnings are words, grams, numbers, owner, table, column and function.
type textDialect struct {
	few, many      string // formats of a condition
	hits           string // format of a query, whose fourth verb is a column instead of the id
	sample         string // format of a query that counts how many of the first rows the query $1 finds
	manyOfSample   int    // at least this number of the sample counts as many
	asWords        string // format: words separated by spaces
	trigrams       string // format of a query for up to $2 ids of rows with all trigrams of the query $1
	beginning      string // format of a query for up to $2 ids of rows with a trigram that begins with $1
	beginningQuery bool   // whether $1 of beginning is a query with a prefix rather than the characters
	quote          string // around a word of a query
	and, prefix    string // between two words; after the last one
}

// sampled is the number of rows that determine whether a query finds many.
const sampled = 1000

// sqliteHasWords is the format of a condition: s.words has the words of a query. They are compared one by one, since
// FTS5 would merge the rows of everything that begins with the last word, for each row anew. The query "a" "b"* becomes
// the JSON array [" a "," b"].
const sqliteHasWords = `NOT EXISTS (SELECT 1
	FROM json_each('[" ' || substr(replace(rtrim(%s, '*'), '" "', ' "," '), 2) || ']') w
	WHERE instr(' ' || s.words || ' ', w.value) = 0)`

var (
	sqliteText = textDialect{
		few:  `%[4]s IN (SELECT s.%[2]s FROM %[3]s w JOIN %[1]s s ON s.number = w.rowid WHERE %[3]s MATCH %[5]s)`,
		many: `EXISTS (SELECT 1 FROM %[1]s s WHERE s.%[2]s = %[4]s AND ` + fmt.Sprintf(sqliteHasWords, "%[5]s") + `)`,
		hits: `SELECT s.%[2]s AS id, s.%[4]s AS place FROM %[3]s w JOIN %[1]s s ON s.number = w.rowid
			WHERE %[3]s MATCH %[5]s`,
		sample: `SELECT count(*) FROM (SELECT s.words FROM %[1]s s LIMIT %[3]d / 5) s WHERE ` +
			fmt.Sprintf(sqliteHasWords, "$1"),
		manyOfSample: 20,
		asWords:      `%[1]s`,
		trigrams:     `SELECT n.%[4]s FROM %[1]s w JOIN %[3]s n ON n.number = w.rowid WHERE %[1]s MATCH $1 LIMIT $2`,
		beginning: `SELECT n.%[4]s FROM (SELECT DISTINCT g.doc FROM %[2]s g
			WHERE g.term >= $1 AND g.term <= $1 || char(1114111)) g JOIN %[3]s n ON n.number = g.doc LIMIT $2`,
		quote: `"`, and: ` `, prefix: `*`,
	}
	postgresText = textDialect{
		// The array is read from the index first. The planner knows how common words in the query are, but not
		// prefixes, which it assumes to be common.
		few:  `%[4]s = ANY(ARRAY(SELECT %[2]s FROM %[1]s WHERE words @@ (SELECT CAST(%[5]s AS tsquery))))`,
		many: `%[4]s IN (SELECT %[2]s FROM %[1]s WHERE words @@ CAST(%[5]s AS tsquery))`,
		hits: `SELECT s.%[2]s AS id, s.%[4]s AS place FROM %[1]s s WHERE s.words @@ (SELECT CAST(%[5]s AS tsquery))`,
		sample: `SELECT count(*) FROM (SELECT s.words FROM %[1]s s LIMIT %[3]d) s
			WHERE s.words @@ CAST($1 AS tsquery)`,
		manyOfSample:   10,
		asWords:        `array_to_tsvector(string_to_array(%[1]s, ' '))`,
		trigrams:       `SELECT u.id FROM %[5]s u WHERE %[7]s(u.%[6]s) @@ CAST($1 AS tsquery) LIMIT $2`,
		beginning:      `SELECT u.id FROM %[5]s u WHERE %[7]s(u.%[6]s) @@ CAST($1 AS tsquery) LIMIT $2`,
		beginningQuery: true,
		quote:          `'`, and: ` & `, prefix: `:*`,
	}
)

// Few returns a condition for the text of a statement: the row with this id matches a query that finds few rows. The
// index is read first. param is a parameter, such as $1, or the %s of a Statement.
func (x TextIndex) Few(id, param string) string { return x.condition("few", id, param) }

// Many is Few for a query that finds many rows: each row examined for other reasons is looked up in the index.
func (x TextIndex) Many(id, param string) string { return x.condition("many", id, param) }

// Hits returns a query, to which conditions on Table as s can be added, for the rows that a query of the index finds:
// id, and as place the value in a column of Table. It reads all of them, but nothing else.
func (x TextIndex) Hits(column, param string) string { return x.condition("hits", column, param) }

func (x TextIndex) condition(kind, id, param string) string {
	return "{" + strings.Join([]string{kind, x.Table, x.Owner, x.Words, id, param}, " ") + "}"
}

func (d *dialect) condition(format, rest string) string {
	var args []any
	for _, word := range strings.Fields(rest) {
		args = append(args, word)
	}
	return fmt.Sprintf(format, args...)
}

// Query returns the value of the parameter of Few and Many: a row must have every word, the last one as a prefix. Words
// contain only letters, marks, digits and symbols, which makes quoting them safe. The result is empty if there are no
// words; then nothing may be searched.
func (x TextIndex) Query(db *DB, words []string) string {
	d := db.dialect.text
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = d.quote + word + d.quote
	}
	if len(words) == 0 {
		return ""
	}
	return strings.Join(quoted, d.and) + d.prefix
}

// FindsMany reports whether a query finds many rows, estimated from the first thousand. Choosing wrongly between Few
// and Many takes hundreds of times as long.
func (x TextIndex) FindsMany(ctx context.Context, db *DB, query string) (bool, error) {
	d := db.dialect.text
	found, err := One(ctx, db.Replicated().Unprepared(), nil, ScanInt,
		fmt.Sprintf(d.sample, x.Table, x.Words, sampled), query)
	return found >= d.manyOfSample, err
}

// Candidates returns the ids of up to limit rows that have all the trigrams. A replica may answer.
func (x TrigramIndex) Candidates(ctx context.Context, db *DB, trigrams []string, limit int) ([]string, error) {
	d := db.dialect.text
	quoted := make([]string, len(trigrams))
	for i, gram := range trigrams {
		quoted[i] = d.quoted(gram)
	}
	return x.find(ctx, db, d.trigrams, strings.Join(quoted, d.and), limit)
}

// Containing returns the ids of up to limit rows that have one or two given characters in the column.
func (x TrigramIndex) Containing(ctx context.Context, db *DB, characters string, limit int) ([]string, error) {
	d := db.dialect.text
	if d.beginningQuery {
		characters = d.quoted(characters) + d.prefix
	}
	return x.find(ctx, db, d.beginning, characters, limit)
}

func (x TrigramIndex) find(ctx context.Context, db *DB, format, query string, limit int) ([]string, error) {
	text := fmt.Sprintf(format, x.Words, x.Grams, x.Numbers, x.Owner, x.Table, x.Column, x.Function)
	return List(ctx, db.Replicated(), ScanString, text, query, limit)
}

// quoted quotes a word of a query that may contain any characters.
func (d *textDialect) quoted(word string) string {
	if d.quote == `'` { // PostgreSQL also has an escape character
		word = strings.ReplaceAll(word, `\`, `\\`)
	}
	return d.quote + strings.ReplaceAll(word, d.quote, d.quote+d.quote) + d.quote
}
