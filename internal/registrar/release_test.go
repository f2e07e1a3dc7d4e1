package registrar_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
)

const (
	applied  = compete.RegistrationApplied
	rejected = compete.RegistrationRejected

	admit = compete.DecisionAdmit
	queue = compete.DecisionWaitlist
	turn  = compete.DecisionReject
)

// withReview makes the cup one for which people apply.
func withReview(c *compete.Competition) { c.Admission = compete.AdmissionReview }

// decideOn drafts a decision about each of the people.
func decideOn(d compete.Decision, names ...string) step {
	return step{what: fmt.Sprint(d, names), do: func(_ context.Context, s *scenario) (string, error) {
		for _, name := range names {
			s.ledger.draft(name, d)
		}
		return "", nil
	}}
}

// releaseCup starts a release and does its first page.
func releaseCup() step {
	return step{what: "release", do: func(ctx context.Context, s *scenario) (string, error) {
		s.ledger.startRelease()
		_, err := s.Release(ctx, cup)
		return "", err
	}}
}

func admission(a compete.Admission) step {
	return update("olga", 0, compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Admission = a }})
}

func TestReleasedDecisions(t *testing.T) {
	offered := func(c *compete.Competition) {
		withReview(c)
		hours := 6
		c.OfferHours = &hours
	}
	for _, test := range []struct {
		name        string
		competition func(*compete.Competition)
		steps       []step
		standing    string
		messages    string
		left        int // drafts
	}{
		{
			name: "people apply, however many seats there are", competition: withReview,
			steps: []step{
				register("ada").gets("APPLIED"), register("bob").gets("APPLIED"), register("eve").gets("APPLIED"),
				register("eve").fails(compete.ErrAlreadyRegistered), cancel("bob").gets("CANCELLED"),
				register("bob").gets("APPLIED"), later(time.Hour), register("mia").fails(compete.ErrRegistrationClosed),
			},
			standing: "1 ada APPLIED, 3 eve APPLIED, 4 bob APPLIED; 2 left, 0 wait",
			messages: "applied ada, applied bob, applied bob, applied eve, withdrawn bob",
		},
		{
			name: "each decision has its own status and message", competition: withReview,
			steps: []step{
				register("ada"), register("bob"), register("eve"), register("mia"),
				decideOn(turn, "ada"), decideOn(queue, "bob"), decideOn(admit, "eve"), releaseCup(), releaseCup(),
			},
			standing: "1 ada REJECTED, 2 bob WAITLISTED, 3 eve PENDING, 4 mia APPLIED; 1 left, 1 wait",
			messages: "applied ada, applied bob, applied eve, applied mia, confirmed eve, rejected ada, waitlisted bob",
		},
		{
			name: "an accepted application is an offer where there are offers", competition: offered,
			steps: []step{
				register("ada"), register("bob"), decideOn(admit, "ada", "bob"), releaseCup(),
				accept("ada").gets("PENDING"), decline("bob").gets("CANCELLED"),
			},
			standing: "1 ada PENDING, 2 bob CANCELLED SELF; 1 left, 0 wait",
			messages: "applied ada, applied bob, confirmed ada, offer_declined bob, offer_reminder ada, " +
				"offer_reminder bob, offered ada, offered bob",
		},
		{
			name: "who finds no seat stays undecided, and a rejection doesn't wait for them", competition: withReview,
			steps: []step{
				register("ada"), register("bob"), register("eve"), register("mia"),
				decideOn(admit, "ada", "bob", "eve"), decideOn(turn, "mia"), releaseCup(),
			},
			standing: "1 ada PENDING, 2 bob PENDING, 3 eve APPLIED, 4 mia REJECTED; 0 left, 0 wait",
			messages: "applied ada, applied bob, applied eve, applied mia, confirmed ada, confirmed bob, rejected mia",
			left:     1,
		},
		{
			name:        "a seat that is given up goes to the next in line, one that nobody had does not",
			competition: withReview,
			steps: []step{
				register("ada"), register("bob"), register("eve"), register("mia"),
				decideOn(admit, "mia"), decideOn(queue, "ada", "bob", "eve"), releaseCup(), settleCup(),
				capacity(3), cancel("mia"),
			},
			standing: "1 ada PENDING, 2 bob WAITLISTED, 3 eve WAITLISTED, 4 mia CANCELLED SELF; 2 left, 2 wait",
			messages: "applied ada, applied bob, applied eve, applied mia, cancelled mia, confirmed mia, " +
				"promoted ada, waitlisted ada, waitlisted bob, waitlisted eve",
		},
		{
			name:        "a seat that is given up in a pause goes to the next in line after it",
			competition: withReview,
			steps: []step{
				register("ada"), register("bob"), register("eve"), register("mia"), decideOn(admit, "mia"),
				decideOn(queue, "ada", "bob", "eve"), releaseCup(),
				update("root", 0, compete.CompetitionChange{Unpublish: true}), cancel("mia"), settleCup(),
				update("root", 0, compete.CompetitionChange{Status: compete.Some(compete.StatusPublished)}),
				settleCup(),
			},
			standing: "1 ada PENDING, 2 bob WAITLISTED, 3 eve WAITLISTED, 4 mia CANCELLED SELF; 1 left, 2 wait",
			messages: "applied ada, applied bob, applied eve, applied mia, cancelled mia, confirmed mia, " +
				"promoted ada, waitlisted ada, waitlisted bob, waitlisted eve",
		},
		{
			name: "an offer that is declined in a pause goes to the next in line after it", competition: offered,
			steps: []step{
				register("ada"), register("bob"), decideOn(admit, "ada"), decideOn(queue, "bob"), releaseCup(),
				update("root", 0, compete.CompetitionChange{Unpublish: true}), decline("ada").gets("CANCELLED"),
				update("root", 0, compete.CompetitionChange{Status: compete.Some(compete.StatusPublished)}),
			},
			standing: "1 ada CANCELLED SELF, 2 bob OFFERED; 1 left, 0 wait",
			messages: "applied ada, applied bob, offer_declined ada, offer_reminder ada, offer_reminder bob, " +
				"offered ada, offered bob, waitlisted bob",
		},
		{
			name: "who leaves without a seat gives none away", competition: withReview,
			steps: []step{
				register("ada"), register("bob"), register("eve"), decideOn(queue, "ada", "bob"), releaseCup(),
				cancel("eve"), cancel("bob"), erase("eve", "eve's"),
			},
			standing: "1 ada WAITLISTED, 2 bob CANCELLED SELF, 3 eve CANCELLED ERASED; 2 left, 1 wait",
			messages: "applied ada, applied bob, applied eve, left_waitlist bob, waitlisted ada, " +
				"waitlisted bob, withdrawn eve",
		},
		{
			name: "decided anew", competition: withReview,
			steps: []step{
				register("ada"), register("bob"), decideOn(turn, "ada"), decideOn(queue, "bob"), releaseCup(),
				decideOn(queue, "ada"), decideOn(turn, "bob"), releaseCup(),
				decideOn(admit, "ada", "bob"), releaseCup(),
			},
			standing: "1 ada PENDING, 2 bob PENDING; 0 left, 0 wait",
			messages: "applied ada, applied bob, confirmed ada, confirmed bob, rejected ada, rejected bob, " +
				"waitlisted ada, waitlisted bob",
		},
		{
			name: "a decision about an application that was withdrawn does nothing", competition: withReview,
			steps: []step{
				register("ada"), register("bob"), decideOn(admit, "ada", "bob"), cancel("ada"), cancel("bob"),
				register("bob"), releaseCup(),
			},
			standing: "1 ada CANCELLED SELF, 3 bob APPLIED; 2 left, 0 wait",
			messages: "applied ada, applied bob, applied bob, withdrawn ada, withdrawn bob",
		},
		{
			name: "nothing is released once it has started", competition: withReview,
			steps: []step{
				register("ada"), decideOn(admit, "ada"), later(24 * time.Hour), releaseCup(),
			},
			standing: "1 ada APPLIED; 2 left, 0 wait", messages: "applied ada", left: 1,
		},
		{
			name: "everyone who may still hope hears of a cancelled competition", competition: withReview,
			steps: []step{
				register("ada"), register("bob"), decideOn(turn, "ada"), releaseCup(), callOff("olga"), settleCup(),
			},
			standing: "1 ada CANCELLED COMPETITION, 2 bob CANCELLED COMPETITION; 2 left, 0 wait",
			messages: "applied ada, applied bob, competition_cancelled bob, rejected ada",
		},
		{
			name: "admission is fixed while anybody is registered",
			steps: []step{
				admission(compete.AdmissionReview), register("ada").gets("APPLIED"),
				admission(compete.AdmissionFirstCome).fails(compete.ErrAdmissionFixed), cancel("ada"),
				admission(compete.AdmissionFirstCome), register("bob").gets("PENDING"),
				admission(compete.AdmissionReview).fails(compete.ErrAdmissionFixed),
			},
			standing: "1 ada CANCELLED SELF, 2 bob PENDING; 1 left, 0 wait",
			messages: "applied ada, confirmed bob, withdrawn ada",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScenario(test.competition)
			s.start(t, registrar.Config{})
			s.each(t, test.steps)
			want(t, "standing", s.standing(), test.standing)
			want(t, "messages", s.messages(), test.messages)
			want(t, "drafts left", len(s.ledger.drafts), test.left)
			s.wantCounts(t)
		})
	}
}

