package testservices

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"
)

// The environment variables with the servers' addresses. scripts/with-test-services sets both.
const (
	PostgresVariable = "TEST_POSTGRES_URL"
	RedisVariable    = "TEST_REDIS_URL"
)

// howToGet explains how to run a test with its server.
const howToGet = "run `make test`, or one package with `scripts/with-test-services go test ./internal/store/...`"

// answerTimeout is how long a server has to answer. It is long, for machines under load.
const answerTimeout = time.Minute

// Postgres creates a database with the program's schema on the server of PostgresVariable and returns its URL. After
// the test the database is dropped, even if connections to it are still open.
func Postgres(t testing.TB) string {
	t.Helper()
	server := serverURL(t, PostgresVariable)
	template, err := postgresSchema(server.String())
	if isAway(err) {
		t.Fatalf("the PostgreSQL of %s doesn't answer (%v): unset it, and "+howToGet, PostgresVariable, err)
	}
	if err != nil {
		t.Fatalf("make the schema on the PostgreSQL of %s: %v", PostgresVariable, err)
	}
	return createPostgres(t, server, " STRATEGY FILE_COPY TEMPLATE "+template) // half the work for a small one
}

func createPostgres(t testing.TB, server *url.URL, template string) string {
	t.Helper()
	name := "test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	inPostgres(t, server, "CREATE DATABASE "+name+template)
	t.Cleanup(func() { inPostgres(t, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	own := *server
	own.Path = "/" + name
	return own.String()
}

// inPostgres runs one statement on a separate connection. Cleanups use it too, after the test's context has ended, so
// it uses a new context.
func inPostgres(t testing.TB, server *url.URL, statement string) {
	t.Helper()
	ctx := context.Background()
	conn, err := connect(ctx, server.String())
	if err != nil {
		t.Fatalf("the PostgreSQL of %s doesn't answer (%v): unset it, and "+howToGet, PostgresVariable, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func connect(ctx context.Context, server string) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return pgx.Connect(ctx, server)
}

// isAway reports whether an error means that PostgreSQL could not be reached.
func isAway(err error) bool {
	var away *pgconn.ConnectError
	return errors.As(err, &away)
}

// Redis returns the URL of an empty logical database on the server of RedisVariable, emptied again after the test.
// Databases are assigned in turn, so two tests only share one if more run at once than the server has (1023 on the one
// of scripts/with-test-services). Published messages reach subscribers in all of them.
func Redis(t testing.TB) string {
	t.Helper()
	ctx := context.Background()
	server := serverURL(t, RedisVariable)
	shared := redisClient(t, server)
	settings, err := shared.ConfigGet(ctx, "databases").Result()
	if err != nil {
		t.Fatalf("the Redis of %s doesn't answer (%v): unset it, and "+howToGet, RedisVariable, err)
	}
	databases, err := strconv.ParseInt(settings["databases"], 10, 64)
	if err != nil || databases < 2 {
		t.Fatalf("the Redis of %s needs two databases at least, and has %q", RedisVariable, settings["databases"])
	}
	turn, err := shared.Incr(ctx, "minicompete:test:turn").Result()
	if err != nil {
		t.Fatalf("take a database of the Redis of %s: %v", RedisVariable, err)
	}
	// The first database stores the turn.
	server.Path = "/" + strconv.FormatInt(1+turn%(databases-1), 10)
	own := redisClient(t, server)
	flush := func() {
		if err := own.FlushDB(ctx).Err(); err != nil {
			t.Errorf("empty a database of the Redis of %s: %v", RedisVariable, err)
		}
	}
	flush()
	t.Cleanup(flush)
	return server.String()
}

// redisClient returns a client for the database in the URL, closed after the test's other cleanups.
func redisClient(t testing.TB, server *url.URL) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(server.String())
	if err != nil {
		t.Fatalf("read %s: %v", RedisVariable, err)
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = answerTimeout, answerTimeout, answerTimeout
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func serverURL(t testing.TB, variable string) *url.URL {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Fatalf("%s is not set, so there is no server to test against: "+howToGet, variable)
	}
	server, err := url.Parse(value)
	if err != nil {
		t.Fatalf("%s is not a URL", variable)
	}
	return server
}
