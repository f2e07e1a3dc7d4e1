package storetest

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"minicompete/internal/compete"
	"minicompete/internal/registrar"
	"minicompete/internal/store"
)

// testPeople holds the registrar to the rules about people: who is removed, blocked or disabled, and who organizes.
func testPeople(t *testing.T, open func(t *testing.T) *store.Store) {
	for name, test := range map[string]func(*testing.T, *arena, *registrar.Registrar){
		"reasons":                        testCancelReasons,
		"block":                          testBlock,
		"block in the middle of a rush":  testBlockInRush,
		"disabled are passed over":       testDisabledPassedOver,
		"free seats behind the disabled": testFreeSeatsBehindDisabled,
		"nobody answers for it":          testSuspended,
		"suspended in a rush":            testSuspendedInRush,
		"transfer":                       testTransfer,
		"own competition":                testOwnCompetition,
		"unpublish":                      testUnpublish,
	} {
		t.Run(name, func(t *testing.T) {
			a := newArena(t, open(t), 40)
			test(t, a, startRegistrar(t, a.db.Ledger(), a.afterEachCommit(t)))
		})
	}
}

func (a *arena) register(t *testing.T, r *registrar.Registrar, person int, competitionID string) compete.Registration {
	t.Helper()
	o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[person], CompetitionID: competitionID})
	if err != nil {
		t.Fatalf("Register: %v", err)
	}
	return o.Registration
}

func (a *arena) remove(t *testing.T, r *registrar.Registrar, id string, removal compete.Removal) {
	t.Helper()
	_, err := r.Cancel(t.Context(), compete.CancelCommand{Actor: a.organizer, RegistrationID: id, Removal: removal})
	if err != nil {
		t.Fatalf("Cancel: %v", err)
	}
}

// change changes an account.
func (a *arena) change(t *testing.T, actor compete.Actor, change func(*compete.User)) {
	t.Helper()
	u, err := a.db.User(t.Context(), actor.UserID)
	must(t, err)
	change(&u)
	must(t, a.db.UpdateUser(t.Context(), u))
}

func disable(u *compete.User) {
	now := time.Now()
	u.DisabledAt = &now
}

func enable(u *compete.User) { u.DisabledAt = nil }

// wantStatuses wants the people's registrations to be in these states.
func (a *arena) wantStatuses(t *testing.T, what, competitionID string, statuses ...compete.RegistrationStatus) {
	t.Helper()
	got := make([]compete.RegistrationStatus, len(statuses))
	for i := range statuses {
		got[i] = a.registration(t, i, competitionID).Status
	}
	want(t, what, got, statuses)
}

const (
	pending    = compete.RegistrationPending
	waitlisted = compete.RegistrationWaitlisted
	cancelled  = compete.RegistrationCancelled
)

// testCancelReasons: a row says why it is cancelled until its owner registers again.
func testCancelReasons(t *testing.T, a *arena, r *registrar.Registrar) {
	id := a.addCompetition(t, 5, false)
	self, removed, still := a.register(t, r, 0, id), a.register(t, r, 1, id), a.register(t, r, 2, id)
	removal := compete.Removal{Reason: "Registered twice.", Note: "See the email of 3 April."}
	// What the owner says with it doesn't count, nor does a second removal.
	_, err := r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[0], RegistrationID: self.ID, Removal: compete.Removal{Reason: "x", Blocked: true}})
	must(t, err)
	a.remove(t, r, removed.ID, removal)
	a.remove(t, r, removed.ID, compete.Removal{Reason: "Another", Blocked: true})
	wantCancelled := func(what string, id string, reason compete.CancelReason, removal compete.Removal) {
		t.Helper()
		got, err := a.db.ParticipantRegistration(t.Context(), id)
		must(t, err)
		if got.CancelReason != reason || got.Removal != removal {
			t.Errorf("%s: %q %+v, want %q %+v", what, got.CancelReason, got.Removal, reason, removal)
		}
	}
	wantCancelled("by oneself", self.ID, compete.CancelledBySelf, compete.Removal{})
	wantCancelled("by the organizer", removed.ID, compete.CancelledByOrganizer, removal)
	a.register(t, r, 1, id)
	wantCancelled("registered again", removed.ID, "", compete.Removal{})
	_, err = r.CancelCompetition(t.Context(), compete.CancelCompetitionCommand{Actor: a.organizer, CompetitionID: id})
	must(t, err)
	settleAll(t, r, id)
	wantCancelled("with the competition", still.ID, compete.CancelledByCompetition, compete.Removal{})
	wantCancelled("before the competition", self.ID, compete.CancelledBySelf, compete.Removal{})
}

