package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"

	"minicompete/internal/sqlitefile"
)

// connect opens the handles for writing and for reading. It does not wait for the database to answer. alone is for openAlone.
func connect(c Config, alone bool) (d *dialect, writer, reader *sql.DB, err error) {
	switch scheme, _, _ := strings.Cut(c.URL, ":"); scheme {
	case "sqlite":
		writer, reader, err = connectSQLite(c.URL, c.MaxConns, alone)
		return sqliteDialect, writer, reader, err
	case "postgres", "postgresql":
		writer, reader, err = connectPostgres(c.URL, c.MaxConns, alone)
		return postgresDialect, writer, reader, err
	}
	return nil, nil, nil, errors.New("the database URL must start with sqlite: or postgres://")
}

// writerCache is how much of the file the connection that writes keeps in memory, in KiB. Within SQLite's own 2,000, a transaction that
// confirms registrations changes more pages than it can keep, and reads some of them a hundred times over.
const writerCache = 16_000

// connectSQLite opens one connection that writes and a pool that reads: SQLite has one writer at a time, and waiting for it in
// Go is fairer and cheaper than in its busy handler.
func connectSQLite(databaseURL string, maxConns int, alone bool) (writer, reader *sql.DB, err error) {
	path, _, err := sqlitefile.Path(databaseURL)
	if err != nil {
		return nil, nil, fmt.Errorf("the database URL %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, fmt.Errorf("create the database directory: %w", err)
	}
	// SQLite would let everybody read a new file; those that it adds follow this one. A file that is there is left alone: to close it
	// here would end the locks of whoever has it open in this process.
	if made, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err == nil { //nolint:gosec // the operator says where
		if err := made.Close(); err != nil {
			return nil, nil, fmt.Errorf("create the database: %w", err)
		}
	}
	file := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=foreign_keys(1)" +
		"&_time_integer_format=unix_micro&_inttotime=1"
	if alone {
		writer, err = openSQLite("file:"+(&url.URL{Path: path}).EscapedPath()+aloneSQLiteSettings, 1)
		return writer, writer, err
	}
	if writer, err = openSQLite(file+"&_pragma=cache_size(-"+strconv.Itoa(writerCache)+")", 1); err != nil {
		return nil, nil, err
	}
	readers := max(maxConns-1, 1)
	if maxConns == 0 {
		readers = max(4, runtime.GOMAXPROCS(0))
	}
	if reader, err = openSQLite(file+"&_query_only=1", readers); err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	return writer, reader, nil
}

// aloneSQLiteSettings have the one connection keep the file's lock. Every connection to a database in WAL mode has a share in that lock,
// also while it does nothing, so whoever else has it open is noticed, whatever program it is.
const aloneSQLiteSettings = "?_txlock=immediate&_pragma=busy_timeout(1000)&_pragma=locking_mode(exclusive)&_pragma=journal_mode(wal)" +
	"&_pragma=synchronous(full)&_pragma=foreign_keys(1)&_time_integer_format=unix_micro&_inttotime=1"

func openSQLite(dsn string, conns int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// connectPostgres opens two pools, so that a rush of reads never keeps the registrar waiting for a connection.
func connectPostgres(url string, maxConns int, alone bool) (writer, reader *sql.DB, err error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, nil, fmt.Errorf("the database URL is invalid: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "minicompete"
	}
	if maxConns == 0 {
		maxConns = 20
	}
	writers := max(2, maxConns*2/5)
	settings := "SELECT pg_advisory_lock_shared(" + useLock + "); "
	if alone {
		settings = ""
	}
	return openPostgres(config, writers, settings+lookUp), openPostgres(config, max(1, maxConns-writers), settings), nil
}

// useLock is the key of a lock in which every connection of the program has a share, so that a restore notices servers. It ends with its
// connection. While a restore has it, new connections wait.
const useLock = `hashtextextended('minicompete in use', 0)`

// lookUp has the writers' statements planned once for each connection, whatever their parameters, to look up each row of a set in an index.
// By itself the planner finds out for every batch anew that it would rather read the whole of a young table, which takes an eighth of
// a rush's time; or it plans once, while the table is empty, and reads all of it for each batch when it is not. A plan that has no
// other way than to read a table counts as so costly that the server would compile it: without jit it doesn't.
const lookUp = `SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off`

func openPostgres(config *pgx.ConnConfig, conns int, settings string) *sql.DB {
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, settings); err != nil {
			return err
		}
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}))
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}
