package testservices

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Replication is a test's own PostgreSQL server with a hot standby. Create it with Replicate.
type Replication struct {
	t                testing.TB
	Primary, Standby *Cluster
}

// replicationRole owns the databases. It has no special rights, as in production.
const replicationRole = "owner"

// Replicate starts both servers, which run until the test ends. Like StartCluster, it returns nil if this machine has
// no PostgreSQL.
func Replicate(t testing.TB) *Replication {
	t.Helper()
	primary := StartCluster(t)
	if primary == nil {
		return nil
	}
	r := &Replication{t, primary, primary.sibling()}
	for _, statement := range []string{
		"CREATE ROLE " + replicationRole + " LOGIN", "ALTER SYSTEM SET wal_keep_size = '256MB'",
		"ALTER SYSTEM SET wal_retrieve_retry_interval = '100ms'", "SELECT pg_reload_conf()",
	} {
		primary.exec(statement)
	}
	copied := r.Standby.command("pg_basebackup", "-D", filepath.Join(r.Standby.dir, "data"), "-d",
		primary.url("postgres"),
		"--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync")
	if output, err := copied.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, output)
	}
	t.Cleanup(r.Standby.Kill)
	r.Standby.Start()
	return r
}

// sibling returns a cluster with its own directory and port, and no server yet.
func (c *Cluster) sibling() *Cluster {
	c.t.Helper()
	dir, err := os.MkdirTemp("", "minicompete-cluster-")
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Cluster{t: c.t, bindir: c.bindir, dir: dir, port: SteadyPort(c.t)}
	s.chooseOwner()
	return s
}

// Database creates an empty database on the primary, and so on the standby, and returns its URLs there. It has no
// schema yet.
func (r *Replication) Database() (primaryURL, standbyURL string) {
	r.t.Helper()
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	r.Primary.exec("CREATE DATABASE " + name + " OWNER " + replicationRole)
	as := func(c *Cluster) string {
		return strings.Replace(c.url(name), "//minicompete@", "//"+url.User(replicationRole).String()+"@", 1)
	}
	return as(r.Primary), as(r.Standby)
}

// Pause makes the standby stop replaying the log, although it still receives it, until Resume.
func (r *Replication) Pause() {
	r.t.Helper()
	r.Standby.exec("SELECT pg_wal_replay_pause()")
	const paused = "SELECT CASE pg_get_wal_replay_pause_state() WHEN 'paused' THEN 1 ELSE 0 END"
	for r.Standby.Number("postgres", paused) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

// Resume ends Pause.
func (r *Replication) Resume() {
	r.t.Helper()
	r.Standby.exec("SELECT pg_wal_replay_resume()")
}

func (c *Cluster) exec(statement string) {
	c.t.Helper()
	c.on("postgres", statement, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, statement)
		return err
	})
}

// Number reads a number from a database as the superuser.
func (c *Cluster) Number(database, query string) (n int64) {
	c.t.Helper()
	c.on(database, query, func(ctx context.Context, conn *pgx.Conn) error { return conn.QueryRow(ctx, query).Scan(&n) })
	return n
}

func (c *Cluster) on(database, what string, f func(context.Context, *pgx.Conn) error) {
	c.t.Helper()
	ctx := context.Background()
	conn, err := connect(ctx, c.url(database))
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := f(ctx, conn); err != nil {
		c.t.Fatal(fmt.Errorf("%s: %w", what, err))
	}
}