// A freed seat goes to the first in line, even if they joined the line in the same batch, behind others who were
// already there.
func TestReleaseAndCancelInOneBatch(t *testing.T) {
	s := newScenario(withReview)
	held := make(chan struct{})
	release := sync.OnceFunc(func() { close(held) })
	defer release()
	s.start(t, registrar.Config{})
	s.each(t, []step{
		register("ada"), register("bob"), register("eve"), register("mia"),
		decideOn(admit, "ada"), decideOn(queue, "mia"), releaseCup(), decideOn(queue, "bob", "eve"),
	})
	s.ledger.startRelease()
	s.ledger.before = func() error { <-held; return nil }
	answers := make(chan error, 3)
	begun := s.ledger.begun()
	go func() { _, err := s.Settle(t.Context(), "no competition"); answers <- err }()
	check.Eventually(t, "a batch has begun", func() bool { return s.ledger.begun() > begun })
	go func() { _, err := s.Release(t.Context(), cup); answers <- err }()
	awaitDepth(t, s.Registrar, 1)
	go func() { answers <- errOf(cancel("ada").do(t.Context(), s)) }()
	awaitDepth(t, s.Registrar, 2)
	release()
	for range 3 {
		if err := <-answers; err != nil {
			t.Log("refused, as each may be:", err)
		}
	}
	want(t, "standing", s.standing(),
		"1 ada CANCELLED SELF, 2 bob PENDING, 3 eve WAITLISTED, 4 mia WAITLISTED; 1 left, 2 wait")
	if !slices.Contains(s.log(), "registration.decided eve's") {
		t.Errorf("the log is %v", s.log())
	}
}

