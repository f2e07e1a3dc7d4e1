package store

import (
	"context"
	"fmt"
	"time"

	"minicompete/internal/compete"
)

var _ compete.CompetitionStore = (*Store)(nil)

// CreateCompetition implements compete.CompetitionStore.
func (s *Store) CreateCompetition(ctx context.Context, c compete.Competition, record compete.IdempotencyRecord) (*compete.IdempotencyRecord, error) {
	var existing *compete.IdempotencyRecord
	err := s.Transact(ctx, func(ctx context.Context, tx *Tx) (err error) {
		if record.Key != "" {
			// The record comes first: one who presses at the same moment waits here until this transaction is over, and finds it then.
			if existing, err = tx.claimKey(ctx, record, compete.UTC(c.CreatedAt)); existing != nil || err != nil {
				return err
			}
		}
		return tx.insertCompetition(ctx, c)
	})
	if violationOf(err) == foreignKeyViolation {
		err = fmt.Errorf("%w: %w", compete.ErrUnauthorized, err)
	}
	return existing, err
}

// claimKey inserts the record, over one that has expired. It returns the unexpired one that stands in the way, if there is one.
func (t *Tx) claimKey(ctx context.Context, r compete.IdempotencyRecord, now time.Time) (*compete.IdempotencyRecord, error) {
	n, err := change(ctx, t, `INSERT INTO idempotency_keys (`+recordColumns+`) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (user_id, key) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status, body = excluded.body,
			expires_at = excluded.expires_at WHERE idempotency_keys.expires_at <= $7`,
		r.UserID, r.Key, r.RequestHash, r.Status, r.Body, compete.UTC(r.ExpiresAt), now)
	if err != nil || n > 0 {
		return nil, err
	}
	return creationRecord(ctx, t, r.UserID, r.Key, now)
}

func (t *Tx) insertCompetition(ctx context.Context, c compete.Competition) error {
	if _, err := change(ctx, t, `INSERT INTO competitions (id, title, description, location, capacity, seats_left, waitlisted, reg_opens_at,
			reg_deadline, start_date, end_date, time_zone, status, waitlist, organizer_id, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		c.ID, c.Title, c.Description, c.Location, c.Capacity, c.SeatsLeft, c.Waitlisted, utc(c.RegOpensAt), compete.UTC(c.RegDeadline),
		utc(c.StartDate), utc(c.EndDate), c.Zone().String(), string(c.Status), c.Waitlist, c.Organizer.ID, c.Version, compete.UTC(c.CreatedAt), compete.UTC(c.UpdatedAt)); err != nil {
		return err
	}
	return t.saveTags(ctx, c)
}

// DeleteDraft implements compete.CompetitionStore. The conditions are part of the statement, so that it can't pass one that publishes.
func (s *Store) DeleteDraft(ctx context.Context, id string) error {
	if !compete.ValidID(id) {
		return compete.ErrCompetitionMissing
	}
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := change(ctx, tx, `DELETE FROM competitions WHERE id = $1 AND status = 'DRAFT'
			AND NOT EXISTS (SELECT 1 FROM registrations r WHERE r.competition_id = $1)`, id)
		if err != nil || n > 0 {
			return err
		}
		if _, err := one(ctx, tx, compete.ErrCompetitionMissing, scanString, `SELECT c.id FROM competitions c WHERE c.id = $1`, id); err != nil {
			return err
		}
		return compete.ErrNotDraft
	})
}

// CreationRecord implements compete.CompetitionStore.
func (s *Store) CreationRecord(ctx context.Context, userID, key string, now time.Time) (*compete.IdempotencyRecord, error) {
	if !compete.ValidID(userID) {
		return nil, nil //nolint:nilnil // there is none
	}
	return creationRecord(ctx, s.reader, userID, key, compete.UTC(now))
}

func creationRecord(ctx context.Context, q querier, userID, key string, now time.Time) (*compete.IdempotencyRecord, error) {
	found, err := list(ctx, q, scanRecord, `SELECT `+recordColumns+` FROM idempotency_keys
		WHERE user_id = $1 AND key = $2 AND expires_at > $3`, userID, key, now)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Competition implements compete.CompetitionStore. Callers share what it returns and must not change it.
func (s *Store) Competition(ctx context.Context, id string) (compete.Competition, error) {
	if !compete.ValidID(id) {
		return compete.Competition{}, compete.ErrCompetitionMissing
	}
	return s.competitions.read(ctx, id, func(ctx context.Context) (compete.Competition, error) {
		return one(ctx, s.reader, compete.ErrCompetitionMissing, scanCompetition,
			`SELECT `+competitionColumns+fromCompetitions+`WHERE c.id = $1`, id)
	})
}

// CompetitionsByID implements compete.CompetitionStore.
func (s *Store) CompetitionsByID(ctx context.Context, ids []string) ([]compete.Competition, error) {
	if ids = validIDs(ids); len(ids) == 0 {
		return nil, nil
	}
	return list(ctx, s.reader, scanCompetition, `SELECT `+summaryColumns+fromCompetitions+`WHERE c.id {any $1 uuid}`, s.dialect.list(ids))
}

// PopularTags implements compete.CompetitionStore.
func (s *Store) PopularTags(ctx context.Context, now time.Time, limit int) ([]compete.TagCount, error) {
	return list(ctx, s.reader, scanTagCount, `SELECT min(t.tag), count(*)`+fromCompetitions+`JOIN competition_tags t ON t.competition_id = c.id
		WHERE c.status = 'PUBLISHED' AND c.reg_deadline > $1 AND NOT `+suspended+`
		GROUP BY coalesce(t.folded, t.tag) ORDER BY count(*) DESC, min(t.tag) LIMIT $2`, compete.UTC(now), limit)
}

func scanTagCount(row scanner) (t compete.TagCount, err error) {
	err = row.Scan(&t.Tag, &t.Count)
	return t, err
}
