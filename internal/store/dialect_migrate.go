package store

import (
	"context"
	"database/sql"
	"errors"

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

// alone runs f while no other process migrates, as far as the database can see to that: PostgreSQL by a lock that replicas wait
// for up to five minutes; on SQLite each step is a transaction, and who comes second finds it done.
func (d *dialect) alone(ctx context.Context, db *sql.DB, f func() error) (err error) {
	if d.kind != PostgreSQL {
		return f()
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
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
