package store

import (
	"context"
	"time"

	"minicompete/internal/compete"
)

var _ compete.StatisticsStore = (*Store)(nil)

// RegistrationCounts implements compete.StatisticsStore.
func (s *Store) RegistrationCounts(ctx context.Context, organizerID string, from time.Time, step time.Duration, steps int) ([]int, error) {
	const text = `SELECT ({micros r.registered_at} - $2) / $3, count(*) FROM competitions c JOIN registrations r ON r.competition_id = c.id
		WHERE c.organizer_id = $1 AND r.registered_at >= $4 AND r.registered_at < $5 GROUP BY 1`
	from = compete.UTC(from)
	counts := make([]int, steps)
	_, err := list(ctx, s.reader, func(row scanner) (none struct{}, err error) {
		var step, n int
		err = row.Scan(&step, &n)
		if step >= 0 && step < steps { // the conditions see to it, as long as times are kept as times
			counts[step] = n
		}
		return none, err
	}, text, organizerID, from.UnixMicro(), step.Microseconds(), from, from.Add(time.Duration(steps)*step))
	return counts, err
}

// RegistrationTimes implements compete.StatisticsStore.
func (s *Store) RegistrationTimes(ctx context.Context, competitionID string, every, last int) ([]compete.TimeCount, error) {
	// By time, not by seq: clocks of replicas differ, and what is imported may have any time.
	return list(ctx, s.reader, func(row scanner) (t compete.TimeCount, err error) {
		err = row.Scan(&t.At, &t.Count)
		return t, err
	}, `SELECT registered_at, number FROM (
			SELECT r.registered_at, row_number() OVER (ORDER BY r.registered_at, r.seq) AS number FROM registrations r WHERE r.competition_id = $1) AS r
		WHERE number = 1 OR number % $2 = 0 OR number = $3 ORDER BY number`, competitionID, every, last)
}

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

func scanTime(row scanner) (t time.Time, err error) { err = row.Scan(&t); return t, err }
