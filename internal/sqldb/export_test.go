package sqldb

import (
	"context"
	"time"
)

// Look looks at the replica once, as Run does.
func (r *Replica) Look(ctx context.Context) { r.look(ctx) }

// Passed tells how old is what a replica has.
type Passed struct{ passed passed }

func (p *Passed) Add(at time.Time, end Position) bool              { return p.passed.add(at, end) }
func (p *Passed) Reached(replayed Position) (at time.Time, _ bool) { return p.passed.reached(replayed) }
func (p *Passed) Len() int                                         { return len(p.passed.ends) }

// Checkpoint runs a checkpoint of SQLite's log, and returns the size of the log before and after it, in pages.
func (db *DB) Checkpoint(ctx context.Context) (before, after int, err error) {
	if before, err = checkpoint(ctx, db.checkpoints.handle); err == nil {
		err = db.checkpoints.run(ctx)
	}
	if err == nil {
		_, err = db.writer.handle.ExecContext(ctx, `UPDATE notes SET likes = likes + 1`)
	}
	if err == nil {
		after, err = checkpoint(ctx, db.checkpoints.handle)
	}
	return before, after, err
}

// MaxLog is the size from which on the log is begun anew, in pages.
const MaxLog = maxLog