func errOf(_ string, err error) error { return err }

// TestRejectedOnce: who withdraws a rejected application can't apply again. Staff can add them, or let them.
func TestRejectedOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 3)
		r := startRegistrar(t, db.Ledger(), a.afterEachCommit(t))
		id, applications := a.reviewing(t, r, 2)
		apply := func(person int) error {
			_, err := r.Register(t.Context(), compete.RegisterCommand{Actor: a.people[person], CompetitionID: id})
			return err
		}
		withdraw := func(person int) {
			t.Helper()
			_, err := r.Cancel(t.Context(), compete.CancelCommand{
				Actor: a.people[person], RegistrationID: applications[person].ID,
			})
			must(t, err)
		}
		a.decide(t, r, id, turn, applications[:2]...)
		wantError(t, "applying while rejected", apply(0), compete.ErrAlreadyRegistered)
		for person := range applications {
			withdraw(person)
		}
		for range 2 {
			wantError(t, "applying after a rejection", apply(0), compete.ErrRejectedBefore)
		}
		must(t, apply(2))
		a.wantStatuses(t, "then", id, cancelled, cancelled, applied)

		_, err := r.Unblock(t.Context(), compete.UnblockCommand{Actor: a.organizer, RegistrationID: applications[0].ID})
		must(t, err)
		must(t, apply(0))
		_, err = r.Add(t.Context(), compete.AddCommand{Actor: a.organizer, CompetitionID: id, Person: a.people[1]})
		must(t, err)
		a.wantStatuses(t, "staff let them", id, applied, pending, applied)
		withdraw(1)
		must(t, apply(1)) // the addition was another decision

		a.decide(t, r, id, turn, a.registration(t, 2, id))
		a.remove(t, r, applications[2].ID, compete.Removal{})
		wantError(t, "applying after staff removed a rejected application", apply(2), compete.ErrBlocked)
	})
}
