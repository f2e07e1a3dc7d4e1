package registrar_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
)

// memory is a ledger of one competition. A database-backed ledger also locks what it reads and commits what it writes
// (internal/store).
type memory struct {
	competition   compete.LedgerCompetition
	registrations map[compete.Place]compete.Registration
}

func (m *memory) Transact(_ context.Context, _ string, f func(compete.LedgerTx) error) error {
	return f(m)
}
func (m *memory) Committed(context.Context, string) (bool, error) { return true, nil }

func (m *memory) Read(_ context.Context, q compete.LedgerQuery) (compete.LedgerState, error) {
	state := compete.LedgerState{Competitions: []compete.LedgerCompetition{m.competition}}
	for _, place := range q.Places {
		if r, found := m.registrations[place]; found {
			state.Registrations = append(state.Registrations, r)
		}
	}
	return state, nil
}

func (m *memory) WaitlistHead(context.Context, string, string, int) ([]compete.Registration, error) {
	return nil, nil
}

func (m *memory) Uncancelled(context.Context, string, string, int) ([]compete.Registration, error) {
	return nil, nil
}

func (m *memory) Offered(context.Context, string, time.Time, int) ([]compete.Registration, error) {
	return nil, nil
}

func (m *memory) Answers(context.Context, string) (compete.Answers, error) { return nil, nil }

func (m *memory) Answered(context.Context, string, []string, int) (answered []string, all bool, err error) {
	return nil, true, nil
}

func (m *memory) AddUser(context.Context, compete.User) (taken bool, err error) { return false, nil }

func (m *memory) Freed(context.Context, string) (int, bool, error) { return 0, false, nil }

func (m *memory) Prepared(context.Context, []compete.Place) (map[compete.Place]compete.PreparedEntry, error) {
	return nil, nil
}

func (m *memory) Teams(context.Context, compete.TeamQuery) ([]compete.LedgerTeam, error) {
	return nil, nil
}

func (m *memory) Incomplete(context.Context, compete.IncompleteQuery) ([]compete.Registration, error) {
	return nil, nil
}

func (m *memory) Stranded(context.Context, string, int) ([]compete.StrandedTeam, error) {
	return nil, nil
}

func (m *memory) ReleasePage(context.Context, string, int) (page compete.ReleasePage, err error) {
	return page, nil
}

func (m *memory) DrawPage(context.Context, string, int) (page compete.DrawPage, err error) {
	return page, nil
}

func (m *memory) EarlierContent(context.Context, string, int) (c compete.Competition, found bool, err error) {
	return c, false, nil
}

func (m *memory) Write(_ context.Context, c compete.LedgerChanges) error {
	for _, changed := range c.Competitions {
		m.competition = changed
	}
	for _, r := range c.Inserted {
		m.registrations[compete.Place{UserID: r.UserID, CompetitionID: r.CompetitionID}] = r
	}
	return nil
}

// Two seats go to the first two people, and the third person joins the waitlist.
func ExampleRegistrar() {
	ledger := &memory{registrations: map[compete.Place]compete.Registration{}}
	ledger.competition.Competition = compete.Competition{
		ID: "marathon", Status: compete.StatusPublished,
		CompetitionContent: compete.CompetitionContent{
			Capacity: 2, Waitlist: true, RegDeadline: time.Now().Add(time.Hour),
		},
		SeatsLeft: 2,
	}
	seats := registrar.New(registrar.Config{
		Ledger: ledger,
		Clock:  time.Now,
		NewID:  rand.Text,
		Logger: slog.New(slog.DiscardHandler),
	})
	seats.Start()
	ctx := context.Background()
	for _, person := range []string{"Ada", "Grace", "Mary", "Ada"} {
		outcome, err := seats.Register(ctx, compete.RegisterCommand{
			Actor: compete.Actor{UserID: person, Role: compete.RoleParticipant}, CompetitionID: "marathon",
		})
		switch {
		case errors.Is(err, compete.ErrAlreadyRegistered):
			fmt.Printf("%s is in already\n", person)
			continue
		case err != nil:
			fmt.Println(err)
			continue
		}
		fmt.Printf("%s: %s, %d seats left\n", person, outcome.Registration.Status, outcome.Competition.SeatsLeft)
	}
	if err := seats.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Ada: PENDING, 1 seats left
	// Grace: PENDING, 0 seats left
	// Mary: WAITLISTED, 0 seats left
	// Ada is in already
}
