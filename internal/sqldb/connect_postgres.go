package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// aliveEvery is how often a quiet connection is asked for a sign of life. Where the other end is gone without a word,
// whoever takes the connection next would wait for as long as a statement may take; the operating system's own two
// hours are no help.
const aliveEvery = 5 * time.Second

// connectPostgres opens two pools, so that many reads never keep a write waiting for a connection.
func connectPostgres(c Config, exclusive bool) (writer, reader *sql.DB, err error) {
	config, err := postgresConfig(c)
	if err != nil {
		return nil, nil, fmt.Errorf("the database URL is invalid: %w", err)
	}
	settings := "SELECT pg_advisory_lock_shared(" + useLock(c.Name) + "); "
	if exclusive {
		settings = ""
		config.RuntimeParams["application_name"] += exclusiveName
	}
	writer = openPostgres(config, postgresConns(c)-postgresReaders(c), settings+lookUp)
	return writer, openPostgres(config, postgresReaders(c), settings+interpret), nil
}

// postgresConfig is how to connect to the server of the URL.
func postgresConfig(c Config) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return nil, err
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	alive := net.KeepAliveConfig{Enable: true, Idle: aliveEvery, Interval: aliveEvery, Count: 2}
	config.DialFunc = (&net.Dialer{KeepAliveConfig: alive}).DialContext
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = c.Name
	}
	return config, nil
}

func postgresConns(c Config) int { return max(3, cmp.Or(c.MaxConns, 20)) }

// postgresReaders is how many of the connections read.
func postgresReaders(c Config) int { return postgresConns(c) - max(2, postgresConns(c)*2/5) }

// interpret has plans run as they are. The server would compile those that it takes for costly, as it does many on
// large tables: that lasts for dozens of milliseconds, and the statements for few.
//
// An index is searched for a row at the cost of memory or a solid-state disk: with the 4 that a server has by default,
// for disks that move an arm, a page of rows is often looked for by reading the whole of a large table. Where the
// operator chose another cost, it stays. No statement of a page is worth other processes, which take longer to start,
// or a table in memory: what hundreds of rows are joined with, they look up.
const interpret = `SET jit = off; SET max_parallel_workers_per_gather = 0;
	SET enable_hashjoin = off; SET enable_mergejoin = off;
	SELECT set_config('random_page_cost', '1.1', false)
	WHERE current_setting('random_page_cost') = '4'`

// planned are the arguments of a statement that is to be planned for its values. Of one that is repeated, the server
// would after five times make a plan for any values, and then look for a word that everyone uses as it does for a rare
// one.
func (d *dialect) planned(args []any) []any {
	if d.kind != PostgreSQL {
		return args
	}
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// useLock is the key of a lock in which every connection of a program has a share, so that OpenExclusive notices it. It
// ends with its connection. While OpenExclusive has it, new connections wait.
func useLock(name string) string { return `hashtextextended(` + quoted(name+" in use") + `, 0)` }

// exclusiveName is behind the name of OpenExclusive's connections: what goes by the name without that shares the
// database, even if it takes no share in the lock.
const exclusiveName = ` (exclusive)`

func quoted(text string) string { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }

// lookUp has the writers' statements planned once for each connection, whatever their parameters, to look up each row
// of a set in an index. By itself the planner finds out for every batch anew that it would rather read the whole of a
// young table, which takes an eighth of the time of many small transactions; or it plans once, while the table is
// empty, and reads all of it for each batch when it is not. A plan that has no other way than to read a table counts as
// so costly that the server would compile it: without jit it doesn't.
const lookUp = `SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;
	SET enable_mergejoin = off; SET jit = off`

func openPostgres(config *pgx.ConnConfig, conns int, settings string) *sql.DB {
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, settings); err != nil {
			return err
		}
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}))
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}
