package sqldb

import (
	"database/sql"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// River returns the driver with which a River job queue stores its jobs in this database, through the writer: jobs
// added in a transaction commit with it.
func (db *DB) River() riverdriver.Driver[*sql.Tx] {
	if db.Kind() == SQLite {
		return riversqlite.New(db.writer.handle)
	}
	return riverdatabasesql.New(db.writer.handle)
}
