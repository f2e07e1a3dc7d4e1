package registrar_test

import (
	"context"
	"slices"
	"testing"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

func TestTransfer(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
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
		_, err = r.Transfer(t.Context(),
			compete.TransferCommand{Actor: admin, CompetitionID: id, To: compete.Organizer{ID: a.people[1].UserID}})
		wantError(t, "Transfer to somebody in line", err, compete.ErrOrganizerRegistered)
		_, err = r.Cancel(t.Context(), compete.CancelCommand{Actor: a.people[0], RegistrationID: seat.ID})
		must(t, err)
		a.wantStatuses(t, "before the transfer", id, cancelled, waitlisted)
		for range 2 { // repeating it changes nothing
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
		change := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Title = "In new hands" }}
		_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
		wantError(t, "Update by the former organizer", err, compete.ErrForbidden)
		_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: heirs[0], CompetitionID: id, Change: change})
		must(t, err)
	})
}

// TestOwnCompetition: organizers and admins can register for other people's competitions, but not for their own.
func TestOwnCompetition(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
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
	})
}

// TestUnpublish: while a competition is hidden, nobody is admitted or promoted, seats are kept, only an admin can
// republish it, and cancelling it doesn't discard it as a draft.
func TestUnpublish(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
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
		must(t, update(a.organizer,
			compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Title = "A better title" }}))
		must(t, update(admin, publish))
		a.wantStatuses(t, "published again", id, cancelled, pending)
		must(t, update(admin, compete.CompetitionChange{Unpublish: true}))
		c, err := r.CancelCompetition(t.Context(),
			compete.CancelCompetitionCommand{Actor: a.organizer, CompetitionID: id})
		if err != nil || c.Discarded || c.Status != compete.StatusCancelled {
			t.Errorf("CancelCompetition: %+v, %v", c, err)
		}
		a.wantStatuses(t, "cancelled", id, cancelled, cancelled)
	})
}
