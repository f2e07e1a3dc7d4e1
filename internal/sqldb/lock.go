package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3/lock"
)

// lockPatience is how long a process waits for another that migrates.
const lockPatience = 5 * time.Minute

// locked runs f while no other process migrates.
func (db *DB) locked(ctx context.Context, f func() error) error {
	if db.Kind() == PostgreSQL {
		return lockedPostgres(ctx, db.writer.handle, f)
	}
	return lockedSQLite(ctx, db.writer.handle, f)
}

// lockedSQLite locks a file beside the database, by SQLite itself, which does so on every system; the lock ends with
// its process. The database's own lock would not do: each step takes it anew. The file, which is empty, stays: a lock
// that is deleted while others wait for it keeps nobody out.
func lockedSQLite(ctx context.Context, db *sql.DB, f func() error) (err error) {
	var path string
	if err := db.QueryRowContext(ctx, `SELECT file FROM pragma_database_list
		WHERE name = 'main'`).Scan(&path); err != nil {
		return err
	}
	settings := fmt.Sprintf("?_txlock=exclusive&_pragma=busy_timeout(%d)", lockPatience.Milliseconds())
	beside, err := OpenSQLiteFile(path+"-lock", settings, 1)
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

// Exclusively runs f while no other process has the database open, or fails with ErrInUse. The DB is OpenExclusive's.
// Of PostgreSQL, programs of another Config.Name don't count.
func (db *DB) Exclusively(ctx context.Context, f func() error) (err error) {
	writer := db.writer.handle
	if db.Kind() == SQLite {
		// A connection in exclusive mode keeps the lock that it takes here until it is closed.
		if _, err := writer.ExecContext(ctx, `BEGIN IMMEDIATE; COMMIT`); IsLocked(err) {
			return ErrInUse
		} else if err != nil {
			return db.Failure(err)
		}
		return f()
	}
	conn, err := writer.Conn(ctx)
	if err != nil {
		return db.Failure(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := db.lockPostgres(ctx, conn); err != nil {
		return err
	}
	defer func() {
		//nolint:gosec // its text is quoted
		_, unlocked := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(`+useLock(db.name)+`)`)
		err = errors.Join(err, unlocked)
	}()
	return f()
}

// A connection that was closed a moment ago may still be seen: so often, and after each of these pauses, Exclusively
// looks.
const (
	usedTries = 20
	usedPause = 50 * time.Millisecond
)

// lockPostgres takes the lock in which every other connection has a share, or fails with ErrInUse.
func (db *DB) lockPostgres(ctx context.Context, conn *sql.Conn) error {
	for range usedTries {
		var locked bool
		err := conn.QueryRowContext(ctx, `SELECT CASE
			WHEN EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
				AND (application_name = `+quoted(db.name)+`
				OR application_name || `+quoted(exclusiveName)+` = current_setting('application_name')))
			THEN false ELSE pg_try_advisory_lock(`+useLock(db.name)+`) END`).Scan(&locked)
		if err != nil || locked {
			return db.Failure(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(usedPause):
		}
	}
	return ErrInUse
}

// lockedPostgres takes a lock of the session, which ends with its connection.
func lockedPostgres(ctx context.Context, db *sql.DB, f func() error) (err error) {
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
