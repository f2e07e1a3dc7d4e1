package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Bulk is a statement that runs for many rows at once, in the fastest way for each database. As measured on SQLite, a
// prepared statement in a loop (10 µs per row, with every index) is faster than one with many VALUES (12 to 18 µs),
// INSERT … SELECT or UPDATE … FROM; on PostgreSQL, arrays make it one round trip.
//
// The text calls a row v. An INSERT has {select …} instead of VALUES, an UPDATE has {from}, and a DELETE has
// {using}:
//
//	NewBulk("id uuid, at time", `INSERT INTO notes (id, written_at) {select v.id, v.at} ON CONFLICT DO NOTHING`)
//	NewBulk("id uuid, seq bigint", `UPDATE notes SET seq = v.seq {from} WHERE notes.id = v.id AND …`)
//	NewBulk("id uuid", `DELETE FROM notes {using} WHERE notes.id = v.id`)
//
// Types are uuid, text, integer, bigint, boolean, time and bytes.
type Bulk struct {
	columns []column
	text    string
}

type column struct{ name, kind string }

// NewBulk creates a statement from columns, such as "id uuid, at time", and a text. It panics if the columns are
// malformed.
func NewBulk(columns, text string) *Bulk {
	b := &Bulk{text: text}
	for c := range strings.SplitSeq(columns, ",") {
		words := strings.Fields(c)
		if len(words) != 2 {
			panic("sqldb: a bulk column is a name and a type, not " + c)
		}
		b.columns = append(b.columns, column{name: words[0], kind: words[1]})
	}
	return b
}

// Bulk runs b for rows, each with one value per column, and returns how many rows it changed.
func (t *Tx) Bulk(ctx context.Context, b *Bulk, rows [][]any) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	if err := b.check(rows); err != nil {
		return 0, err
	}
	ctx, err := t.pool.dialect.during(ctx)
	if err != nil {
		return 0, t.Failure(err)
	}
	rendered, stmt := t.statement(ctx, b.text, b.columns...)
	if t.pool.dialect.prepares {
		return t.loop(ctx, rendered, stmt, rows)
	}
	result, err := t.sql.ExecContext(ctx, rendered, transpose(rows)...)
	if err != nil {
		return 0, t.Failure(err)
	}
	return result.RowsAffected()
}

// check verifies that every row has one value for each column.
func (b *Bulk) check(rows [][]any) error {
	for _, row := range rows {
		if len(row) != len(b.columns) {
			return fmt.Errorf("sqldb: a row of %d values for %d columns of %q", len(row), len(b.columns), b.text)
		}
	}
	return nil
}

// transpose returns one array per column, of the values' own type if no value is null, which saves the driver from
// inspecting each.
func transpose(rows [][]any) []any {
	arrays := make([]any, len(rows[0]))
	for i := range arrays {
		switch rows[0][i].(type) {
		case string:
			arrays[i] = columnOf[string](rows, i)
		case int:
			arrays[i] = columnOf[int](rows, i)
		case int64:
			arrays[i] = columnOf[int64](rows, i)
		case time.Time:
			arrays[i] = columnOf[time.Time](rows, i)
		case []byte:
			arrays[i] = columnOf[[]byte](rows, i)
		default:
			arrays[i] = anyColumn(rows, i)
		}
	}
	return arrays
}

// columnOf returns column i as a []T, or as a []any if some value isn't a T.
func columnOf[T any](rows [][]any, i int) any {
	values := make([]T, len(rows))
	for j, row := range rows {
		value, ok := row[i].(T)
		if !ok {
			return anyColumn(rows, i)
		}
		values[j] = value
	}
	return values
}

func anyColumn(rows [][]any, i int) []any {
	values := make([]any, len(rows))
	for j, row := range rows {
		values[j] = row[i]
	}
	return values
}

func (t *Tx) loop(ctx context.Context, rendered string, stmt *sql.Stmt, rows [][]any) (changed int64, err error) {
	if stmt == nil {
		if stmt, err = t.sql.PrepareContext(ctx, rendered); err != nil {
			return 0, t.Failure(err)
		}
		defer stmt.Close()
	}
	for _, row := range rows {
		var result sql.Result
		if result, err = stmt.ExecContext(ctx, row...); err != nil {
			return changed, t.Failure(err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return changed, t.Failure(err)
		}
		changed += n
	}
	return changed, nil
}
