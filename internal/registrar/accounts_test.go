package registrar_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

// TestDisabledArePassedOver: a freed seat goes to the first person in line whose account isn't disabled; people enabled
// again keep their place.
func TestDisabledArePassedOver(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		id := a.addCompetition(t, 2, true)
		seat, another := a.register(t, r, 0, id), a.register(t, r, 1, id)
		for person := 2; person < 6; person++ {
			a.register(t, r, person, id)
		}
		a.change(t, a.people[1], disable) // disabled people keep their seats
		a.change(t, a.people[2], disable)
		a.change(t, a.people[4], disable)
		a.remove(t, r, seat.ID, compete.Removal{})
		a.wantStatuses(t, "the first in line is disabled", id, cancelled, pending, waitlisted, pending,
			waitlisted, waitlisted)
		a.change(t, a.people[2], enable)
		a.remove(t, r, another.ID, compete.Removal{})
		a.wantStatuses(t, "enabled again", id, cancelled, cancelled, pending, pending, waitlisted, waitlisted)
		_, err := r.Update(t.Context(), compete.UpdateCommand{
			Actor: a.organizer, CompetitionID: id,
			Change: compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Capacity = 4 }},
		})
		must(t, err)
		a.wantStatuses(t, "more seats than may be given", id, cancelled, cancelled, pending, pending,
			waitlisted, pending)
		if left, waiting := a.seats(t, id); left != 1 || waiting != 1 {
			t.Errorf("%d seats left, %d wait; want one each", left, waiting)
		}
		a.change(t, a.people[4], enable)
		settleAll(t, r, id)
		a.wantStatuses(t, "the last one enabled", id, cancelled, cancelled, pending, pending, pending, pending)
	})
}

// TestFreeSeatsBehindTheDisabled: if everyone waiting is disabled, newcomers get the free seats, with or without a
// waitlist; nobody passes a person who is enabled and waiting.
func TestFreeSeatsBehindTheDisabled(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		for _, waitlist := range []bool{true, false} {
			id := a.addCompetition(t, 1, true)
			seat := a.register(t, r, 0, id)
			a.register(t, r, 1, id)
			a.change(t, a.people[1], disable)
			a.remove(t, r, seat.ID, compete.Removal{})
			_, err := r.Update(t.Context(), compete.UpdateCommand{
				Actor: a.organizer, CompetitionID: id,
				Change: compete.CompetitionChange{
					Edit: func(c *compete.CompetitionContent) { c.Capacity = 5; c.Waitlist = waitlist },
				},
			})
			must(t, err)
			statuses := make([]compete.RegistrationStatus, 10)
			errs := make([]error, len(statuses))
			check.Together(len(statuses), func(i int) {
				o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[10+i], CompetitionID: id})
				statuses[i], errs[i] = o.Registration.Status, err
			})
			var seats, waits, refused int
			for i, status := range statuses {
				switch {
				case errors.Is(errs[i], compete.ErrCompetitionFull):
					refused++
				case status == pending:
					seats++
				case status == waitlisted:
					waits++
				}
			}
			expected := [3]int{5, 5, 0}
			if !waitlist {
				expected = [3]int{5, 0, 5}
			}
			want(t, "seats, places in line, refusals", [3]int{seats, waits, refused}, expected)
			a.change(t, a.people[1], enable)
			_, err = r.Update(t.Context(), compete.UpdateCommand{
				Actor: a.organizer, CompetitionID: id,
				Change: compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Capacity = 6 }},
			})
			must(t, err)
			if got := a.registration(t, 1, id); got.Status != pending {
				t.Errorf("the first in line, enabled again, is %s", got.Status)
			}
		}
	})
}

// TestSuspended: while the organizer's account is disabled or lacks the role, nobody is admitted or promoted; people
// can still cancel.
func TestSuspended(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		for what, changes := range map[string][2]func(*compete.User){
			"disabled": {disable, enable},
			"demoted": {
				func(u *compete.User) { u.Role = compete.RoleParticipant },
				func(u *compete.User) { u.Role = compete.RoleOrganizer },
			},
		} {
			id := a.addCompetition(t, 1, true)
			a.register(t, r, 0, id)
			a.register(t, r, 1, id)
			a.change(t, a.organizer, changes[0])
			_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[2], CompetitionID: id})
			wantError(t, what+": Register", err, compete.ErrRegistrationClosed)
			_, err = r.Cancel(t.Context(),
				compete.CancelCommand{Actor: a.people[0], RegistrationID: a.registration(t, 0, id).ID})
			must(t, err)
			settleAll(t, r, id)
			a.wantStatuses(t, what, id, cancelled, waitlisted)
			a.change(t, a.organizer, changes[1])
			settleAll(t, r, id)
			a.wantStatuses(t, what+" no more", id, cancelled, pending)
		}
	})
}

// TestSuspendedInARush: a registration that begins after the organizer was disabled is never accepted.
func TestSuspendedInARush(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		ids := make([]string, 50)
		for i := range ids {
			ids[i] = a.addCompetition(t, 100, false)
		}
		var disabled atomic.Bool
		var accepted atomic.Int64
		check.Together(8, func(worker int) {
			for i := worker; i < len(ids)*len(a.people); i += 8 {
				before := disabled.Load()
				_, err := r.Register(t.Context(),
					compete.RegisterCommand{Actor: a.people[i%len(a.people)], CompetitionID: ids[i/len(a.people)]})
				switch {
				case err == nil && before:
					t.Error("a press was accepted after the organizer was disabled")
				case err == nil && accepted.Add(1) == 100:
					a.change(t, a.organizer, disable)
					disabled.Store(true)
				case err != nil && !errors.Is(err, compete.ErrRegistrationClosed):
					t.Errorf("Register: %v", err)
				}
			}
		})
	})
}
