package sqldb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	mark     = regexp.MustCompile(`\{[^{}]*\}`) // the innermost one
	rowValue = regexp.MustCompile(`\bv\.([a-z_]+)`)
)

// render fills in what differs. The marks of a text are
//
//	{any $1 uuid}  membership in a list that one parameter holds (see DB.Array); also text
//	{pairs $1 $2 uuid text}  a relation v of pairs (a, b), of which a is an id, that two parameters
//	                         hold (see DB.Pairs)
//	{match notes n: n.id = v.a AND n.text = v.b}  joins the rows of a table that match each row of v, after {pairs …}
//	{each $1 uuid} a relation v of the ids that one parameter holds (see DB.Array)
//	{lock c}       the lock on the rows of c that are read
//	{few …}, {many …}, {hits …}  conditions and queries of a TextIndex, which makes these marks
//	{words v.w}    words of a TextIndex, with spaces between them
//	{bytes c.name} text that is compared by its bytes, as Go does
//	{+c.at}        a column whose index is not to be used, because another one serves the order of the list
//	{day r.at}     the day of a time in UTC, as a number of days since 1970
//	{json j.args}  JSON of the job queue, as text
//	{has a.answers $1}      whether a JSON object has the key $1
//	{said a.answers $1 $2}  whether a JSON object has the JSON value $2 at the key $1, or in an array there
//	{find $1 c.body}  where bytes begin in others, from 1; 0 if they aren't there
//	{now}          the present, as the job queue keeps times
//	{in v.seconds} so many seconds later
//
// and, where the statement is run for many rows with these columns (see Bulk), {select v.id, …}, {from} and {using}.
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
			panic("sqldb: no such column: " + value)
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
			return "= ANY(" + arrayOf(param, kind) + ")"
		}
		return "IN (SELECT value FROM json_each(" + param + "))"
	case "each":
		param, kind, _ := strings.Cut(rest, " ")
		if postgres {
			return "unnest(" + arrayOf(param, kind) + ") AS v (id)"
		}
		return "(SELECT value AS id FROM json_each(" + param + ")) AS v"
	case "pairs":
		words := strings.Fields(rest)
		if postgres {
			return fmt.Sprintf("unnest(%s, %s) AS v (a, b)", arrayOf(words[0], words[2]), arrayOf(words[1], words[3]))
		}
		return fmt.Sprintf("(SELECT substr(value, 1, %[3]d) AS a, substr(value, %[3]d + 1) AS b "+
			"FROM json_each(%[1]s) WHERE %[2]s IS NULL) AS v", words[0], words[1], idLength)
	case "match":
		table, condition, _ := strings.Cut(rest, ": ")
		if postgres {
			// What OFFSET encloses is looked up for each row of v. If the statistics say that the table is empty, as
			// after VACUUM ANALYZE before the first registration, the planner would otherwise read all of it and
			// compare each row with each of v, also when it has long been full: a rush then had a tenth of its rate.
			_, alias, _ := strings.Cut(table, " ")
			return "CROSS JOIN LATERAL (SELECT * FROM " + table + " WHERE " + condition + " OFFSET 0) " + alias
		}
		return "CROSS JOIN " + table + " ON " + condition
	case "lock":
		if postgres {
			return "FOR UPDATE OF " + rest
		}
		return "" // the transaction holds the only write lock
	case "few":
		return d.condition(d.text.few, rest)
	case "many":
		return d.condition(d.text.many, rest)
	case "hits":
		return d.condition(d.text.hits, rest)
	case "words":
		return fmt.Sprintf(d.text.asWords, rest)
	case "bytes":
		return `(` + rest + `)` + d.words.Bytewise
	case "json":
		if postgres {
			return "CAST(" + rest + " AS text)"
		}
		return "json(" + rest + ")"
	case "said":
		words := strings.Fields(rest)
		if postgres {
			return fmt.Sprintf("coalesce((CAST(%[1]s AS jsonb) -> CAST(%[2]s AS text)) @> CAST(%[3]s AS jsonb), false)",
				words[0], words[1], words[2])
		}
		return fmt.Sprintf(`EXISTS (SELECT 1 FROM json_each(%[1]s, '$."' || %[2]s || '"') j
			WHERE CASE WHEN j.type IN ('true', 'false') THEN j.type ELSE json_quote(j.value) END = %[3]s)`,
			words[0], words[1], words[2])
	case "has":
		words := strings.Fields(rest)
		if postgres {
			return fmt.Sprintf("(CAST(%s AS jsonb) -> CAST(%s AS text)) IS NOT NULL", words[0], words[1])
		}
		return fmt.Sprintf(`json_type(%s, '$."' || %s || '"') IS NOT NULL`, words[0], words[1])
	case "find":
		param, column, _ := strings.Cut(rest, " ")
		if postgres {
			return "position(CAST(" + param + " AS bytea) IN " + column + ")"
		}
		return "instr(" + column + ", " + param + ")"
	case "now":
		return d.now
	case "in":
		if postgres {
			return "now() + make_interval(secs => " + rest + ")"
		}
		return "datetime('now', 'subsec', '+' || " + rest + " || ' seconds')"
	case "day":
		return d.words.Day(rest)
	case "select":
		if postgres {
			return "SELECT " + rest + " FROM " + d.relation(columns)
		}
		return "VALUES (" + rest + ")"
	case "from":
		if postgres {
			return "FROM " + d.relation(columns)
		}
		return ""
	case "using":
		if postgres {
			return "USING " + d.relation(columns)
		}
		return ""
	}
	panic("sqldb: no such mark: " + name)
}

// arrayOf returns a parameter as PostgreSQL's array of a type. Ids are sent as text: the driver would parse each to
// send it as a uuid, which took a tenth of the processor time of bulk statements; the server does it for less.
func arrayOf(param, kind string) string {
	if kind == "uuid" {
		return "CAST(CAST(" + param + " AS text[]) AS uuid[])"
	}
	return "CAST(" + param + " AS " + kind + "[])"
}

// relation returns the relation v that a bulk statement reads: one array for each column.
func (d *dialect) relation(columns []column) string {
	var arrays, names []string
	for i, c := range columns {
		kind := c.kind
		if t, ok := d.types[kind]; ok {
			kind = t
		}
		arrays = append(arrays, arrayOf(fmt.Sprintf("$%d", i+1), kind))
		names = append(names, `"`+c.name+`"`)
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") AS v (" + strings.Join(names, ", ") + ")"
}
