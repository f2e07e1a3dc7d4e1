package demo

import (
	"context"

	"github.com/minicompete/minicompete/internal/compete"
)

// teaming has people make teams, one after the other.
type teaming struct {
	plan plan
	turn int // in the plan's sizes
	made int // teams
	left int // how many more join the last one
	code compete.TeamCode
}

// next registers the nth person: in the last team if it isn't complete, else in a new one, or looking for one.
func (t *teaming) next(
	ctx context.Context, s *seeder, c *compete.Competition, actor compete.Actor, n int,
) error {
	if t.left > 0 {
		t.left--
		entry := compete.Entry{Team: compete.TeamChoice{Code: t.code}, Answers: answers(c.QuestionsFor(false), n)}
		return s.registration(ctx, actor, c.ID, entry, false)
	}
	size := t.plan.teamSizes[t.turn%len(t.plan.teamSizes)]
	t.turn++
	if size == 0 {
		entry := compete.Entry{LookingForTeam: true, Answers: answers(c.QuestionsFor(false), n)}
		return s.registration(ctx, actor, c.ID, entry, false)
	}
	entry := compete.Entry{
		Team: compete.TeamChoice{Name: t.plan.teamNames[t.made]}, Answers: answers(c.QuestionsFor(true), n),
	}
	if err := s.registration(ctx, actor, c.ID, entry, false); err != nil {
		return err
	}
	mine, err := s.Registrations.MineFor(ctx, actor, c.ID)
	if err != nil {
		return err
	}
	team, err := s.Teams.Get(ctx, actor, mine.TeamID)
	t.made, t.left, t.code = t.made+1, size-1, team.Code
	return err
}
