package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// The maximum number of attempts at a transaction that the database asks to repeat (a serialization failure or a
// deadlock), and the longest first pause between them.
const (
	maxAttempts = 5
	firstPause  = 10 * time.Millisecond
)

// Tx is one read-write transaction.
type Tx struct {
	sql  *sql.Tx
	pool *Pool
	conn *sql.Conn // the transaction's connection, where pipelines are sent together; otherwise nil
}

// Pipeline returns an empty pipeline.
func (t *Tx) Pipeline() *Pipeline { return &Pipeline{tx: t} }

// SQL returns the transaction itself, for callers with statements of their own.
func (t *Tx) SQL() *sql.Tx { return t.sql }

// Failure is DB.Failure.
func (t *Tx) Failure(err error) error { return t.pool.db.Failure(err) }

// Array is DB.Array.
func (t *Tx) Array(values []string) any { return t.pool.dialect.array(values) }

// Pairs is DB.Pairs.
func (t *Tx) Pairs(pairs [][2]string) (first, second any) { return t.pool.dialect.pairs(pairs) }

// Serialize waits until no other transaction that used the same key is in progress, so that what such transactions read
// stays true until they commit. It costs nothing on SQLite, where all transactions wait for each other.
func (t *Tx) Serialize(ctx context.Context, key string) error {
	if t.pool.dialect.serialize == "" {
		return nil
	}
	_, err := Change(ctx, t, t.pool.dialect.serialize, key)
	return err
}

// Transact runs f in one read-write transaction. It commits, durably, if f returns nil, and otherwise rolls back, even
// if f panics. f runs again, from the start, if the database asks for that, so it must not have effects elsewhere. Each
// attempt takes at most twice Config.WriteTimeout, including the wait for a connection. Errors: f's error, unchanged;
// Errors.Unavailable if the database is unavailable; additionally Errors.CommitUnknown if COMMIT itself failed, so that
// the transaction may have taken effect.
func (db *DB) Transact(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := db.transact(ctx, f)
		if err == nil || attempt == maxAttempts || !repeatable(err) {
			return err
		}
		db.log.DebugContext(ctx, "retrying a transaction", "attempt", attempt, "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(firstPause << attempt)): //nolint:gosec // spreads out retries, guards nothing
		}
	}
}

func (db *DB) transact(ctx context.Context, f func(context.Context, *Tx) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*db.writer.patience)
	defer cancel()
	if err := db.writer.warm(ctx); err != nil {
		return db.Failure(err)
	}
	conn, err := db.writer.handle.Conn(ctx)
	if err != nil {
		return db.Failure(err)
	}
	defer func() {
		if err := conn.Close(); err != nil { // returns it to the pool
			db.log.WarnContext(ctx, "releasing a connection failed", "error", err)
		}
	}()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return db.Failure(err)
	}
	began := time.Now()
	defer func() { db.held(time.Since(began)) }()
	done := false
	defer func() {
		if done {
			return
		}
		// f failed or panicked. A broken connection has already rolled back.
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			db.log.WarnContext(ctx, "rollback failed", "error", rollback)
		}
	}()
	t := &Tx{sql: tx, pool: db.writer}
	if db.dialect.pipelines {
		t.conn = conn
	}
	if err := f(ctx, t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return db.Failure(err)
	}
	done = true
	if err := tx.Commit(); err != nil {
		return db.commitFailure(err)
	}
	return nil
}

// statement returns the rendered text, and the prepared statement bound to this transaction if there is one.
func (t *Tx) statement(ctx context.Context, text string, columns ...column) (string, *sql.Stmt) {
	rendered, stmt := t.pool.look(text, columns...)
	if stmt != nil {
		return rendered, t.sql.StmtContext(ctx, stmt)
	}
	if t.pool.dialect.prepares {
		t.pool.mu.Lock()
		t.pool.wanted[text] = true
		t.pool.mu.Unlock()
	}
	return rendered, nil
}

func (t *Tx) read(ctx context.Context, f func(Rows) error, text string, args ...any) error {
	rows, err := t.query(ctx, text, args...)
	return give(rows, err, f)
}

func (t *Tx) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	ctx, err := t.pool.dialect.during(ctx)
	if err != nil {
		return nil, err
	}
	rendered, stmt := t.statement(ctx, text)
	if stmt != nil {
		return stmt.QueryContext(ctx, args...)
	}
	return t.sql.QueryContext(ctx, rendered, args...)
}

func (t *Tx) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	ctx, err := t.pool.dialect.during(ctx)
	if err != nil {
		return nil, err
	}
	rendered, stmt := t.statement(ctx, text)
	if stmt != nil {
		return stmt.ExecContext(ctx, args...)
	}
	return t.sql.ExecContext(ctx, rendered, args...)
}
