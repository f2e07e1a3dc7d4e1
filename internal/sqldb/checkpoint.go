package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

const (
	// checkpointInterval is how often SQLite's log is copied to the database file.
	checkpointInterval = 500 * time.Millisecond
	// maxLog is the size, in pages of 4 KiB, from which on the log is begun anew.
	maxLog = 8192
	// fallbackLog is the size from which on SQLite copies the log itself, within commits.
	fallbackLog = 8 * maxLog
)

// checkpoints copies SQLite's write-ahead log to the database file, beside the writer. SQLite would do so within a
// commit, every thousand pages, and everybody would wait for a hundred milliseconds.
type checkpoints struct {
	db     *DB
	handle *sql.DB
	mu     sync.Mutex // held during each; SQLite doesn't wait for another one to end
	copied int        // the size of a large log of which nothing was left to copy; 0 if there was none
	stop   context.CancelFunc
	done   chan struct{}
}

// startCheckpoints starts copying with the handle, which it owns.
func (db *DB) startCheckpoints(handle *sql.DB) {
	ctx, stop := context.WithCancel(context.Background())
	c := &checkpoints{db: db, handle: handle, stop: stop, done: make(chan struct{})}
	db.checkpoints = c
	go func() {
		defer close(c.done)
		tick := time.NewTicker(checkpointInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if err := c.run(ctx); err != nil && ctx.Err() == nil {
				db.log.DebugContext(ctx, "a checkpoint failed; trying again", "error", err)
			}
		}
	}()
}

// run copies what is new in the log. Once the log is large, it also copies what was added meanwhile while nobody
// writes, so that the next write can begin it anew. Until there is one, nothing is left to do.
func (c *checkpoints) run(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	log, err := checkpoint(ctx, c.handle)
	switch {
	case err != nil:
		return err
	case log.size < maxLog:
		c.copied = 0
		return nil
	case log.copied == log.size && log.size == c.copied:
		return nil
	}
	if _, err := checkpoint(ctx, c.handle); err != nil {
		return err
	}
	conn, err := c.db.writer.handle.Conn(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	log, err = checkpoint(ctx, conn)
	c.db.held(time.Since(began))
	if c.copied = 0; err == nil && log.copied == log.size {
		c.copied = log.size
	}
	return errors.Join(err, conn.Close())
}

// logSize is the size of the log, and how much of it is in the database file, in pages.
type logSize struct{ size, copied int }

// checkpoint copies what it can without waiting for anybody.
func checkpoint(ctx context.Context, on interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
},
) (log logSize, err error) {
	var busy int
	err = on.QueryRowContext(ctx, `PRAGMA wal_checkpoint(passive)`).Scan(&busy, &log.size, &log.copied)
	return log, err
}

// pause waits for the current checkpoint, and lets none start before resume.
func (c *checkpoints) pause() (resume func()) {
	if c == nil {
		return func() {}
	}
	c.mu.Lock()
	return c.mu.Unlock
}

func (c *checkpoints) close() error {
	if c == nil {
		return nil
	}
	c.stop()
	<-c.done
	return c.handle.Close()
}
