package registrar_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/draw"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// lottery creates one for which all people apply, and freezes and draws its list. It returns the registrations in drawn
// order.
func (a *fixture) lottery(t *testing.T, r *registrar.Registrar, seats int) (id string, order []string) {
	t.Helper()
	id = a.addCompetition(t, seats, false)
	if _, err := a.db.Writer().ExecContext(t.Context(), `UPDATE competitions SET admission = 'LOTTERY' WHERE id = $1`,
		id); err != nil {
		t.Fatal(err)
	}
	for person := range a.people {
		a.register(t, r, person, id)
	}
	return id, a.order(t, id)
}

// order freezes the list of a lottery and draws its order.
func (a *fixture) order(t *testing.T, id string) (order []string) {
	t.Helper()
	newRef := func() string {
		var ref [draw.RefSize]byte
		_, _ = rand.Read(ref[:])
		return hex.EncodeToString(ref[:])
	}
	for more := true; more; {
		var err error
		more, err = a.db.ListApplications(t.Context(), id, 100, time.Now(), newRef,
			func(*compete.Competition) error { return nil })
		must(t, err)
	}
	list, err := a.db.DrawList(t.Context(), id)
	must(t, err)
	refs := draw.Order(list, []byte("randomness"))
	for first := 0; first < len(refs); first += 100 {
		must(t, a.db.SavePlaces(t.Context(), id, refs[first:min(first+100, len(refs))], first+1))
	}
	must(t, a.db.Ordered(t.Context(), id, time.Now()))
	rows, err := a.db.Writer().QueryContext(t.Context(), `SELECT registration_id FROM draw_entries
		WHERE competition_id = $1 ORDER BY place`, id)
	must(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var registration string
		must(t, rows.Scan(&registration))
		order = append(order, registration)
	}
	must(t, rows.Err())
	return order
}

// drawAll does all pages of a draw, as a sweep does.
func drawAll(t *testing.T, r *registrar.Registrar, id string) {
	t.Helper()
	for range 100 {
		more, err := r.Draw(context.WithoutCancel(t.Context()), id)
		if err != nil {
			t.Errorf("Draw: %v", err)
			return
		}
		if !more {
			return
		}
	}
	t.Error("a draw has no end")
}

// wantDrawnOrder checks that nobody holds a seat behind somebody who waits, in drawn order.
func (a *fixture) wantDrawnOrder(t *testing.T, id string, order []string) {
	t.Helper()
	waits := 0
	for i, registration := range order {
		var status compete.RegistrationStatus
		must(t, a.db.Writer().QueryRowContext(t.Context(), `SELECT status FROM registrations WHERE id = $1`,
			registration).Scan(&status))
		switch {
		case status == compete.RegistrationApplied:
			t.Errorf("place %d was not drawn", i+1)
		case status == compete.RegistrationWaitlisted && waits == 0:
			waits = i + 1
		case status.HoldsSeat() && waits > 0:
			t.Errorf("place %d has a seat, and place %d waits", i+1, waits)
		}
	}
	d, err := a.db.Draw(t.Context(), id)
	must(t, err)
	if d.FinishedAt == nil || d.Seated+d.Waitlisted+d.Dropped != len(order) || d.LastPlace != len(order) {
		t.Errorf("the draw of %d ends as %+v", len(order), d)
	}
}

// TestDrawUnderContention: a lottery is drawn in pages while people withdraw and the capacity changes.
func TestDrawUnderContention(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 300)
		history := &recording{Ledger: db.Ledger()}
		r := startRegistrar(t, history, a.afterEachCommit(t))
		id, order := a.lottery(t, r, 90)
		a.drawAmid(t, [2]*registrar.Registrar{r, r}, id)
		a.wantDrawnOrder(t, id, order)
		history.check(t, map[string]int{id: 90})
	})
}

