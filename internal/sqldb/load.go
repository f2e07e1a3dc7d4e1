package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"

	"github.com/google/uuid"
)

// Loader adds a large number of rows: see Load.
type Loader struct {
	// Add inserts rows into a table. Values are in the order of the columns; ids are uuid.UUID.
	Add func(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) error
	// AddWords inserts into a TextIndex: ids of rows, words separated by spaces, and values of other columns of its
	// Table.
	AddWords func(ctx context.Context, x TextIndex, columns []string, rows iter.Seq[[]any]) error
}

// Load has f add rows as fast as the database accepts them; tables are those that get the most rows, which nobody
// should use meanwhile. On PostgreSQL everything is one transaction, and the tables are locked to its end; on SQLite,
// added rows stay if f fails.
func (db *DB) Load(ctx context.Context, tables []string, f func(Loader) error) error {
	if db.Kind() == PostgreSQL {
		return db.loadPostgres(ctx, tables, f)
	}
	return db.loadSQLite(ctx, f)
}

// loadPart is how many rows SQLite adds per transaction, all of which its log has to hold.
const loadPart = 20_000

func (db *DB) loadSQLite(ctx context.Context, f func(Loader) error) error {
	add := func(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) error {
		return inParts(rows, func(part [][]any) error { return db.insertPart(ctx, table, columns, part) })
	}
	words := func(ctx context.Context, x TextIndex, columns []string, rows iter.Seq[[]any]) error {
		return add(ctx, x.Table, append([]string{x.Owner, "words"}, columns...), rows)
	}
	err := f(Loader{Add: add, AddWords: words})
	if err != nil {
		return err
	}
	defer db.checkpoints.pause()()
	_, err = db.writer.handle.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

func inParts(rows iter.Seq[[]any], insert func(part [][]any) error) error {
	part := make([][]any, 0, loadPart)
	for row := range rows {
		if part = append(part, row); len(part) == loadPart {
			if err := insert(part); err != nil {
				return err
			}
			part = part[:0]
		}
	}
	return insert(part)
}

func (db *DB) insertPart(ctx context.Context, table string, columns []string, part [][]any) (err error) {
	tx, err := db.writer.handle.BeginTx(ctx, nil)
	if err != nil {
		return db.Failure(err)
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the first error is the one to report
		}
	}()
	stmt, err := tx.PrepareContext(ctx, insertInto(table, columns))
	if err != nil {
		return db.Failure(err)
	}
	defer stmt.Close()
	for _, row := range part {
		if _, err := stmt.ExecContext(context.WithoutCancel(ctx), texts(row)...); err != nil { // see dialect.during
			return fmt.Errorf("add to %s: %w", table, db.Failure(err))
		}
	}
	return tx.Commit()
}

func insertInto(table string, columns []string) string {
	params := make([]string, len(columns))
	for i := range params {
		params[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + table + ` ("` + strings.Join(columns, `", "`) + `")
		VALUES (` + strings.Join(params, ", ") + ")"
}

// texts converts ids to text, in place.
func texts(row []any) []any {
	for i, value := range row {
		if id, ok := value.(uuid.UUID); ok {
			row[i] = id.String()
		}
	}
	return row
}

// execAll runs statements one after the other.
func (db *DB) execAll(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, db.Failure(err))
		}
	}
	return nil
}
