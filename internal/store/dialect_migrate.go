package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// river is the job queue's driver for the database.
func (d *dialect) river(db *sql.DB) riverdriver.Driver[*sql.Tx] {
	if d.kind == PostgreSQL {
		return riverdatabasesql.New(db)
	}
	return riversqlite.New(db)
}

// lockPatience is how long a process waits for another that migrates.
const lockPatience = 5 * time.Minute

// alone runs f while no other process migrates.
func (d *dialect) alone(ctx context.Context, db *sql.DB, f func() error) error {
	if d.kind == PostgreSQL {
		return alonePostgres(ctx, db, f)
	}
	return aloneSQLite(ctx, db, f)
}

// aloneSQLite locks a file beside the database, by SQLite itself, which does so on every system; the lock ends with its process.
// The database's own lock would not do: each step takes it anew. The file, which is empty, stays: a lock that is deleted while
// others wait for it keeps nobody out.
func aloneSQLite(ctx context.Context, db *sql.DB, f func() error) (err error) {
	var path string
	if err := db.QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		return err
	}
	beside, err := openSQLite(fmt.Sprintf("%s?_txlock=exclusive&_pragma=busy_timeout(%d)", sqliteFile(path+"-lock"), lockPatience.Milliseconds()), 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, beside.Close()) }()
	tx, err := beside.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	return f()
}

// unused runs f while no other process has the database open, or fails with ErrInUse. db is openAlone's.
func (d *dialect) unused(ctx context.Context, db *sql.DB, f func() error) (err error) {
	if d.kind == SQLite {
		// A connection in exclusive mode keeps the lock that it takes here until it is closed.
		if _, err := db.ExecContext(ctx, `BEGIN IMMEDIATE; COMMIT`); inUse(err) {
			return ErrInUse
		} else if err != nil {
			return failure(err)
		}
		return f()
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return failure(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	var locked bool
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(`+useLock+`)`).Scan(&locked); err != nil {
		return failure(err)
	}
	if !locked {
		return ErrInUse
	}
	defer func() {
		_, unlocked := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(`+useLock+`)`)
		err = errors.Join(err, unlocked)
	}()
	return f()
}

// alonePostgres takes a lock of the session, which ends with its connection.
func alonePostgres(ctx context.Context, db *sql.DB, f func() error) (err error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, uint64(lockPatience.Seconds())))
	if err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := locker.SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, locker.SessionUnlock(context.WithoutCancel(ctx), conn)) }()
	return f()
}
