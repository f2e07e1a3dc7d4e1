package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// What is due for teams is found however long ago the deadline was, page by page, until it's done.
func TestDueTeams(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		organizer := f.addUser(t, compete.RoleOrganizer)
		add := func(ago time.Duration, rules compete.TeamRules, more func(*compete.Competition)) string {
			return f.addCompetition(t, organizer, func(c *compete.Competition) {
				c.RegDeadline, c.StartDate, c.EndDate = f.ago(ago), nil, nil
				c.Status, c.Team = compete.StatusPublished, &rules
				if more != nil {
					more(c)
				}
			}).ID
		}
		const day = 24 * time.Hour
		dropping := compete.TeamRules{Min: 2, Max: 3, SeatUnit: compete.SeatPerPerson, DropIncomplete: true}
		shown, single := dropping, dropping
		shown.DropIncomplete, single.Min = false, 1
		old, recent := add(400*day, dropping, nil), add(time.Minute, dropping, nil)
		add(day, shown, nil)
		add(day, dropping, func(c *compete.Competition) { c.Status = compete.StatusCancelled })
		soon, later := add(-day, dropping, nil), add(-2*day, shown, nil)
		add(-day, single, nil)
		add(-3*day, dropping, nil)
		all := func(read func(after compete.DueTeams) ([]compete.Competition, error)) (ids []string) {
			t.Helper()
			for after := (compete.DueTeams{}); ; {
				page, err := read(after)
				must(t, err)
				if len(page) == 0 {
					return ids
				}
				want(t, "page", len(page), 1)
				ids = append(ids, page[0].ID)
				after = compete.DueTeams{Deadline: page[0].RegDeadline, ID: page[0].ID}
			}
		}
		toWarn := func() []string {
			return all(func(after compete.DueTeams) ([]compete.Competition, error) {
				return f.TeamsToWarn(t.Context(), f.now, f.now.Add(2*day), after, 1)
			})
		}
		toDrop := func() []string {
			return all(func(after compete.DueTeams) ([]compete.Competition, error) {
				return f.TeamsToDrop(t.Context(), f.now, after, 1)
			})
		}
		want(t, "to warn", toWarn(), []string{soon, later})
		want(t, "to drop", toDrop(), []string{old, recent})
		c, err := f.Competition(t.Context(), soon)
		must(t, err)
		must(t, f.WarnTeams(t.Context(), &c))
		freed := func(id string) (seats int, dropping bool) {
			t.Helper()
			must(t, f.Ledger().Transact(t.Context(), newID(), func(tx compete.LedgerTx) (err error) {
				seats, dropping, err = tx.Freed(t.Context(), id)
				return err
			}))
			return seats, dropping
		}
		settling := func(id string) (n int) {
			t.Helper()
			must(t, f.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = $1
				AND CAST(args AS text) LIKE $2`, compete.SettleJob{}.Kind(), "%"+id+"%").Scan(&n))
			return n
		}
		f.exec(t, `UPDATE competitions SET teams_freed = 2 WHERE id = $1`, old)
		if seats, dropping := freed(old); seats != 2 || !dropping {
			t.Errorf("%d freed, dropping: %t", seats, dropping)
		}
		must(t, f.TeamsDropped(t.Context(), old, f.ago(400*day)))
		if seats, dropping := freed(old); seats != 2 || dropping {
			t.Errorf("%d freed in the end, dropping: %t", seats, dropping)
		}
		want(t, "jobs that pass on what is left", settling(old), 1)
		must(t, f.TeamsDropped(t.Context(), later, f.ago(-2*day)))
		want(t, "jobs if nothing is left", settling(later), 0)
		want(t, "to warn after one was", toWarn(), []string{later})
		want(t, "to drop after one was", toDrop(), []string{recent})
	})
}

// Everybody without a team is warned once for each deadline, in jobs of a bounded size.
func TestWarnTeamsInPages(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		const people = 700 // some of them cancelled
		queue, registrations := f.addQueue(t, f.addUser(t, compete.RoleOrganizer), people)
		f.exec(t, `UPDATE competitions SET team = '{"min":2,"max":3,"seatUnit":"PERSON"}' WHERE id = $1`, queue.ID)
		c, err := f.Competition(t.Context(), queue.ID)
		must(t, err)
		added := f.enqueued(t)
		f.exec(t, `UPDATE competitions SET reg_deadline = $2 WHERE id = $1`, c.ID, compete.UTC(f.now.Add(time.Hour)))
		must(t, f.WarnTeams(t.Context(), &c))
		c, err = f.Competition(t.Context(), queue.ID)
		must(t, err)
		want(t, "jobs after the deadline was moved", len(added()), 0)
		must(t, f.WarnTeams(t.Context(), &c))
		must(t, f.WarnTeams(t.Context(), &c))
		asked := map[string]int{}
		for _, job := range added() {
			var notify compete.NotifyJob
			payload, err := json.Marshal(job.Payload)
			must(t, err)
			must(t, json.Unmarshal(payload, &notify))
			if n := notify.Len(); n > 500 {
				t.Errorf("a job has %d messages", n)
			}
			for _, n := range notify.Notices {
				asked[n.RegistrationID]++
			}
		}
		for _, r := range registrations {
			if n := asked[r.ID]; r.Status.Hopeful() != (n == 1) || n > 1 {
				t.Errorf("%s, who is %s, is warned by %d jobs", r.ID, r.Status, n)
			}
		}
		want(t, "jobs", len(added()), 2)
	})
}

// Only teams that somebody else could lead need another captain.
func TestStrandedTeams(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), func(c *compete.Competition) {
			c.Status = compete.StatusPublished
		})
		captain := f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil)
		team := f.addTeam(t, c.ID, captain)
		f.exec(t, `UPDATE users SET disabled_at = $2 WHERE id = $1`, captain.UserID, compete.UTC(f.now))
		ids, err := f.Store.Stranded(t.Context(), 9)
		must(t, err)
		want(t, "without another member", len(ids), 0)
		member := f.addRegistration(t, c.ID, compete.RegistrationConfirmed, nil)
		f.exec(t, `UPDATE registrations SET team_id = $2, follows = false WHERE id = $1`, member.ID, team)
		ids, err = f.Store.Stranded(t.Context(), 9)
		must(t, err)
		want(t, "with one", ids, []string{c.ID})
	})
}

// addTeam puts registrations for a competition, of which the first is the captain's, into a new team.
func (f *fixture) addTeam(t *testing.T, competitionID string, members ...compete.Registration) (id string) {
	t.Helper()
	id = newID()
	f.exec(t, `INSERT INTO teams (id, competition_id, number, name, captain_id, code_version, created_at, name_key)
		VALUES ($1, $2, 1, 'Red', $3, 1, $4, 'red')`, id, competitionID, members[0].UserID, compete.UTC(f.now))
	for _, m := range members {
		f.exec(t, `UPDATE registrations SET team_id = $2 WHERE id = $1`, m.ID, id)
	}
	return id
}

// Rules that a later version added to are read by this one.
func TestRulesOfALaterVersion(t *testing.T) {
	eachStore(t, func(t *testing.T, f *fixture) {
		c := f.addCompetition(t, f.addUser(t, compete.RoleOrganizer), nil)
		f.exec(t, `UPDATE competitions SET team = '{"min":2,"max":3,"seatUnit":"TEAM","colors":true}' WHERE id = $1`, c.ID)
		got, err := f.Competition(t.Context(), c.ID)
		must(t, err)
		text, err := json.Marshal(got.Team)
		must(t, err)
		want(t, "rules", string(text), `{"min":2,"max":3,"seatUnit":"TEAM"}`)
	})
}
