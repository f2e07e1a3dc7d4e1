package compete

import "context"

// problem returns why somebody who prepared this choice couldn't be in the team now; the zero value if they could, or
// if the competition has no teams, which Competition.CheckEntry reports. A code was checked when it was saved, so
// looking at it again counts as no guess.
func (s *Teams) problem(ctx context.Context, c *Competition, choice TeamChoice) (FieldError, error) {
	field, err := "", error(nil)
	switch {
	case c.Team == nil:
	case choice.Name != "":
		field = "team.name"
		if _, err = s.config.Store.TeamNamed(ctx, TeamName{c.ID, TeamKey(choice.Name)}); err == nil {
			err = ErrTeamNameTaken
		} else if ErrTeamMissing.Is(err) {
			err = nil
		}
	case choice.Code != "":
		field = "team.code"
		err = s.checkRoom(ctx, c, choice.Code)
	}
	refusal := AsError(err)
	switch {
	case err == nil:
		return FieldError{}, nil
	case refusal.Kind == KindConflict, ErrTeamMissing.Is(err):
		return FieldError{Field: field, Message: refusal.Detail}, nil
	}
	return FieldError{}, err
}

// checkRoom fails unless the code is that of a team that takes another member. Errors: ErrTeamMissing, and those of
// Competition.CheckJoin.
func (s *Teams) checkRoom(ctx context.Context, c *Competition, code TeamCode) error {
	t, err := s.config.Store.TeamNumbered(ctx, TeamNumber{c.ID, code.Number()})
	if err != nil {
		return err
	}
	if !t.Is(code, s.config.Sealer) {
		return ErrTeamMissing
	}
	members, err := s.config.Store.Members(ctx, t.ID)
	if err != nil {
		return err
	}
	view := teamView(t, *c, "", members)
	if len(view.Members) == 0 || !view.Members[0].Captain { // everyone left just now
		return ErrTeamMissing
	}
	return c.CheckJoin(view.Hopeful(), &view.Members[0].Registration)
}
