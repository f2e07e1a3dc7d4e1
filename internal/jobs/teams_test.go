package jobs

import (
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// teamOf registers a new participant in a team: a new one, or the one with a code.
func (f *fixture) teamOf(c compete.Competition, choice compete.TeamChoice) compete.Registration {
	f.Helper()
	u := f.participants(1)[0]
	outcome, err := f.registrar.Register(f.Context(), compete.RegisterCommand{
		Actor: compete.Actor{UserID: u.ID, Role: u.Role}, CompetitionID: c.ID, Entry: compete.Entry{Team: choice},
	})
	if err != nil {
		f.Fatal(err)
	}
	return outcome.Registration
}

// pairs makes a competition with teams of at least two, whose registration closes after so long.
func (f *fixture) pairs(closesIn time.Duration) compete.Competition {
	f.Helper()
	c := f.competition(pageSize, 0)
	f.exec(`UPDATE competitions SET team = '{"min":2,"max":3,"seatUnit":"PERSON"}' WHERE id = $1`, c.ID)
	return f.closeIn(c, closesIn)
}

func (f *fixture) closeIn(c compete.Competition, d time.Duration) compete.Competition {
	f.Helper()
	f.exec(`UPDATE competitions SET reg_deadline = $2 WHERE id = $1`, c.ID, compete.UTC(f.clock().Add(d)))
	c, err := f.store.Competition(f.Context(), c.ID)
	if err != nil {
		f.Fatal(err)
	}
	return c
}

func (f *fixture) warnTeams(c compete.Competition) {
	f.Helper()
	if err := f.store.WarnTeams(f.Context(), &c); err != nil {
		f.Fatal(err)
	}
}

// warnedCaptain founds the team Red, alone, and has its captain warned before the deadline.
func (f *fixture) warnedCaptain() (c compete.Competition, captain compete.Registration) {
	f.Helper()
	c = f.pairs(72 * time.Hour)
	captain = f.teamOf(c, compete.TeamChoice{Name: "Red"})
	f.start(f.client)
	f.eventually("the captain is confirmed", func() bool { return f.messages(captain.UserID) == "confirmed" })
	f.advance(25 * time.Hour)
	f.warnTeams(c)
	f.eventually("the captain is warned",
		func() bool { return f.messages(captain.UserID) == "confirmed team_too_small" })
	return c, captain
}

// Whoever was warned is warned again, before a deadline that was extended.
func TestWarningsOfTeamsComeBeforeEachDeadline(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c, captain := f.warnedCaptain()
		f.warnTeams(c)
		c = f.closeIn(c, 168*time.Hour)
		f.advance(121 * time.Hour)
		f.warnTeams(c)
		f.eventually("the captain is warned again",
			func() bool { return f.messages(captain.UserID) == "confirmed team_too_small team_too_small" })
	})
}

// A captain who was warned is warned again when a member leaves a team that has become complete.
func TestWarningsOfTeamsThatAreTooSmallAgain(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c, captain := f.warnedCaptain()
		red, err := f.store.TeamNamed(f.Context(), compete.TeamName{CompetitionID: c.ID, Key: compete.TeamKey("red")})
		if err != nil {
			f.Fatal(err)
		}
		f.cancel(f.teamOf(c, compete.TeamChoice{Code: red.Code(plainSealer{})}))
		f.exec("UPDATE river_job SET state = 'available', scheduled_at = created_at WHERE state = 'scheduled'")
		f.eventually("the captain is warned again",
			func() bool { return f.messages(captain.UserID) == "confirmed team_too_small team_too_small" })
	})
}

// Somebody who joins a team whose captain's account is disabled, without anybody else in it, becomes its captain.
func TestWhoJoinsADisabledCaptainLeads(t *testing.T) {
	eachDatabase(t, nil, func(f *fixture) {
		c := f.pairs(72 * time.Hour)
		captain := f.teamOf(c, compete.TeamChoice{Name: "Red"})
		sweep := func() compete.Team {
			if err := f.client.sweepStranded(f.Context()); err != nil {
				f.Fatal(err)
			}
			red, err := f.store.Team(f.Context(), captain.TeamID)
			if err != nil {
				f.Fatal(err)
			}
			return red
		}
		f.exec(`UPDATE users SET disabled_at = $2 WHERE id = $1`, captain.UserID, compete.UTC(f.clock()))
		red := sweep()
		if red.CaptainID != captain.UserID {
			f.Errorf("the team of one has the captain %s", red.CaptainID)
		}
		member := f.teamOf(c, compete.TeamChoice{Code: red.Code(plainSealer{})})
		if red = sweep(); red.CaptainID != member.UserID {
			f.Errorf("the captain is %s, want who joined", red.CaptainID)
		}
	})
}
