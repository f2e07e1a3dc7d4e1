package registrar_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

func accept(name string) step { return answerBy(name, name, true) }

func decline(name string) step { return answerBy(name, name, false) }

// answerBy makes somebody accept or decline a person's offer.
func answerBy(by, name string, accept bool) step {
	what := " declines the offer of "
	if accept {
		what = " accepts the offer of "
	}
	return step{what: by + what + name, do: func(ctx context.Context, s *scenario) (string, error) {
		o, err := s.AnswerOffer(ctx,
			compete.AnswerOfferCommand{Actor: actor(by), RegistrationID: name + "'s", Accept: accept})
		return say(o), err
	}}
}

func expire(names ...string) step {
	return step{what: "offers expire", do: func(ctx context.Context, s *scenario) (string, error) {
		ids := make([]string, len(names))
		for i, name := range names {
			ids[i] = name + "'s"
		}
		n, err := s.ExpireOffers(ctx, ids)
		return []string{"none", "one", "two"}[n], err
	}}
}

func offerFor(hours int) step {
	change := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) {
		if c.OfferHours = &hours; hours == 0 {
			c.OfferHours = nil
		}
	}}
	return update("olga", 0, change)
}

func startAt(at time.Time) step {
	return update("olga", 0, compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.StartDate = &at }})
}

func settleCup() step {
	return step{what: "the competition is settled", do: func(ctx context.Context, s *scenario) (string, error) {
		_, err := s.Settle(ctx, cup)
		return "", err
	}}
}

// withOffers sets one seat, and six hours to accept an offer.
func withOffers(c *compete.Competition) {
	withOneSeat(c)
	hours := 6
	c.OfferHours = &hours
}

const (
	six   = 6 * time.Hour
	grace = compete.ArrivalGrace
)

