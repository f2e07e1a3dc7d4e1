package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The errors that failures are wrapped in, unless Config.Errors replaces them.
var (
	ErrUnavailable   = errors.New("the database is unavailable")
	ErrConstraint    = errors.New("a constraint rejected the change")
	ErrCommitUnknown = errors.New("the outcome of the commit is unknown")
)

// ErrInUse is returned by operations that need a database that no other process has open.
var ErrInUse = errors.New("another process is using the database")

// Errors are what database failures are wrapped in, in addition to the driver's error, which is kept for the log. A
// program can use its own errors, so that nothing has to translate them; nil means this package's error.
type Errors struct {
	Unavailable   error // the database is unreachable, stopping, full, or didn't answer in time
	Constraint    error // it refused a row: see ViolationOf
	CommitUnknown error // COMMIT failed, so the transaction may have taken effect; Unavailable is wrapped too
}

func (e Errors) withDefaults() Errors {
	return Errors{
		Unavailable: cmp.Or(e.Unavailable, ErrUnavailable), Constraint: cmp.Or(e.Constraint, ErrConstraint),
		CommitUnknown: cmp.Or(e.CommitUnknown, ErrCommitUnknown),
	}
}

// Violation is the reason the database refused a row.
type Violation int

// The violations.
const (
	NoViolation Violation = iota
	PrimaryKeyViolation
	UniqueViolation
	ForeignKeyViolation
	OtherViolation // a check constraint or a missing value
)

// ViolationOf determines from the error code why the database refused a row.
func ViolationOf(err error) Violation {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		switch {
		case pg.Code == pgerrcode.UniqueViolation && strings.HasSuffix(pg.ConstraintName, "_pkey"):
			return PrimaryKeyViolation
		case pg.Code == pgerrcode.UniqueViolation:
			return UniqueViolation
		case pg.Code == pgerrcode.ForeignKeyViolation:
			return ForeignKeyViolation
		case pgerrcode.IsIntegrityConstraintViolation(pg.Code), pgerrcode.IsDataException(pg.Code):
			return OtherViolation
		}
	}
	if lite := (*sqlite.Error)(nil); errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return PrimaryKeyViolation
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
			return UniqueViolation
		case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
			return ForeignKeyViolation
		}
		return OtherViolation
	}
	return NoViolation
}

// IsLocked reports whether SQLite found its file locked.
func IsLocked(err error) bool {
	lite := (*sqlite.Error)(nil)
	return errors.As(err, &lite) &&
		(lite.Code()&0xff == sqlite3.SQLITE_BUSY || lite.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

// Failure wraps a driver's error: in Errors.Unavailable if the database is unavailable, full or too slow, in
// Errors.Constraint if it refused a row. Other errors, such as a caller's cancellation, and nil are returned unchanged.
// This package's functions return wrapped errors.
func (db *DB) Failure(err error) error {
	switch {
	case err == nil:
		return nil
	case ViolationOf(err) != NoViolation:
		return fmt.Errorf("%w: %w", db.errors.Constraint, err)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("database: %w", err)
	case away(err):
		return fmt.Errorf("%w: %w", db.errors.Unavailable, err)
	}
	return fmt.Errorf("database: %w", err)
}

// away reports whether the database is unreachable, stopping, full, or didn't answer in time.
func away(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) { // whatever the server answered
		return true
	}
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pgerrcode.IsConnectionException(pg.Code) || pgerrcode.IsInsufficientResources(pg.Code) ||
			pgerrcode.IsOperatorIntervention(pg.Code) || pgerrcode.IsSystemError(pg.Code) ||
			pg.Code == pgerrcode.ReadOnlySQLTransaction || // a primary that has become a standby
			pg.Code == pgerrcode.LockNotAvailable ||
			repeatable(err) // after enough attempts
	}
	if lite := (*sqlite.Error)(nil); errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
			sqlite3.SQLITE_CANTOPEN,
			sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
			return true
		}
		return false
	}
	var network net.Error
	return errors.As(err, &network) || pgconn.Timeout(err) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// repeatable reports whether the database asks for the transaction to be retried.
func repeatable(err error) bool {
	pg := (*pgconn.PgError)(nil)
	return errors.As(err, &pg) && (pg.Code == pgerrcode.SerializationFailure || pg.Code == pgerrcode.DeadlockDetected)
}

// refusedCommit reports whether COMMIT failed and the database confirmed that nothing took effect.
func refusedCommit(err error) bool {
	if errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, sql.ErrTxDone) {
		return true
	}
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pgerrcode.IsIntegrityConstraintViolation(pg.Code) || repeatable(err)
	}
	lite := (*sqlite.Error)(nil)
	if !errors.As(err, &lite) {
		return false
	}
	return lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT || lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// commitFailure distinguishes a commit that the database refused, which had no effect, from one with an unknown
// outcome.
func (db *DB) commitFailure(err error) error {
	failure := db.Failure(err)
	if refusedCommit(err) {
		return failure
	}
	if !errors.Is(failure, db.errors.Unavailable) {
		failure = fmt.Errorf("%w: %w", db.errors.Unavailable, failure)
	}
	return fmt.Errorf("%w: %w", db.errors.CommitUnknown, failure)
}
