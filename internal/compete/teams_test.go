package compete_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/competetest"
)

// oneTeam is a store of one competition with one team, which can only be looked up by its name.
type oneTeam struct {
	compete.CompetitionStore
	compete.TeamStore
	competition compete.Competition
	team        compete.Team
}

func (s *oneTeam) Competition(context.Context, string) (compete.Competition, error) {
	return s.competition, nil
}

func (s *oneTeam) TeamNamed(_ context.Context, n compete.TeamName) (compete.Team, error) {
	if n != (compete.TeamName{CompetitionID: s.competition.ID, Key: compete.TeamKey(s.team.Name)}) {
		return compete.Team{}, compete.ErrTeamMissing
	}
	return s.team, nil
}

// TestTeamByName looks for a team by its name, which takes one read however many teams there are.
func TestTeamByName(t *testing.T) {
	organizer := compete.Actor{UserID: uuid.NewString(), Role: compete.RoleOrganizer}
	store := &oneTeam{team: compete.Team{ID: uuid.NewString(), Name: "Red Gophers"}}
	store.competition.ID, store.competition.Organizer.ID = uuid.NewString(), organizer.UserID
	store.competition.Status = compete.StatusPublished
	teams := competetest.Services(competetest.Parts{Competitions: store, Teams: store}).Teams
	for name, want := range map[string]error{
		"Red Gophers": nil, "  red  GOPHERS\t": nil, "Red": compete.ErrTeamMissing, "": compete.ErrTeamMissing,
		"Red\x00Gophers": compete.ErrTeamMissing, "Red\xff": compete.ErrTeamMissing,
		strings.Repeat("Red ", 10_000): compete.ErrTeamMissing,
	} {
		found, err := teams.Named(t.Context(), organizer, store.competition.ID, name)
		if !errors.Is(err, want) || (found.ID == store.team.ID) != (want == nil) {
			t.Errorf("%.20q: got %+v, error %v, want %v", name, found, err, want)
		}
	}
	other := compete.Actor{UserID: uuid.NewString(), Role: compete.RoleOrganizer}
	if _, err := teams.Named(t.Context(), other, store.competition.ID, "Red Gophers"); !compete.ErrForbidden.Is(err) {
		t.Errorf("another organizer gets error %v", err)
	}
}

// Within the last 48 hours, a captain is warned at most four times, however often somebody leaves their team and joins
// it again, and apart from the warning that all get.
func TestTeamWarnings(t *testing.T) {
	c := compete.Competition{ID: "cup", CompetitionContent: compete.CompetitionContent{
		Team: &compete.TeamRules{Min: 2, Max: 3}, RegDeadline: time.Date(2030, 6, 12, 9, 30, 0, 0, time.UTC),
	}}
	ids := map[string]bool{}
	for at := c.RegDeadline.Add(-49 * time.Hour); at.Before(c.RegDeadline); at = at.Add(time.Minute) {
		if _, ok := c.WarnsOfTeam(at); ok {
			ids[c.TeamWarningID(at)] = true
		}
	}
	if len(ids) != 4 || ids[c.TeamWarningID(time.Time{})] {
		t.Errorf("%d warnings, want 4 others than the one that all get", len(ids))
	}
}
