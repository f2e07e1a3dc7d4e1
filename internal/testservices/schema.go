package testservices

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/store/migrations"
)

// Migrating a database takes a second, copying a migrated one takes milliseconds. So a schema is built once and copied
// for each test.

// migrate applies all migrations to a database.
func migrate(ctx context.Context, databaseURL string) error {
	db, err := store.Open(ctx, store.Config{URL: databaseURL, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}

// OpenStore opens a database until the end of the test, as it is: it doesn't migrate it.
func OpenStore(t testing.TB, databaseURL string) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(),
		store.Config{URL: databaseURL, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// sqliteSchema is a database file with the schema and no rows.
var sqliteSchema = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "minicompete-schema")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "schema.db")
	if err := migrate(context.Background(), "sqlite:"+file); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

var (
	postgresMaking  sync.Mutex
	postgresSchemas = map[string]string{} // by server
)

// postgresSchema returns the name of a database on the server with the schema and no rows. The first test of all
// processes creates it, and it stays for later runs: its name contains a hash of the migrations.
func postgresSchema(server string) (name string, err error) {
	postgresMaking.Lock()
	defer postgresMaking.Unlock()
	if name = postgresSchemas[server]; name != "" {
		return name, nil
	}
	hash, err := hashOfMigrations()
	if err != nil {
		return "", err
	}
	name = "minicompete_schema_" + hash
	if err := makePostgresSchema(context.Background(), server, name); err != nil {
		return "", err
	}
	postgresSchemas[server] = name
	return name, nil
}

func makePostgresSchema(ctx context.Context, server, name string) error {
	conn, err := connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)     // this also releases the lock
	const others = 0x6d696e69 // keeps other processes out
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", others); err != nil {
		return err
	}
	var made bool
	if err := conn.QueryRow(ctx, "SELECT count(*) > 0 FROM pg_database WHERE datname = $1",
		name).Scan(&made); err != nil || made {
		return err
	}
	// Under another name until it is complete. A killed process may have left one.
	for _, statement := range []string{
		"DROP DATABASE IF EXISTS " + name + "_new WITH (FORCE)",
		"CREATE DATABASE " + name + "_new",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	unfinished, err := url.Parse(server)
	if err != nil {
		return err
	}
	unfinished.Path = "/" + name + "_new"
	if err := migrate(ctx, unfinished.String()); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+name+"_new RENAME TO "+name)
	return err
}

func hashOfMigrations() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(migrations.Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := migrations.Files.ReadFile(path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(text), text)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)[:8]), err
}
