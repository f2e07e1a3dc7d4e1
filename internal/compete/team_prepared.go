package compete

import "context"

// prepared returns the name of the team that somebody chose ahead, and why they couldn't be in it now: the zero value
// if they could, or if the competition has no teams, which Competition.CheckEntry reports. A code was checked when it
// was saved, so looking at it again counts as no guess.
func (s *Teams) prepared(
	ctx context.Context, c *Competition, choice TeamChoice,
) (name string, problem FieldError, err error) {
	field := ""
	switch {
	case c.Team == nil:
	case choice.Name != "":
		name, field = choice.Name, "team.name"
		if _, err = s.config.Store.TeamNamed(ctx, TeamName{c.ID, TeamKey(choice.Name)}); err == nil {
			err = ErrTeamNameTaken
		} else if ErrTeamMissing.Is(err) {
			err = nil
		}
	case choice.Code != "":
		field = "team.code"
		name, err = s.checkRoom(ctx, c, choice.Code)
	}
	refusal := AsError(err)
	switch {
	case err == nil:
		return name, FieldError{}, nil
	case refusal.Kind == KindConflict, ErrTeamMissing.Is(err):
		return name, FieldError{Field: field, Message: refusal.Detail}, nil
	}
	return "", FieldError{}, err
}

// checkRoom returns the name of the team with the code. It fails unless the team takes another member. Errors:
// ErrTeamMissing, and those of Competition.CheckJoin.
func (s *Teams) checkRoom(ctx context.Context, c *Competition, code TeamCode) (name string, err error) {
	t, err := s.config.Store.TeamNumbered(ctx, TeamNumber{c.ID, code.Number()})
	if err != nil {
		return "", err
	}
	if !t.Is(code, s.config.Sealer) {
		return "", ErrTeamMissing
	}
	members, err := s.config.Store.Members(ctx, t.ID)
	if err != nil {
		return "", err
	}
	view := teamView(t, *c, "", members)
	if len(view.Members) == 0 || !view.Members[0].Captain { // everyone left just now
		return "", ErrTeamMissing
	}
	return t.Name, c.CheckJoin(view.Hopeful(), &view.Members[0].Registration)
}
