package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Config describes which database to open, and how.
type Config struct {
	// URL is sqlite:relative.db, sqlite:///absolute.db or postgres://….
	URL string
	// ReplicaURL is a hot standby of that database, on PostgreSQL, for reads with Replicated. Empty: none.
	ReplicaURL string
	// MaxLag is the maximum lag of a replica that is used. 0: DefaultMaxLag.
	MaxLag time.Duration
	Logger *slog.Logger // nil: slog.Default()
	// Name is the application name of the program's connections in PostgreSQL, unless the URL sets another one.
	// Programs with the same database and name prevent each other's OpenExclusive. Empty: sqldb.
	Name string
	// MaxConns bounds the number of open connections, including the writer's but not that of SQLite's checkpoints. 0: 4
	// besides the writer on SQLite, 20 on PostgreSQL.
	MaxConns int
	// WriteTimeout bounds a write outside a transaction, including the wait for its turn; a transaction gets twice as
	// long. After that the write fails with Errors.Unavailable. 0: DefaultWriteTimeout.
	WriteTimeout time.Duration
	// Errors contains the errors that failures are wrapped in.
	Errors Errors
	// Trace, if set, is called with each query outside a transaction, as sent to the database. It must be safe for
	// concurrent use.
	Trace func(text string, args []any)
	// Held, if set, is called after each transaction of Transact with how long it held its connection: from when it
	// began, with SQLite's lock, to the end of the commit or rollback. It must be safe for concurrent use.
	Held func(time.Duration)
}

// DefaultWriteTimeout is longer than SQLite waits for another process's lock (busy_timeout, 5 s).
const DefaultWriteTimeout = 6 * time.Second

// DB is an open database. It is safe for concurrent use.
type DB struct {
	dialect *dialect
	log     *slog.Logger
	errors  Errors
	trace   func(text string, args []any)
	held    func(time.Duration)
	url     string
	name    string
	writer  *Pool
	reader  *Pool
	replica *Replica // nil without Config.ReplicaURL

	checkpoints *checkpoints // nil on PostgreSQL, and for OpenExclusive

	positions Coalesced[struct{}, Position]
}

// Open connects to the database. On SQLite it creates a missing file and its directory. It runs no migrations. Errors:
// a sentence that names the database but no password, and Errors.Unavailable if it can't be reached.
func Open(ctx context.Context, c Config) (*DB, error) { return open(ctx, c, false) }

// OpenExclusive is Open for a caller that needs the database to itself: see Exclusively. It may fail with ErrInUse.
func OpenExclusive(ctx context.Context, c Config) (*DB, error) {
	db, err := open(ctx, c, true)
	if IsLocked(err) {
		err = ErrInUse
	}
	return db, err
}

func open(ctx context.Context, c Config, exclusive bool) (*DB, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Trace == nil {
		c.Trace = func(string, []any) {}
	}
	if c.Held == nil {
		c.Held = func(time.Duration) {}
	}
	c.Name = cmp.Or(c.Name, "sqldb")
	dialect, writer, reader, err := connect(c, exclusive)
	if err != nil {
		return nil, err
	}
	db := &DB{
		dialect: dialect, log: c.Logger, errors: c.Errors.withDefaults(), trace: c.Trace, held: c.Held,
		url: c.URL, name: c.Name,
	}
	db.writer, db.reader = db.pool(writer), db.pool(reader)
	db.writer.patience = cmp.Or(c.WriteTimeout, DefaultWriteTimeout)
	if err := db.openReplica(c); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	for _, handle := range []*sql.DB{writer, reader} { // the writer first: it makes the file and sets its journal mode
		if err := handle.PingContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("connect to the database: %w", db.Failure(err)), db.Close())
		}
	}
	if db.Kind() == SQLite && !exclusive {
		handle, err := connectCheckpoints(c)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		db.startCheckpoints(handle)
	}
	return db, nil
}

// connect opens the handles for writing and for reading, without waiting for the database to answer. exclusive is set
// for OpenExclusive.
func connect(c Config, exclusive bool) (d *dialect, writer, reader *sql.DB, err error) {
	switch scheme, _, _ := strings.Cut(c.URL, ":"); scheme {
	case "sqlite":
		writer, reader, err = connectSQLite(c, exclusive)
		return sqliteDialect, writer, reader, err
	case "postgres", "postgresql":
		writer, reader, err = connectPostgres(c, exclusive)
		return postgresDialect, writer, reader, err
	}
	return nil, nil, nil, errors.New("the database URL must start with sqlite: or postgres://")
}

// Close closes all connections. Nothing may be in progress.
func (db *DB) Close() error {
	err := db.checkpoints.close()
	if db.replica != nil {
		err = errors.Join(err, db.replica.pool.close())
	}
	return errors.Join(err, db.reader.close(), db.writer.close())
}

// Kind returns the kind of database.
func (db *DB) Kind() Kind { return db.dialect.kind }

// OneWriter reports whether only one transaction can write at a time, so that parallel writers only wait for each
// other.
func (db *DB) OneWriter() bool { return db.dialect.kind == SQLite }

// URL returns the URL with which the database was opened. It may contain a password.
func (db *DB) URL() string { return db.url }

// Writer returns the handle for statements that write, outside a transaction of Transact. On SQLite it has one
// connection.
func (db *DB) Writer() *Pool { return db.writer }

// Reader returns the handle for reads outside transactions. It sees every commit immediately. On SQLite it can't write.
func (db *DB) Reader() *Pool { return db.reader }

// HasTable reports whether a table exists.
func (db *DB) HasTable(ctx context.Context, table string) (exists bool, err error) {
	err = db.reader.handle.QueryRowContext(ctx, db.dialect.hasTable, table).Scan(&exists)
	return exists, db.Failure(err)
}

// Tables lists the tables that hold data, by name, without those used internally by migrations (goose…) and the job
// queue (river…).
func (db *DB) Tables(ctx context.Context) ([]string, error) {
	return List(ctx, db.reader, ScanString, db.dialect.tables)
}

// Array returns the value of the parameter of {any $1 …} and {each $1 …}.
func (db *DB) Array(values []string) any { return db.dialect.array(values) }

// Pairs returns the values of the two parameters of {pairs $1 $2 …}; the first of each pair is an id.
func (db *DB) Pairs(pairs [][2]string) (first, second any) { return db.dialect.pairs(pairs) }
