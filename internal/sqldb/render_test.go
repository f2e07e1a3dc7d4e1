package sqldb

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRender(t *testing.T) {
	columns := NewBulk("id uuid, at time", "").columns
	const from = `FROM unnest(CAST(CAST($1 AS text[]) AS uuid[]), CAST($2 AS timestamptz[])) AS v ("id", "at")`
	for _, tc := range []struct {
		text             string
		columns          []column
		sqlite, postgres string
	}{
		{`SELECT 1`, nil, `SELECT 1`, `SELECT 1`},
		{
			`id {any $1 uuid} AND x {any $2 text}`, nil,
			`id IN (SELECT value FROM json_each($1)) AND x IN (SELECT value FROM json_each($2))`,
			`id = ANY(CAST(CAST($1 AS text[]) AS uuid[])) AND x = ANY(CAST($2 AS text[]))`,
		},
		{`SELECT c.id {lock c}`, nil, `SELECT c.id `, `SELECT c.id FOR UPDATE OF c`},
		{
			`FROM v {match notes n: n.id = v.a}`, nil, `FROM v CROSS JOIN notes n ON n.id = v.a`,
			`FROM v CROSS JOIN LATERAL (SELECT * FROM notes n WHERE n.id = v.a OFFSET 0) n`,
		},
		{`{+c.at} > $1`, nil, `+c.at > $1`, `c.at > $1`},
		{
			`INSERT INTO t (id, at) {select v.id, v.at} ON CONFLICT DO NOTHING`, columns,
			`INSERT INTO t (id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			`INSERT INTO t (id, at) SELECT v.id, v.at ` + from + ` ON CONFLICT DO NOTHING`,
		},
		{
			`INSERT INTO t {select v.at, {words v.id}}`, columns, `INSERT INTO t VALUES ($2, $1)`,
			`INSERT INTO t SELECT v.at, array_to_tsvector(string_to_array(v.id, ' ')) ` + from,
		},
		{
			`DELETE FROM t {using} WHERE t.id = v.id`, columns, `DELETE FROM t  WHERE t.id = $1`,
			`DELETE FROM t USING ` + strings.TrimPrefix(from, `FROM `) + ` WHERE t.id = v.id`,
		},
		{
			`UPDATE t SET at = v.at {from} WHERE t.id = v.id`, columns, `UPDATE t SET at = $2  WHERE t.id = $1`,
			`UPDATE t SET at = v.at ` + from + ` WHERE t.id = v.id`,
		},
	} {
		if diff := cmp.Diff(tc.sqlite, sqliteDialect.render(tc.text, tc.columns...)); diff != "" {
			t.Errorf("%s, on SQLite (-want +got):\n%s", tc.text, diff)
		}
		if diff := cmp.Diff(tc.postgres, postgresDialect.render(tc.text, tc.columns...)); diff != "" {
			t.Errorf("%s, on PostgreSQL (-want +got):\n%s", tc.text, diff)
		}
	}
	wantPanic(t, "an unknown mark", func() { sqliteDialect.render(`{nonsense}`) })
	wantPanic(t, "an unknown column", func() { sqliteDialect.render(`{select v.nonsense}`, columns...) })
	wantPanic(t, "a column without a type", func() { NewBulk("id uuid, at", "") })
}

func wantPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	f()
}
