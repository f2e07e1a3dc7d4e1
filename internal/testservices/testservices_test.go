package testservices_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"

	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

func TestDatabasesHonoursTheSwitch(t *testing.T) {
	tests := []struct {
		value string
		want  []string
	}{
		{"", []string{"sqlite", "postgres"}},
		{"sqlite", []string{"sqlite"}},
		{"postgres", []string{"postgres"}},
		{"postgres,sqlite", []string{"postgres", "sqlite"}},
	}
	for _, test := range tests {
		t.Run(test.value, func(t *testing.T) {
			t.Setenv(testservices.KindsVariable, test.value)
			if diff := cmp.Diff(test.want, testservices.Databases(t)); diff != "" {
				t.Errorf("kinds (-want +got):\n%s", diff)
			}
		})
	}
}

// failure runs use with a fake test and returns the message it failed with, or "" if it passed.
func failure(t *testing.T, use func(testing.TB)) string {
	t.Helper()
	dying := &dyingTest{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		use(dying)
	}()
	<-done
	return dying.reason
}

// dyingTest is a test whose Fatalf records the message and only ends its goroutine.
type dyingTest struct {
	testing.TB
	reason string
}

func (d *dyingTest) Fatalf(format string, args ...any) {
	d.reason = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestMissingServiceFailsAndSaysHowToGetIt(t *testing.T) {
	for name, service := range map[string]struct {
		variable, scheme string
		use              func(testing.TB)
	}{
		"postgres": {testservices.PostgresVariable, "postgres://", func(t testing.TB) { testservices.Postgres(t) }},
		"empty": {
			testservices.PostgresVariable, "postgres://",
			func(t testing.TB) { testservices.EmptyDatabaseURL(t, testservices.KindPostgres) },
		},
		"redis": {testservices.RedisVariable, "redis://", func(t testing.TB) { testservices.Redis(t) }},
	} {
		for where, address := range map[string]string{
			"not set":         "",
			"does not answer": service.scheme + nobodyListens(t) + "/0",
		} {
			t.Run(name+" "+where, func(t *testing.T) {
				t.Setenv(service.variable, address)
				got := failure(t, service.use)
				for _, want := range []string{"make test", "scripts/with-test-services", service.variable} {
					if !strings.Contains(got, want) {
						t.Errorf("the test died of %q, want it to name %q", got, want)
					}
				}
			})
		}
	}
}

// nobodyListens returns an address that was just unused.
func nobodyListens(t *testing.T) string {
	t.Helper()
	socket, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := socket.Close(); err != nil {
		t.Fatal(err)
	}
	return socket.Addr().String()
}

func TestUnknownKindFails(t *testing.T) {
	t.Setenv(testservices.KindsVariable, "sqlite,postgers")
	if failure(t, func(t testing.TB) { testservices.Databases(t) }) == "" {
		t.Error("a misspelt kind of database went unnoticed")
	}
}

func TestPostgresIsFreshAndGoneAfterwards(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, other string) {
		ctx := context.Background()
		var url string
		t.Run("use", func(t *testing.T) {
			url = testservices.Postgres(t)
			if url == other {
				t.Errorf("two tests share %s", url)
			}
			conn := connect(t, url)
			var users int
			if err := conn.QueryRow(ctx, "SELECT count(*) FROM users").Scan(&users); err != nil || users != 0 {
				t.Errorf("a fresh database has %d users: %v", users, err)
			}
			// Left open: a failing test keeps its connections, and its database has to be dropped anyway.
			if _, err := conn.Exec(ctx, "CREATE TABLE taken (id int)"); err != nil {
				t.Errorf("use a fresh database: %v", err)
			}
		})
		_, err := pgx.Connect(ctx, url)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "3D000" {
			t.Errorf("connecting to a dropped database gave %v, want invalid_catalog_name (3D000)", err)
		}
	})
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	return conn
}

func TestRedisIsEmptyAndApart(t *testing.T) {
	ctx := context.Background()
	first, second := redisAt(t, testservices.Redis(t)), redisAt(t, testservices.Redis(t))
	if err := first.Set(ctx, "seat", "taken", 0).Err(); err != nil {
		t.Fatalf("set: %v", err)
	}
	if err := second.Get(ctx, "seat").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("the other test's key gave %v, want none", err)
	}
}

func redisAt(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatalf("read the URL: %v", err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestEmptyDatabases(t *testing.T) {
	testservices.EachEmptyDatabase(t, func(t *testing.T, databaseURL string) {
		db, err := store.Open(t.Context(), store.Config{URL: databaseURL})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Ping(t.Context()); err == nil {
			t.Error("a database that should be empty has users")
		}
	})
}

func TestEachDatabaseNamesItsSubtests(t *testing.T) {
	var got []string
	testservices.EachDatabase(t, func(t *testing.T, databaseURL string) {
		scheme, _, _ := strings.Cut(databaseURL, ":")
		got = append(got, scheme)
		if !strings.HasSuffix(t.Name(), "/"+scheme) {
			t.Errorf("%s was given %s", t.Name(), databaseURL)
		}
	})
	if want := testservices.Databases(t); !slices.Equal(got, want) {
		t.Errorf("ran on %v, want %v", got, want)
	}
}
