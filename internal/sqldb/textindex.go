package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
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
//
// For hits in the order of a time, Times are columns of Table, and its migrations create on PostgreSQL
//
//	Daily  a function of words and Times that returns a tsvector of each word of each of these days in UTC, as
//	       "0.20787 word" where the first of Times is 20787 days after 1970, and an index on Daily(words, Times)
//
// and, on SQLite, an FTS5 table for each of Times, Words_time, whose rowid is that time in units of 2^27 µs, times 2^31
// plus the column number of Table.
type TextIndex struct {
	Table, Owner, Words, Daily string
	Times                      []string
}

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
// table, owner, words, the id of the row and the parameter with the query; a sample's are table and sampled; those of
// parts are explained there; those of trigrams and beginnings are words, grams, numbers, owner, table, column,
// function and further columns.
type textDialect struct {
	few, many      string // formats of a condition
	hits           string // format of a query, whose fourth verb is a column instead of the id
	parts          string // format of what precedes the query that partHits is part of: see Parts
	partHits       string // format of a query like hits, ascending
	partHitsBack   string // and descending
	rows           string // format of a query for about how many rows the table, its only verb, has
	inSample       string // format of a query for some rows; its verbs are the table and further columns
	has            string // format of a condition: s.words has the words of the query that is its only verb
	hasOne         string // format of one that is cheaper, for a query of one word
	sampled        int    // rows in the sample
	apart          int    // up to so many words are also looked for each by itself in a sample, if that pays
	manyOfSample   int    // at least this number of the sample counts as many
	asWords        string // format: words separated by spaces
	trigrams       string // format of a query for id and text of up to $2 rows with all trigrams of the query $1
	beginning      string // format of a query for id and text of up to $2 rows with a trigram that begins with $1
	longestPrefix  int    // characters of which the index looks up the beginning of a word; 0: any number
	beginningQuery bool   // whether $1 of beginning is a query with a prefix rather than the characters
	quote          string // around a word of a query
	and, prefix    string // between two words; after the last one
}

// numbers returns a JSON array of the numbers from 0 up to n.
func numbers(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = strconv.Itoa(i)
	}
	return "[" + strings.Join(all, ",") + "]"
}

// sqliteHasWords is the format of a condition: s.words has the words of a query. They are compared one by one, since
// FTS5 would merge the rows of everything that begins with the last word, for each row anew. The query "a" "b"* becomes
// the JSON array [" a "," b"].
const sqliteHasWords = `NOT EXISTS (SELECT 1
	FROM json_each('[" ' || substr(replace(rtrim(%s, '*'), '" "', ' "," '), 2) || ']') w
	WHERE instr(' ' || s.words || ' ', w.value) = 0)`

// sqliteHasWord is the format of sqliteHasWords for one word: "a" becomes " a ", and "b"* becomes " b".
const sqliteHasWord = `instr(' ' || s.words || ' ', replace(replace(%s, '"*', ''), '"', ' ')) > 0`

const postgresPartHits = `SELECT s.%[2]s AS id, s.%[4]s AS place FROM %[1]s s WHERE %[7]s @@ CAST(
	replace(CAST(%[9]s AS text), '#', '%[5]d.' || (f.first %[8]s n.n) || ' ') AS tsquery)`

