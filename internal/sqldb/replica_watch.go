package sqldb

import (
	"context"
	"errors"
	"time"
)

// Run checks the replica every half second, until ctx ends.
func (r *Replica) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		r.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look checks how far the replica is. While the database itself doesn't answer, that is unknown, and the last known
// state grows old.
func (r *Replica) look(ctx context.Context) {
	r.looking.Lock()
	defer r.looking.Unlock()
	asked := time.Now()
	if r.began.IsZero() {
		r.began = asked
	}
	primary, err := r.primary(ctx)
	if err != nil {
		r.db.log.DebugContext(ctx, "could not ask the database how far its log is", "error", err)
		return
	}
	idle := r.passed.add(asked, primary.position)
	replayed, err := r.standby(ctx, primary)
	if ctx.Err() != nil {
		return
	}
	switch {
	case errors.Is(err, errOldState) && time.Since(r.began) < r.maxLag: // normal after a start, no news yet
		r.reason.Store(&err)
		return
	case err != nil:
		r.passed.forget() // it may be further back when it returns
		r.lose(err)
		return
	}
	if idle && replayed < primary.position {
		r.pushOn(ctx, primary.position)
	}
	fresh, reached := r.passed.reached(replayed)
	if !reached {
		r.fresh.Store(nil)
		return // the first check, or the first since it was unavailable; the next ones can tell
	}
	r.fresh.Store(&fresh)
	if !r.usable() {
		r.note(errLagging)
		return
	}
	r.note(nil)
}

func (r *Replica) primary(ctx context.Context) (origin, error) {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	return r.db.logEnd(ctx)
}

// standby asks the replica for its position. It fails if it isn't a replica of that database.
func (r *Replica) standby(ctx context.Context, primary origin) (Position, error) {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	var standby bool
	var is origin
	err := r.pool.handle.QueryRowContext(ctx, `SELECT pg_is_in_recovery(),
		coalesce(CAST(pg_last_wal_replay_lsn() - '0/0' AS bigint), 0), (SELECT system_identifier
		FROM pg_control_system()),
		(SELECT CAST(oid AS bigint) FROM pg_database WHERE datname = current_database())`,
	).Scan(&standby, &is.position, &is.system, &is.object)
	switch {
	case err != nil:
		return 0, err
	case !standby:
		return 0, errPromoted
	case is.system != primary.system || is.object != primary.object:
		return 0, errStranger
	case uint64(is.position) < r.needed.Load():
		return 0, errOldState
	}
	return is.position, nil
}

// pushOn extends the log by a few bytes, once, if nothing else does. The durable log may end within a record that
// nobody waits for, such as one of vacuum's. The standby would only receive the rest with the next commit, and seem to
// lag until then.
func (r *Replica) pushOn(ctx context.Context, end Position) {
	if r.extended == end {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	if _, err := r.db.writer.handle.ExecContext(ctx,
		`SELECT pg_logical_emit_message(true, 'replica', '')`); err != nil {
		r.db.log.DebugContext(ctx, "could not push the log on", "error", err)
		return
	}
	if after, err := r.primary(ctx); err == nil {
		r.extended = after.position
	}
}

// passed remembers where the log ended at which times, to determine the age of the state that a replica has replayed.
// It only uses this process's clock, and doesn't depend on whether the replica is connected, only on what it has.
type passed struct {
	ends []passedEnd // that the replica isn't known to have, oldest first
	has  passedEnd   // the newest one that it has
}

type passedEnd struct {
	at  time.Time
	end Position
}

// maxPassed bounds what is remembered while a replica is unavailable: at twice as many, every second one is dropped.
const maxPassed = 512

// add records the end of the log at a time. It reports whether the end is unchanged.
func (p *passed) add(at time.Time, end Position) (idle bool) {
	last := p.has
	if n := len(p.ends); n > 0 {
		last = p.ends[n-1]
	}
	if idle = last.end == end; idle && len(p.ends) > 0 {
		p.ends[len(p.ends)-1].at = at
		return idle
	}
	p.ends = append(p.ends, passedEnd{at, end})
	if len(p.ends) >= 2*maxPassed {
		for i := range maxPassed {
			p.ends[i] = p.ends[2*i+1]
		}
		p.ends = p.ends[:maxPassed]
	}
	return idle
}

// reached returns the latest time at which the log ended at or before the replica's position; false if there is none.
func (p *passed) reached(replayed Position) (time.Time, bool) {
	n := 0
	for n < len(p.ends) && p.ends[n].end <= replayed {
		p.has = p.ends[n]
		n++
	}
	p.ends = p.ends[:copy(p.ends, p.ends[n:])]
	return p.has.at, !p.has.at.IsZero() && p.has.end <= replayed
}

func (p *passed) forget() { *p = passed{} }
