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

// aliveEvery is the interval of keepalive probes on an idle connection. If the other end has disappeared silently, the
// next user of the connection would wait for as long as a statement may take. The operating system's default of two
// hours is no help.
const aliveEvery = 5 * time.Second

// connectPostgres opens two pools, so that many reads never make a write wait for a connection.
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

// postgresConfig returns how to connect to the server in the URL.
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

// postgresReaders returns the number of connections for reading.
func postgresReaders(c Config) int { return postgresConns(c) - max(2, postgresConns(c)*2/5) }

// interpret disables the compilation of plans. The server would compile plans that it considers expensive, including
// many on large tables, which takes dozens of milliseconds for statements that take a few.
//
// It also sets the cost of an index lookup to that of memory or a solid-state disk: with a server's default of 4, meant
// for disks with a moving arm, a page of rows is often found by reading a whole large table. If the operator chose
// another cost, it is kept. No statement of a page justifies parallel worker processes, which take longer to start, or
// an in-memory table: joins of hundreds of rows use lookups, and a cache of those is made as large as the whole table
// would need, which took 5 to 10 ms for a page of 20 out of a million. Samples are the first rows of a table: in
// a large one, the server would begin where the last to read all of it has come to, so that a search could be slow
// after a backup.
const interpret = `SET jit = off; SET max_parallel_workers_per_gather = 0; SET synchronize_seqscans = off;
	SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;
	SELECT set_config('random_page_cost', '1.1', false)
	WHERE current_setting('random_page_cost') = '4'`

// planned returns the arguments of a statement to be planned for its values. Otherwise, after five executions the
// server would use one plan for all values, and then search for a word that everyone uses as if it were rare.
func (d *dialect) planned(args []any) []any {
	if d.kind != PostgreSQL {
		return args
	}
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// useLock returns the key of a lock that every connection of a program shares, so that OpenExclusive notices it. The
// lock ends with its connection. While OpenExclusive holds it, new connections wait.
func useLock(name string) string { return `hashtextextended(` + quoted(name+" in use") + `, 0)` }

// exclusiveName is the suffix of the name of OpenExclusive's connections. Connections with the name but without the
// suffix share the database, even if they don't share the lock.
const exclusiveName = ` (exclusive)`

func quoted(text string) string { return `'` + strings.ReplaceAll(text, `'`, `''`) + `'` }

// lookUp makes the server plan the writers' statements once per connection, regardless of their parameters, so that
// they look up each row of a set in an index. By default the planner would decide for every batch anew to read the
// whole of a young table, which takes an eighth of the time of many small transactions, or plan once while the table is
// empty, and then read all of it for each batch when it no longer is. A plan without an alternative to reading a table
// counts as so expensive that the server would compile it; jit = off prevents that.
const lookUp = `SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off;
	SET enable_mergejoin = off; SET enable_memoize = off; SET jit = off`

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