var (
	sqliteText = textDialect{
		few:  `%[4]s IN (SELECT s.%[2]s FROM %[3]s w JOIN %[1]s s ON s.number = w.rowid WHERE %[3]s MATCH %[5]s)`,
		many: `EXISTS (SELECT 1 FROM %[1]s s WHERE s.%[2]s = %[4]s AND ` + fmt.Sprintf(sqliteHasWords, "%[5]s") + `)`,
		hits: `SELECT s.%[2]s AS id, s.%[4]s AS place FROM %[3]s w JOIN %[1]s s ON s.number = w.rowid
			WHERE %[3]s MATCH %[5]s`,
		// From the first time on, up to that of the hit after so many, exclusively: others of that time may come later.
		// Each LIMIT 1 keeps the planner from computing these edges anew for each hit.
		partHits: `SELECT s.%[2]s AS id, s.%[4]s AS place FROM (SELECT e.edge,
				coalesce((SELECT (w.rowid >> 31) << 31 FROM %[3]s_%[4]s w WHERE w.rowid >= e.edge
					AND %[3]s_%[4]s MATCH %[9]s ORDER BY w.rowid LIMIT 1 OFFSET %[9]s), 9223372036854775807) AS other
				FROM (SELECT ((%[6]s >> 27) << 31) AS edge LIMIT 1) e LIMIT 1) f
			CROSS JOIN %[3]s_%[4]s w CROSS JOIN %[1]s s WHERE s.number = w.rowid & 2147483647
			AND w.rowid >= f.edge AND w.rowid < f.other AND %[3]s_%[4]s MATCH %[9]s`,
		partHitsBack: `SELECT s.%[2]s AS id, s.%[4]s AS place FROM (SELECT e.edge,
				coalesce((SELECT ((w.rowid >> 31) + 1) << 31 FROM %[3]s_%[4]s w WHERE w.rowid < e.edge
					AND %[3]s_%[4]s MATCH %[9]s ORDER BY w.rowid DESC LIMIT 1 OFFSET %[9]s), 0) AS other
				FROM (SELECT ((%[6]s >> 27) + 1) << 31 AS edge LIMIT 1) e LIMIT 1) f
			CROSS JOIN %[3]s_%[4]s w CROSS JOIN %[1]s s WHERE s.number = w.rowid & 2147483647
			AND w.rowid < f.edge AND w.rowid >= f.other AND %[3]s_%[4]s MATCH %[9]s`,
		rows: `SELECT coalesce(max(number), 0) FROM %s`,
		// They are spread, since neighbors may have words in common.
		inSample: `SELECT s.number%[2]s FROM %[1]s s WHERE s.number IN (
			SELECT 1 + i.value * (SELECT max(number) FROM %[1]s) / 200
			FROM json_each('` + numbers(200) + `') i) LIMIT 200`,
		has:           sqliteHasWords,
		hasOne:        sqliteHasWord,
		sampled:       200,
		apart:         4,
		manyOfSample:  20,
		asWords:       `%[1]s`,
		longestPrefix: 3,
		trigrams: `SELECT u.id, u.%[6]s AS text%[8]s FROM %[1]s w CROSS JOIN %[3]s n CROSS JOIN %[5]s u
			WHERE n.number = w.rowid AND u.id = n.%[4]s AND %[1]s MATCH $1 LIMIT $2`,
		beginning: `SELECT u.id, u.%[6]s AS text%[8]s FROM (SELECT DISTINCT g.doc FROM %[2]s g
			WHERE g.term >= $1 AND g.term <= $1 || char(1114111)) g CROSS JOIN %[3]s n CROSS JOIN %[5]s u
			WHERE n.number = g.doc AND u.id = n.%[4]s LIMIT $2`,
		quote: `"`, and: ` `, prefix: `*`,
	}
	postgresText = textDialect{
		// The array is read from the index first. The planner knows how common words in the query are, but not
		// prefixes, which it assumes to be common.
		few:  `%[4]s = ANY(ARRAY(SELECT %[2]s FROM %[1]s WHERE words @@ (SELECT CAST(%[5]s AS tsquery))))`,
		many: `%[4]s IN (SELECT %[2]s FROM %[1]s WHERE words @@ CAST(%[5]s AS tsquery))`,
		hits: `SELECT s.%[2]s AS id, s.%[4]s AS place FROM %[1]s s WHERE s.words @@ (SELECT CAST(%[5]s AS tsquery))`,
		parts: `(SELECT CAST(floor(extract(epoch FROM CAST(%[6]s AS timestamptz)) / 86400) AS integer) AS first) f
			CROSS JOIN generate_series(0, 31) AS n (n) CROSS JOIN LATERAL `,
		partHits:     postgresPartHits,
		partHitsBack: postgresPartHits,
		rows:         `SELECT CAST(c.reltuples AS bigint) FROM pg_class c WHERE c.oid = to_regclass('%s')`,
		inSample:     `SELECT 1%[2]s FROM %[1]s s LIMIT 1000`,
		has:          `s.words @@ CAST(%s AS tsquery)`,
		hasOne:       `s.words @@ CAST(%s AS tsquery)`,
		sampled:      1000,
		apart:        4,
		manyOfSample: 10,
		asWords:      `array_to_tsvector(string_to_array(%[1]s, ' '))`,
		trigrams: `SELECT u.id, u.%[6]s AS text%[8]s FROM %[5]s u
			WHERE %[7]s(u.%[6]s) @@ CAST($1 AS tsquery) LIMIT $2`,
		beginning: `SELECT u.id, u.%[6]s AS text%[8]s FROM %[5]s u
			WHERE %[7]s(u.%[6]s) @@ CAST($1 AS tsquery) LIMIT $2`,
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
	for word := range strings.FieldsSeq(rest) {
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

// Estimate is about how many rows a query finds, by a sample.
type Estimate struct {
	Many  bool    // for Few and Many: choosing wrongly between them takes hundreds of times as long
	Rows  int     // in the table
	Share float64 // of the rows; if none of the sample is found, as if one word had nothing to do with the others
	cut   bool    // the last word is better looked up by its beginning: see LookUp
}

// Estimate estimates how many rows a query for these words finds.
func (x TextIndex) Estimate(ctx context.Context, db *DB, words []string) (Estimate, error) {
	d := db.dialect.text
	queries, condition := []string{x.Query(db, words)}, d.has
	beginning := words[len(words)-1:]
	if len(words) <= d.apart {
		condition = d.hasOne
		for i := range words[:len(words)-1] {
			queries = slices.Insert(queries, i, d.quote+words[i]+d.quote)
		}
		queries[len(queries)-1] = x.Query(db, beginning)
	}
	whole := len(queries) // the others aren't looked for
	if short := d.cut(beginning); short[0] != beginning[0] && len(words) <= d.apart {
		queries = append(queries, x.Query(db, short))
	}
	found, matching, e := make([]int, len(queries)), 0, Estimate{}
	var has, each, all strings.Builder
	into, args := []any{&e.Rows}, make([]any, len(queries))
	for i, query := range queries {
		fmt.Fprintf(&has, `, %s AS w%d`, fmt.Sprintf(condition, fmt.Sprintf("$%d", i+1)), i)
		fmt.Fprintf(&each, `, count(CASE WHEN s.w%d THEN 1 END)`, i)
		args[i], into = query, append(into, &found[i])
		if i < whole {
			fmt.Fprintf(&all, ` AND s.w%d`, i)
		}
	}
	into = append(into, &matching)
	scan := func(row Row) (Estimate, error) { return e, row.Scan(into...) }
	_, err := One(ctx, db.Replicated().Unprepared(), nil, scan,
		`SELECT (`+fmt.Sprintf(d.rows, x.Table)+`)`+each.String()+`, count(CASE WHEN 1 = 1`+all.String()+` THEN 1 END)
		FROM (`+fmt.Sprintf(d.inSample, x.Table, has.String())+`) s`, args...)
	e.Many, e.Share = matching >= d.manyOfSample, float64(matching)/float64(d.sampled)
	if matching == 0 {
		e.Share = 1
		for _, n := range found[:whole] {
			e.Share *= float64(n) / float64(d.sampled)
		}
	}
	e.cut = len(queries) > whole && found[whole] <= 2*found[whole-1]
	return e, err
}

// LookUp returns the query for Hits, and a condition to add to it, with a %s for each of its values. SQLite merges what
// begins with a word of more characters than its indexes of beginnings have, from the whole table and for each search
// anew. If few other words begin like it, that beginning is looked up instead, and the words of each hit are compared.
func (x TextIndex) LookUp(db *DB, words []string, e Estimate) (query, condition string, values []any) {
	if !e.cut {
		return x.Query(db, words), "", nil
	}
	last := words[len(words)-1:]
	return x.Query(db, db.dialect.text.cut(words)), ` AND ` + fmt.Sprintf(sqliteHasWord, `%s`),
		[]any{x.Query(db, last)}
}

// cut cuts the last word to as many characters as the beginning of a word is looked up by.
func (d *textDialect) cut(words []string) []string {
	last := len(words) - 1
	runes := []rune(words[last])
	if d.longestPrefix == 0 || len(runes) <= d.longestPrefix {
		return words
	}
	return append(slices.Clone(words[:last]), string(runes[:d.longestPrefix]))
}

// Parts is Hits in the order of one of Times, of which only as much of the index is read as the first ones need: on
// PostgreSQL one day after the other, for a month, and on SQLite four times the wanted number of hits, since a list may
// leave out some. If fewer than wanted are found, there may be more.
//
// A statement is before + "(SELECT … FROM (" + hits + …") … ORDER BY place …) …", with these values. first is SQL for
// a time that no hit comes before, and from has the values of its parameters.
func (x TextIndex) Parts(
	db *DB, column, first string, from []any, descending bool, e Estimate, wanted int, words []string,
) (before, hits string, values []any) {
	d := db.dialect.text
	format, sign, has := d.partHits, "+", ""
	if descending {
		format, sign = d.partHitsBack, "-"
	}
	if d.parts != "" {
		days := make([]string, len(words))
		for i, word := range words {
			days[i] = "#" + word
		}
		values = slices.Concat(from, []any{x.Query(db, days)})
	} else {
		query, condition, compared := x.LookUp(db, words, e)
		has, values = condition, slices.Concat([]any{query, 4 * wanted}, from, []any{query}, compared)
	}
	daily := x.Daily + "(s.words, s." + strings.Join(x.Times, ", s.") + ")"
	fill := func(format string) string {
		if format == "" {
			return ""
		}
		return fmt.Sprintf(format, x.Table, x.Owner, x.Words, column, slices.Index(x.Times, column), first, daily, sign,
			`%s`)
	}
	return fill(d.parts), fill(format) + has, values
}

// Candidates are rows that were found by parts of their text.
type Candidates struct {
	Number int      // found, up to the limit
	IDs    []string // of those among them that match
}

// Part selects some of the rows that match: so many, in an order. The zero Part is all of them.
type Part struct {
	Columns string // of the table u that Where and Order use, such as ", u.created_at"
	Where   string // conditions on f, such as " AND f.created_at < %s"
	Values  []any  // of its parameters
	Order   string // of f, such as "f.created_at DESC"
	Limit   int
}

// Candidates finds up to limit rows that have all the trigrams. Those match whose texts are LIKE all patterns. A
// replica may answer.
func (x TrigramIndex) Candidates(
	ctx context.Context, db *DB, trigrams []string, limit int, part Part, patterns ...string,
) (Candidates, error) {
	d := db.dialect.text
	quoted := make([]string, len(trigrams))
	for i, gram := range trigrams {
		quoted[i] = d.quoted(gram)
	}
	return x.find(ctx, db, d.trigrams, strings.Join(quoted, d.and), limit, part, patterns)
}

// Containing is Candidates for one or two characters.
func (x TrigramIndex) Containing(
	ctx context.Context, db *DB, characters string, limit int, part Part, patterns ...string,
) (Candidates, error) {
	d := db.dialect.text
	if d.beginningQuery {
		characters = d.quoted(characters) + d.prefix
	}
	return x.find(ctx, db, d.beginning, characters, limit, part, patterns)
}

// find reads each row once, however many are found, and returns the ids of one part of those that match.
func (x TrigramIndex) find(
	ctx context.Context, db *DB, format, query string, limit int, part Part, patterns []string,
) (c Candidates, err error) {
	st := Statement{args: []any{query, limit}}
	found := fmt.Sprintf(format, x.Words, x.Grams, x.Numbers, x.Owner, x.Table, x.Column, x.Function, part.Columns)
	st.Add(`WITH f AS MATERIALIZED (` + found + `) SELECT (SELECT count(*) FROM f),
		(SELECT string_agg(CAST(p.id AS text), ',') FROM (SELECT f.id FROM f WHERE 1 = 1`)
	for _, pattern := range patterns {
		st.Add(` AND f.text LIKE %s ESCAPE '\'`, pattern)
	}
	st.Add(part.Where, part.Values...)
	if part.Limit > 0 {
		st.Add(` ORDER BY `+part.Order+` LIMIT %s`, part.Limit)
	}
	st.Add(`) p)`)
	var ids sql.Null[string]
	_, err = One(ctx, db.Replicated(), nil, func(row Row) (Candidates, error) {
		return c, row.Scan(&c.Number, &ids)
	}, st.Text(), st.Args()...)
	if ids.Valid {
		c.IDs = strings.Split(ids.V, ",")
	}
	return c, err
}

// quoted quotes a word of a query that may contain any characters.
func (d *textDialect) quoted(word string) string {
	if d.quote == `'` { // PostgreSQL also has an escape character
		word = strings.ReplaceAll(word, `\`, `\\`)
	}
	return d.quote + strings.ReplaceAll(word, d.quote, d.quote+d.quote) + d.quote
}
