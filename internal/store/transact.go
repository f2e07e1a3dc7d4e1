package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"minicompete/internal/compete"
)

// Attempts at a transaction that the database asks to repeat (a serialization failure or a deadlock), and the longest first pause between them.
const (
	maxAttempts = 5
	firstPause  = 10 * time.Millisecond
)

// Tx is one read-write transaction.
type Tx struct {
	sql  *sql.Tx
	pool *pool
	conn *sql.Conn // that the transaction has, where trips go together; else nil
}

// trip begins a row of statements.
func (t *Tx) trip() *trip { return &trip{tx: t} }

// SQL is the transaction itself, for those who bring statements of their own.
func (t *Tx) SQL() *sql.Tx { return t.sql }

// Transact runs f in one read-write transaction and commits, durably, if f returns nil; else it rolls back, also when f panics.
// f runs again, from the start, when the database asks for that, so it must not have effects elsewhere.
// Errors: what f returned; compete.ErrDatabase when the database is away; compete.ErrCommitUnknown beside it when COMMIT itself
// failed, so that the transaction may have taken effect.
func (s *Store) Transact(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := s.transact(ctx, f)
		if err == nil || attempt == maxAttempts || !repeatable(err) {
			return err
		}
		s.log.DebugContext(ctx, "retrying a transaction", "attempt", attempt, "error", err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(firstPause << attempt)): //nolint:gosec // spreads out retries, guards nothing
		}
	}
}

func (s *Store) transact(ctx context.Context, f func(context.Context, *Tx) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*s.writer.patience)
	defer cancel()
	if err := s.writer.warm(ctx); err != nil {
		return failure(err)
	}
	conn, err := s.writer.db.Conn(ctx)
	if err != nil {
		return failure(err)
	}
	defer func() {
		if err := conn.Close(); err != nil { // it goes back to the pool
			s.log.WarnContext(ctx, "releasing a connection failed", "error", err)
		}
	}()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return failure(err)
	}
	done := false
	defer func() {
		if done {
			return
		}
		// f failed or panics. A connection that is gone has rolled back by itself.
		if rollback := tx.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
			s.log.WarnContext(ctx, "rollback failed", "error", rollback)
		}
	}()
	t := &Tx{sql: tx, pool: s.writer}
	if s.dialect.trips {
		t.conn = conn
	}
	if err := f(ctx, t); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return failure(err)
	}
	done = true
	if err := tx.Commit(); err != nil {
		return commitFailure(err)
	}
	return nil
}

// commitFailure tells a commit that the database refused, which had no effect, from one whose outcome is unknown.
func commitFailure(err error) error {
	told := failure(err)
	if refusedCommit(err) {
		return told
	}
	if !errors.Is(told, compete.ErrDatabase) {
		told = fmt.Errorf("%w: %w", compete.ErrDatabase, told)
	}
	return fmt.Errorf("%w: %w", compete.ErrCommitUnknown, told)
}

// warm prepares the statements that earlier transactions met for the first time. Inside a transaction that is impossible
// where the one connection is the transaction's own.
func (p *pool) warm(ctx context.Context) error {
	p.mu.RLock()
	texts := make([]string, 0, len(p.wanted))
	for text := range p.wanted {
		texts = append(texts, text)
	}
	p.mu.RUnlock()
	for _, text := range texts {
		if _, _, err := p.prepared(ctx, text); err != nil {
			return err
		}
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
