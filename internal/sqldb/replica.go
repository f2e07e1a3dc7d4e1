package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minicompete/minicompete/internal/outage"
)

// DefaultMaxLag is the default maximum lag of a replica that is used.
const DefaultMaxLag = 5 * time.Second

const (
	// lookEvery is how often a replica is checked, and so how soon it is used again once it is back.
	lookEvery = 500 * time.Millisecond
	// lookPatience is how long a server may take to report its position.
	lookPatience = time.Second
	// replicaPatience is how long a replica may take to answer a read, before the database itself is asked.
	replicaPatience = 2 * time.Second
)

// ErrReplicaURL is returned for an invalid Config.ReplicaURL.
var ErrReplicaURL = errors.New("the URL of the read replica is invalid")

// The reasons not to use a replica.
var (
	errPromoted = errors.New("it isn't in recovery, so it isn't a standby")
	errStranger = errors.New("it isn't a replica of this database: the cluster or the database in it is another")
	errOldState = errors.New("its schema is older than the one this program brought up to date")
	errLagging  = errors.New("it lags behind by more than it may")
)

// Replica is a hot standby of the database, by streaming replication, that answers reads of Replicated. It is only used
// while it is known to have everything committed until MaxLag ago. Run checks that.
type Replica struct {
	db     *DB
	pool   *Pool
	maxLag time.Duration
	report outage.Report

	reason atomic.Pointer[error]     // why it isn't used, according to the last check; nil if it is fine
	fresh  atomic.Pointer[time.Time] // it has everything committed before; nil if it is unavailable
	needed atomic.Uint64             // the Position of the schema that the program needs
	counts [len(ReadOutcomes)]atomic.Uint64

	looking  sync.Mutex // guards the following fields
	began    time.Time  // when it was first checked
	passed   passed
	extended Position // the log's end when pushOn last extended it
}

// ReadOutcome is the outcome of a read that a replica was allowed to answer.
type ReadOutcome int

// The outcomes of reads.
const (
	ReadByReplica ReadOutcome = iota // the replica answered; otherwise the database itself did
	ReadAway                         // the replica is unavailable, too far behind, or missing
	ReadBehind                       // it doesn't have the reader's own writes yet
	ReadFailed                       // it failed to answer
)

// ReadOutcomes contains the names of the outcomes.
var ReadOutcomes = [...]string{ReadByReplica: "replica", ReadAway: "away", ReadBehind: "behind", ReadFailed: "failed"}

// openReplica opens the pool of the replica without connecting, because an unavailable replica must not prevent a
// start.
func (db *DB) openReplica(c Config) error {
	if c.ReplicaURL == "" {
		return nil
	}
	if db.Kind() != PostgreSQL {
		return fmt.Errorf("%w: only PostgreSQL has read replicas", ErrReplicaURL)
	}
	handle, err := connectReplica(c)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrReplicaURL, err)
	}
	db.replica = &Replica{
		db: db, pool: db.pool(handle), maxLag: cmp.Or(c.MaxLag, DefaultMaxLag),
		report: outage.Report{
			Logger: c.Logger, Away: "the read replica can't be used; the database itself answers all reads",
			Back: "the read replica is used again",
		},
	}
	return nil
}

// Replica returns the replica of Config.ReplicaURL; nil without one.
func (db *DB) Replica() *Replica { return db.replica }

// MaxLag returns the maximum lag at which the replica is used.
func (r *Replica) MaxLag() time.Duration { return r.maxLag }

// SQL returns the replica's handle itself.
func (r *Replica) SQL() *sql.DB { return r.pool.handle }

// Reads returns the number of reads with this outcome.
func (r *Replica) Reads(o ReadOutcome) uint64 { return r.counts[o].Load() }

// Lag returns the age of the state that the replica is known to have, including the time since it was last checked;
// false if that is unknown because the replica is unavailable.
func (r *Replica) Lag() (time.Duration, bool) {
	fresh := r.fresh.Load()
	if fresh == nil {
		return 0, false
	}
	return time.Since(*fresh), true
}

// Check fails with the reason if the replica isn't used.
func (r *Replica) Check(context.Context) error {
	if r.usable() {
		return nil
	}
	if reason := r.reason.Load(); reason != nil {
		return *reason
	}
	return errLagging
}

// note stores and logs why the replica isn't used; nil if it is.
func (r *Replica) note(err error) {
	if err == nil {
		r.reason.Store(nil)
	} else {
		r.reason.Store(&err)
	}
	r.report.Note(err)
}

