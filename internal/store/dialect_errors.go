package store

import (
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

	"minicompete/internal/compete"
)

// violation is how the database refused a row.
type violation int

const (
	noViolation violation = iota
	primaryKeyViolation
	uniqueViolation
	foreignKeyViolation
	otherViolation // a check, or a missing value
)

// violationOf reads, by its code, how the database refused a row.
func violationOf(err error) violation {
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		switch {
		case pg.Code == pgerrcode.UniqueViolation && strings.HasSuffix(pg.ConstraintName, "_pkey"):
			return primaryKeyViolation
		case pg.Code == pgerrcode.UniqueViolation:
			return uniqueViolation
		case pg.Code == pgerrcode.ForeignKeyViolation:
			return foreignKeyViolation
		case pgerrcode.IsIntegrityConstraintViolation(pg.Code):
			return otherViolation
		}
	}
	if lite := (*sqlite.Error)(nil); errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return primaryKeyViolation
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE:
			return uniqueViolation
		case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
			return foreignKeyViolation
		}
		return otherViolation
	}
	return noViolation
}

// inUse reports whether SQLite found its file locked.
func inUse(err error) bool {
	lite := (*sqlite.Error)(nil)
	return errors.As(err, &lite) && (lite.Code()&0xff == sqlite3.SQLITE_BUSY || lite.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

// failure is the compete error of a driver's, with the driver's kept for the log: compete.ErrDatabase when the database is away,
// full or too slow, compete.ErrConstraint when it refused a row; anything else is wrapped as it is.
func failure(err error) error {
	switch {
	case err == nil:
		return nil
	case violationOf(err) != noViolation:
		return fmt.Errorf("%w: %w", compete.ErrConstraint, err)
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("database: %w", err)
	case away(err):
		return fmt.Errorf("%w: %w", compete.ErrDatabase, err)
	}
	return fmt.Errorf("database: %w", err)
}

// away reports whether the database can't be reached, is stopping, has no room or didn't answer in time.
func away(err error) bool {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) { // whatever the server said to that
		return true
	}
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pgerrcode.IsConnectionException(pg.Code) || pgerrcode.IsInsufficientResources(pg.Code) ||
			pgerrcode.IsOperatorIntervention(pg.Code) || pgerrcode.IsSystemError(pg.Code) ||
			pg.Code == pgerrcode.ReadOnlySQLTransaction || // a primary that became a standby
			pg.Code == pgerrcode.LockNotAvailable ||
			repeatable(err) // often enough by now
	}
	if lite := (*sqlite.Error)(nil); errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
			sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
			return true
		}
		return false
	}
	var network net.Error
	return errors.As(err, &network) || pgconn.Timeout(err) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// repeatable reports whether the database asks to run the transaction again.
func repeatable(err error) bool {
	pg := (*pgconn.PgError)(nil)
	return errors.As(err, &pg) && (pg.Code == pgerrcode.SerializationFailure || pg.Code == pgerrcode.DeadlockDetected)
}

// refusedCommit reports whether COMMIT failed with the database's word that nothing took effect.
func refusedCommit(err error) bool {
	if errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, sql.ErrTxDone) {
		return true
	}
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) {
		return pgerrcode.IsIntegrityConstraintViolation(pg.Code) || repeatable(err)
	}
	lite := (*sqlite.Error)(nil)
	return errors.As(err, &lite) && (lite.Code()&0xff == sqlite3.SQLITE_CONSTRAINT || lite.Code()&0xff == sqlite3.SQLITE_BUSY)
}
