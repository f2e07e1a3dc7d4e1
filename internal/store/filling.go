package store

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// The order "filling" changes with each refresh of its counts. A list goes on, page by page, with the counts that it
// began with: its cursor names the refresh of its first page, and filling_changes has what later ones replaced.

const (
	fillingInterval = time.Hour
	fillingKept     = 2 * time.Hour // how long a list can be gone on with, at least
	fillingBits     = 31            // of a cursor's key are the count; those above are the number of the refresh
)

const (
	// staleFilling are the competitions whose count is not what the last hour says. Of all competitions, it looks at
	// those that had a count, or have one now.
	staleFilling = `SELECT c.id, coalesce(t.taken, 0), c.filling FROM (
			SELECT f.id FROM competitions f WHERE f.filling > 0
			UNION SELECT s.competition_id FROM seats_taken s WHERE s.minute > $1
		) changed JOIN competitions c ON c.id = changed.id
		LEFT JOIN (SELECT competition_id, sum(taken) AS taken FROM seats_taken WHERE minute > $1
		GROUP BY competition_id) t ON t.competition_id = c.id
		WHERE c.filling <> coalesce(t.taken, 0)`
	lockStaleFilling = `SELECT c.id, (SELECT coalesce(sum(t.taken), 0) FROM seats_taken t WHERE t.competition_id = c.id
			AND t.minute > $1), c.filling FROM competitions c WHERE c.id {any $2 uuid} ORDER BY c.id {lock c}`
)

var (
	setFilling = sqldb.NewBulk("id uuid, filling integer",
		`UPDATE competitions SET filling = v.filling {from} WHERE competitions.id = v.id`)
	keepFilling = sqldb.NewBulk("id uuid, was integer, refresh bigint, at time",
		`INSERT INTO filling_changes (competition_id, was, refresh, at) {select v.id, v.was, v.refresh, v.at}`)
	nextRefresh  = `SELECT coalesce(max(refresh), 0) + 1 FROM filling_changes`
	forgetFilled = `DELETE FROM filling_changes WHERE refresh < (SELECT coalesce(max(f.refresh), 0)
		FROM filling_changes f
		WHERE f.at <= $1)`
)

// RefreshFilling implements compete.WorkStore. What has changed is looked for without a lock: the registrar needs the
// rows, and on SQLite the only writer.
func (s *Store) RefreshFilling(ctx context.Context, now time.Time) error {
	now = compete.UTC(now)
	since := now.Add(-fillingInterval)
	stale, err := sqldb.List(ctx, s.reader, scanFilling, staleFilling, since)
	if err != nil {
		return err
	}
	ids := make([]string, len(stale))
	for i, c := range stale {
		ids[i] = c.id
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if len(ids) > 0 {
			if err := s.setFilling(ctx, tx, ids, now); err != nil {
				return err
			}
		}
		if _, err := sqldb.Change(ctx, tx, forgetFilled, now.Add(-fillingKept)); err != nil {
			return err
		}
		_, err := sqldb.Change(ctx, tx, `DELETE FROM seats_taken WHERE minute <= $1`, since)
		return err
	})
}

// setFilling counts the seats of these competitions, and keeps what was counted before under a number of its own.
func (s *Store) setFilling(ctx context.Context, tx Tx, ids []string, now time.Time) error {
	// two refreshes at once must not have one number
	if err := tx.Serialize(ctx, "filling"); err != nil {
		return err
	}
	changed, err := sqldb.List(ctx, tx, scanFilling, lockStaleFilling, now.Add(-fillingInterval), s.db.Array(ids))
	if err != nil {
		return err
	}
	refresh, err := sqldb.List(ctx, tx, sqldb.ScanInt, nextRefresh)
	if err != nil {
		return err
	}
	var counts, before [][]any
	changed = slices.DeleteFunc(changed, func(c fillingCount) bool { return c.taken == c.was })
	for _, c := range changed {
		counts = append(counts, []any{c.id, c.taken})
		before = append(before, []any{c.id, c.was, refresh[0], now})
	}
	if _, err := tx.Bulk(ctx, setFilling, counts); err != nil {
		return err
	}
	_, err = tx.Bulk(ctx, keepFilling, before)
	return err
}

type fillingCount struct {
	id         string
	taken, was int64
}

func scanFilling(row sqldb.Row) (c fillingCount, err error) {
	err = row.Scan(&c.id, &c.taken, &c.was)
	return c, err
}

// fillingPage selects a later page of the order "filling", by the counts of the cursor's refresh. What has changed
// since is few, and found by itself; all else comes by the index that serves the order.
func (s *Store) fillingPage(st *statement, f compete.CompetitionFilter, match match) {
	order := orders[compete.SortFilling]
	refresh := fillingRefresh(f.Cursor)
	const changed = `(SELECT f.competition_id FROM filling_changes f WHERE f.refresh > %s)`
	const filling = `coalesce((SELECT f.was FROM filling_changes f WHERE f.competition_id = c.id AND f.refresh > %s
		ORDER BY f.refresh LIMIT 1), c.filling)`
	st.Add(`SELECT * FROM (`+selectListed+`, `+filling+` AS filling, CAST(%s AS bigint) AS refresh`+fromCompetitions+`
		WHERE c.id IN (SELECT u.id FROM (SELECT c.id`+fromCompetitions+`WHERE `, refresh, refresh)
	st.listed(f, order)
	st.Add(` AND c.id NOT IN `+changed, refresh)
	s.matching(st, f, match)
	st.Add(` ORDER BY `+order.by+` LIMIT %s) u UNION ALL SELECT c.id`+fromCompetitions+`WHERE `, f.Limit+1)
	st.eligible(f, order)
	s.matching(st, f, match)
	st.Add(` AND c.id IN `+changed+` AND (`+filling+`, c.id) < (%s, %s))) c`,
		refresh, refresh, order.value(f.Cursor), f.Cursor.ID)
}

// fillingRefresh is the refresh that a cursor names. One that no list gave out may name any.
func fillingRefresh(c compete.Cursor) int64 {
	return min(max(c.Key>>fillingBits, 0), math.MaxInt32)
}

// fillingKnown fails with compete.ErrOldCursor when a refresh after the cursor's is kept no longer. It is asked after
// the page was read, so that what was read was there.
func (s *Store) fillingKnown(ctx context.Context, c compete.Cursor) error {
	oldest, err := sqldb.List(ctx, s.reader, sqldb.ScanInt, `SELECT coalesce(min(refresh), 0) FROM filling_changes`)
	if err == nil && fillingRefresh(c) < int64(oldest[0])-1 {
		err = compete.ErrOldCursor
	}
	return err
}
