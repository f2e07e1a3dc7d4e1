package registrar_test

import (
	"context"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

func asLottery(c *compete.Competition) { c.Admission = compete.AdmissionLottery }

// freezeCup closes the list. The order drawn will be that of arrival, turned by n.
func freezeCup(n int) step {
	return step{what: "freeze", do: func(_ context.Context, s *scenario) (string, error) {
		s.ledger.freeze(n)
		return "", nil
	}}
}

func drawCup() step {
	return step{what: "draw", do: func(ctx context.Context, s *scenario) (string, error) {
		_, err := s.Draw(ctx, cup)
		s.ledger.mu.Lock()
		defer s.ledger.mu.Unlock()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range s.ledger.registrations {
			s.seqs[r.Seq] = r.UserID
		}
		return "", err
	}}
}

func TestDraw(t *testing.T) {
	offered := func(c *compete.Competition) {
		asLottery(c)
		hours := 6
		c.OfferHours = &hours
	}
	apply := func(names ...string) (steps []step) {
		for _, name := range names {
			steps = append(steps, register(name).gets("APPLIED"))
		}
		return steps
	}
	for _, test := range []struct {
		name        string
		competition func(*compete.Competition)
		steps       []step
		standing    string
		messages    string
	}{
		{
			name: "the first in drawn order get the seats, the others wait in this order", competition: asLottery,
			steps:    append(apply("ada", "bob", "eve", "mia"), freezeCup(2), drawCup()),
			standing: "5 eve PENDING, 6 mia PENDING, 7 ada WAITLISTED, 8 bob WAITLISTED; 0 left, 2 wait",
			messages: "applied ada, applied bob, applied eve, applied mia, confirmed eve, confirmed " +
				"mia, waitlisted ada, " +
				"waitlisted bob",
		},
		{
			name: "with hours to accept, seats are offered", competition: offered,
			steps:    append(apply("ada", "bob", "eve"), freezeCup(1), drawCup(), answerBy("bob", "bob", true)),
			standing: "4 bob PENDING, 5 eve OFFERED, 6 ada WAITLISTED; 0 left, 1 wait",
			messages: "applied ada, applied bob, applied eve, confirmed bob, offer_reminder bob, offer_reminder eve, " +
				"offered bob, offered eve, waitlisted ada",
		},
		{
			name: "nobody applies to a frozen list, and whoever withdrew is passed over", competition: asLottery,
			steps: append(apply("ada", "bob", "eve"), freezeCup(0),
				register("mia").fails(compete.ErrRegistrationClosed), cancel("ada"), drawCup()),
			standing: "1 ada CANCELLED SELF, 4 bob PENDING, 5 eve PENDING; 0 left, 0 wait",
			messages: "applied ada, applied bob, applied eve, confirmed bob, confirmed eve, withdrawn ada",
		},
		{
			name: "a draw happens once", competition: asLottery,
			steps:    append(apply("ada", "bob", "eve"), freezeCup(0), drawCup(), cancel("ada"), drawCup(), drawCup()),
			standing: "4 ada CANCELLED SELF, 5 bob PENDING, 6 eve PENDING; 0 left, 0 wait",
			messages: "applied ada, applied bob, applied eve, cancelled ada, confirmed ada, " +
				"confirmed bob, promoted eve, " +
				"waitlisted eve",
		},
		{
			name: "a frozen list keeps its deadline and its way to a seat", competition: asLottery,
			steps: append(apply("ada"), freezeCup(0), extendTo(2*time.Hour).fails(compete.ErrListFrozen),
				admission(compete.AdmissionReview).fails(compete.ErrListFrozen), drawCup()),
			standing: "2 ada PENDING; 1 left, 0 wait",
			messages: "applied ada, confirmed ada",
		},
		{
			name: "nothing is drawn while the competition is hidden", competition: asLottery,
			steps: append(apply("ada"), freezeCup(0), update("root", 0, compete.CompetitionChange{Unpublish: true}),
				drawCup()),
			standing: "1 ada APPLIED; 2 left, 0 wait",
			messages: "applied ada",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScenario(test.competition)
			s.start(t, registrar.Config{})
			s.each(t, test.steps)
			want(t, "standing", s.standing(), test.standing)
			want(t, "messages", s.messages(), test.messages)
			s.wantCounts(t)
		})
	}
}

func extendTo(after time.Duration) step {
	return update("olga", 0, compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) {
		c.RegDeadline = morning.Add(after)
	}})
}
