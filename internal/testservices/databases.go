// Package testservices provides the real services that tests run against: a fresh database on SQLite or PostgreSQL,
// with or without the program's schema, and a logical database of Redis. It locates them and makes sure that no two
// tests share one. It doesn't start the servers (scripts/with-test-services does), and only tests import it.
//
// A missing service fails the test with an explanation of how to get it; nothing here skips.
package testservices

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The kinds of database that the program runs on.
const (
	KindSQLite   = "sqlite"
	KindPostgres = "postgres"
)

// KindsVariable is the environment variable that restricts the kinds of database to test, as a comma-separated list.
// `make test-quick` sets it to "sqlite"; if it is unset, every kind is tested.
const KindsVariable = "MINICOMPETE_TEST_DATABASES"

// Databases returns the kinds of database to test: all of them, unless KindsVariable lists fewer. An unknown name in it
// fails the test, so that a typo doesn't test nothing.
func Databases(t testing.TB) []string {
	t.Helper()
	kinds, unknown := parseKinds(os.Getenv(KindsVariable))
	if unknown != "" {
		t.Fatalf("%s names %q; it knows %q and %q, with a comma between them", KindsVariable, unknown,
			KindSQLite, KindPostgres)
	}
	return kinds
}

func parseKinds(list string) (kinds []string, unknown string) {
	all := []string{KindSQLite, KindPostgres}
	if list == "" {
		return all, ""
	}
	for name := range strings.SplitSeq(list, ",") {
		if !slices.Contains(all, name) {
			return nil, name
		}
		kinds = append(kinds, name)
	}
	return kinds, ""
}

// EachDatabase runs test once for each of Databases, as a subtest named after the kind, with the URL of a fresh
// database, in the form of DATABASE_URL. It has the program's schema and no rows.
func EachDatabase(t *testing.T, test func(t *testing.T, databaseURL string)) {
	t.Helper()
	for _, kind := range Databases(t) {
		t.Run(kind, func(t *testing.T) { test(t, DatabaseURL(t, kind)) })
	}
}

// EachEmptyDatabase is EachDatabase without a schema, for tests of migrations.
func EachEmptyDatabase(t *testing.T, test func(t *testing.T, databaseURL string)) {
	t.Helper()
	for _, kind := range Databases(t) {
		t.Run(kind, func(t *testing.T) { test(t, EmptyDatabaseURL(t, kind)) })
	}
}

// OnlyPostgres is EachDatabase for tests of features that only PostgreSQL supports, such as several replicas. If the
// kinds are restricted to SQLite, the test doesn't run, and logs that.
func OnlyPostgres(t *testing.T, test func(t *testing.T, databaseURL string)) {
	t.Helper()
	if !slices.Contains(Databases(t), KindPostgres) {
		t.Logf("not run, because %s leaves PostgreSQL out", KindsVariable)
		return
	}
	t.Run(KindPostgres, func(t *testing.T) { test(t, Postgres(t)) })
}

// DatabaseURL returns the URL, in the form of DATABASE_URL, of a fresh database of the given kind, with the program's
// schema and no rows. It is removed after the test.
func DatabaseURL(t testing.TB, kind string) string {
	t.Helper()
	if kind == KindPostgres {
		return Postgres(t)
	}
	databaseURL := EmptyDatabaseURL(t, kind)
	schema, err := sqliteSchema()
	if err == nil {
		err = os.WriteFile(strings.TrimPrefix(databaseURL, "sqlite://"), schema, 0o600)
	}
	if err != nil {
		t.Fatalf("copy the schema into a fresh SQLite file: %v", err)
	}
	return databaseURL
}

// EmptyDatabaseURL is DatabaseURL for a test that creates the schema itself, such as one of a restored backup.
func EmptyDatabaseURL(t testing.TB, kind string) string {
	t.Helper()
	switch kind {
	case KindSQLite:
		return "sqlite://" + filepath.Join(sqliteDir(t), "minicompete.db") // its name needs no escaping
	case KindPostgres:
		return createPostgres(t, serverURL(t, PostgresVariable), "")
	}
	t.Fatalf("no such kind of database: %q", kind)
	return ""
}

// SQLiteVariable is the environment variable for the directory of SQLite's files, on a disk where durable writes are
// cheap. scripts/with-test-services sets it; if it is unset, they are with the tests' other temporary files.
const SQLiteVariable = "TEST_SQLITE_DIR"

// sqliteDir returns an empty directory for a database's files, removed after the test.
func sqliteDir(t testing.TB) string {
	t.Helper()
	where := os.Getenv(SQLiteVariable)
	if where == "" {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(where, "database")
	if err != nil {
		t.Fatalf("make a directory for SQLite in that of %s: %v", SQLiteVariable, err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the files of SQLite: %v", err)
		}
	})
	return dir
}
