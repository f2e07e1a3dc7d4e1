package compete

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/normal"
)

// RenameTeamCommand asks for another name of a team.
type RenameTeamCommand struct {
	TeamCommand
	Name string
}

// ErrTeamNameFixed refuses a captain who renames their team too late.
var ErrTeamNameFixed = &Error{
	Kind: KindConflict, Code: "team_name_fixed",
	Detail: "The team can no longer be renamed. Ask the organizer if the name has to change.",
}

// CheckRename checks whether the actor may rename the team now: its captain until AnswersEnd, as the name is theirs to
// give like the answers for the team, and staff at any time. Errors: those of CheckCaptain, ErrTeamNameFixed.
func (t *Team) CheckRename(a Actor, c *Competition, member bool, now time.Time) error {
	err := t.CheckCaptain(a, c, member)
	if err == nil && !c.ManagedBy(a) && !now.Before(c.AnswersEnd()) {
		return ErrTeamNameFixed
	}
	return err
}

// Rename gives a team another name. Errors: Invalid, those of Registrar.RenameTeam, ErrReauthenticate.
func (s *Teams) Rename(ctx context.Context, a Actor, id, name string) (TeamView, error) {
	return s.change(ctx, a, id, func(_ *TeamView, c TeamCommand) error {
		if err := CheckTeamName(name); err != nil {
			return err
		}
		_, err := s.config.Registrar.RenameTeam(ctx, RenameTeamCommand{c, name})
		return err
	})
}

// CheckTeamName reports a name that a team can't get, as the field "name".
func CheckTeamName(name string) error {
	var v validation
	v.length("name", normal.Line(name), 1, MaxTeamName)
	return v.err()
}
