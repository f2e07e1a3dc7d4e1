package registrar_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

// TestRepeatedRequests: a key returns its first answer again, within a batch and afterwards; only successes are
// recorded.
func TestRepeatedRequests(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 2)
		id, full := a.addCompetition(t, 5, false), a.addCompetition(t, 1, false)
		command := func(person int, competition, key, hash string) compete.RegisterCommand {
			return compete.RegisterCommand{
				Actor: a.people[person], CompetitionID: competition,
				Idempotency: compete.Idempotency{Key: key, RequestHash: hash},
			}
		}
		var first, second compete.RegistrationOutcome
		batched(t, db.Ledger(),
			func(r *registrar.Registrar) { first, _ = r.Register(t.Context(), command(0, id, "key-one-0", "h")) },
			func(r *registrar.Registrar) { second, _ = r.Register(t.Context(), command(0, id, "key-one-0", "h")) })
		r := startRegistrar(t, db.Ledger(), nil)
		third, err := r.Register(t.Context(), command(0, id, "key-one-0", "h"))
		for i, o := range []compete.RegistrationOutcome{second, third} {
			if err != nil || !o.Replayed || o.Registration.ID != first.Registration.ID || o.Competition.SeatsLeft != 4 {
				t.Errorf("repeat %d: got %+v, %v; want the answer to the first", i+1, o, err)
			}
		}
		if _, err := r.Register(t.Context(), command(0, full, "key-one-0", "other")); !errors.Is(err,
			compete.ErrIdempotencyKeyReused) {
			t.Errorf("another request with the key: %v", err)
		}
		taken, err := r.Register(t.Context(), command(0, full, "key-two-0", "h"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Register(t.Context(), command(1, full, "key-one-1", "h")); !errors.Is(err,
			compete.ErrCompetitionFull) {
			t.Errorf("full: %v", err)
		}
		if _, err := r.Cancel(t.Context(),
			compete.CancelCommand{Actor: a.people[0], RegistrationID: taken.Registration.ID}); err != nil {
			t.Fatal(err)
		}
		if o, err := r.Register(t.Context(), command(1, full, "key-one-1", "h")); err != nil || o.Replayed {
			t.Errorf("the key of a refused press must be decided anew: %+v, %v", o, err)
		}
	})
}

// TestRepeatedAfterAChange: a replayed answer shows the competition's content at the time of the first answer, however
// often it has changed since, in the same transaction or later.
func TestRepeatedAfterAChange(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 4)
		id := a.addCompetition(t, 5, false)
		press := func(r *registrar.Registrar, person int) compete.RegistrationOutcome {
			o, err := r.Register(t.Context(), compete.RegisterCommand{
				Actor: a.people[person], CompetitionID: id,
				Idempotency: compete.Idempotency{Key: "key-of-mine", RequestHash: "h"},
			})
			if err != nil {
				t.Error(err)
			}
			return o
		}
		title := func(r *registrar.Registrar, title string) {
			change := compete.CompetitionChange{
				Edit: func(c *compete.CompetitionContent) { c.Title = title; c.Tags = []string{title} },
			}
			if _, err := r.Update(t.Context(),
				compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change}); err != nil {
				t.Error(err)
			}
		}
		var first [4]compete.RegistrationOutcome
		var within compete.RegistrationOutcome
		batched(t, db.Ledger(),
			func(r *registrar.Registrar) { first[0] = press(r, 0) },
			func(r *registrar.Registrar) { title(r, "second") },
			func(r *registrar.Registrar) { first[1] = press(r, 1) },
			func(r *registrar.Registrar) { title(r, "third") },
			func(r *registrar.Registrar) { first[2] = press(r, 2) },
			func(r *registrar.Registrar) { within = press(r, 1) })
		if !sameOutcome(within, first[1]) {
			t.Errorf("again in the same transaction: %+v, want %+v", within, first[1])
		}
		r := startRegistrar(t, db.Ledger(), nil)
		first[3] = press(r, 3)
		title(r, "fourth")
		for person, o := range first {
			if again := press(r, person); !again.Replayed || !sameOutcome(again, o) {
				t.Errorf("press %d again: %+v, want %+v", person, again, o)
			}
		}
	})
}

// sameOutcome compares outcomes as clients see them.
func sameOutcome(a, b compete.RegistrationOutcome) bool {
	told := func(o compete.RegistrationOutcome) []byte {
		encoded, _ := json.Marshal(o) // every outcome can be encoded
		return encoded
	}
	return bytes.Equal(told(a), told(b))
}

// TestKeysExpire: a key is valid for exactly 24 hours, to the microsecond, and can then be used for another request.
func TestKeysExpire(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 1)
		id, other := a.addCompetition(t, 5, false), a.addCompetition(t, 5, false)
		if _, err := db.Writer().ExecContext(t.Context(), "UPDATE competitions SET reg_deadline = $1",
			compete.UTC(time.Now()).Add(48*time.Hour)); err != nil {
			t.Fatal(err)
		}
		now := compete.UTC(time.Now()) // only changed while no command is running
		r := startRegistrarAt(t, func() time.Time { return now }, db.Ledger(), nil)
		press := func(competition, hash string) (compete.RegistrationOutcome, error) {
			return r.Register(t.Context(), compete.RegisterCommand{
				Actor: a.people[0], CompetitionID: competition,
				Idempotency: compete.Idempotency{Key: "key-of-a-day", RequestHash: hash},
			})
		}
		first, err := press(id, "first")
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(24*time.Hour - time.Microsecond)
		if _, err := press(other, "second"); !errors.Is(err, compete.ErrIdempotencyKeyReused) {
			t.Errorf("another request in the key's last microsecond: %v", err)
		}
		if again, err := press(id, "first"); err != nil || !again.Replayed ||
			again.Registration.ID != first.Registration.ID {
			t.Errorf("the same request in the key's last microsecond: %+v, %v", again, err)
		}
		now = now.Add(time.Microsecond)
		second, err := press(other, "second")
		if err != nil || second.Replayed {
			t.Fatalf("another request after 24 hours: %+v, %v", second, err)
		}
		// The record now belongs to the second request, and has its own 24 hours.
		now = now.Add(24*time.Hour - time.Microsecond)
		if again, err := press(other, "second"); err != nil || !again.Replayed ||
			again.Registration.ID != second.Registration.ID {
			t.Errorf("the second request again: %+v, %v", again, err)
		}
	})
}
