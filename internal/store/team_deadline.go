package store

import (
	"cmp"
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// TeamsToWarn implements compete.TeamStore.
func (s *Store) TeamsToWarn(
	ctx context.Context, from, to time.Time, after compete.DueTeams, limit int,
) ([]compete.Competition, error) {
	return sqldb.List(ctx, s.reader, scanCompetition, `SELECT `+summaryColumns+fromCompetitions+`
		WHERE c.team IS NOT NULL AND c.reg_deadline > $1 AND c.reg_deadline <= $2
		AND c.team NOT LIKE '%"min":1,%' AND {+c.status} = 'PUBLISHED'
		AND (c.teams_warned_for IS NULL OR c.teams_warned_for <> c.reg_deadline)
		AND (c.reg_deadline, c.id) > ($3, $4) ORDER BY c.reg_deadline, c.id LIMIT $5`,
		compete.UTC(from), compete.UTC(to), compete.UTC(after.Deadline), cmp.Or(after.ID, noID), limit)
}

// TeamsToDrop implements compete.TeamStore. An index has those that are left.
func (s *Store) TeamsToDrop(
	ctx context.Context, at time.Time, after compete.DueTeams, limit int,
) ([]compete.Competition, error) {
	return sqldb.List(ctx, s.reader, scanCompetition, `SELECT `+summaryColumns+fromCompetitions+`
		WHERE c.team LIKE '%"dropIncomplete":true%' AND c.status = 'PUBLISHED'
		AND (c.teams_dropped_for IS NULL OR c.teams_dropped_for <> c.reg_deadline)
		AND c.reg_deadline <= $1 AND (c.reg_deadline, c.id) > ($2, $3) ORDER BY c.reg_deadline, c.id LIMIT $4`,
		compete.UTC(at), compete.UTC(after.Deadline), cmp.Or(after.ID, noID), limit)
}

// WarnTeams implements compete.TeamStore.
func (s *Store) WarnTeams(ctx context.Context, c *compete.Competition) error {
	var notices []compete.Notice
	for _, text := range []string{warnedCaptains, warnedAlone} {
		for after, n := int64(0), noticesPerJob; n == noticesPerJob; {
			page, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (w warned, err error) {
				return w, row.Scan(&w.place, &w.id, &w.seq, &w.tooSmall)
			}, text, c.ID, after, c.Team.Min, noticesPerJob)
			if err != nil {
				return err
			}
			n = len(page)
			for _, w := range page {
				after = w.place
				if w.tooSmall {
					notices = append(notices, compete.Notice{
						RegistrationID: w.id, Seq: w.seq, Kind: compete.MessageTeamTooSmall,
						OccasionID: c.TeamWarningID(time.Time{}),
					})
				}
			}
			if len(notices) >= noticesPerJob {
				if due, err := s.warn(ctx, c, notices[:noticesPerJob], false); err != nil || !due {
					return err
				}
				notices = notices[noticesPerJob:]
			}
		}
	}
	_, err := s.warn(ctx, c, notices, true)
	return err
}

// warned is somebody who may be in no team, or lead one with too few members.
type warned struct {
	place    int64 // in the list
	id       string
	seq      int64
	tooSmall bool
}

var (
	warnedCaptains = `SELECT t.number, r.id, r.seq, ` + sizeOf(`t.id`) + ` < $3 FROM teams t
		JOIN registrations r ON r.user_id = t.captain_id AND r.competition_id = t.competition_id
		WHERE t.competition_id = $1 AND t.number > $2 ORDER BY t.number LIMIT $4`
	warnedAlone = `SELECT r.seq, r.id, r.seq, $3 > 1 FROM registrations r
		WHERE r.competition_id = $1 AND r.seq > $2 AND r.team_id IS NULL
		AND r.status IN ('PENDING', 'CONFIRMED', 'OFFERED', 'APPLIED', 'WAITLISTED') ORDER BY r.seq LIMIT $4`
)

// warn asks for messages and, with the last of a competition, records that this was done for its deadline. It does
// nothing if that was done before, or the deadline is another one by now: then they aren't due.
func (s *Store) warn(
	ctx context.Context, c *compete.Competition, notices []compete.Notice, last bool,
) (due bool, err error) {
	const unwarned = `id = $1 AND reg_deadline = $2 AND (teams_warned_for IS NULL OR teams_warned_for <> reg_deadline)`
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if last {
			n, err := sqldb.Change(ctx, tx, `UPDATE competitions SET teams_warned_for = reg_deadline WHERE `+unwarned,
				c.ID, c.RegDeadline)
			due = n > 0
			if err != nil {
				return err
			}
		} else {
			found, err := sqldb.List(ctx, tx, sqldb.ScanString, `SELECT id FROM competitions WHERE `+unwarned, c.ID,
				c.RegDeadline)
			due = len(found) > 0
			if err != nil {
				return err
			}
		}
		if !due || len(notices) == 0 {
			return nil
		}
		return s.enqueue(ctx, tx, []compete.Job{compete.NotifyJob{Notices: notices}})
	})
	return due, err
}

// noticesPerJob bounds what one job writes, and what WarnTeams reads at once.
const noticesPerJob = 500

// TeamsDropped implements compete.TeamStore.
func (s *Store) TeamsDropped(ctx context.Context, competitionID string, deadline time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := sqldb.Change(ctx, tx, `UPDATE competitions SET teams_dropped_for = $2 WHERE id = $1`,
			competitionID, compete.UTC(deadline)); err != nil {
			return err
		}
		// Until now, nothing else could pass on seats that are free.
		freed, err := sqldb.List(ctx, tx, sqldb.ScanInt, `SELECT teams_freed FROM competitions
			WHERE id = $1 AND teams_freed > 0`, competitionID)
		if err != nil || len(freed) == 0 {
			return err
		}
		return s.enqueue(ctx, tx, []compete.Job{compete.SettleJob{CompetitionID: competitionID}})
	})
}

// teamsDropped is the condition that a competition c isn't about to drop incomplete teams.
const teamsDropped = `(c.team IS NULL OR c.team NOT LIKE '%"dropIncomplete":true%'
	OR c.teams_dropped_for IS NOT NULL AND c.teams_dropped_for = c.reg_deadline)`

var incomplete = `SELECT ` + registrationColumns + ` FROM registrations r
	WHERE r.competition_id = $1 AND r.status IN ('PENDING', 'CONFIRMED', 'OFFERED',
	'APPLIED', 'WAITLISTED') AND r.seq > $2 AND r.seq <= $3 AND (r.team_id IS NULL OR ` + sizeOf(`r.team_id`) + ` < $4)
	ORDER BY r.seq LIMIT $5`

// Incomplete implements compete.LedgerTx.
func (t *ledgerTx) Incomplete(ctx context.Context, q compete.IncompleteQuery) ([]compete.Registration, error) {
	found, err := sqldb.List(ctx, t, scanRegistration, incomplete, q.CompetitionID, q.After, q.Last, q.Least, q.Limit)
	t.remember(found)
	return found, err
}