func testBlock(t *testing.T, a *arena, r *registrar.Registrar) {
	id := a.addCompetition(t, 1, true)
	blocked := a.register(t, r, 0, id)
	a.register(t, r, 1, id)
	a.remove(t, r, blocked.ID, compete.Removal{Blocked: true})
	a.wantStatuses(t, "after the removal", id, cancelled, pending)
	_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[0], CompetitionID: id})
	wantError(t, "Register once blocked", err, compete.ErrBlocked)
	for _, stranger := range []compete.Actor{a.people[0], a.people[1], a.addUsers(t, compete.RoleOrganizer, 1)[0]} {
		_, err := r.Unblock(t.Context(), compete.UnblockCommand{Actor: stranger, RegistrationID: blocked.ID})
		wantError(t, "Unblock by who doesn't manage it", err, compete.ErrRegistrationGone)
	}
	for range 2 { // again, it changes nothing
		got, err := r.Unblock(t.Context(), compete.UnblockCommand{Actor: a.organizer, RegistrationID: blocked.ID})
		if err != nil || got.Removal.Blocked || got.Status != cancelled || got.CancelReason != compete.CancelledByOrganizer {
			t.Errorf("Unblock: %+v, %v", got, err)
		}
	}
	if got := a.register(t, r, 0, id); got.Status != waitlisted {
		t.Errorf("registered again as %s, want the end of the line", got.Status)
	}
}

// testBlockInRush: everybody is removed and blocked while everybody presses. Whoever is blocked holds nothing in the end.
func testBlockInRush(t *testing.T, a *arena, r *registrar.Registrar) {
	id := a.addCompetition(t, 10, true)
	together(2*len(a.people), func(i int) {
		person := a.people[i/2]
		for range 20 {
			o, err := r.Register(t.Context(), compete.RegisterCommand{Actor: person, CompetitionID: id})
			switch {
			case errors.Is(err, compete.ErrBlocked):
				return
			case errors.Is(err, compete.ErrAlreadyRegistered):
			case err != nil:
				t.Errorf("Register: %v", err)
			default:
				_, err := r.Cancel(t.Context(), compete.CancelCommand{
					Actor: a.organizer, RegistrationID: o.Registration.ID, Removal: compete.Removal{Blocked: true},
				})
				if err != nil {
					t.Errorf("Cancel: %v", err)
				}
			}
		}
	})
	for i := range a.people {
		if got := a.registration(t, i, id); got.Status != cancelled {
			t.Errorf("person %d is blocked and %s", i, got.Status)
		}
	}
}

// testDisabledPassedOver: a freed seat goes to the first in line whose account isn't disabled; who is enabled again has kept the place.
func testDisabledPassedOver(t *testing.T, a *arena, r *registrar.Registrar) {
	id := a.addCompetition(t, 2, true)
	seat, another := a.register(t, r, 0, id), a.register(t, r, 1, id)
	for person := 2; person < 6; person++ {
		a.register(t, r, person, id)
	}
	a.change(t, a.people[1], disable) // who holds a seat keeps it
	a.change(t, a.people[2], disable)
	a.change(t, a.people[4], disable)
	a.remove(t, r, seat.ID, compete.Removal{})
	a.wantStatuses(t, "the first in line is disabled", id, cancelled, pending, waitlisted, pending, waitlisted, waitlisted)
	a.change(t, a.people[2], enable)
	a.remove(t, r, another.ID, compete.Removal{})
	a.wantStatuses(t, "enabled again", id, cancelled, cancelled, pending, pending, waitlisted, waitlisted)
	_, err := r.Update(t.Context(), compete.UpdateCommand{
		Actor: a.organizer, CompetitionID: id, Change: compete.CompetitionChange{Capacity: compete.Some(4)},
	})
	must(t, err)
	a.wantStatuses(t, "more seats than may be given", id, cancelled, cancelled, pending, pending, waitlisted, pending)
	if left, waiting := a.seats(t, id); left != 1 || waiting != 1 {
		t.Errorf("%d seats left, %d wait; want one each", left, waiting)
	}
	a.change(t, a.people[4], enable)
	settleAll(t, r, id)
	a.wantStatuses(t, "the last one enabled", id, cancelled, cancelled, pending, pending, pending, pending)
}

