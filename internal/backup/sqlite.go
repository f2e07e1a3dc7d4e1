package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"modernc.org/sqlite"

	"github.com/minicompete/minicompete/internal/sqldb"
	"github.com/minicompete/minicompete/internal/sqlitefile"
)

// existing fails with ErrNoDatabase if opening the database would create one.
func existing(databaseURL string) error {
	path, isSQLite, err := sqlitefile.Path(databaseURL)
	if !isSQLite {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the database URL %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return errors.Join(ErrNoDatabase, err)
	}
	return nil
}

func backUpSQLite(ctx context.Context, db *sql.DB, path string) error {
	err := copySQLite(ctx, db, func(c backupConn) (*sqlite.Backup, error) { return c.NewBackup(sqldb.SQLiteURI(path)) })
	if err != nil {
		return err
	}
	return oneFile(ctx, path)
}

func restoreSQLite(ctx context.Context, db *sql.DB, path string) error {
	return copySQLite(ctx, db, func(c backupConn) (*sqlite.Backup, error) {
		return c.NewRestore(sqldb.SQLiteURI(path) + "?immutable=1")
	})
}

// backupConn is SQLite's backup API, as provided by its driver's connections.
type backupConn interface {
	NewBackup(to string) (*sqlite.Backup, error)
	NewRestore(from string) (*sqlite.Backup, error)
}

// copySQLite copies all pages in one step: in one read transaction of the source, which doesn't block writers, and one
// write transaction of the target. It waits for other writers of the target.
func copySQLite(ctx context.Context, db *sql.DB, begin func(backupConn) (*sqlite.Backup, error)) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return conn.Raw(func(driverConn any) error {
		backup, err := begin(driverConn.(backupConn))
		if err != nil {
			return err
		}
		return errors.Join(copyPages(ctx, backup), backup.Finish())
	})
}

// lockedPause is the wait before retrying a locked database, up to lockedTries times.
const (
	lockedPause = 50 * time.Millisecond
	lockedTries = 200
)

func copyPages(ctx context.Context, backup *sqlite.Backup) error {
	for try := 1; ; try++ {
		more, err := backup.Step(-1)
		if try < lockedTries && sqldb.IsLocked(err) {
			select {
			case <-ctx.Done():
				return err
			case <-time.After(lockedPause):
			}
			continue
		}
		if err != nil || !more {
			return err
		}
	}
}

// oneFile makes a copy a single file: its header has the source's journal mode, with which SQLite would create two more
// files.
func oneFile(ctx context.Context, path string) (err error) {
	db, err := sqldb.OpenSQLiteFile(path, "", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, `PRAGMA journal_mode = delete`)
	return err
}

func inspectSQLite(ctx context.Context, path string) (version int64, rows map[string]int64, err error) {
	db, err := sqldb.OpenSQLiteFile(path, "?immutable=1", 1)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var state string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&state); err != nil || state != "ok" {
		return 0, nil, errors.Join(fmt.Errorf("integrity check failed: %s", state), err)
	}
	var broken int
	if err := db.QueryRowContext(ctx, `SELECT count(*)
		FROM pragma_foreign_key_check`).Scan(&broken); err != nil || broken > 0 {
		return 0, nil, errors.Join(fmt.Errorf("%d rows refer to rows that don't exist", broken), err)
	}
	if err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version`).Scan(&version); err != nil {
		return 0, nil, err
	}
	tables, err := tablesOfSQLite(ctx, db)
	rows = make(map[string]int64, len(tables))
	for _, table := range tables {
		var n int64
		err = errors.Join(err, db.QueryRowContext(ctx, `SELECT count(*) FROM "`+table+`"`).Scan(&n))
		rows[table] = n
	}
	return version, rows, err
}

// tablesOfSQLite lists the tables with data.
func tablesOfSQLite(ctx context.Context, db *sql.DB) (tables []string, err error) {
	rows, err := db.QueryContext(ctx, `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
		AND name NOT LIKE 'sqlite%'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			return nil, err
		}
		if holdsData(table) {
			tables = append(tables, table)
		}
	}
	return tables, rows.Err()
}
