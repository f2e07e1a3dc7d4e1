package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.StatisticsStore = (*Store)(nil)

// NewsOf implements compete.StatisticsStore.
func (s *Store) NewsOf(ctx context.Context, userIDs []string, since time.Time) (map[string]compete.News, error) {
	all := make(map[string]compete.News)
	_, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (none struct{}, err error) {
		var user string
		var n compete.News
		err = row.Scan(&user, &n.Unread, &n.Removed, &n.Lately)
		known := all[user]
		all[user] = compete.News{
			Unread: known.Unread + n.Unread, Removed: known.Removed + n.Removed,
			Lately: known.Lately + n.Lately,
		}
		return none, err
	}, `SELECT m.user_id, count(*), 0, 0 FROM messages m WHERE m.user_id {any $1 uuid} AND m.read_at IS NULL
		GROUP BY m.user_id
		UNION ALL SELECT r.user_id, 0, sum(CASE WHEN r.blocked THEN 2 ELSE 1 END),
		sum(CASE WHEN r.updated_at >= $2 THEN 1 ELSE 0 END)
			FROM registrations r WHERE r.user_id {any $1 uuid} AND r.cancel_reason = 'ORGANIZER'
			GROUP BY r.user_id`, s.db.Array(userIDs), since)
	return all, err
}

// RegistrationsPerDay implements compete.StatisticsStore.
func (s *Store) RegistrationsPerDay(ctx context.Context, organizerID string, from time.Time, days int) ([]int, error) {
	counts := make([]int, days)
	first := dayOf(from)
	_, err := sqldb.List(ctx, s.replicated, func(row sqldb.Row) (none struct{}, err error) {
		var day int64
		var n int
		err = row.Scan(&day, &n)
		counts[day-first] = n
		return none, err
	}, `SELECT d.day, sum(d.registered) FROM organizer_days d WHERE d.organizer_id = $1 AND d.day >= $2 AND d.day < $3
		GROUP BY d.day`,
		organizerID, first, first+int64(days))
	return counts, err
}

// part is a competition or one of its divisions: whose column and whose table of blocks to look in.
type part struct{ owner, blocks, id string }

func partOf(competitionID, divisionID string) part {
	if divisionID != "" {
		return part{"division_id", "division_blocks", divisionID}
	}
	return part{"competition_id", "registration_blocks", competitionID}
}

// sql returns a text about the part: its table of blocks for BLOCKS, and the column with its id for OWNER.
func (p part) sql(text string) string {
	return strings.NewReplacer("BLOCKS", p.blocks, "OWNER", p.owner).Replace(text)
}

// everyStatus counts the registrations of a part. Those that a worker is yet to confirm, offers, and those about which
// staff may decide are few, and counted.
const everyStatus = `SELECT coalesce(sum(b.seated), 0), coalesce(sum(b.waiting), 0), coalesce(sum(b.cancelled), 0),
		(SELECT count(*) FROM registrations r WHERE r.OWNER = $1 AND r.status = 'PENDING'),
		(SELECT count(*) FROM registrations r WHERE r.OWNER = $1 AND r.status = 'OFFERED'),
		(SELECT count(*) FROM registrations r WHERE r.OWNER = $1 AND r.status = 'APPLIED'),
		(SELECT count(*) FROM registrations r WHERE r.OWNER = $1 AND r.status = 'REJECTED')
	FROM BLOCKS b WHERE b.OWNER = $1`

func (s *Store) everyStatus(ctx context.Context, p part) (map[compete.RegistrationStatus]int, error) {
	return sqldb.One(ctx, s.replicated, nil, func(row sqldb.Row) (map[compete.RegistrationStatus]int, error) {
		var seated, waiting, others, pending, offered, applied, rejected int
		err := row.Scan(&seated, &waiting, &others, &pending, &offered, &applied, &rejected)
		counts := map[compete.RegistrationStatus]int{
			compete.RegistrationPending: pending, compete.RegistrationConfirmed: seated - pending - offered,
			compete.RegistrationOffered:    offered,
			compete.RegistrationApplied:    applied,
			compete.RegistrationWaitlisted: waiting, compete.RegistrationRejected: rejected,
			compete.RegistrationCancelled: others - applied - rejected,
		}
		for status, n := range counts {
			if n == 0 {
				delete(counts, status)
			}
		}
		return counts, err
	}, p.sql(everyStatus), p.id)
}

// OpenOffers implements compete.StatisticsStore.
func (s *Store) OpenOffers(ctx context.Context, competitionIDs []string) (map[string]int, error) {
	counts := make(map[string]int)
	_, err := sqldb.List(ctx, s.replicated, func(row sqldb.Row) (none struct{}, err error) {
		var id string
		var n int
		err = row.Scan(&id, &n)
		counts[id] = n
		return none, err
	}, `SELECT r.competition_id, count(*) FROM registrations r WHERE r.competition_id {any $1 uuid}
		AND r.status = 'OFFERED' AND NOT r.follows GROUP BY r.competition_id`, s.db.Array(competitionIDs))
	return counts, err
}

