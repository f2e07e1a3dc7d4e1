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

// Checkpoint runs a checkpoint of SQLite's log, as is done twice a second.
func (db *DB) Checkpoint(ctx context.Context) error { return db.checkpoints.run(ctx) }

// LogSize returns the size of SQLite's log, in pages.
func (db *DB) LogSize(ctx context.Context) (int, error) {
	log, err := checkpoint(ctx, db.checkpoints.handle)
	return log.size, err
}

// MaxLog is the size from which on the log is begun anew, in pages.
const MaxLog = maxLog
