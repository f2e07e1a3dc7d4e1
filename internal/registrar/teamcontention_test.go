package registrar_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/check"
	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/registrar"
	"github.com/minicompete/minicompete/internal/store"
	"github.com/minicompete/minicompete/internal/testservices"
)

// addTeams gives a competition rules for teams.
func (a *fixture) addTeams(t *testing.T, r *registrar.Registrar, id string, rules compete.TeamRules) {
	t.Helper()
	_, err := r.Update(t.Context(), compete.UpdateCommand{
		Actor: a.organizer, CompetitionID: id,
		Change: compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Team = &rules }},
	})
	must(t, err)
}

// checkTeams reads the teams of a competition in one statement and reports how they break the rules: more than most
// members, a captain who isn't one, a team without members, members in another division; where seats are for teams,
// more or fewer than one registration that holds the team's seat or place, or one that isn't its captain's, members
// with another status, and people without a team. Whoever waits isn't passed by a later one in the same division.
func checkTeams(ctx context.Context, db *sql.DB, competitionID string, most int, perTeam bool) error {
	var tooLarge, noCaptain, apart, leads, statuses, alone, passed, follows int
	err := db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM (SELECT r.team_id FROM registrations r WHERE r.competition_id = $1
			AND r.status <> 'CANCELLED' AND r.team_id IS NOT NULL GROUP BY r.team_id HAVING count(*) > $2) large),
		(SELECT count(*) FROM teams t WHERE t.competition_id = $1 AND NOT EXISTS (SELECT 1 FROM registrations r
			WHERE r.team_id = t.id AND r.user_id = t.captain_id AND r.status <> 'CANCELLED' AND NOT r.follows)),
		(SELECT count(*) FROM registrations r JOIN registrations o ON o.team_id = r.team_id
			WHERE r.competition_id = $1 AND coalesce(CAST(r.division_id AS text), '') <>
				coalesce(CAST(o.division_id AS text), '')),
		(SELECT count(*) FROM teams t WHERE t.competition_id = $1 AND (SELECT count(*) FROM registrations r
			WHERE r.team_id = t.id AND NOT r.follows) <> 1),
		(SELECT count(*) FROM registrations r JOIN registrations o ON o.team_id = r.team_id AND NOT o.follows
			WHERE r.competition_id = $1 AND r.follows AND r.status <> o.status),
		(SELECT count(*) FROM registrations r WHERE r.competition_id = $1 AND r.status <> 'CANCELLED'
			AND r.team_id IS NULL),
		(SELECT count(*) FROM registrations w JOIN registrations h ON h.competition_id = w.competition_id
			AND h.seq > w.seq AND coalesce(CAST(w.division_id AS text), '') =
				coalesce(CAST(h.division_id AS text), '')
			WHERE w.competition_id = $1 AND w.status = 'WAITLISTED' AND NOT w.follows AND h.seats > 0),
		(SELECT count(*) FROM registrations r WHERE r.competition_id = $1 AND r.follows)`, competitionID, most).
		Scan(&tooLarge, &noCaptain, &apart, &leads, &statuses, &alone, &passed, &follows)
	if !perTeam {
		leads, statuses, alone = 0, 0, 0
	} else {
		follows = 0
	}
	if err == nil && tooLarge+noCaptain+apart+leads+statuses+alone+passed+follows > 0 {
		err = fmt.Errorf("%d teams are too large, %d lack their captain, %d members are apart, %d teams haven't one "+
			"place, %d members have another status, %d have no team, %d were passed, %d follow without need", tooLarge,
			noCaptain, apart, leads, statuses, alone, passed, follows)
	}
	return err
}

// teamed are competitions with their rules.
type teamed map[string]compete.TeamRules

// afterEachTeamed is afterEachDivided with teams.
func (a *fixture) afterEachTeamed(t *testing.T, rules teamed) afterCommit {
	t.Helper()
	seats := a.afterEachDivided(t)
	return func(changed ...string) {
		seats(changed...)
		for _, id := range changed {
			of, ok := rules[id]
			if !ok {
				continue
			}
			err := checkTeams(context.Background(), a.db.Reader(), id, of.Max, of.SeatUnit == compete.SeatPerTeam)
			if err != nil {
				t.Error(err)
			}
		}
	}
}

// teamRush sets up competitions with both kinds of seats, one of them with divisions, and of two the incomplete teams
// are dropped. Freed seats are offered.
func (a *fixture) teamRush(t *testing.T, r *registrar.Registrar) (ids []string, rules teamed, in map[string][]string) {
	t.Helper()
	for _, seats := range []int{9, 4, 6, 8, 3} {
		ids = append(ids, a.addCompetition(t, seats, true))
	}
	rules = teamed{
		ids[0]: {Min: 1, Max: 3, SeatUnit: compete.SeatPerPerson},
		ids[1]: {Min: 1, Max: 2, SeatUnit: compete.SeatPerTeam},
		ids[2]: {Min: 1, Max: 3, SeatUnit: compete.SeatPerTeam},
		ids[3]: {Min: 2, Max: 3, SeatUnit: compete.SeatPerPerson, DropIncomplete: true},
		ids[4]: {Min: 2, Max: 3, SeatUnit: compete.SeatPerTeam, DropIncomplete: true},
	}
	in = map[string][]string{ids[0]: {""}, ids[1]: {""}, ids[3]: {""}, ids[4]: {""}}
	for _, id := range ids {
		a.addTeams(t, r, id, rules[id])
	}
	for _, d := range a.addDivisions(t, r, ids[2], 3, 2) {
		in[ids[2]] = append(in[ids[2]], d.ID)
	}
	for _, id := range ids {
		deadline := time.Now().AddDate(1, 0, 0)
		if rules[id].DropIncomplete {
			deadline = time.Now().Add(2 * time.Hour)
		}
		if _, err := a.db.Writer().ExecContext(t.Context(),
			`UPDATE competitions SET offer_hours = 1, reg_deadline = $2 WHERE id = $1`, id,
			compete.UTC(deadline)); err != nil {
			t.Fatal(err)
		}
	}
	return ids, rules, in
}

// TestTeamsUnderContention: teams are created, joined, left, handed over and changed, offers are answered and expire,
// capacities and deadlines change, and incomplete teams are dropped, all at once. After every commit, all counts are
// right, no team is too large, each has its captain, members have what their captain has where seats are for teams, and
// nobody is passed.
func TestTeamsUnderContention(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db *store.Store) {
		a := newFixture(t, db, 50)
		var clock jumpingClock
		ids, rules, in := a.teamRush(t, startRegistrar(t, db.Ledger(), nil))
		history := &recording{Ledger: db.Ledger()}
		r := startRegistrarAt(t, clock.now, history, a.afterEachTeamed(t, rules))
		for round := range uint64(50) {
			check.Together(10, func(worker int) {
				mixTeams(t, a, r, &clock, ids, in, rand.New(rand.NewPCG(round, uint64(worker))))
			})
			if round >= 2 && history.seen(compete.AuditTeamHandedOver, compete.AuditTeamChanged, compete.AuditAccepted,
				compete.AuditDeclined, compete.AuditOfferExpired, compete.AuditIncomplete) {
				return
			}
		}
		for _, action := range []compete.AuditAction{
			compete.AuditTeamHandedOver, compete.AuditTeamChanged, compete.AuditAccepted, compete.AuditDeclined,
			compete.AuditOfferExpired, compete.AuditIncomplete,
		} {
			if !history.seen(action) {
				t.Errorf("%s never happened", action)
			}
		}
	})
}

// TestTeamsOfTwoReplicas is the same with two registrars.
func TestTeamsOfTwoReplicas(t *testing.T) {
	t.Parallel()
	testservices.OnlyPostgres(t, func(t *testing.T, url string) {
		one, other := openAt(t, url), openAt(t, url)
		a := newFixture(t, one, 40)
		var clock jumpingClock
		ids, rules, in := a.teamRush(t, startRegistrar(t, one.Ledger(), nil))
		history := &recording{Ledger: one.Ledger()}
		replicas := [2]*registrar.Registrar{
			startRegistrarAt(t, clock.now, history, a.afterEachTeamed(t, rules)),
			startRegistrarAt(t, clock.now, other.Ledger(), a.afterEachTeamed(t, rules)),
		}
		for round := range uint64(50) {
			check.Together(10, func(worker int) {
				mixTeams(t, a, replicas[worker%2], &clock, ids, in, rand.New(rand.NewPCG(9+round, uint64(worker))))
			})
			if round >= 2 && history.seen(compete.AuditIncomplete) {
				return
			}
		}
		t.Error("no team was dropped")
	})
}

// someTeam returns a team of the competition as it was a moment ago; the zero value if there is none.
func (a *fixture) someTeam(t *testing.T, competitionID string, random *rand.Rand) compete.Team {
	page, err := a.db.Teams(t.Context(), competitionID, compete.TeamFilter{Limit: 50})
	if err != nil {
		t.Error(err)
	}
	if len(page.Items) == 0 {
		return compete.Team{}
	}
	return page.Items[random.IntN(len(page.Items))].Team
}

// mixTeams sends random commands about competitions with teams, and lets time pass.
func mixTeams(
	t *testing.T, a *fixture, r *registrar.Registrar, clock *jumpingClock, ids []string, in map[string][]string,
	random *rand.Rand,
) {
	for range 60 {
		id, n := ids[random.IntN(len(ids))], random.IntN(len(a.people))
		person, mine := a.people[n], a.registration(t, n, id)
		what := random.IntN(24)
		if mine.ID == "" && what >= 5 {
			what = 24 // there is nothing to cancel or change
		}
		err := a.teamPress(t, r, clock, what, id, mine.ID, person, in[id][random.IntN(len(in[id]))], random)
		if err != nil && compete.AsError(err).Kind != compete.KindConflict &&
			!errors.Is(err, compete.ErrRegistrationGone) && !errors.Is(err, compete.ErrTeamMissing) &&
			!errors.Is(err, compete.ErrCaptainOnly) && !errors.Is(err, compete.ErrTeamMemberMissing) {
			t.Errorf("unexpected refusal: %v", err)
		}
	}
}

func (a *fixture) teamPress(
	t *testing.T, r *registrar.Registrar, clock *jumpingClock, what int, id, mine string, person compete.Actor,
	divisionID string, random *rand.Rand,
) (err error) {
	some := a.someTeam(t, id, random)
	command := compete.TeamCommand{Actor: person, CompetitionID: id, TeamID: some.ID}
	code := some.Code(plainSealer{})
	switch what {
	case 0:
		seats := 3 + random.IntN(8)
		change := compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) { c.Capacity = seats }}
		_, err = r.Update(t.Context(), compete.UpdateCommand{Actor: a.organizer, CompetitionID: id, Change: change})
	case 1:
		clock.jump(20 * time.Minute)
	case 2:
		_, err = r.ExpireOffers(t.Context(), a.offers(t, id))
	case 3:
		err = r.DropIncomplete(t.Context(), id)
	case 4:
		err = a.reopen(t, r, id, clock.now())
	case 5, 6, 7:
		_, err = r.AnswerOffer(t.Context(), compete.AnswerOfferCommand{
			Actor: person, RegistrationID: mine, Accept: what < 7,
		})
	case 8, 9, 10:
		_, err = r.Cancel(t.Context(), compete.CancelCommand{Actor: person, RegistrationID: mine})
	case 11:
		_, err = r.Cancel(t.Context(), compete.CancelCommand{Actor: a.organizer, RegistrationID: mine})
	case 12:
		command.Actor = a.organizer
		_, err = r.HandOver(t.Context(), compete.MemberCommand{TeamCommand: command, UserID: person.UserID})
	case 13:
		_, err = r.RenewCode(t.Context(), command)
	case 18:
		command.Actor = a.organizer
		name := fmt.Sprint("Team ", random.IntN(30))
		_, err = r.RenameTeam(t.Context(), compete.RenameTeamCommand{TeamCommand: command, Name: name})
	case 14:
		command.Actor.UserID = some.CaptainID
		_, err = r.RemoveMember(t.Context(), compete.MemberCommand{TeamCommand: command, UserID: person.UserID})
	case 15, 16:
		_, err = r.ChangeTeam(t.Context(), compete.ChangeTeamCommand{
			Actor: person, RegistrationID: mine,
			Change: compete.Some(compete.TeamChange{TeamChoice: compete.TeamChoice{Code: code}}),
		})
	case 17:
		_, err = r.ChangeTeam(t.Context(), compete.ChangeTeamCommand{
			Actor: a.organizer, RegistrationID: mine, Change: compete.Some(compete.TeamChange{ID: some.ID}),
		})
	default:
		choice := compete.TeamChoice{Code: code}
		if some.ID == "" || random.IntN(3) == 0 {
			choice = compete.TeamChoice{Name: fmt.Sprint("Team ", random.IntN(30))}
		}
		_, err = r.Register(t.Context(), compete.RegisterCommand{
			Actor: person, CompetitionID: id, Entry: compete.Entry{DivisionID: divisionID, Team: choice},
		})
	}
	return err
}

// reopen moves a deadline that has passed, where incomplete teams are dropped.
func (a *fixture) reopen(t *testing.T, r *registrar.Registrar, id string, now time.Time) error {
	_, err := r.Update(t.Context(), compete.UpdateCommand{
		Actor: a.organizer, CompetitionID: id,
		Change: compete.CompetitionChange{Edit: func(c *compete.CompetitionContent) {
			if c.Team.DropIncomplete && now.After(c.RegDeadline) {
				c.RegDeadline = compete.UTC(now.Add(2 * time.Hour))
			}
		}},
	})
	return err
}

// TestLastPlaceInATeam has many people race for the last place of a team: one of them gets it.
func TestLastPlaceInATeam(t *testing.T) {
	eachFixture(t, func(t *testing.T, a *fixture, r *registrar.Registrar) {
		for _, unit := range []compete.SeatUnit{compete.SeatPerPerson, compete.SeatPerTeam} {
			id := a.addCompetition(t, 30, true)
			a.addTeams(t, r, id, compete.TeamRules{Min: 1, Max: 3, SeatUnit: unit})
			register := func(person int, choice compete.TeamChoice) error {
				_, err := r.Register(t.Context(), compete.RegisterCommand{
					Actor: a.people[person], CompetitionID: id, Entry: compete.Entry{Team: choice},
				})
				return err
			}
			must(t, register(0, compete.TeamChoice{Name: "Red"}))
			page, err := a.db.Teams(t.Context(), id, compete.TeamFilter{Limit: 1})
			must(t, err)
			team := page.Items[0].Team
			must(t, register(1, compete.TeamChoice{Code: team.Code(plainSealer{})}))
			errs := make([]error, len(a.people)-2)
			check.Together(len(errs),
				func(i int) { errs[i] = register(i+2, compete.TeamChoice{Code: team.Code(plainSealer{})}) })
			joined := 0
			for _, err := range errs {
				if err == nil {
					joined++
				} else {
					wantError(t, "refusal", err, compete.ErrTeamFull)
				}
			}
			want(t, "people who got the last place", joined, 1)
			must(t, checkTeams(t.Context(), a.db.Reader(), id, 3, unit == compete.SeatPerTeam))
		}
	})
}
