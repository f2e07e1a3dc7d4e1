package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/normal"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// cleanPages changes the rows whose ids a query finds, in pages. The query doesn't use the writer, since it may have to
// scan a whole table. before is a time, or the first id of one.
func (s cleaner) cleanPages(ctx context.Context, find, act string, before any) (changed int, err error) {
	for {
		s.pause()
		ids, err := sqldb.List(ctx, s.reader, sqldb.ScanString, find, before, cleanUpPage)
		if err != nil || len(ids) == 0 {
			return changed, err
		}
		n, err := sqldb.Change(ctx, s.writer, act, s.db.Array(ids))
		changed += int(n)
		if err != nil || len(ids) < cleanUpPage || n == 0 {
			return changed, err
		}
	}
}

// keepUses records the last use of accounts whose sessions from before a given time are about to be deleted.
func (s *Store) keepUses(ctx context.Context, before time.Time) error {
	_, err := sqldb.Change(ctx, s.writer, `UPDATE users SET used_at = $1
		WHERE id IN (SELECT s.user_id FROM sessions s WHERE s.expires_at <= $1) AND (used_at IS NULL OR used_at < $1)
		AND erased_at IS NULL`, before)
	return err
}

// UnusedAccounts implements compete.ErasureStore.
func (s *Store) UnusedAccounts(ctx context.Context, before time.Time, afterID string, limit int) ([]string, error) {
	if !compete.ValidID(afterID) {
		afterID = noID
	}
	return sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT u.id FROM users u
		WHERE u.id > $2 AND u.erased_at IS NULL AND u.role <> 'ADMIN' AND u.created_at <= $1 AND u.updated_at <= $1
		AND (u.used_at IS NULL OR u.used_at <= $1)
			AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id
			AND coalesce(s.last_used_at, s.created_at) > $1)
			AND NOT EXISTS (SELECT 1 FROM registrations r JOIN competitions c ON c.id = r.competition_id
				WHERE r.user_id = u.id AND (r.registered_at > $1 OR r.status <> 'CANCELLED'
				AND coalesce(c.end_date, c.start_date, c.reg_deadline) > $1))
		ORDER BY u.id LIMIT $3`, compete.UTC(before), afterID, limit)
}

// anonymize reassigns the registrations of competitions that ended before a given time to placeholder accounts. There
// are as many placeholders as the largest such competition has registrations, since each can only register once per
// competition.
func (s cleaner) anonymize(ctx context.Context, before time.Time) (changed int, err error) {
	competitions, err := sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT c.id FROM competitions c
		WHERE coalesce(c.end_date, c.start_date, c.reg_deadline) <= $1 AND EXISTS (
			SELECT 1 FROM registrations r JOIN users u ON u.id = r.user_id WHERE r.competition_id = c.id
			AND u.erased_at IS NULL)`, before)
	for _, id := range competitions {
		for n := cleanUpPage; err == nil && n == cleanUpPage; changed += n {
			s.pause()
			n, err = s.anonymizePage(ctx, id)
		}
	}
	return changed, err
}

var (
	giveAway = sqldb.NewBulk("id uuid, user_id uuid",
		`UPDATE registrations SET user_id = v.user_id, removal_reason = '', removal_note = '', blocked = false
		{from} WHERE registrations.id = v.id`)
	// A team's captain is one of its members, so the role goes along.
	giveTeams = sqldb.NewBulk("competition_id uuid, captain_id uuid, user_id uuid",
		`UPDATE teams SET captain_id = v.user_id {from}
		WHERE teams.competition_id = v.competition_id AND teams.captain_id = v.captain_id`)
)

// forgetReviews delete what staff thought of people.
var forgetReviews = []string{
	`DELETE FROM decisions WHERE registration_id {any $1 uuid}`,
	`DELETE FROM review_scores WHERE registration_id {any $1 uuid}`,
	`DELETE FROM reviews WHERE registration_id {any $1 uuid}`,
}