func TestOffers(t *testing.T) {
	decide(t, []decision{
		{
			name: "a freed seat is offered to the next in line, and held for them", competition: withOffers,
			steps: []step{
				register("ada").gets("PENDING"), register("bob"), register("eve"), cancel("ada"),
				register("mia").gets("WAITLISTED at 2"),
				update("olga", 0, compete.CompetitionChange{}).gets("version 2, 0 of 1 left, 2 wait"),
			},
			standing: "1 ada CANCELLED SELF, 2 bob OFFERED, 3 eve WAITLISTED, 4 mia WAITLISTED; 0 left, 2 wait",
			messages: "cancelled ada, confirmed ada, offer_reminder bob, offered bob, waitlisted bob, " +
				"waitlisted eve, waitlisted mia",
		},
		{
			name: "who presses gets a free seat at once", competition: withOffers,
			steps:    []step{register("ada").gets("PENDING"), cancel("ada"), register("bob").gets("PENDING")},
			standing: "1 ada CANCELLED SELF, 2 bob PENDING; 0 left, 0 wait",
			messages: "cancelled ada, confirmed ada, confirmed bob",
		},
		{
			name: "accepted in time, once and for all", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), register("eve"), cancel("ada"), later(six - time.Microsecond),
				accept("bob").gets("PENDING"), accept("bob").gets("PENDING"), later(time.Hour),
				accept("bob").gets("PENDING"),
				decline("bob").fails(compete.ErrNoOffer), expire("bob").gets("none"),
			},
			standing: "1 ada CANCELLED SELF, 2 bob PENDING, 3 eve WAITLISTED; 0 left, 1 wait",
			messages: "cancelled ada, confirmed ada, confirmed bob, offer_reminder bob, offered bob, " +
				"waitlisted bob, waitlisted eve",
		},
		{
			name: "declined, once and for all, and offered to the next", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), register("eve"), cancel("ada"),
				decline("bob").gets("CANCELLED"), decline("bob").gets("CANCELLED"),
				accept("bob").fails(compete.ErrNoOffer),
			},
			standing: "1 ada CANCELLED SELF, 2 bob CANCELLED SELF, 3 eve OFFERED; 0 left, 0 wait",
			messages: "cancelled ada, confirmed ada, offer_declined bob, offer_reminder bob, offer_reminder eve, " +
				"offered bob, offered eve, waitlisted bob, waitlisted eve",
		},
		{
			name: "too late from its end on", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), cancel("ada"), later(six),
				accept("bob").fails(compete.ErrOfferExpired), decline("bob").fails(compete.ErrOfferExpired),
				expire("bob").gets("none"), later(grace - time.Microsecond), expire("bob").gets("none"),
				later(time.Microsecond), expire("bob").gets("one"), expire("bob").gets("none"),
				accept("bob").fails(compete.ErrOfferExpired), decline("bob").fails(compete.ErrOfferExpired),
			},
			standing: "1 ada CANCELLED SELF, 2 bob CANCELLED EXPIRED; 1 left, 0 wait",
			messages: "cancelled ada, confirmed ada, offer_expired bob, offer_reminder " +
				"bob, offered bob, waitlisted bob",
		},
		{
			name: "an expired seat passes on in the same moment", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), register("eve"), cancel("ada"), later(six + grace),
				expire("bob", "eve", "nobody").gets("one"), accept("eve").gets("PENDING"),
			},
			standing: "1 ada CANCELLED SELF, 2 bob CANCELLED EXPIRED, 3 eve PENDING; 0 left, 0 wait",
			messages: "cancelled ada, confirmed ada, confirmed eve, offer_expired bob, offer_reminder bob, " +
				"offer_reminder eve, offered bob, offered eve, waitlisted bob, waitlisted eve",
		},
		{
			name: "more seats are offered too, and held seats can't be taken away", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), register("eve"), register("mia"),
				capacity(3).gets("version 2, 0 of 3 left, 1 wait"),
				capacity(2).fails(compete.ErrCapacityBelowHeld), decline("bob"), cancel("eve").gets("CANCELLED"),
				capacity(2).gets("version 3, 0 of 2 left, 0 wait"),
			},
			standing: "1 ada PENDING, 2 bob CANCELLED SELF, 3 eve CANCELLED SELF, 4 mia OFFERED; 0 left, 0 wait",
			messages: "cancelled eve, confirmed ada, offer_declined bob, offer_reminder bob, offer_reminder eve, " +
				"offer_reminder mia, offered bob, offered eve, offered mia, waitlisted bob, " +
				"waitlisted eve, waitlisted mia",
		},
		{
			name: "answered by nobody else", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), cancel("ada"),
				answerBy("eve", "bob", true).fails(compete.ErrRegistrationGone),
				answerBy("oscar", "bob", false).fails(compete.ErrRegistrationGone),
				answerBy("olga", "bob", true).fails(compete.ErrForbidden),
				answerBy("root", "bob", false).fails(compete.ErrForbidden),
				accept("nobody").fails(compete.ErrRegistrationGone), accept("ada").fails(compete.ErrNoOffer),
			},
			standing: "1 ada CANCELLED SELF, 2 bob OFFERED; 0 left, 0 wait",
			messages: "cancelled ada, confirmed ada, offer_reminder bob, offered bob, waitlisted bob",
		},
		{
			name: "never there for who has a seat, or waits", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), accept("ada").fails(compete.ErrNoOffer),
				decline("ada").fails(compete.ErrNoOffer),
				accept("bob").fails(compete.ErrNoOffer), decline("bob").fails(compete.ErrNoOffer),
			},
			standing: "1 ada PENDING, 2 bob WAITLISTED; 0 left, 1 wait", messages: "confirmed ada, waitlisted bob",
		},
		{
			name: "removed by the organizer, or gone with the account", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), register("eve"), register("mia"), cancel("ada"),
				cancelBy("olga", "bob", compete.CancelCommand{}),
				erase("eve", "eve's"), register("bob").gets("WAITLISTED at 1"),
			},
			standing: "1 ada CANCELLED SELF, 3 eve CANCELLED ERASED, 4 mia OFFERED, 5 bob WAITLISTED; 0 left, 1 wait",
			messages: "cancelled ada, confirmed ada, offer_reminder bob, offer_reminder eve, offer_reminder mia, " +
				"offered bob, offered eve, offered mia, removed bob, waitlisted bob, waitlisted bob, " +
				"waitlisted eve, waitlisted mia",
		},
		{
			name: "disabled accounts are passed over", competition: withOffers,
			before:   []step{register("ada"), register("bob"), register("eve")},
			disabled: []string{"bob"},
			steps:    []step{cancel("ada"), decline("eve"), register("mia").gets("PENDING")},
			standing: "1 ada CANCELLED SELF, 2 bob WAITLISTED, 3 eve CANCELLED SELF, 4 mia PENDING; 0 left, 1 wait",
			messages: "cancelled ada, confirmed ada, confirmed mia, offer_declined eve, offer_reminder eve, offered " +
				"eve, waitlisted bob, waitlisted eve",
		},
		{
			name: "cancelled along with the competition", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), cancel("ada"), callOff("olga"),
				accept("bob").fails(compete.ErrCompetitionCancelled),
				decline("bob").fails(compete.ErrCompetitionCancelled), later(six + grace), expire("bob").gets("none"),
			},
			standing: "1 ada CANCELLED SELF, 2 bob CANCELLED COMPETITION; 1 left, 0 wait",
			messages: "cancelled ada, competition_cancelled bob, confirmed ada, offer_reminder " +
				"bob, offered bob, waitlisted bob",
		},
		{
			name: "the new organizer can't be who is offered a seat", competition: withOffers,
			steps: []step{
				register("ada"), register("oscar"), cancel("ada"),
				transfer("root", "oscar").fails(compete.ErrOrganizerRegistered),
			},
			standing: "1 ada CANCELLED SELF, 2 oscar OFFERED; 0 left, 0 wait",
			messages: "cancelled ada, confirmed ada, offer_reminder oscar, offered oscar, waitlisted oscar",
		},
		{
			name: "no longer than until the start", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), register("eve"), later(20 * time.Hour), cancel("ada"),
				later(4*time.Hour - time.Microsecond), accept("bob").gets("PENDING"),
				later(time.Microsecond), cancel("bob").fails(compete.ErrCompetitionStarted),
				cancelBy("olga", "bob", compete.CancelCommand{Silent: true}),
			},
			standing: "1 ada CANCELLED SELF, 2 bob CANCELLED ORGANIZER, 3 eve WAITLISTED; 1 left, 1 wait",
			messages: "cancelled ada, confirmed ada, confirmed bob, offer_reminder bob, offered bob, " +
				"waitlisted bob, waitlisted eve",
		},
		{
			name: "ends at the start when that is brought forward", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), cancel("ada"), startAt(morning.Add(2 * time.Hour)),
				startAt(morning.Add(30 * time.Hour)),
				later(2 * time.Hour), accept("bob").fails(compete.ErrOfferExpired),
			},
			standing: "1 ada CANCELLED SELF, 2 bob OFFERED; 0 left, 0 wait",
			messages: "cancelled ada, confirmed ada, offer_reminder bob, offer_reminder " +
				"bob, offered bob, waitlisted bob",
		},
		{
			name: "other hours are for later offers", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), register("eve"), register("mia"), cancel("ada"), offerFor(1),
				later(2 * time.Hour), decline("bob").gets("CANCELLED"),
				later(time.Hour), accept("eve").fails(compete.ErrOfferExpired), later(grace), expire("eve").gets("one"),
				offerFor(0), decline("mia"),
			},
			standing: "1 ada CANCELLED SELF, 2 bob CANCELLED SELF, 3 eve CANCELLED EXPIRED, 4 mia " +
				"CANCELLED SELF; 1 left, 0 wait",
			messages: "cancelled ada, confirmed ada, offer_declined bob, offer_declined mia, offer_expired eve, " +
				"offer_reminder bob, offer_reminder eve, offer_reminder mia, offered bob, offered eve, offered mia, " +
				"waitlisted bob, waitlisted eve, waitlisted mia",
		},
		{
			name: "without hours the seat is given at once", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), offerFor(0), cancel("ada"),
				accept("bob").fails(compete.ErrNoOffer),
			},
			standing: "1 ada CANCELLED SELF, 2 bob PENDING; 0 left, 0 wait",
			messages: "cancelled ada, confirmed ada, promoted bob, waitlisted bob",
		},
		{
			name: "hours have limits", competition: withOffers,
			steps: []step{
				offerFor(721).fails(compete.Invalid()), offerFor(-1).fails(compete.Invalid()),
				offerFor(720), offerFor(1),
			},
			standing: "; 1 left, 0 wait",
		},
		{
			name: "one who was offered a seat and registers again starts anew", competition: withOffers,
			steps: []step{
				register("ada"), register("bob"), cancel("ada"), register("bob").fails(compete.ErrAlreadyRegistered),
				decline("bob"),
				register("bob").gets("PENDING"), accept("bob").fails(compete.ErrNoOffer), cancel("bob"),
				decline("bob").fails(compete.ErrNoOffer),
			},
			standing: "1 ada CANCELLED SELF, 3 bob CANCELLED SELF; 1 left, 0 wait",
			messages: "cancelled ada, cancelled bob, confirmed ada, confirmed bob, offer_declined bob, " +
				"offer_reminder bob, offered bob, waitlisted bob",
		},
	})
}