// OpenApplications implements compete.StatisticsStore.
func (s *Store) OpenApplications(ctx context.Context, competitionIDs []string, most int) (map[string]int, error) {
	counts := make(map[string]int)
	_, err := sqldb.List(ctx, s.replicated, func(row sqldb.Row) (none struct{}, err error) {
		var id string
		var n int
		if err = row.Scan(&id, &n); n > 0 {
			counts[id] = n
		}
		return none, err
	}, `SELECT c.id, (SELECT count(*) FROM (SELECT 1 FROM registrations r WHERE r.competition_id = c.id
			AND r.status = 'APPLIED' AND NOT r.follows LIMIT $2) t)
		FROM competitions c WHERE c.id {any $1 uuid}`, s.db.Array(competitionIDs), most)
	return counts, err
}

// fewBlocks is how many blocks of registrations are put in order by their times; of more, some are read along their
// order of arrival.
const fewBlocks = 50

const (
	timesKept = 10 * time.Second // how long the chart of a competition with many registrations is reused
	mostTimes = 64               // charts kept, about 4 KB each
)

// timesKey is what two requests for such a chart must share to get the same one.
type timesKey struct {
	part   string // the competition or division
	points int
}

// RegistrationTimes implements compete.StatisticsStore.
func (s *Store) RegistrationTimes(
	ctx context.Context, competitionID, divisionID string, points int,
) ([]compete.TimeCount, error) {
	of := partOf(competitionID, divisionID)
	last, err := sqldb.One(ctx, s.replicated, nil, sqldb.ScanInt,
		of.sql(`SELECT coalesce(max(b.block), 0) FROM BLOCKS b WHERE b.OWNER = $1`), of.id)
	if err != nil {
		return nil, err
	}
	if last < fewBlocks {
		return s.everyTime(ctx, of, points)
	}
	// Nobody sees a few more among thousands, and the chart would take longer than the rest of its page.
	key := timesKey{of.id, points}
	if known, ok := s.times.Get(key, time.Now()); ok {
		return known, nil
	}
	times, err := s.timesOfBlocks(ctx, of, max(1, last/points))
	if err == nil {
		s.times.Add(key, times, time.Now().Add(timesKept))
	}
	return times, err
}

// timesOfBlocks is RegistrationTimes for many registrations: a point for each so many blocks. Callers share what it
// returns and must not change it.
func (s *Store) timesOfBlocks(ctx context.Context, of part, blocks int) ([]compete.TimeCount, error) {
	// Of every few blocks, the time of their first registration, and how many they have; then the time of the last one.
	times, err := sqldb.List(ctx, s.replicated, func(row sqldb.Row) (t compete.TimeCount, err error) {
		var lowest int64
		err = row.Scan(&t.At, &t.Count, &lowest)
		return t, err
	}, of.sql(`SELECT (SELECT r.registered_at FROM registrations r WHERE r.OWNER = $1
				AND r.seq >= b.lowest * `+blockWords+` ORDER BY r.seq LIMIT 1), b.size, b.lowest
			FROM (SELECT min(b.block) AS lowest, sum(b.seated + b.waiting + b.cancelled) AS size
				FROM BLOCKS b WHERE b.OWNER = $1 AND b.seated + b.waiting + b.cancelled > 0
				GROUP BY b.block / $2) b
		UNION ALL SELECT l.registered_at, 0, l.seq FROM (SELECT r.registered_at, r.seq FROM registrations r
			WHERE r.OWNER = $1 ORDER BY r.seq DESC LIMIT 1) l
		ORDER BY 3`), of.id, blocks)
	before := 0
	for i := range times {
		size := times[i].Count
		times[i].Count = before + min(size, 1) // the last one is counted already
		before += size
	}
	inOrderOfTime(times)
	return times, err
}

// everyTime is RegistrationTimes for few registrations. They are put in order by time, not by seq: clocks of replicas
// differ, and what is imported may have any time.
func (s *Store) everyTime(ctx context.Context, of part, points int) ([]compete.TimeCount, error) {
	total, err := sqldb.One(ctx, s.replicated, nil, sqldb.ScanInt,
		of.sql(`SELECT coalesce(sum(b.seated + b.waiting + b.cancelled), 0) FROM BLOCKS b WHERE b.OWNER = $1`), of.id)
	if err != nil {
		return nil, err
	}
	return sqldb.List(ctx, s.replicated, scanTimeCount, of.sql(`SELECT registered_at, number FROM (
			SELECT r.registered_at, row_number() OVER (ORDER BY r.registered_at, r.seq) AS number
			FROM registrations r
			WHERE r.OWNER = $1) AS r
		WHERE number = 1 OR number % $2 = 0 OR number = $3
		ORDER BY number`), of.id, max(1, total/points), total)
}

func scanTimeCount(row sqldb.Row) (t compete.TimeCount, err error) {
	err = row.Scan(&t.At, &t.Count)
	return t, err
}

// inOrderOfTime gives the earliest of the times to the smallest count, and so on: counts grow in time, whatever clocks
// said.
func inOrderOfTime(counts []compete.TimeCount) {
	slices.SortFunc(counts, func(a, b compete.TimeCount) int { return cmp.Compare(a.Count, b.Count) })
	times := make([]time.Time, len(counts))
	for i := range counts {
		times[i] = counts[i].At
	}
	slices.SortFunc(times, time.Time.Compare)
	for i := range counts {
		counts[i].At = times[i]
	}
}
