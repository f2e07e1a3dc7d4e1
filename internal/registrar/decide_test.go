package registrar_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

// A decision is a sequence of commands on a competition. The result is the same whether each has a transaction of its
// own or all share one.
type decision struct {
	name        string
	competition func(c *compete.Competition) // nil means two seats and a waitlist
	before      []step                       // in transactions of their own, with the expected answers
	disabled    []string                     // people whose accounts are disabled after these steps
	steps       []step
	standing    string
	messages    string
}

func (d decision) test(t *testing.T) {
	for mode, run := range map[string]func(*scenario, *testing.T, []step){
		"each":     (*scenario).each,
		"together": (*scenario).together,
	} {
		t.Run(mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScenario(d.competition)
				s.start(t, registrar.Config{})
				s.each(t, d.before)
				for _, name := range d.disabled {
					s.ledger.disabled[name] = true
				}
				run(s, t, d.steps)
				want(t, "standing", s.standing(), d.standing)
				want(t, "messages", s.messages(), d.messages)
				s.wantCounts(t)
			})
		})
	}
}

func decide(t *testing.T, decisions []decision) {
	for _, d := range decisions {
		t.Run(d.name, d.test)
	}
}

func withoutWaitlist(c *compete.Competition) { c.Waitlist = false }

func withOneSeat(c *compete.Competition) { c.Capacity, c.SeatsLeft = 1, 1 }

func draft(c *compete.Competition) { c.Status = compete.StatusDraft }

func TestRegister(t *testing.T) {
	half := morning.Add(30 * time.Minute)
	decide(t, []decision{
		{
			name: "seats go in order of arrival, and then it is full", competition: withoutWaitlist,
			steps: []step{
				register("ada").gets("PENDING"), register("bob").gets("PENDING"),
				register("eve").fails(compete.ErrCompetitionFull),
			},
			standing: "1 ada PENDING, 2 bob PENDING; 0 left, 0 wait", messages: "confirmed ada, confirmed bob",
		},
		{
			name: "the others wait in order of arrival",
			steps: []step{
				register("ada").gets("PENDING"), register("bob").gets("PENDING"),
				register("eve").gets("WAITLISTED at 1"), register("mia").gets("WAITLISTED at 2"),
			},
			standing: "1 ada PENDING, 2 bob PENDING, 3 eve WAITLISTED, 4 mia WAITLISTED; 0 left, 2 wait",
			messages: "confirmed ada, confirmed bob, waitlisted eve, waitlisted mia",
		},
		{
			name: "nobody has two places", competition: withOneSeat,
			steps: []step{
				register("ada"), register("ada").fails(compete.ErrAlreadyRegistered),
				register("bob"), register("bob").fails(compete.ErrAlreadyRegistered),
			},
			standing: "1 ada PENDING, 2 bob WAITLISTED; 0 left, 1 wait", messages: "confirmed ada, waitlisted bob",
		},
		{
			name:        "not before it opens",
			competition: func(c *compete.Competition) { c.RegOpensAt = &half },
			steps: []step{
				register("ada").fails(compete.ErrRegistrationNotOpen), later(30*time.Minute - time.Microsecond),
				register("ada").fails(compete.ErrRegistrationNotOpen), later(time.Microsecond),
				register("ada").gets("PENDING"),
			},
			standing: "1 ada PENDING; 1 left, 0 wait", messages: "confirmed ada",
		},
		{
			name: "not from the deadline on",
			steps: []step{
				later(time.Hour - time.Microsecond), register("ada").gets("PENDING"), later(time.Microsecond),
				register("bob").fails(compete.ErrRegistrationClosed),
			},
			standing: "1 ada PENDING; 1 left, 0 wait", messages: "confirmed ada",
		},
		{
			name: "not once it is closed",
			steps: []step{
				register("ada"), later(time.Minute), update("olga", 0, compete.CompetitionChange{CloseNow: true}),
				register("bob").fails(compete.ErrRegistrationClosed),
			},
			standing: "1 ada PENDING; 1 left, 0 wait", messages: "confirmed ada",
		},
		{
			name: "a draft is nobody's business", competition: draft,
			steps: []step{
				register("ada").fails(compete.ErrCompetitionMissing),
				register("oscar").fails(compete.ErrCompetitionMissing),
				register("olga").fails(compete.ErrOwnCompetition),
				register("root").fails(compete.ErrCompetitionMissing),
			},
			standing: "; 2 left, 0 wait",
		},
		{
			name: "organizers and admins take part in the competitions of others",
			steps: []step{
				register("olga").fails(compete.ErrOwnCompetition), register("oscar").gets("PENDING"),
				register("root").gets("PENDING"),
			},
			standing: "1 oscar PENDING, 2 root PENDING; 0 left, 0 wait", messages: "confirmed oscar, confirmed root",
		},
		{
			name:        "not while nobody answers for it",
			competition: func(c *compete.Competition) { c.Suspended = true },
			steps:       []step{register("ada").fails(compete.ErrRegistrationClosed)},
			standing:    "; 2 left, 0 wait",
		},
	})
}

