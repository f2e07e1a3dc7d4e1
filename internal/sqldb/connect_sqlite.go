package sqldb

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/minicompete/minicompete/internal/sqlitefile"
)

// writerCache is the page cache of the writing connection, in KiB. With SQLite's default of 2,000, a transaction that
// changes hundreds of rows and their indexes changes more pages than fit, and rereads some of them a hundred times.
const writerCache = 16_000

// connectSQLite opens one connection for writing and a pool for reading: SQLite has one writer at a time, and waiting
// for it in Go is fairer and cheaper than in its busy handler.
func connectSQLite(c Config, exclusive bool) (writer, reader *sql.DB, err error) {
	path, _, err := sqlitefile.Path(c.URL)
	if err != nil {
		return nil, nil, fmt.Errorf("the database URL %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("create the database directory: %w", err)
	}
	// SQLite would create a file that everybody can read; the files it adds later copy this one's permissions. An
	// existing file isn't opened: closing it here would release the locks of others in this process that have it open.
	made, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // the operator says where
	if err == nil {
		if err := made.Close(); err != nil {
			return nil, nil, fmt.Errorf("create the database: %w", err)
		}
	}
	if exclusive {
		writer, err = OpenSQLiteFile(path, exclusiveSettings, 1)
		return writer, writer, err
	}
	settings := fmt.Sprintf("%s&_pragma=cache_size(-%d)&_pragma=wal_autocheckpoint(%d)", sharedSettings, writerCache,
		fallbackLog)
	if writer, err = OpenSQLiteFile(path, settings, 1); err != nil {
		return nil, nil, err
	}
	readers := max(c.MaxConns-1, 1)
	if c.MaxConns == 0 {
		readers = max(4, runtime.GOMAXPROCS(0))
	}
	if reader, err = OpenSQLiteFile(path, sharedSettings+"&_query_only=1", readers); err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	return writer, reader, nil
}

// connectCheckpoints opens the connection for checkpoints.
func connectCheckpoints(c Config) (*sql.DB, error) {
	path, _, err := sqlitefile.Path(c.URL)
	if err != nil {
		return nil, err
	}
	return OpenSQLiteFile(path, sharedSettings, 1)
}

const sharedSettings = "?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)" +
	"&_pragma=synchronous(full)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)" +
	"&_time_integer_format=unix_micro&_inttotime=1"

// exclusiveSettings make the one connection keep the file's lock. Every connection to a database in WAL mode holds a
// shared lock on it, even while idle, so any other program that has it open is detected.
const exclusiveSettings = "?_txlock=immediate&_pragma=busy_timeout(1000)&_pragma=locking_mode(exclusive)" +
	"&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=foreign_keys(1)" +
	"&_time_integer_format=unix_micro&_inttotime=1"

// SQLiteURI returns a path as a SQLite URI, without settings.
func SQLiteURI(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// OpenSQLiteFile opens a file, such as a copy of a database, with the given number of connections and the driver's
// settings, from their question mark on.
func OpenSQLiteFile(path, settings string, conns int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", SQLiteURI(path)+settings)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}
