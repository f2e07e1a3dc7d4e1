package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestIdempotency(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		t.Run("a key comes back", func(t *testing.T) { testCreationRecord(t, f, organizer) })
		t.Run("presses at the same moment", func(t *testing.T) { testCreationTogether(t, f, organizer) })
	})
}

func testCreationRecord(t *testing.T, f *fixture, organizer compete.User) {
	c := f.competition(organizer)
	record := compete.IdempotencyRecord{
		UserID: organizer.ID, Key: "create-0001", RequestHash: "hash", Body: []byte(`{"ID":"x","NUL":"\u0000"}`),
		ExpiresAt: f.ago(-24 * time.Hour),
	}
	existing, err := f.CreateCompetition(t.Context(), c, record)
	must(t, err)
	if existing != nil {
		t.Errorf("the first request finds %+v", existing)
	}
	stored := record
	stored.ExpiresAt = compete.UTC(record.ExpiresAt)
	again := f.competition(organizer)
	existing, err = f.CreateCompetition(t.Context(), again, record)
	must(t, err)
	want(t, "the record that the second request finds", existing, &stored)
	_, err = f.Competition(t.Context(), again.ID)
	wantError(t, "the second request's competition", err, compete.ErrCompetitionMissing)
	existing, err = f.CreationRecord(t.Context(), organizer.ID, record.Key, f.now)
	must(t, err)
	want(t, "the record", existing, &stored)

	another := f.addUser(t, compete.RoleOrganizer)
	for what, read := range map[string]func() (*compete.IdempotencyRecord, error){
		"another key": func() (*compete.IdempotencyRecord, error) {
			return f.CreationRecord(t.Context(), organizer.ID, "create-0002", f.now)
		},
		"another user": func() (*compete.IdempotencyRecord, error) {
			return f.CreationRecord(t.Context(), another.ID, record.Key, f.now)
		},
		"no user": func() (*compete.IdempotencyRecord, error) {
			return f.CreationRecord(t.Context(), "x", record.Key, f.now)
		},
		"an expired one": func() (*compete.IdempotencyRecord, error) {
			return f.CreationRecord(t.Context(), organizer.ID, record.Key, record.ExpiresAt)
		},
	} {
		existing, err := read()
		must(t, err)
		if existing != nil {
			t.Errorf("%s finds %+v", what, existing)
		}
	}

	// After it has expired, the key is free.
	late := f.competition(organizer)
	late.CreatedAt = record.ExpiresAt
	record.RequestHash, record.ExpiresAt = "another hash", f.ago(-48*time.Hour)
	existing, err = f.CreateCompetition(t.Context(), late, record)
	must(t, err)
	if existing != nil {
		t.Errorf("a request after the record expired finds %+v", existing)
	}
	if _, err := f.Competition(t.Context(), late.ID); err != nil {
		t.Errorf("the competition of a request after the record expired: %v", err)
	}
	existing, err = f.CreationRecord(t.Context(), organizer.ID, record.Key, late.CreatedAt)
	must(t, err)
	want(t, "the hash of the record in its place", existing.RequestHash, "another hash")
}

func testCreationTogether(t *testing.T, f *fixture, organizer compete.User) {
	const presses = 8
	record := compete.IdempotencyRecord{
		UserID: organizer.ID, Key: "together-0001", RequestHash: "hash",
		Body: []byte(`{}`), ExpiresAt: f.ago(-time.Hour),
	}
	var created, replayed int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range presses {
		wg.Go(func() {
			existing, err := f.CreateCompetition(t.Context(), f.competition(organizer), record)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case existing == nil:
				created++
			default:
				replayed++
			}
		})
	}
	wg.Wait()
	if created != 1 || replayed != presses-1 {
		t.Errorf("%d presses created %d and replayed %d", presses, created, replayed)
	}
}
