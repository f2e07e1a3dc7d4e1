package sqldb

import (
	"context"
	"fmt"
)

// maxVacuum is the largest file, in bytes, that is rewritten after a deletion: this blocks others for about a second.
const maxVacuum = 64 << 20

// Scrub removes deleted data from the database's files. PostgreSQL does that itself when it vacuums.
//
// On SQLite, secure_delete overwrites deleted data. It misses copies in unused parts of pages, left there when rows
// moved between pages, so a file that isn't large is rewritten. Then the write-ahead log, which contains earlier
// versions of pages, is emptied.
func (db *DB) Scrub(ctx context.Context) error {
	if db.Kind() == PostgreSQL {
		return nil
	}
	defer db.checkpoints.pause()()
	conn, err := db.writer.handle.Conn(ctx)
	if err != nil {
		return db.Failure(err)
	}
	defer conn.Close()
	var size int64
	if err := conn.QueryRowContext(ctx,
		`SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`).Scan(&size); err != nil {
		return db.Failure(err)
	}
	if size <= maxVacuum {
		if _, err := conn.ExecContext(ctx,
			`PRAGMA temp_store = memory; VACUUM; PRAGMA temp_store = default`); err != nil {
			return db.Failure(err)
		}
	}
	var busy, frames, moved int
	if err := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(truncate)`).Scan(&busy, &frames, &moved); err != nil {
		return db.Failure(err)
	}
	if busy != 0 {
		return fmt.Errorf("the log of the database could not be emptied: somebody reads it")
	}
	return nil
}
