package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/testservices"
)

// TestPlansOfAPress reads as the registrar does for presses, so that the plans of these statements are checked.
func TestPlansOfAPress(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		err := f.Ledger().Transact(t.Context(), newID(), func(ledger compete.LedgerTx) error {
			state, err := ledger.Read(t.Context(), compete.LedgerQuery{
				CompetitionIDs:  []string{newID()},
				RegistrationIDs: []string{newID()},
				Places:          []compete.Place{{UserID: newID(), CompetitionID: newID()}},
				Keys:            []compete.IdempotencyKey{{UserID: newID(), Key: "key"}},
				Now:             f.now,
			})
			if len(state.Registrations)+len(state.Competitions)+len(state.Records) > 0 {
				t.Errorf("read %+v of nobody", state)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestTagsThatAnotherReplicaChanges changes a title while another replica, which was first, changes the tags: both
// changes stay.
func TestTagsThatAnotherReplicaChanges(t *testing.T) {
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		db, other := openAt(t, url), openAt(t, url)
		organizer := newUser()
		if err := db.CreateUser(t.Context(), organizer, ""); err != nil {
			t.Fatal(err)
		}
		now := compete.UTC(time.Now())
		c := compete.Competition{
			ID: uuid.Must(uuid.NewV7()).String(),
			CompetitionContent: compete.CompetitionContent{
				Title: "Cup", Tags: []string{"old"}, Capacity: 1, RegDeadline: now.Add(time.Hour),
			},
			SeatsLeft: 1, Status: compete.StatusPublished, Organizer: compete.Organizer{ID: organizer.ID},
			Version: 1, CreatedAt: now, UpdatedAt: now,
		}
		if _, err := db.CreateCompetition(t.Context(), c, compete.IdempotencyRecord{}); err != nil {
			t.Fatal(err)
		}
		first, err := other.Writer().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = first.Rollback() }()
		for _, text := range []string{
			`UPDATE competitions SET version = version + 1 WHERE id = $1`,
			`DELETE FROM competition_tags WHERE competition_id = $1`,
			`INSERT INTO competition_tags (competition_id, tag) VALUES ($1, 'new')`,
		} {
			if _, err := first.ExecContext(t.Context(), text, c.ID); err != nil {
				t.Fatal(err)
			}
		}
		second := make(chan error, 1)
		go func() {
			second <- db.Ledger().Transact(t.Context(), uuid.NewString(), func(ledger compete.LedgerTx) error {
				state, err := ledger.Read(t.Context(), compete.LedgerQuery{CompetitionIDs: []string{c.ID}})
				if err != nil {
					return err
				}
				read := state.Competitions[0]
				read.Title, read.ContentSet = "Grand Cup", true
				read.Version++
				return ledger.Write(t.Context(),
					compete.LedgerChanges{Competitions: []compete.LedgerCompetition{read}, Now: now})
			})
		}()
		for waiting := 0; waiting == 0; {
			if err := other.Writer().QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting); err != nil {
				t.Fatal(err)
			}
		}
		if err := first.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := <-second; err != nil {
			t.Fatal(err)
		}
		got, err := db.Competition(t.Context(), c.ID)
		if err != nil || got.Title != "Grand Cup" || !slices.Equal(got.Tags, []string{"new"}) || got.Version != 3 {
			t.Errorf("%q with tags %v, version %d, error %v, want both changes", got.Title, got.Tags, got.Version, err)
		}
	})
}
