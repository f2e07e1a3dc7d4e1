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

// passTo is the purpose of a pass to a competition's team with a code.
func passTo(competitionID string, code TeamCode) string {
	return "pass to a team:" + competitionID + ":" + string(code.normalized())
}

// Pass returns what tells the team's name on later pages to somebody whose code was right, without another attempt that
// counts. It's worth nothing without that code.
func (s *Teams) Pass(t *Team) string {
	return s.config.Sealer.Seal(passTo(t.CompetitionID, t.Code(s.config.Sealer)), []byte(t.Name))
}

// PassedTo returns the name of the team that a code with its pass is for, as it was then; empty if the pass is for
// another code. It doesn't say whether the code still counts.
func (s *Teams) PassedTo(competitionID string, code TeamCode, pass string) string {
	name, err := s.config.Sealer.Open(passTo(competitionID, code), pass)
	if err != nil {
		return ""
	}
	return string(name)
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