func TestRegisterAgain(t *testing.T) {
	decide(t, []decision{
		{
			name: "after a cancellation, at the end of the line", competition: withOneSeat,
			steps: []step{
				register("ada"), register("bob"), cancel("ada"), register("ada").gets("WAITLISTED at 1"), cancel("bob"),
			},
			standing: "2 bob CANCELLED SELF, 3 ada PENDING; 0 left, 0 wait",
			messages: "cancelled ada, cancelled bob, confirmed ada, promoted ada, promoted bob, " +
				"waitlisted ada, waitlisted bob",
		},
		{
			name: "from the waitlist to its end", competition: withOneSeat,
			steps: []step{
				register("ada"), register("bob"), register("eve"), cancel("bob"),
				register("bob").gets("WAITLISTED at 2"), cancel("ada"),
			},
			standing: "1 ada CANCELLED SELF, 3 eve PENDING, 4 bob WAITLISTED; 0 left, 1 wait",
			messages: "cancelled ada, confirmed ada, left_waitlist bob, promoted eve, waitlisted bob, " +
				"waitlisted bob, waitlisted eve",
		},
		{
			name: "the same key gets the first answer",
			steps: []step{
				registerWith("ada", "key", "request").gets("PENDING"),
				registerWith("ada", "key", "request").gets("PENDING again"), cancel("ada"),
				registerWith("ada", "key", "request").gets("PENDING again"),
				registerWith("ada", "key", "other request").fails(compete.ErrIdempotencyKeyReused),
				registerWith("ada", "other key", "other request").gets("PENDING"),
			},
			standing: "2 ada PENDING; 1 left, 0 wait", messages: "cancelled ada, confirmed ada, confirmed ada",
		},
		{
			name: "a key is its user's alone",
			steps: []step{
				registerWith("ada", "key", "request").gets("PENDING"),
				registerWith("bob", "key", "other request").gets("PENDING"),
			},
			standing: "1 ada PENDING, 2 bob PENDING; 0 left, 0 wait", messages: "confirmed ada, confirmed bob",
		},
		{
			name:        "the key of a refusal is free",
			competition: func(c *compete.Competition) { withOneSeat(c); withoutWaitlist(c) },
			steps: []step{
				register("bob"), registerWith("ada", "key", "request").fails(compete.ErrCompetitionFull), cancel("bob"),
				registerWith("ada", "key", "request").gets("PENDING"),
			},
			standing: "1 bob CANCELLED SELF, 2 ada PENDING; 0 left, 0 wait",
			messages: "cancelled bob, confirmed ada, confirmed bob",
		},
	})
}