// testFreeSeatsBehindDisabled: when all who wait are disabled, their places keep nobody from the free seats, whether or not one can
// queue; and one who waits in earnest is passed by nobody.
func testFreeSeatsBehindDisabled(t *testing.T, a *arena, r *registrar.Registrar) {
	for _, waitlist := range []bool{true, false} {
		id := a.addCompetition(t, 1, true)
		seat := a.register(t, r, 0, id)
		a.register(t, r, 1, id)
		a.change(t, a.people[1], disable)
		a.remove(t, r, seat.ID, compete.Removal{})
		_, err := r.Update(t.Context(), compete.UpdateCommand{
			Actor: a.organizer, CompetitionID: id, Change: compete.CompetitionChange{Capacity: compete.Some(5), Waitlist: compete.Some(waitlist)},
		})
		must(t, err)
		statuses := make([]compete.RegistrationStatus, 10)
		errs := make([]error, len(statuses))
		together(len(statuses), func(i int) {
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
			Actor: a.organizer, CompetitionID: id, Change: compete.CompetitionChange{Capacity: compete.Some(6)},
		})
		must(t, err)
		if got := a.registration(t, 1, id); got.Status != pending {
			t.Errorf("the first in line, enabled again, is %s", got.Status)
		}
	}
}

// testSuspended: while the organizer is disabled, or no organizer, nobody is admitted or promoted; people may still cancel.
func testSuspended(t *testing.T, a *arena, r *registrar.Registrar) {
	for what, changes := range map[string][2]func(*compete.User){
		"disabled": {disable, enable},
		"demoted":  {func(u *compete.User) { u.Role = compete.RoleParticipant }, func(u *compete.User) { u.Role = compete.RoleOrganizer }},
	} {
		id := a.addCompetition(t, 1, true)
		a.register(t, r, 0, id)
		a.register(t, r, 1, id)
		a.change(t, a.organizer, changes[0])
		_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[2], CompetitionID: id})
		wantError(t, what+": Register", err, compete.ErrRegistrationClosed)
		_, err = r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[0], RegistrationID: a.registration(t, 0, id).ID})
		must(t, err)
		settleAll(t, r, id)
		a.wantStatuses(t, what, id, cancelled, waitlisted)
		a.change(t, a.organizer, changes[1])
		settleAll(t, r, id)
		a.wantStatuses(t, what+" no more", id, cancelled, pending)
	}
}

// testSuspendedInRush: a press that begins after the organizer was disabled is never accepted.
func testSuspendedInRush(t *testing.T, a *arena, r *registrar.Registrar) {
	ids := make([]string, 50)
	for i := range ids {
		ids[i] = a.addCompetition(t, 100, false)
	}
	var disabled atomic.Bool
	var accepted atomic.Int64
	together(8, func(worker int) {
		for i := worker; i < len(ids)*len(a.people); i += 8 {
			before := disabled.Load()
			_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[i%len(a.people)], CompetitionID: ids[i/len(a.people)]})
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
}

func testTransfer(t *testing.T, a *arena, r *registrar.Registrar) {
	id := a.addCompetition(t, 1, true)
	seat := a.register(t, r, 0, id)
	a.register(t, r, 1, id)
	a.change(t, a.organizer, disable)
	admin, heirs := a.addUsers(t, compete.RoleAdmin, 1)[0], a.addUsers(t, compete.RoleOrganizer, 2)
	to := compete.Organizer{ID: heirs[0].UserID, Name: "Ada"}
	_, err := r.Transfer(t.Context(), compete.TransferCommand{Actor: heirs[0], CompetitionID: id, To: to})
	wantError(t, "Transfer by who doesn't manage it", err, compete.ErrForbidden)
	_, err = r.Transfer(t.Context(), compete.TransferCommand{Actor: admin, CompetitionID: newID(), To: to})
	wantError(t, "Transfer of nothing", err, compete.ErrCompetitionMissing)
	_, err = r.Transfer(t.Context(), compete.TransferCommand{Actor: admin, CompetitionID: id, To: compete.Organizer{ID: a.people[1].UserID}})
	wantError(t, "Transfer to somebody in line", err, compete.ErrOrganizerRegistered)
	_, err = r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[0], RegistrationID: seat.ID})
	must(t, err)
	a.wantStatuses(t, "before the transfer", id, cancelled, waitlisted)
	for range 2 { // again, it changes nothing
		c, err := r.Transfer(t.Context(), compete.TransferCommand{Actor: admin, CompetitionID: id, To: to})
		if err != nil || c.Organizer != to || c.Suspended || c.Version != 2 {
			t.Errorf("Transfer: %+v, %v", c, err)
		}
	}
	a.wantStatuses(t, "after the transfer", id, cancelled, pending)
	stored, err := a.db.Competition(context.WithoutCancel(t.Context()), id)
	if err != nil || stored.Organizer != to || stored.Suspended {
		t.Errorf("stored as %+v, %v", stored, err)
	}
	_, err = r.Register(t.Context(), compete.RegisterCommand{Actor: heirs[0], CompetitionID: id})
	wantError(t, "Register of the new organizer", err, compete.ErrOwnCompetition)
	change := compete.CompetitionChange{Title: compete.Some("In new hands")}
	_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
	wantError(t, "Update by the former organizer", err, compete.ErrForbidden)
	_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: heirs[0], CompetitionID: id, Change: change})
	must(t, err)
}

