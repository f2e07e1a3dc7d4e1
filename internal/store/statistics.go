package store

import (
	"context"
	"time"

	"minicompete/internal/compete"
)

var _ compete.StatisticsStore = (*Store)(nil)

const (
	countCompetition = `SELECT ({micros r.registered_at} - $2) / $3, count(*) FROM registrations r
		WHERE r.competition_id = $1 AND r.registered_at >= $4 AND r.registered_at < $5 GROUP BY 1`
	countOrganizer = `SELECT ({micros r.registered_at} - $2) / $3, count(*) FROM competitions c JOIN registrations r ON r.competition_id = c.id
		WHERE c.organizer_id = $1 AND r.registered_at >= $4 AND r.registered_at < $5 GROUP BY 1`
)

// RegistrationCounts implements compete.StatisticsStore.
func (s *Store) RegistrationCounts(ctx context.Context, scope compete.RegistrationScope, from time.Time, step time.Duration, steps int) ([]int, error) {
	text, id := countCompetition, scope.CompetitionID
	if id == "" {
		text, id = countOrganizer, scope.OrganizerID
	}
	from = compete.UTC(from)
	type bucket struct{ step, count int }
	buckets, err := list(ctx, s.reader, func(row scanner) (b bucket, err error) {
		err = row.Scan(&b.step, &b.count)
		return b, err
	}, text, id, from.UnixMicro(), step.Microseconds(), from, from.Add(time.Duration(steps)*step))
	if err != nil {
		return nil, err
	}
	counts := make([]int, steps)
	for _, b := range buckets {
		counts[b.step] = b.count
	}
	return counts, nil
}

// RegistrationSpan implements compete.StatisticsStore.
func (s *Store) RegistrationSpan(ctx context.Context, competitionID string) (first, last time.Time, ok bool, err error) {
	// Two reads of the index by seq; min and max would lose the column's type on SQLite.
	ends := []*time.Time{&first, &last}
	for i, text := range []string{
		`SELECT registered_at FROM registrations WHERE competition_id = $1 ORDER BY seq LIMIT 1`,
		`SELECT registered_at FROM registrations WHERE competition_id = $1 ORDER BY seq DESC LIMIT 1`,
	} {
		found, err := list(ctx, s.reader, scanTime, text, competitionID)
		if err != nil || len(found) == 0 {
			return time.Time{}, time.Time{}, false, err
		}
		*ends[i] = found[0]
	}
	return first, last, true, nil
}

func scanTime(row scanner) (t time.Time, err error) { err = row.Scan(&t); return t, err }

// UnreadMessagesOf implements compete.StatisticsStore.
func (s *Store) UnreadMessagesOf(ctx context.Context, userIDs []string) (map[string]int, error) {
	counts := make(map[string]int)
	_, err := list(ctx, s.reader, func(row scanner) (none struct{}, err error) {
		var user string
		var n int
		err = row.Scan(&user, &n)
		counts[user] = n
		return none, err
	}, `SELECT m.user_id, count(*) FROM messages m WHERE m.user_id {any $1 uuid} AND m.read_at IS NULL GROUP BY m.user_id`, s.dialect.list(userIDs))
	return counts, err
}
