package sqldb

import (
	"context"
	"database/sql"
	"math"
	"sync"
)

// Position is a position in PostgreSQL's write-ahead log, in bytes from its beginning (an LSN). A server that has
// replayed the log up to it has everything that was committed before.
type Position uint64

// Unreached is a position that no replica has.
const Unreached Position = math.MaxUint64

type mayLagKey struct{}

// MayLag lets a replica answer reads of Replicated with this context, if it has replayed the log up to the position
// returned by from; 0 requires no more than Config.MaxLag does. from is called at most once, by the first such read. If
// it fails, the database itself answers.
func MayLag(ctx context.Context, from func(context.Context) (Position, error)) context.Context {
	var once sync.Once
	var position Position
	return context.WithValue(ctx, mayLagKey{}, func(ctx context.Context) Position {
		once.Do(func() {
			var err error
			if position, err = from(ctx); err != nil {
				position = Unreached
			}
		})
		return position
	})
}

// Reach identifies the replicas that may answer the reads of a context. Only requests with the same reach may share a
// read.
type Reach struct {
	replica bool
	from    Position
}

// Replicated runs reads that a replica may answer: on the replica if their context allows it (see MayLag) and the
// replica has what the context requires, otherwise on the DB's reader. If the replica fails to answer, the reader does.
type Replicated struct {
	db      *DB
	planned bool // see Unprepared
}

// Replicated returns a handle for reads that a replica may answer.
func (db *DB) Replicated() Replicated { return Replicated{db: db} }

// Unprepared is Pool.Unprepared.
func (q Replicated) Unprepared() Querier { return Replicated{q.db, true} }

// Failure is DB.Failure.
func (q Replicated) Failure(err error) error { return q.db.Failure(err) }

// Reach returns the reach of a context.
func (q Replicated) Reach(ctx context.Context) Reach {
	from, ok := ctx.Value(mayLagKey{}).(func(context.Context) Position)
	if !ok || q.db.replica == nil {
		return Reach{}
	}
	return Reach{replica: true, from: from(ctx)}
}

func (q Replicated) read(ctx context.Context, f func(Rows) error, text string, args ...any) error {
	if reach := q.Reach(ctx); reach.replica {
		read := func(conn *sql.Conn, ctx context.Context) (*sql.Rows, error) { return q.on(ctx, conn, text, args) }
		if done, err := q.db.replica.answer(ctx, reach.from, read, f); done {
			return err
		}
	}
	return q.reader().read(ctx, f, text, args...)
}

func (q Replicated) on(ctx context.Context, conn *sql.Conn, text string, args []any) (*sql.Rows, error) {
	pool := q.db.replica.pool
	if q.planned {
		rendered := pool.dialect.render(text)
		q.db.trace(rendered, args)
		return conn.QueryContext(ctx, rendered, pool.dialect.planned(args)...)
	}
	rendered, _ := pool.look(text) //nolint:sqlclosecheck // there is none: the driver keeps statements
	q.db.trace(rendered, args)
	return conn.QueryContext(ctx, rendered, args...)
}

func (q Replicated) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	return q.reader().exec(ctx, text, args...)
}

func (q Replicated) reader() Querier {
	if q.planned {
		return q.db.reader.Unprepared()
	}
	return q.db.reader
}