func (s *Store) anonymizePage(ctx context.Context, competitionID string) (n int, err error) {
	err = s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		held, err := sqldb.List(ctx, tx, sqldb.ScanPair, `SELECT r.id, r.user_id FROM registrations r
			JOIN users u ON u.id = r.user_id
			WHERE r.competition_id = $1 AND u.erased_at IS NULL ORDER BY r.seq LIMIT $2`, competitionID, cleanUpPage)
		if err != nil {
			return err
		}
		nobodies, err := tx.nobodies(ctx, competitionID, len(held))
		if err != nil {
			return err
		}
		ids, rows, captains := make([]string, len(held)), make([][]any, len(held)), make([][]any, len(held))
		for i, pair := range held {
			id, userID := pair[0], pair[1]
			ids[i], rows[i], captains[i] = id, []any{id, nobodies[i]}, []any{competitionID, userID, nobodies[i]}
		}
		if _, err := tx.Bulk(ctx, giveAway, rows); err != nil {
			return err
		}
		if _, err := tx.Bulk(ctx, giveTeams, captains); err != nil {
			return err
		}
		n = len(ids)
		if _, err := sqldb.Change(ctx, tx, `DELETE FROM registration_answers WHERE registration_id {any $1 uuid}`,
			tx.Array(ids)); err != nil {
			return err
		}
		for _, text := range forgetReviews {
			if _, err := sqldb.Change(ctx, tx, text, s.db.Array(ids)); err != nil {
				return err
			}
		}
		return tx.unlinkMessages(ctx, ids)
	})
	return n, err
}

// unlinkMessages removes the reference to a registration from messages, which stay in mailboxes until their own
// retention ends. Each statement uses an index.
func (t Tx) unlinkMessages(ctx context.Context, registrationIDs []string) error {
	for _, text := range []string{
		`UPDATE messages SET registration_id = NULL, seq = NULL WHERE registration_id {any $1 uuid}
			AND start_date IS NULL
			AND move_id IS NULL`,
		`UPDATE messages SET registration_id = NULL, seq = NULL WHERE registration_id {any $1 uuid}
			AND kind = 'reminder'`,
		`UPDATE messages SET registration_id = NULL, seq = NULL WHERE registration_id {any $1 uuid}
			AND move_id IS NOT NULL`,
	} {
		if _, err := sqldb.Change(ctx, t, text, t.Array(registrationIDs)); err != nil {
			return err
		}
	}
	return nil
}

// nobodiesDisabledAt is when placeholder accounts count as disabled: before any other account was.
var nobodiesDisabledAt = time.Unix(0, 0).UTC()

// nobodies returns n placeholder accounts that aren't registered for the competition yet, creating missing ones.
func (t Tx) nobodies(ctx context.Context, competitionID string, n int) ([]string, error) {
	found, err := sqldb.List(ctx, t, sqldb.ScanString, `SELECT u.id FROM users u WHERE u.nobody
		AND (SELECT count(*) FROM registrations r WHERE r.user_id = u.id
		AND r.competition_id = $1) = 0 LIMIT $2`, competitionID, n)
	if err != nil {
		return nil, err
	}
	var rows [][]any
	for len(found) < n {
		id := uuid.NewString()
		rows = append(rows, []any{
			id, erasedEmail(id), compete.ErasedName, normal.People(compete.ErasedName, ""), nobodiesDisabledAt,
		})
		found = append(found, id)
	}
	_, err = t.Bulk(ctx, addNobodies, rows)
	return found, err
}

var addNobodies = sqldb.NewBulk("id uuid, email text, name text, search_text text, at time", `
	INSERT INTO users (id, email, name, search_text, password_hash, role, disabled_at, erased_at, created_at,
		updated_at, nobody)
	{select v.id, v.email, v.name, v.search_text, '', 'PARTICIPANT', v.at, v.at, v.at, v.at, true}`)
