package compete_test

import (
	"errors"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

func TestWhenTeamsCanBeJoined(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	deadline := now.Add(time.Hour)
	mine := &compete.Registration{UserID: "ada"}
	mine.Status = compete.RegistrationConfirmed
	for name, test := range map[string]struct {
		at     time.Time
		change func(c *compete.Competition)
		want   error
	}{
		"open":   {now, func(*compete.Competition) {}, nil},
		"paused": {now, func(c *compete.Competition) { c.Suspended = true }, compete.ErrRegistrationClosed},
		"closed": {deadline, func(*compete.Competition) {}, compete.ErrTeamClosed},
		"paused, and closed meanwhile": {
			deadline, func(c *compete.Competition) { c.Suspended = true }, compete.ErrTeamClosed,
		},
		"frozen for a draw": {now, func(c *compete.Competition) { c.FrozenAt = &now }, compete.ErrTeamClosed},
	} {
		c := compete.Competition{Status: compete.StatusPublished}
		c.Capacity, c.SeatsLeft, c.RegDeadline, c.Team = 9, 9, deadline, &compete.TeamRules{Min: 1, Max: 3}
		test.change(&c)
		err := mine.CheckTeamChange(compete.Actor{UserID: "ada", Role: compete.RoleParticipant}, &c, test.at)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
	}
}
