package store_test

import (
	"log/slog"
	"testing"

	"minicompete/internal/store"
	"minicompete/internal/store/storetest"
	"minicompete/internal/testservices"
)

// openAt opens and migrates a database until the test ends.
func openAt(t *testing.T, url string) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestContention(t *testing.T) {
	t.Parallel()
	for _, kind := range testservices.Databases(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			storetest.Contention(t, func(t *testing.T) *store.Store { return openAt(t, testservices.DatabaseURL(t, kind)) })
		})
	}
}

func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	testservices.OnlyPostgres(t, func(t *testing.T, url string) { storetest.TwoReplicas(t, openAt(t, url), openAt(t, url)) })
}