// testOwnCompetition: organizers and admins register for the competitions of others, never for their own.
func testOwnCompetition(t *testing.T, a *arena, r *registrar.Registrar) {
	id := a.addCompetition(t, 5, false)
	others := slices.Concat(a.addUsers(t, compete.RoleOrganizer, 1), a.addUsers(t, compete.RoleAdmin, 1))
	for _, other := range others {
		if _, err := r.Register(t.Context(), compete.RegisterCommand{Actor: other, CompetitionID: id}); err != nil {
			t.Errorf("Register of another %s: %v", other.Role, err)
		}
	}
	for _, role := range []compete.Role{compete.RoleParticipant, compete.RoleOrganizer, compete.RoleAdmin} {
		own := compete.Actor{UserID: a.organizer.UserID, Role: role}
		_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: own, CompetitionID: id})
		wantError(t, "Register of the organizer as "+string(role), err, compete.ErrOwnCompetition)
	}
}

// testUnpublish: nobody is admitted or promoted while it is hidden, seats are kept, only an admin publishes it again, and cancelling it
// is no discarding of a draft.
func testUnpublish(t *testing.T, a *arena, r *registrar.Registrar) {
	id := a.addCompetition(t, 1, true)
	seat := a.register(t, r, 0, id)
	a.register(t, r, 1, id)
	admin := a.addUsers(t, compete.RoleAdmin, 1)[0]
	update := func(actor compete.Actor, change compete.CompetitionChange) error {
		_, err := r.Update(t.Context(), compete.UpdateCommand{Actor: actor, CompetitionID: id, Change: change})
		return err
	}
	must(t, update(admin, compete.CompetitionChange{Unpublish: true}))
	_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[2], CompetitionID: id})
	wantError(t, "Register for what is hidden", err, compete.ErrCompetitionMissing)
	_, err = r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[0], RegistrationID: seat.ID})
	must(t, err)
	a.wantStatuses(t, "hidden", id, cancelled, waitlisted)
	publish := compete.CompetitionChange{Status: compete.Some(compete.StatusPublished)}
	wantError(t, "publishing by the organizer", update(a.organizer, publish), compete.ErrUnpublished)
	must(t, update(a.organizer, compete.CompetitionChange{Title: compete.Some("A better title")}))
	must(t, update(admin, publish))
	a.wantStatuses(t, "published again", id, cancelled, pending)
	must(t, update(admin, compete.CompetitionChange{Unpublish: true}))
	c, err := r.CancelCompetition(t.Context(), compete.CancelCompetitionCommand{Actor: a.organizer, CompetitionID: id})
	if err != nil || c.Discarded || c.Status != compete.StatusCancelled {
		t.Errorf("CancelCompetition: %+v, %v", c, err)
	}
	a.wantStatuses(t, "cancelled", id, cancelled, cancelled)
}
