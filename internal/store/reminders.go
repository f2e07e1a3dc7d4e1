package store

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// StartingBetween implements compete.WorkStore. It returns summaries.
func (s *Store) StartingBetween(
	ctx context.Context, from, to time.Time, afterID string, limit int,
) ([]compete.Competition, error) {
	if !compete.ValidID(afterID) {
		afterID = noID
	}
	return sqldb.List(ctx, s.reader, scanCompetition, `SELECT `+summaryColumns+fromCompetitions+`
		WHERE c.start_date > $1 AND c.start_date <= $2 AND {+c.status} = 'PUBLISHED' AND {+c.id} > $3
		ORDER BY c.id LIMIT $4`,
		compete.UTC(from), compete.UTC(to), afterID, limit)
}

// ReminderTargets implements compete.WorkStore. A competition without a start date has none.
func (s *Store) ReminderTargets(
	ctx context.Context, competitionID string, afterSeq int64, limit int,
) (targets []compete.Target, next int64, err error) {
	competitions, err := s.CompetitionsByID(ctx, []string{competitionID})
	if err != nil || len(competitions) == 0 || competitions[0].StartDate == nil {
		return nil, 0, err
	}
	competition := competitions[0]
	// Read a page first and filter it afterwards: if a query selects unreminded ones, a planner without fresh
	// statistics joins both whole tables for each page. A count is looked up per row by the full key; for EXISTS,
	// PostgreSQL may instead collect the result for all rows at once, by reading every reminder ever written.
	found, err := sqldb.List(ctx, s.reader, scanAddressee, `SELECT `+registrationColumns+`, `+participantColumns+`, 0, (
			SELECT count(*) FROM messages m WHERE m.registration_id = r.id AND m.seq = r.seq AND m.start_date = $3
			AND m.kind = 'reminder') > 0
			OR u.reminders_off_at IS NOT NULL OR u.disabled_at IS NOT NULL, u.time_zone
		FROM (SELECT * FROM registrations r WHERE r.competition_id = $1 AND r.status = 'CONFIRMED' AND r.seq > $2
		ORDER BY r.seq LIMIT $4) r
		JOIN users u ON u.id = r.user_id ORDER BY r.seq`, competitionID, afterSeq, *competition.StartDate, limit+1)
	if err != nil {
		return nil, 0, err
	}
	if len(found) > limit {
		found = found[:limit]
		next = found[limit-1].Seq
	}
	for _, r := range found {
		if r.leftOut {
			continue
		}
		targets = append(targets,
			r.target(compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageReminder}, competition))
	}
	return targets, next, nil
}