// TestDrawOfTwoReplicas is the same with two registrars, both of which draw.
func TestDrawOfTwoReplicas(t *testing.T) {
	t.Parallel()
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		one, other := openAt(t, url), openAt(t, url)
		a := newFixture(t, one, 300)
		replicas := [2]*registrar.Registrar{
			startRegistrar(t, one.Ledger(), a.afterEachCommit(t)),
			startRegistrar(t, other.Ledger(), a.afterEachCommit(t)),
		}
		id, order := a.lottery(t, replicas[0], 90)
		a.drawAmid(t, replicas, id)
		a.wantDrawnOrder(t, id, order)
	})
}

// drawAmid draws twice at once, among people who withdraw and an organizer who changes the capacity.
func (a *fixture) drawAmid(t *testing.T, replicas [2]*registrar.Registrar, id string) {
	check.Together(6, func(worker int) {
		r, random := replicas[worker%2], mathrand.New(mathrand.NewPCG(1, uint64(worker)))
		switch worker {
		case 0, 1:
			drawAll(t, r, id)
		case 2:
			for range 10 {
				_, _ = r.Update(t.Context(), compete.UpdateCommand{
					Actor: a.organizer, CompetitionID: id,
					Change: compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) {
						c.Capacity = 80 + random.IntN(30)
					}},
				})
			}
		default:
			for range 15 {
				person := random.IntN(len(a.people))
				mine := a.registration(t, person, id)
				_, _ = r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[person], RegistrationID: mine.ID})
			}
		}
	})
	for range 2 {
		if more, err := replicas[0].Settle(t.Context(), id); err != nil || !more {
			must(t, err)
		}
	}
}

// TestDrawSkipsDisabledAccounts: whoever is drawn with a disabled account keeps the place in line, and the seat goes to
// the next. Once enabled, they are the first to get a seat that comes free.
func TestDrawSkipsDisabledAccounts(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		for _, hours := range []any{nil, 2} {
			a := newFixture(t, db, 5)
			r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
			seat := pending
			if hours != nil {
				seat = offered
			}
			id, order := a.lottery(t, r, 2)
			if _, err := db.Writer().ExecContext(t.Context(), `UPDATE competitions SET offer_hours = $2 WHERE id = $1`,
				id, hours); err != nil {
				t.Fatal(err)
			}
			drawn := func(place int) compete.Registration {
				t.Helper()
				one, err := db.ParticipantRegistration(t.Context(), order[place])
				must(t, err)
				return one.Registration
			}
			first := compete.Actor{UserID: drawn(0).UserID}
			a.change(t, first, disable)
			drawAll(t, r, id)
			for place, status := range []compete.RegistrationStatus{waitlisted, seat, seat, waitlisted, waitlisted} {
				want(t, fmt.Sprint("place ", place+1), drawn(place).Status, status)
			}
			a.change(t, first, enable)
			a.remove(t, r, order[2], compete.Removal{})
			want(t, "the first in drawn order, enabled again", drawn(0).Status, seat)
			want(t, "the others", drawn(3).Status, waitlisted)
		}
	})
}

// TestEntryOfATeam: where seats are for teams, every member of a drawn team finds its entry, also after the captain has
// handed over, and only former members don't.
func TestEntryOfATeam(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 3)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id, members := a.applyingTeam(t, r)
		if _, err := db.Writer().ExecContext(t.Context(), `UPDATE competitions SET admission = 'LOTTERY' WHERE id = $1`,
			id); err != nil {
			t.Fatal(err)
		}
		want(t, "entries", len(a.order(t, id)), 1)
		wantEntry := func(what string, there ...bool) {
			t.Helper()
			for i, person := range a.people {
				e, err := db.DrawEntry(t.Context(), id, person.UserID)
				must(t, err)
				want(t, fmt.Sprint(what, ": member ", i, " finds the entry"), e != nil && e.Place == 1, there[i])
			}
		}
		wantEntry("drawn", true, true, true)
		_, err := r.HandOver(t.Context(), compete.MemberCommand{
			TeamCommand: compete.TeamCommand{Actor: a.people[0], CompetitionID: id, TeamID: members[0].TeamID},
			UserID:      a.people[1].UserID,
		})
		must(t, err)
		wantEntry("handed over", true, true, true)
		a.remove(t, r, members[2].ID, compete.Removal{})
		wantEntry("one was removed", true, true, false)
	})
}
