package registrar

import (
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// change does several changes of one registration, or none of them.
type change struct {
	compete.ChangeCommand
	id string // of the team that it creates
}

func (c *change) name() string { return "change" }

func (c *change) needs(n *needs) { n.registrationIDs.add(c.RegistrationID) }

func (c *change) decide(b *batch, now time.Time) (result, error, error) {
	r := b.byID[c.RegistrationID]
	if r == nil {
		return result{}, compete.ErrRegistrationGone, nil
	}
	competition := b.competitions[r.CompetitionID]
	if !c.DivisionID.Set && !c.Team.Set && !c.Looking.Set { // an edit, even if of nothing
		c.Answers.Set = true
	}
	apply, refusal, err := c.plan(b, competition, r, now)
	if refusal != nil || err != nil {
		return result{}, refusal, err
	}
	for _, part := range apply {
		if err := part(); err != nil {
			return result{}, nil, err
		}
	}
	outcome := result{outcome: compete.RegistrationOutcome{Registration: *r, Competition: competition.Summary()}}
	if c.Answers.Set {
		outcome.answers, err = b.answersOf(r.ID)
	}
	return outcome, nil, err
}

// plan returns what is to be done once nothing is refused: answers, division and team, in this order. Only the team's
// division depends on what comes before.
func (c *change) plan(
	b *batch, competition *competition, r *compete.Registration, now time.Time,
) (apply []func() error, refusal, err error) {
	if c.Answers.Set {
		one := edit{compete.EditCommand{Actor: c.Actor, RegistrationID: r.ID, Answers: c.Answers.Value}}
		edited, refusal, err := one.plan(b, competition, r, now)
		if refusal != nil || err != nil {
			return nil, refusal, err
		}
		apply = append(apply, func() error { return b.applyEdit(competition, r, edited, now) })
	}
	divisionID := r.DivisionID
	if c.DivisionID.Set {
		divisionID = c.DivisionID.Value
		one := move{compete.MoveCommand{Actor: c.Actor, RegistrationID: r.ID, DivisionID: divisionID}}
		status, refusal, err := one.plan(b, competition, r, now)
		if refusal != nil || err != nil {
			return nil, refusal, err
		}
		apply = append(apply, func() error { return one.apply(b, competition, r, status, now) })
	}
	if c.Team.Set || c.Looking.Set {
		one := changeTeam{compete.ChangeTeamCommand{
			Actor: c.Actor, RegistrationID: r.ID, Change: c.Team, Looking: c.Looking,
		}, c.id}
		planned, refusal, err := one.plan(b, competition, r, divisionID, now)
		if refusal != nil || err != nil {
			return nil, refusal, err
		}
		apply = append(apply, func() error { return one.apply(b, competition, r, planned, now) })
	}
	return apply, nil, nil
}
