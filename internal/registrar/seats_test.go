package registrar_test

import (
	"context"
	"database/sql"
	"fmt"
)

// checkSeats reads one competition in one statement and reports how it breaks seatsLeft = capacity − held, seatsLeft ≥
// 0, waitlisted = number waiting, or the order of arrival (seq from 1 without reuse, in order of registered_at).
func checkSeats(ctx context.Context, db *sql.DB, competitionID string) error {
	var capacity, left, waitlisted, held, waiting int
	var nextSeq, maxSeq int64
	err := db.QueryRowContext(ctx, `
		SELECT c.capacity, c.seats_left, c.waitlisted, c.next_seq,
			coalesce(sum(r.seats), 0),
			count(CASE WHEN r.status = 'WAITLISTED' AND NOT r.follows THEN 1 END), coalesce(max(r.seq), 0)
		FROM competitions c LEFT JOIN registrations r ON r.competition_id = c.id
		WHERE c.id = $1 GROUP BY c.id, c.capacity, c.seats_left, c.waitlisted, c.next_seq`, competitionID).
		Scan(&capacity, &left, &waitlisted, &nextSeq, &held, &waiting, &maxSeq)
	switch {
	case err != nil:
		return err
	case held > capacity:
		return fmt.Errorf("oversold: %d seats held of %d", held, capacity)
	case left != capacity-held || left < 0:
		return fmt.Errorf("seats_left = %d, want %d − %d", left, capacity, held)
	case waitlisted != waiting:
		return fmt.Errorf("waitlisted = %d, but %d wait", waitlisted, waiting)
	case maxSeq >= nextSeq:
		return fmt.Errorf("next_seq = %d, but seq %d is given", nextSeq, maxSeq)
	}
	return nil
}

// checkArrival reports seqs that are not in the order of registered_at.
func checkArrival(ctx context.Context, db *sql.DB, competitionID string) error {
	var outOfOrder int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM (
		SELECT registered_at AS at, lag(registered_at) OVER (ORDER BY seq) AS before FROM registrations
		WHERE competition_id = $1) AS arrivals
		WHERE at < before`, competitionID).Scan(&outOfOrder)
	if err == nil && outOfOrder > 0 {
		err = fmt.Errorf("%d registrations have a seq out of the order of arrival", outOfOrder)
	}
	return err
}