func (r *Replica) usable() bool {
	lag, known := r.Lag()
	return known && lag <= r.maxLag
}

// answer makes the replica answer a read, if it has replayed the log up to a position. done reports that it did, or
// that nobody is waiting for the answer any more.
func (r *Replica) answer(
	ctx context.Context, from Position, read func(*sql.Conn, context.Context) (*sql.Rows, error), f func(Rows) error,
) (done bool, err error) {
	if !r.usable() {
		return r.count(ReadAway), nil
	}
	if from == Unreached {
		return r.count(ReadBehind), nil
	}
	within, cancel := context.WithTimeout(ctx, replicaPatience)
	defer cancel()
	behind, err := r.ask(within, from, read, f)
	switch {
	case ctx.Err() != nil:
		return true, cmp.Or(err, ctx.Err())
	case err != nil:
		if lost(err) {
			r.lose(err)
		}
		return r.count(ReadFailed), nil
	case behind:
		return r.count(ReadBehind), nil
	}
	r.count(ReadByReplica)
	return true, nil
}

func (r *Replica) count(o ReadOutcome) bool {
	r.counts[o].Add(1)
	return false
}

// ask runs a read on one connection, after asking for the replica's position on the same connection. Positions from
// earlier checks don't count here: a standby that crashed may be further back after restarting, and one address may
// lead to several standbys.
func (r *Replica) ask(
	ctx context.Context, from Position, read func(*sql.Conn, context.Context) (*sql.Rows, error), f func(Rows) error,
) (behind bool, err error) {
	conn, err := r.pool.handle.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if from > 0 {
		if from > math.MaxInt64 {
			return true, nil
		}
		var reached bool
		err := conn.QueryRowContext(ctx,
			`SELECT coalesce(CAST(pg_last_wal_replay_lsn() - '0/0' AS bigint) >= $1, false)`,
			int64(from)).Scan(&reached)
		if err != nil || !reached {
			return true, err
		}
	}
	rows, err := read(conn, ctx)
	return false, give(rows, err, f)
}

// lost reports whether an error means that the replica itself is unavailable, not only that it didn't answer this read.
func lost(err error) bool {
	return away(err) && !repeatable(err) && !errors.Is(err, context.DeadlineExceeded)
}

// lose stops the use of the replica until a check finds it healthy.
func (r *Replica) lose(err error) {
	r.fresh.Store(nil)
	r.note(err)
	// Idle connections may be broken too.
	r.pool.handle.SetMaxIdleConns(0)
	r.pool.handle.SetMaxIdleConns(r.pool.handle.Stats().MaxOpenConnections)
}

// Position returns the end of the log. Everything acknowledged before the call is before that position. Concurrent
// callers share an answer.
func (db *DB) Position(ctx context.Context) (Position, error) {
	return db.positions.Read(ctx, struct{}{}, func(ctx context.Context) (Position, error) {
		ctx, cancel := context.WithTimeout(ctx, lookPatience)
		defer cancel()
		end, err := db.logEnd(ctx)
		return end.position, err
	})
}

// origin identifies a database and its position in the log.
type origin struct {
	position       Position
	system, object int64 // the identifier of its cluster, and its own within the cluster
}

const logEnd = `SELECT CAST(pg_current_wal_flush_lsn() - '0/0' AS bigint),
	(SELECT system_identifier FROM pg_control_system()),
	(SELECT CAST(oid AS bigint) FROM pg_database WHERE datname = current_database())`

// logEnd reads the end of the durable log: every commit waits for that, and a standby receives no more.
func (db *DB) logEnd(ctx context.Context) (o origin, err error) {
	err = db.reader.handle.QueryRowContext(ctx, logEnd).Scan(&o.position, &o.system, &o.object)
	return o, db.Failure(err)
}

// migrated stops the use of the replica until it has the current schema.
func (db *DB) migrated(ctx context.Context) error {
	if db.replica == nil {
		return nil
	}
	end, err := db.logEnd(ctx)
	if err != nil {
		return fmt.Errorf("look at the end of the log: %w", err)
	}
	db.replica.needed.Store(uint64(end.position))
	return nil
}

// connectReplica opens the pool of the replica.
func connectReplica(c Config) (*sql.DB, error) {
	c.URL = c.ReplicaURL
	config, err := postgresConfig(c)
	if err != nil {
		return nil, err
	}
	if config.ConnectTimeout == 0 || config.ConnectTimeout > lookPatience {
		config.ConnectTimeout = lookPatience
	}
	return openPostgres(config, postgresReaders(c), interpret), nil
}
