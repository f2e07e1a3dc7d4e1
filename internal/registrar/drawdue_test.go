package registrar_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/store"
)

// draws returns the service on a store, with a beacon.
func draws(s compete.DrawStore, users compete.UserStore, clock func() time.Time, beacon draw.Beacon) *compete.Draws {
	return compete.NewDraws(compete.DrawsConfig{
		Runtime: compete.Runtime{Clock: clock, NewID: newID, Log: slog.New(slog.DiscardHandler)}, Store: s,
		Users: users, Competitions: competetest.Services(competetest.Parts{}).Competitions,
		Wording: struct{ compete.AccountWording }{}, Beacon: beacon,
	})
}

// addLottery creates one without applications whose deadline is at the given time.
func (a *fixture) addLottery(t *testing.T, deadline time.Time) string {
	t.Helper()
	id := a.addCompetition(t, 1, false)
	_, err := a.db.Writer().ExecContext(t.Context(), `UPDATE competitions
		SET admission = 'LOTTERY', reg_deadline = $2, start_date = NULL, end_date = NULL WHERE id = $1`,
		id, compete.UTC(deadline))
	must(t, err)
	return id
}

// dueOnce finds a lottery due, and does something before anybody else does.
type dueOnce struct {
	compete.DrawStore
	id   string
	then func()
}

func (d dueOnce) DueDraws(context.Context, time.Time, int) ([]string, error) {
	d.then()
	return []string{d.id}, nil
}

// TestDrawsThatAreNotDueAnyMore: what happens to a lottery after it was found due keeps its list open.
func TestDrawsThatAreNotDueAnyMore(t *testing.T) {
	changes := map[string]string{
		"extended":    `UPDATE competitions SET reg_deadline = $2 WHERE id = $1`,
		"cancelled":   `UPDATE competitions SET status = 'CANCELLED', updated_at = $2 WHERE id = $1`,
		"unpublished": `UPDATE competitions SET status = 'DRAFT', unpublished = true, updated_at = $2 WHERE id = $1`,
		"started":     `UPDATE competitions SET start_date = reg_deadline, updated_at = $2 WHERE id = $1`,
		"a race":      `UPDATE competitions SET admission = 'FIRST_COME', updated_at = $2 WHERE id = $1`,
	}
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 1)
		for name, change := range changes {
			id := a.addLottery(t, time.Now().Add(-grace))
			ready, err := draws(dueOnce{db, id, func() {
				_, err := db.Writer().ExecContext(t.Context(), change, id, compete.UTC(time.Now().Add(time.Hour)))
				must(t, err)
			}}, db, time.Now, pairedBeacon{}).Advance(t.Context())
			must(t, err)
			want(t, name+": lotteries that are ready", len(ready), 0)
			c, err := db.Competition(t.Context(), id)
			must(t, err)
			want(t, name+": the list is closed", c.FrozenAt != nil, false)
		}
	})
}

// failingFirst finds lotteries that fail, because they don't exist, due before all others.
type failingFirst struct {
	compete.DrawStore
	failing []string
}

func (f failingFirst) DueDraws(ctx context.Context, now time.Time, limit int) ([]string, error) {
	due, err := f.DrawStore.DueDraws(ctx, now, limit)
	due = slices.Concat(f.failing, due)
	return due[:min(limit, len(due))], err
}

// TestFailingDrawsHoldUpNoOthers: more lotteries fail than are looked at together.
func TestFailingDrawsHoldUpNoOthers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 1)
		id, failing := a.addLottery(t, time.Now().Add(-grace)), make([]string, 250)
		for i := range failing {
			failing[i] = newID()
		}
		_, err := draws(failingFirst{db, failing}, db, time.Now, pairedBeacon{}).Advance(t.Context())
		if !errors.Is(err, compete.ErrCompetitionMissing) {
			t.Errorf("got %v, want that of lotteries that don't exist", err)
		}
		c, err := db.Competition(t.Context(), id)
		must(t, err)
		want(t, "the list is closed", c.FrozenAt != nil, true)
	})
}

// Genuine signatures of quicknet.
var recorded = map[uint64]string{
	1000: "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
	1001: "b33bf3667cbd5a82de3a24b4e0e9fe5513cc1a0e840368c6e31f5fcfa79bea03f73896b25883abf2853d10337fb8fa41",
}

// pairedBeacon answers once it's asked for two rounds at the same time, and otherwise fails with the context.
type pairedBeacon struct{ asked chan struct{} }

func (b pairedBeacon) Round(ctx context.Context, round uint64) (draw.Randomness, error) {
	select {
	case b.asked <- struct{}{}:
	case <-b.asked:
	case <-ctx.Done():
		return draw.Randomness{}, ctx.Err()
	}
	return draw.Randomness{Signature: recorded[round]}, nil
}

// TestSlowDrawsHoldUpNoOthers: sources are asked at the same time.
func TestSlowDrawsHoldUpNoOthers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 1)
		frozen := draw.RoundTime(1000).Add(-compete.DrawNotice - time.Second)
		now := frozen
		service := draws(db, db, func() time.Time { return now }, pairedBeacon{make(chan struct{})})
		ids := []string{
			a.addLottery(t, frozen.Add(-time.Second-grace)), a.addLottery(t, frozen.Add(2*time.Second-grace)),
		}
		for _, later := range []time.Duration{0, 3 * time.Second} {
			now = frozen.Add(later)
			ready, err := service.Advance(t.Context())
			must(t, err)
			want(t, "lotteries that are ready before the first round", len(ready), 0)
		}
		now = frozen.Add(time.Hour)
		ready, err := service.Advance(t.Context())
		must(t, err)
		want(t, "lotteries that are ready", len(ready), len(ids))
	})
}
