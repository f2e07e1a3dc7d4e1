package backup_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/fill"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// filledDatabase returns a migrated database with rows in most tables: texts, times, numbers and bytes.
func filledDatabase(t *testing.T, url string) *store.Store {
	t.Helper()
	db := testservices.OpenStore(t, url)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	size := fill.Size{Users: 40, Competitions: 10, Registrations: 30, Largest: 15}
	ids, err := fill.Run(t.Context(), fill.Config{
		Store: db, Size: size, Now: time.Now(), Progress: func(string, int, int) {}, Step: func(string) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	cover := compete.Cover{Hash: "0a1b", Large: []byte{0xff, 0xd8, 0}, Small: []byte{0xff}}
	if err := db.SetCover(t.Context(), ids.Largest, cover); err != nil {
		t.Fatal(err)
	}
	return db
}

func newUser() compete.User {
	id := uuid.Must(uuid.NewV7()).String()
	now := compete.UTC(time.Now())
	return compete.User{
		ID: id, Email: id + "@example.com", Name: "Ada", Role: compete.RoleOrganizer,
		CreatedAt: now, UpdatedAt: now,
	}
}
