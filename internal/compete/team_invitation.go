package compete

import (
	"context"
)

// Invitation returns the team that a code is for, and whether the actor could join it now or, before registration
// opens, later. Errors: those of ByCode, and ErrTeamFull and ErrTeamClosed with the team.
func (s *Teams) Invitation(ctx context.Context, a Actor, competitionID string, code TeamCode) (TeamView, error) {
	t, err := s.ByCode(ctx, a, competitionID, code)
	if err != nil {
		return TeamView{}, err
	}
	c, err := s.config.Competitions.Get(ctx, a, competitionID)
	if err != nil {
		return TeamView{}, err
	}
	rows, err := s.config.Store.Members(ctx, t.ID)
	if err != nil {
		return TeamView{}, err
	}
	view := teamView(t, c, "", rows)
	if view.Size() == 0 || c.Team == nil { // everyone left just now
		return TeamView{}, ErrTeamMissing
	}
	if c.Phase(s.config.now()) == PhaseUpcoming {
		return view, c.CheckJoin(view.Hopeful(), &view.Members[0].Registration)
	}
	return view, s.joinable(&view)
}

// InvitedTo returns the name of the team that a code is for, also to visitors; empty if the code is wrong, or if too
// many wrong ones were tried before.
func (s *Teams) InvitedTo(ctx context.Context, a Actor, c *Competition, code TeamCode) string {
	t, err := s.byCode(ctx, a, c.ID, code)
	if err != nil {
		return ""
	}
	return t.Name
}

// Joinable reports whether somebody can join the team now.
func (s *Teams) Joinable(v *TeamView) bool { return s.joinable(v) == nil }

func (s *Teams) joinable(v *TeamView) error {
	c := &v.Competition
	if c.Team == nil {
		return ErrTeamClosed
	}
	if err := c.checkJoining(s.config.now()); err != nil {
		return err
	}
	return c.CheckJoin(v.Hopeful(), &v.Members[0].Registration)
}
