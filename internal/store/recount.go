package store

import (
	"context"
	"errors"

	"github.com/minicompete/minicompete/internal/sqldb"
)

// What is kept, and what there is to count, of some competitions and of an organizer.
const (
	miscountedDays = `SELECT organizer_id, day, slot, sum(registered) AS registered FROM (
			SELECT c.organizer_id, {day r.registered_at} AS day, substr(CAST(c.id AS text), 36) AS slot, 1 AS registered
			FROM competitions c JOIN registrations r ON r.competition_id = c.id WHERE c.organizer_id > $1
			AND c.organizer_id <= $2
			UNION ALL SELECT d.organizer_id, d.day, d.slot, -d.registered FROM organizer_days d
			WHERE d.organizer_id > $1
			AND d.organizer_id <= $2) d
		GROUP BY organizer_id, day, slot HAVING sum(registered) <> 0`
)

func miscountedBlocks(table, owner string) string {
	return `SELECT ` + owner + `, block, sum(seated) AS seated, sum(waiting) AS waiting,
		sum(cancelled) AS cancelled FROM (
			SELECT r.` + owner + `, r.seq / ` + blockWords + ` AS block, sum(r.seats) AS seated,
				count(CASE WHEN r.status = 'WAITLISTED' AND NOT r.follows THEN 1 END) AS waiting,
				count(CASE WHEN r.status IN ('CANCELLED', 'APPLIED', 'REJECTED') OR r.follows THEN 1 END) AS cancelled
			FROM registrations r WHERE r.` + owner + ` > $1 AND r.` + owner + ` <= $2
			GROUP BY r.` + owner + `, r.seq / ` + blockWords + `
			UNION ALL SELECT b.` + owner + `, b.block, -b.seated, -b.waiting, -b.cancelled FROM ` + table + ` b
			WHERE b.` + owner + ` > $1 AND b.` + owner + ` <= $2) b
		GROUP BY ` + owner + `, block HAVING sum(seated) <> 0 OR sum(waiting) <> 0 OR sum(cancelled) <> 0`
}

func blockRecount(owners, table, owner string) recountOf {
	wrong := miscountedBlocks(table, owner)
	return recountOf{owners, wrong, intoBlocks(table, owner) + wrong + addBlocks(table, owner)}
}

// recountOf is a kind of counts: whose they are, a page at a time; what is wrong about a page; and what rights it.
type recountOf struct{ owners, wrong, right string }

var recounts = []recountOf{
	blockRecount(`SELECT c.id FROM competitions c WHERE c.id > $1
		ORDER BY c.id LIMIT 1 OFFSET $2`, "registration_blocks", "competition_id"),
	blockRecount(`SELECT d.id FROM divisions d WHERE d.id > $1
		ORDER BY d.id LIMIT 1 OFFSET $2`, "division_blocks", "division_id"),
	{`SELECT u.id FROM users u WHERE u.id > $1
		ORDER BY u.id LIMIT 1 OFFSET $2`, miscountedDays, intoDays + miscountedDays + addDays},
}

// recountPage is how many competitions, divisions or users are looked at together.
const recountPage = 100

// Recount implements compete.WorkStore. A difference stays the same while others register, so it is found beside the
// writer, and what rights it waits for nobody but another of its kind: two at once would right it twice.
func (s *Store) Recount(ctx context.Context, pause func()) (wrong int, err error) {
	for _, counts := range recounts {
		for from, last := noID, false; !last; {
			if pause != nil {
				pause()
			}
			to, err := sqldb.One(ctx, s.reader, errNoMore, sqldb.ScanString, counts.owners, from, recountPage-1)
			if last = errors.Is(err, errNoMore); last {
				to, err = lastID, nil
			}
			if err != nil {
				return wrong, err
			}
			n, err := s.recount(ctx, counts.wrong, counts.right, from, to)
			wrong += n
			if err != nil {
				return wrong, err
			}
			from = to
		}
	}
	return wrong, nil
}

// recount is not bounded as other reads are: nobody waits for it, and one organizer may have millions of registrations.
func (s *Store) recount(ctx context.Context, wrong, right, from, to string) (n int, err error) {
	found, err := sqldb.ListUnbounded(ctx, s.reader, func(sqldb.Row) (none struct{}, err error) { return none, nil },
		wrong, from, to)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return len(found), s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.Serialize(ctx, "recount"); err != nil {
			return err
		}
		_, err := sqldb.Change(ctx, tx, right, from, to)
		return err
	})
}

// lastID comes after every id.
const lastID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

var errNoMore = errors.New("there are no more")
