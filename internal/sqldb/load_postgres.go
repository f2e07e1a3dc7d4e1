package sqldb

import (
	"context"
	"database/sql"
	"iter"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// The statements that drop the foreign keys of and to the tables $1, their other keys and their indexes, and those that
// recreate them: building them at the end, from all rows at once, takes a fifth of the time.
const (
	dropConstraint = `SELECT 'ALTER TABLE ' || o.conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(o.conname),
			'ALTER TABLE ' || o.conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(o.conname) || ' ' ||
			pg_get_constraintdef(o.oid)
		FROM pg_constraint o WHERE o.connamespace = current_schema()::regnamespace AND `
	loadedForeignKeys = dropConstraint + `o.contype = 'f'
		AND EXISTS (SELECT 1 FROM pg_class c WHERE c.relname = ANY($1) AND c.oid IN (o.conrelid, o.confrelid))`
	loadedKeys = dropConstraint + `o.contype IN ('p', 'u')
		AND EXISTS (SELECT 1 FROM pg_class c WHERE c.relname = ANY($1) AND c.oid = o.conrelid)`
	loadedIndexes = `SELECT 'DROP INDEX ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
		FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relname = ANY($1)
			AND c.relnamespace = current_schema()::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_constraint o
			WHERE o.conindid = i.indexrelid)`
)

func (db *DB) loadPostgres(ctx context.Context, tables []string, f func(Loader) error) error {
	conn, err := db.writer.handle.Conn(ctx)
	if err != nil {
		return db.Failure(err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return db.Failure(err)
	}
	defer func() { _ = tx.Rollback() }() // no effect after the commit
	settings := []string{
		"SET LOCAL maintenance_work_mem = '256MB'", "SET LOCAL work_mem = '256MB'", "SET LOCAL enable_seqscan = on",
		"SET LOCAL enable_hashjoin = on", "SET LOCAL enable_mergejoin = on",
	}
	if err := db.execAll(ctx, tx, settings...); err != nil {
		return err
	}
	var again []string
	for _, query := range []string{loadedForeignKeys, loadedKeys, loadedIndexes} {
		drop, add, err := db.twoColumns(ctx, tx, query, tables)
		if err != nil {
			return err
		}
		if err := db.execAll(ctx, tx, drop...); err != nil {
			return err
		}
		again = append(add, again...) // foreign keys last
	}
	words := func(ctx context.Context, x TextIndex, columns []string, rows iter.Seq[[]any]) error {
		return db.copyWords(ctx, conn, tx, x, columns, rows)
	}
	if err := f(Loader{Add: db.copyTo(conn), AddWords: words}); err != nil {
		return err
	}
	if err := db.execAll(ctx, tx, again...); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return db.Failure(err)
	}
	_, err = conn.ExecContext(ctx, "VACUUM (ANALYZE)") // as the server would do itself later
	return db.Failure(err)
}

func (db *DB) twoColumns(
	ctx context.Context, tx *sql.Tx, query string, tables []string,
) (first, second []string, err error) {
	rows, err := tx.QueryContext(ctx, query, tables) //nolint:rowserrcheck // collect checks it
	if err != nil {
		return nil, nil, db.Failure(err)
	}
	defer rows.Close()
	pairs, err := collect(rows, nil, ScanPair)
	for _, pair := range pairs {
		first, second = append(first, pair[0]), append(second, pair[1])
	}
	return first, second, db.Failure(err)
}

// copyTo returns a function that adds rows in the connection's transaction.
func (db *DB) copyTo(conn *sql.Conn) func(context.Context, string, []string, iter.Seq[[]any]) error {
	return func(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) error {
		next, stop := iter.Pull(rows)
		defer stop()
		source := pgx.CopyFromFunc(func() ([]any, error) {
			row, _ := next()
			for i, value := range row {
				if id, ok := value.(uuid.UUID); ok {
					row[i] = [16]byte(id) // the driver handles this type without reflection
				}
			}
			return row, nil
		})
		return conn.Raw(func(conn any) error {
			_, err := conn.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, source)
			return db.Failure(err)
		})
	}
}

func (db *DB) copyWords(
	ctx context.Context, conn *sql.Conn, tx *sql.Tx, x TextIndex, columns []string, rows iter.Seq[[]any],
) error {
	names := append([]string{x.Owner, "words"}, columns...)
	all := strings.Join(names, ", ")
	if err := db.execAll(ctx, tx, `CREATE TEMPORARY TABLE loaded_words ON COMMIT DROP AS SELECT `+
		strings.Replace(all, "words", "CAST(NULL AS text) AS words", 1)+` FROM `+x.Table+` WITH NO DATA`); err != nil {
		return err
	}
	if err := db.copyTo(conn)(ctx, "loaded_words", names, rows); err != nil {
		return err
	}
	return db.execAll(ctx, tx, `INSERT INTO `+x.Table+` (`+all+`) SELECT `+
		strings.Replace(all, "words", "array_to_tsvector(string_to_array(words, ' '))", 1)+` FROM loaded_words`)
}