// An offer has an end, and its reminder is sent when half of the time has passed.
func TestTimesOfOffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(withOffers)
		s.start(t, registrar.Config{})
		s.each(t, []step{register("ada"), register("bob"), later(time.Minute), cancel("ada")})
		wantOffer := func(what string, until time.Time, waits ...time.Duration) {
			t.Helper()
			if got := s.ledger.registrations["bob's"].ConfirmBy; got == nil || !got.Equal(until) {
				t.Errorf("%s: open until %v, want %v", what, got, until)
			}
			if got := s.reminders(); !slices.Equal(got, waits) {
				t.Errorf("%s: reminders after %v, want %v", what, got, waits)
			}
		}
		wantOffer("offered", morning.Add(six+time.Minute), 3*time.Hour)
		s.each(t, []step{startAt(morning.Add(2*time.Hour + time.Minute)), settleCup()})
		wantOffer("shortened", morning.Add(2*time.Hour+time.Minute), 3*time.Hour, time.Hour)
		s.each(t, []step{later(time.Hour), accept("bob")})
		wantOffer("accepted", morning.Add(2*time.Hour+time.Minute), 3*time.Hour, time.Hour)
		if diff := cmp.Diff([]string{
			"registration.created ada's by ada", "registration.created bob's by bob",
			"registration.cancelled ada's by ada", "registration.offered bob's",
			"competition.updated by olga", "registration.shortened bob's", "registration.accepted bob's by bob",
		}, s.log()); diff != "" {
			t.Errorf("audit log (-want +got):\n%s", diff)
		}
	})
}

// reminders returns the delay of each requested reminder.
func (s *scenario) reminders() (waits []time.Duration) {
	for _, changes := range s.ledger.changes {
		for _, job := range changes.Jobs {
			if notify, ok := job.(compete.NotifyJob); ok && notify.Wait > 0 {
				waits = append(waits, notify.Wait)
			}
		}
	}
	return waits
}
