package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3/lock"
)

// lockPatience is how long a process waits for another one's migration.
const lockPatience = 5 * time.Minute

// locked runs f while no other process migrates.
func (db *DB) locked(ctx context.Context, f func() error) error {
	if db.Kind() == PostgreSQL {
		return lockedPostgres(ctx, db.writer.handle, f)
	}
	return lockedSQLite(ctx, db.writer.handle, f)
}

// lockedSQLite locks a file beside the database through SQLite, which works on every system; the lock ends with its
// process. The database's own lock isn't usable, since each migration takes it anew. The empty file is kept: deleting a
// lock file while others wait for it would let two processes in.
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

// Exclusively runs f while no other process has the database open, or fails with ErrInUse. The DB has to be from
// OpenExclusive. On PostgreSQL, programs with another Config.Name don't count.
func (db *DB) Exclusively(ctx context.Context, f func() error) (err error) {
	writer := db.writer.handle
	if db.Kind() == SQLite {
		// A connection in exclusive mode keeps the lock it takes here until it is closed.
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

// A connection that was just closed may still be visible, so Exclusively checks this many times, pausing this long
// before each retry.
const (
	usedTries = 20
	usedPause = 50 * time.Millisecond
)

// lockPostgres takes the lock that every other connection holds a share of, or fails with ErrInUse.
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

// lockedPostgres takes a session lock, which ends with its connection.
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
