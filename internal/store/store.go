package store

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/recent"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// Config says which database to open.
type Config struct {
	// URL is sqlite:relative.db, sqlite:///absolute.db or postgres://….
	URL string
	// ReplicaURL and MaxLag are those of sqldb.Config.
	ReplicaURL string
	MaxLag     time.Duration
	Logger     *slog.Logger // nil: slog.Default()
	// MaxConns and WriteTimeout are those of sqldb.Config.
	MaxConns     int
	WriteTimeout time.Duration
	// Jobs says in which form the queue keeps jobs. The store adds them in the transaction of the change that needs
	// them.
	Jobs compete.JobEncoder
	// Mailing says that every message goes out by mail too: a MailJob is enqueued with it. Without it, those that carry
	// a link alone have one.
	Mailing bool
	// Trace and Held are those of sqldb.Config.
	Trace func(text string, args []any)
	Held  func(time.Duration)
}

// Database is the configuration with which the store opens its database.
func (c Config) Database() sqldb.Config {
	return sqldb.Config{
		URL: c.URL, ReplicaURL: c.ReplicaURL, MaxLag: c.MaxLag, Logger: c.Logger, Name: "minicompete",
		MaxConns: c.MaxConns, WriteTimeout: c.WriteTimeout, Trace: c.Trace, Held: c.Held,
		Errors: sqldb.Errors{
			Unavailable: compete.ErrDatabase, Constraint: compete.ErrConstraint,
			CommitUnknown: compete.ErrCommitUnknown,
		},
	}
}

// Store is an open database. It implements every store interface of package compete.
type Store struct {
	db     *sqldb.DB
	writer *sqldb.Pool
	reader *sqldb.Pool
	// replicated is for what a replica may answer: lists, searches, and what pages count and show of competitions. All
	// that somebody's rights or places are decided by is read by reader.
	replicated sqldb.Replicated

	jobs    compete.JobEncoder
	mailing bool

	parts            partsWorth
	competitions     sqldb.Coalesced[competitionKey, compete.Competition]
	competitionLists sqldb.Coalesced[competitionsKey, compete.Page[compete.Competition]]
	times            *recent.Cache[timesKey, []compete.TimeCount]
}

// Open connects to the database, and makes the file (and its directory) when it is SQLite's and doesn't exist. It does
// not migrate. It fails with a sentence that names the database but no password.
func Open(ctx context.Context, c Config) (*Store, error) {
	db, err := sqldb.Open(ctx, c.Database())
	if err != nil {
		return nil, err
	}
	s := On(db)
	s.jobs, s.mailing = c.Jobs, c.Mailing
	return s, nil
}

// On is the store on a database that is open already, by the configuration of Config.Database. No mails go out by its
// messages.
func On(db *sqldb.DB) *Store {
	return &Store{
		db: db, writer: db.Writer(), reader: db.Reader(), replicated: db.Replicated(),
		times: recent.NewCache[timesKey, []compete.TimeCount](mostTimes), parts: partsPay,
	}
}

// Close closes every connection. Nothing may be under way.
func (s *Store) Close() error { return s.db.Close() }

// DB is the database itself.
func (s *Store) DB() *sqldb.DB { return s.db }

// Kind tells which database it is.
func (s *Store) Kind() sqldb.Kind { return s.db.Kind() }

// Writer is the handle for transactions that write; on SQLite it has one connection.
func (s *Store) Writer() *sql.DB { return s.writer.SQL() }

// Reader is the handle for reads outside transactions. It sees every commit at once.
func (s *Store) Reader() *sql.DB { return s.reader.SQL() }

// Ping reads a row, to see that the database answers. It fails with compete.ErrDatabase.
func (s *Store) Ping(ctx context.Context) error {
	_, err := sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT id FROM users LIMIT 1`)
	return err
}

// Tx is one read-write transaction.
type Tx struct{ *sqldb.Tx }

// Transact is sqldb.DB.Transact.
func (s *Store) Transact(ctx context.Context, f func(ctx context.Context, tx Tx) error) error {
	return s.db.Transact(ctx, func(ctx context.Context, tx *sqldb.Tx) error { return f(ctx, Tx{tx}) })
}