func TestCancel(t *testing.T) {
	decide(t, []decision{
		{
			name: "a freed seat goes to the first in line", competition: withOneSeat,
			steps:    []step{register("ada"), register("bob"), register("eve"), cancel("ada").gets("CANCELLED")},
			standing: "1 ada CANCELLED SELF, 2 bob PENDING, 3 eve WAITLISTED; 0 left, 1 wait",
			messages: "cancelled ada, confirmed ada, promoted bob, waitlisted bob, waitlisted eve",
		},
		{
			name: "a place in line frees no seat", competition: withOneSeat,
			steps: []step{
				register("ada"), register("bob"), register("eve"), cancel("bob"),
				register("mia").gets("WAITLISTED at 2"),
			},
			standing: "1 ada PENDING, 2 bob CANCELLED SELF, 3 eve WAITLISTED, 4 mia WAITLISTED; 0 left, 2 wait",
			messages: "confirmed ada, left_waitlist bob, waitlisted bob, waitlisted eve, waitlisted mia",
		},
		{
			name:     "a second time changes nothing",
			steps:    []step{register("ada"), cancel("ada").gets("CANCELLED"), cancel("ada").gets("CANCELLED")},
			standing: "1 ada CANCELLED SELF; 2 left, 0 wait", messages: "cancelled ada, confirmed ada",
		},
		{
			name: "after the deadline the line moves on", competition: withOneSeat,
			steps:    []step{register("ada"), register("bob"), later(2 * time.Hour), cancel("ada")},
			standing: "1 ada CANCELLED SELF, 2 bob PENDING; 0 left, 0 wait",
			messages: "cancelled ada, confirmed ada, promoted bob, waitlisted bob",
		},
		{
			name: "from the start on only the organizer can, and nobody moves up", competition: withOneSeat,
			steps: []step{
				register("ada"), register("bob"), later(24 * time.Hour),
				cancel("ada").fails(compete.ErrCompetitionStarted), cancelBy("olga", "ada", compete.CancelCommand{}),
			},
			standing: "1 ada CANCELLED ORGANIZER, 2 bob WAITLISTED; 1 left, 1 wait",
			messages: "confirmed ada, removed ada, waitlisted bob",
		},
		{
			name: "the disabled are passed over", competition: withOneSeat,
			before: []step{register("ada"), register("bob"), register("eve")}, disabled: []string{"bob"},
			steps:    []step{cancel("ada")},
			standing: "1 ada CANCELLED SELF, 2 bob WAITLISTED, 3 eve PENDING; 0 left, 1 wait",
			messages: "cancelled ada, confirmed ada, promoted eve, waitlisted bob, waitlisted eve",
		},
		{
			name: "when all in line are disabled, a newcomer gets the seat", competition: withOneSeat,
			before: []step{register("ada"), register("bob"), register("eve")}, disabled: []string{"bob", "eve"},
			steps: []step{cancel("ada"), register("mia").gets("PENDING"), register("joe").gets("WAITLISTED at 3")},
			standing: "1 ada CANCELLED SELF, 2 bob WAITLISTED, 3 eve WAITLISTED, 4 mia PENDING, 5 " +
				"joe WAITLISTED; 0 left, 3 wait",
			messages: "cancelled ada, confirmed ada, confirmed mia, waitlisted bob, waitlisted eve, waitlisted joe",
		},
		{
			name: "others can't", steps: []step{
				register("ada"), cancelBy("bob", "ada", compete.CancelCommand{}).fails(compete.ErrRegistrationGone),
				cancelBy("oscar", "ada", compete.CancelCommand{}).fails(compete.ErrRegistrationGone),
				cancel("nobody").fails(compete.ErrRegistrationGone),
			},
			standing: "1 ada PENDING; 1 left, 0 wait", messages: "confirmed ada",
		},
	})
}

