package registrar_test

import (
	"errors"
	"testing"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

// TestCancelReasons: a row keeps its cancellation reason until its owner registers again.
func TestCancelReasons(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		id := a.addCompetition(t, 5, false)
		self, removed, still := a.register(t, r, 0, id), a.register(t, r, 1, id), a.register(t, r, 2, id)
		removal := compete.Removal{Reason: "Registered twice.", Note: "See the email of 3 April."}
		// A reason given by the participant is ignored, as is a second removal.
		_, err := r.Cancel(t.Context(), compete.CancelCommand{
			Actor: a.people[0], RegistrationID: self.ID,
			Removal: compete.Removal{Reason: "x", Blocked: true},
		})
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
		_, err = r.CancelCompetition(t.Context(),
			compete.CancelCompetitionCommand{Actor: a.organizer, CompetitionID: id})
		must(t, err)
		settleAll(t, r, id)
		wantCancelled("with the competition", still.ID, compete.CancelledByCompetition, compete.Removal{})
		wantCancelled("before the competition", self.ID, compete.CancelledBySelf, compete.Removal{})
	})
}

func TestBlock(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
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
		for range 2 { // repeating it changes nothing
			got, err := r.Unblock(t.Context(), compete.UnblockCommand{Actor: a.organizer, RegistrationID: blocked.ID})
			if err != nil || got.Removal.Blocked || got.Status != cancelled ||
				got.CancelReason != compete.CancelledByOrganizer {
				t.Errorf("Unblock: %+v, %v", got, err)
			}
		}
		if got := a.register(t, r, 0, id); got.Status != waitlisted {
			t.Errorf("registered again as %s, want the end of the line", got.Status)
		}
	})
}

// TestBlockInARush: everyone is removed and blocked while everyone registers. In the end, blocked people hold no seats.
func TestBlockInARush(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		id := a.addCompetition(t, 10, true)
		check.Together(2*len(a.people), func(i int) {
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
	})
}
