package store_test

import (
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// FuzzSearch checks that every search gets an answer on every database.
func FuzzSearch(f *testing.F) {
	for _, seed := range []string{
		"", "go", `"*( OR -`, "NEAR(a b)", "a:b", "it's", "\x00", "\xff", "हिन्दी", "ǅ",
		"a & !b | (c)", "\\", "%_", "x*",
	} {
		f.Add(seed)
	}
	var dbs []*store.Store
	for _, kind := range testservices.Databases(f) {
		db, err := store.Open(f.Context(), store.Config{URL: testservices.DatabaseURL(f, kind)})
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { _ = db.Close() })
		if err := db.Migrate(f.Context()); err != nil {
			f.Fatal(err)
		}
		u := newUser()
		if err := db.CreateUser(f.Context(), u, ""); err != nil {
			f.Fatal(err)
		}
		dbs = append(dbs, db)
	}
	f.Fuzz(func(t *testing.T, search string) {
		for _, db := range dbs {
			now := time.Now()
			_, err := db.Competitions(t.Context(),
				compete.CompetitionFilter{Search: search, Sort: compete.SortNewest, Limit: 20, Now: now})
			if err != nil {
				t.Errorf("%s, competitions: %v", db.Kind(), err)
			}
			if _, err := db.Users(t.Context(), search, compete.Cursor{}, 20); err != nil {
				t.Errorf("%s, users: %v", db.Kind(), err)
			}
			if _, err := db.RegistrationsOfCompetition(t.Context(), newUser().ID,
				compete.RegistrationFilter{Search: search, Limit: 20}); err != nil {
				t.Errorf("%s, registrations: %v", db.Kind(), err)
			}
		}
	})
}
