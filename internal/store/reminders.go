package store

import (
	"context"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// StartingBetween implements compete.WorkStore. It returns summaries.
func (s *Store) StartingBetween(
	ctx context.Context, from, to time.Time, afterID string, limit int,
) ([]compete.Competition, error) {
	if !compete.ValidID(afterID) {
		afterID = lastID
	}
	return sqldb.List(ctx, s.reader, scanCompetition, `SELECT `+summaryColumns+fromCompetitions+`
		WHERE (c.start_date, c.id) > ($1, $2) AND c.start_date <= $3 AND {+c.status} = 'PUBLISHED'
		ORDER BY c.start_date, c.id LIMIT $4`,
		compete.UTC(from), afterID, compete.UTC(to), limit)
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
	// statistics joins both whole tables for each page.
	found, err := sqldb.List(ctx, s.reader, scanAddressee, selectReminders+`$3) `+leftOutOfReminders+`
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
	return reminders(found, map[string]compete.Competition{competition.ID: competition}), next, nil
}

// selectReminders begins a query of addressees, and is followed by the start of the competition. A count is looked up
// per row by the full key; for EXISTS, PostgreSQL may instead collect the result for all rows at once, by reading every
// reminder ever written.
var (
	selectReminders = `SELECT ` + registrationColumns + `, ` + participantColumns + `, 0, (
		SELECT count(*) FROM messages m WHERE m.kind = 'reminder' AND m.registration_id = r.id AND m.seq = r.seq
		AND m.start_date = `
	leftOutOfReminders = `> 0 OR u.reminders_off_at IS NOT NULL OR u.disabled_at IS NOT NULL, u.time_zone`
)

// JointReminderTargets implements compete.WorkStore.
func (s *Store) JointReminderTargets(
	ctx context.Context, competitionIDs []string, after compete.ReminderPlace, limit int,
) (targets []compete.Target, next compete.ReminderPlace, err error) {
	ids := slices.DeleteFunc(validIDs(competitionIDs), func(id string) bool { return id < after.CompetitionID })
	if len(ids) == 0 {
		return nil, next, nil
	}
	if after.CompetitionID == "" {
		after.CompetitionID = noID
	}
	// The few rows of all these competitions are found by id, one after the other, and sorted.
	found, err := sqldb.List(ctx, s.reader, scanAddressee, selectReminders+`r.start_date) `+leftOutOfReminders+`
		FROM (SELECT r.*, c.start_date FROM {each $1 uuid} CROSS JOIN competitions c CROSS JOIN registrations r
		WHERE c.id = v.id AND c.start_date IS NOT NULL AND r.competition_id = v.id AND r.status = 'CONFIRMED'
		AND (r.competition_id, r.seq) > ($2, $3) ORDER BY r.competition_id, r.seq LIMIT $4) r
		JOIN users u ON u.id = r.user_id ORDER BY r.competition_id, r.seq`,
		s.db.Array(ids), after.CompetitionID, after.Seq, limit+1)
	if err != nil {
		return nil, next, err
	}
	if len(found) > limit {
		found = found[:limit]
		next = compete.ReminderPlace{CompetitionID: found[limit-1].CompetitionID, Seq: found[limit-1].Seq}
	}
	ids = ids[:0]
	for _, r := range found {
		ids = append(ids, r.CompetitionID)
	}
	competitions, err := s.summaries(ctx, ids)
	if err != nil {
		return nil, next, err
	}
	return reminders(found, competitions), next, nil
}

// reminders returns the targets among addressees of these competitions.
func reminders(found []addressee, competitions map[string]compete.Competition) (targets []compete.Target) {
	for _, r := range found {
		if r.leftOut {
			continue
		}
		targets = append(targets, r.target(
			compete.Notice{RegistrationID: r.ID, Seq: r.Seq, Kind: compete.MessageReminder},
			competitions[r.CompetitionID]))
	}
	return targets
}