func TestRemove(t *testing.T) {
	blocked := compete.CancelCommand{Removal: compete.Removal{Reason: "Registered twice.", Blocked: true}}
	decide(t, []decision{
		{
			name: "by the organizer or an admin, who may say nothing", competition: withOneSeat,
			steps: []step{
				register("ada"), register("bob"), register("eve"),
				cancelBy("olga", "ada", compete.CancelCommand{}).gets("CANCELLED"),
				cancelBy("root", "bob", compete.CancelCommand{Silent: true}).gets("CANCELLED"),
			},
			standing: "1 ada CANCELLED ORGANIZER, 2 bob CANCELLED ORGANIZER, 3 eve PENDING; 0 left, 0 wait",
			messages: "confirmed ada, promoted bob, promoted eve, removed ada, waitlisted bob, waitlisted eve",
		},
		{
			name: "who isn't blocked registers again",
			steps: []step{
				register("ada"), cancelBy("olga", "ada", compete.CancelCommand{}),
				register("ada").gets("PENDING"),
			},
			standing: "2 ada PENDING; 1 left, 0 wait", messages: "confirmed ada, confirmed ada, removed ada",
		},
		{
			name: "who is blocked doesn't, until the organizer takes it back",
			steps: []step{
				register("ada"), cancelBy("olga", "ada", blocked), register("ada").fails(compete.ErrBlocked),
				unblockBy("ada", "ada").fails(compete.ErrRegistrationGone),
				unblockBy("oscar", "ada").fails(compete.ErrRegistrationGone),
				unblockBy("olga", "nobody").fails(compete.ErrRegistrationGone),
				register("ada").fails(compete.ErrBlocked),
				unblockBy("olga", "ada"), unblockBy("olga", "ada"), register("ada").gets("PENDING"),
			},
			standing: "2 ada PENDING; 1 left, 0 wait", messages: "confirmed ada, confirmed ada, removed ada",
		},
		{
			name:     "nobody blocks oneself",
			steps:    []step{register("ada"), cancelBy("ada", "ada", blocked), register("ada").gets("PENDING")},
			standing: "2 ada PENDING; 1 left, 0 wait", messages: "cancelled ada, confirmed ada, confirmed ada",
		},
		{
			name: "a removal doesn't follow a cancellation",
			steps: []step{
				register("ada"), cancel("ada"), cancelBy("olga", "ada", blocked).gets("CANCELLED"),
				register("ada").gets("PENDING"),
			},
			standing: "2 ada PENDING; 1 left, 0 wait", messages: "cancelled ada, confirmed ada, confirmed ada",
		},
		{
			name: "the account is erased: nobody is told, and the line moves on", competition: withOneSeat,
			steps: []step{
				register("ada"), register("bob"), register("eve"), cancel("eve"),
				erase("ada", "ada's", "bob's", "nobody's"), erase("eve", "eve's"),
			},
			standing: "1 ada CANCELLED ERASED, 2 bob PENDING, 3 eve CANCELLED ERASED; 0 left, 0 wait",
			messages: "confirmed ada, left_waitlist eve, promoted bob, waitlisted bob, waitlisted eve",
		},
	})
}

func TestUpdate(t *testing.T) {
	title := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Title = "Summer Cup" }}
	decide(t, []decision{
		{
			name: "more seats go to those who wait", competition: withOneSeat,
			steps: []step{
				register("ada"), register("bob"), register("eve"),
				capacity(4).gets("version 2, 1 of 4 left, 0 wait"), register("mia").gets("PENDING"),
			},
			standing: "1 ada PENDING, 2 bob PENDING, 3 eve PENDING, 4 mia PENDING; 0 left, 0 wait",
			messages: "confirmed ada, confirmed mia, promoted bob, promoted eve, waitlisted bob, waitlisted eve",
		},
		{
			name: "no fewer seats than are held",
			steps: []step{
				register("ada"), register("bob"), register("eve"), capacity(1).fails(compete.ErrCapacityBelowHeld),
				cancel("eve"), cancel("bob"),
				capacity(1).gets("version 2, 0 of 1 left, 0 wait"), capacity(0).fails(compete.Invalid()),
			},
			standing: "1 ada PENDING, 2 bob CANCELLED SELF, 3 eve CANCELLED SELF; 0 left, 0 wait",
			messages: "cancelled bob, confirmed ada, confirmed bob, left_waitlist eve, waitlisted eve",
		},
		{
			name: "only of the version that was read",
			steps: []step{
				update("olga", 1, title).gets("version 2, 2 of 2 left, 0 wait"),
				update("olga", 1, title).fails(compete.ErrVersionMismatch),
				update("root", 2, title).gets("version 3, 2 of 2 left, 0 wait"),
				update("olga", 0, title).gets("version 4, 2 of 2 left, 0 wait"),
			},
			standing: "; 2 left, 0 wait",
		},
		{
			name: "by its organizer and admins alone",
			steps: []step{
				update("ada", 0, title).fails(compete.ErrForbidden),
				update("oscar", 0, title).fails(compete.ErrForbidden), callOff("oscar").fails(compete.ErrForbidden),
			},
			standing: "; 2 left, 0 wait",
		},
		{
			name: "others don't learn of a draft", competition: draft,
			steps: []step{
				update("oscar", 0, title).fails(compete.ErrCompetitionMissing),
				callOff("ada").fails(compete.ErrCompetitionMissing),
			},
			standing: "; 2 left, 0 wait",
		},
		{
			name: "what an admin hides, only an admin shows again", competition: withOneSeat,
			steps: []step{
				register("ada"), register("bob"), update("root", 0, compete.CompetitionChange{Unpublish: true}),
				register("eve").fails(compete.ErrCompetitionMissing),
				cancel("ada"), update("olga", 0,
					compete.CompetitionChange{Status: compete.Some(compete.StatusPublished)}).fails(
					compete.ErrUnpublished,
				),
				update("root", 0, compete.CompetitionChange{Status: compete.Some(compete.StatusPublished)}).gets(
					"version 3, 0 of 1 left, 0 wait",
				),
			},
			standing: "1 ada CANCELLED SELF, 2 bob PENDING; 0 left, 0 wait",
			messages: "cancelled ada, confirmed ada, promoted bob, waitlisted bob",
		},
		{
			name: "another organizer",
			steps: []step{
				register("bob"), transfer("oscar", "oscar").fails(compete.ErrForbidden),
				transfer("olga", "bob").fails(compete.ErrOrganizerRegistered),
				transfer("root", "oscar").gets("to oscar"), register("oscar").fails(compete.ErrOwnCompetition),
				update("olga", 0, title).fails(compete.ErrForbidden),
				transfer("oscar", "oscar").gets("to oscar"),
				update("oscar", 2, title).gets("version 3, 1 of 2 left, 0 wait"),
			},
			standing: "1 bob PENDING; 1 left, 0 wait", messages: "confirmed bob",
		},
		{
			name:        "one that nobody answered for is open again with another organizer",
			competition: func(c *compete.Competition) { c.Suspended = true },
			steps: []step{
				register("ada").fails(compete.ErrRegistrationClosed), transfer("root", "oscar"),
				register("ada").gets("PENDING"),
			},
			standing: "1 ada PENDING; 1 left, 0 wait", messages: "confirmed ada",
		},
	})
}

