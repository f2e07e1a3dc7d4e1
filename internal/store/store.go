package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"minicompete/internal/compete"
)

// Config says which database to open.
type Config struct {
	// URL is sqlite:relative.db, sqlite:///absolute.db or postgres://….
	URL    string
	Logger *slog.Logger // nil: slog.Default()
	// MaxConns bounds the connections that are open at once, those of the writer included. 0: 4 beside the writer on SQLite, 20 on PostgreSQL.
	MaxConns int
	// WriteTimeout bounds a write outside a transaction, the wait for its turn included; a transaction has twice as long. Past it the
	// write fails with compete.ErrDatabase. 0: DefaultWriteTimeout.
	WriteTimeout time.Duration
}

// DefaultWriteTimeout is longer than SQLite waits for another process's lock (busy_timeout, 5 s).
const DefaultWriteTimeout = 6 * time.Second

// Store is an open database. It implements every store interface of package compete. Its hooks are set once, before first use.
type Store struct {
	// Queued says how the queue keeps jobs. The store adds them in the transaction of the change that needs them.
	Queued func(jobs []compete.Job) ([]compete.QueuedJob, error)
	// Requeue adds a dead letter's job to the queue again, in the transaction that marks it as sent again.
	Requeue func(ctx context.Context, tx *sql.Tx, j compete.FailedJob) error

	// Mailing says that every message goes out by mail too: a MailJob is enqueued with it. Without it, those that carry a link alone have one.
	Mailing bool

	dialect *dialect
	log     *slog.Logger
	writer  *pool
	reader  *pool

	competitions     coalesced[string, compete.Competition]
	competitionLists coalesced[competitionsKey, compete.Page[compete.Competition]]
}

// Open connects to the database, and makes the file (and its directory) when it is SQLite's and not there. It does not migrate.
// It fails with a sentence that names the database but no password.
func Open(ctx context.Context, c Config) (*Store, error) { return openStore(ctx, c, false) }

// openAlone opens the database as Open does, for somebody who must be alone with it: see dialect.unused. It may fail with ErrInUse.
func openAlone(ctx context.Context, c Config) (*Store, error) {
	s, err := openStore(ctx, c, true)
	if inUse(err) {
		err = ErrInUse
	}
	return s, err
}

func openStore(ctx context.Context, c Config, alone bool) (*Store, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	dialect, writer, reader, err := connect(c, alone)
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: dialect, log: c.Logger, writer: newPool(writer, dialect), reader: newPool(reader, dialect)}
	s.writer.patience = cmp.Or(c.WriteTimeout, DefaultWriteTimeout)
	for _, db := range []*sql.DB{writer, reader} { // the writer first: it makes the file and sets its journal mode
		if err := db.PingContext(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("connect to the database: %w", failure(err)), s.Close())
		}
	}
	return s, nil
}

// Close closes every connection. Nothing may be under way.
func (s *Store) Close() error {
	return errors.Join(s.reader.close(), s.writer.close())
}

// Kind tells which database it is.
func (s *Store) Kind() Kind { return s.dialect.kind }

// Writer is the handle for transactions that write; on SQLite it has one connection. River works on it too.
func (s *Store) Writer() *sql.DB { return s.writer.db }

// Reader is the handle for reads outside transactions. It sees every commit at once.
func (s *Store) Reader() *sql.DB { return s.reader.db }

// Ping reads a row, to see that the database answers. It fails with compete.ErrDatabase.
func (s *Store) Ping(ctx context.Context) error {
	_, err := list(ctx, s.reader, scanString, `SELECT id FROM users LIMIT 1`)
	return err
}