func TestCancelCompetition(t *testing.T) {
	decide(t, []decision{
		{
			name: "takes everybody's place",
			steps: []step{
				register("ada"), register("bob"), register("eve"), cancel("bob"), callOff("olga").gets("CANCELLED"),
				callOff("root").gets("CANCELLED"),
				register("mia").fails(compete.ErrCompetitionCancelled),
				register("ada").fails(compete.ErrCompetitionCancelled),
				capacity(5).fails(compete.ErrCompetitionCancelled), cancel("eve").gets("CANCELLED"),
			},
			standing: "1 ada CANCELLED COMPETITION, 2 bob CANCELLED SELF, 3 eve CANCELLED COMPETITION; 2 left, 0 wait",
			messages: "cancelled bob, competition_cancelled ada, competition_cancelled eve, confirmed ada, confirmed " +
				"bob, promoted eve, waitlisted eve",
		},
		{
			name: "of a draft, others don't learn", competition: draft,
			steps: []step{
				callOff("olga").gets("CANCELLED"), register("ada").fails(compete.ErrCompetitionMissing),
				callOff("oscar").fails(compete.ErrCompetitionMissing),
			},
			standing: "; 2 left, 0 wait",
		},
	})
}

// Each change records who made it. Automatic consequences, such as a promotion, have no actor.
func TestAuditOfDecisions(t *testing.T) {
	steps := []step{
		register("ada"), register("bob"), register("eve"), cancel("ada"),
		register("eve").fails(compete.ErrAlreadyRegistered),
		cancelBy("olga", "bob", compete.CancelCommand{Removal: compete.Removal{Blocked: true}}),
		unblockBy("olga", "bob"), unblockBy("olga", "bob"),
		update("olga", 0,
			compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Title = "Summer Cup" }}),
		update("root", 0, compete.CompetitionChange{Unpublish: true}),
		update("root", 0, compete.CompetitionChange{Status: compete.Some(compete.StatusPublished)}),
		transfer("root", "oscar"), callOff("oscar"),
	}
	expected := []string{
		"registration.created ada's by ada", "registration.created bob's by bob", "registration.created eve's by eve",
		"registration.cancelled ada's by ada", "registration.promoted bob's", "registration.removed bob's by olga",
		"registration.promoted eve's",
		"registration.unblocked bob's by olga", "competition.updated by olga", "competition.unpublished by root",
		"competition.published by root",
		"competition.transferred by root", "competition.cancelled by oscar", "registration.cancelled eve's",
	}
	for mode, run := range map[string]func(*scenario, *testing.T, []step){
		"each":     (*scenario).each,
		"together": (*scenario).together,
	} {
		t.Run(mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScenario(withOneSeat)
				s.start(t, registrar.Config{})
				run(s, t, steps)
				if got := s.log(); !slices.Equal(got, expected) {
					want(t, "audit log", got, expected)
				}
			})
		})
	}
}
