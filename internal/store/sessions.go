package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"minicompete/internal/compete"
)

var _ compete.SessionStore = (*Store)(nil)

// CreateSession implements compete.SessionStore. It fails with ErrUnauthorized when the user does not exist (any more).
func (s *Store) CreateSession(ctx context.Context, session compete.Session) error {
	var hash any
	if session.TokenHash != "" {
		hash = session.TokenHash
	}
	created := compete.UTC(session.CreatedAt)
	_, err := change(ctx, s.writer, `INSERT INTO sessions (id, user_id, token_hash, created_at, expires_at, ended_at, device, network, last_used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $4)`,
		session.ID, session.UserID, hash, created, compete.UTC(session.ExpiresAt), utc(session.EndedAt), session.Device, session.Network)
	if violationOf(err) == foreignKeyViolation {
		return fmt.Errorf("%w: %w", compete.ErrUnauthorized, err)
	}
	return err
}

// SessionByTokenHash implements compete.SessionStore.
func (s *Store) SessionByTokenHash(ctx context.Context, tokenHash string, now time.Time) (compete.Session, compete.User, error) {
	if !storable(tokenHash) {
		return compete.Session{}, compete.User{}, compete.ErrUnauthorized
	}
	var session sessionRow
	user, err := one(ctx, s.reader, compete.ErrUnauthorized, scanWith(scanUser, append(session.fields(), &session.TokenHash)...),
		`SELECT `+userColumns+`, `+sessionColumns+`, s.token_hash
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2`, tokenHash, compete.UTC(now))
	if err != nil {
		return compete.Session{}, compete.User{}, err
	}
	return session.value(), user, nil
}

const sessionColumns = `s.id, s.user_id, s.created_at, s.expires_at, s.device, s.network, s.token_hash IS NULL, s.last_used_at`

// sessionRow is a row of sessionColumns.
type sessionRow struct {
	compete.Session
	used *time.Time // missing in what tools outside insert
}

func (r *sessionRow) fields() []any {
	return []any{&r.ID, &r.UserID, &r.CreatedAt, &r.ExpiresAt, &r.Device, &r.Network, &r.API, &r.used}
}

func (r *sessionRow) value() compete.Session {
	r.LastUsedAt = r.CreatedAt
	if r.used != nil {
		r.LastUsedAt = *r.used
	}
	return r.Session
}

func scanSession(row scanner) (compete.Session, error) {
	var r sessionRow
	if err := row.Scan(r.fields()...); err != nil {
		return compete.Session{}, err
	}
	return r.value(), nil
}

// EndSession implements compete.SessionStore. A session that has ended, or never was, stays so.
func (s *Store) EndSession(ctx context.Context, id string, now time.Time) error {
	if !compete.ValidID(id) {
		return nil
	}
	_, err := change(ctx, s.writer, `UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, id, compete.UTC(now))
	return err
}

// EndTokens implements compete.SessionStore.
func (s *Store) EndTokens(ctx context.Context, userID string, before time.Time) error {
	if !compete.ValidID(userID) {
		return nil
	}
	return endTokens(ctx, s.writer, userID, compete.UTC(before))
}

var setUse = newBulk("id uuid, at time", `UPDATE sessions SET last_used_at = v.at {from}
	WHERE sessions.id = v.id AND (sessions.last_used_at IS NULL OR sessions.last_used_at < v.at)`)

// SessionsUsed implements compete.SessionStore, in pages, so that the one writer stays free.
func (s *Store) SessionsUsed(ctx context.Context, at map[string]time.Time) error {
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(at)), cleanUpPage) { // sorted, so that replicas don't lock each other's rows crosswise
		rows := make([][]any, len(ids))
		for i, id := range ids {
			rows[i] = []any{id, compete.UTC(at[id])}
		}
		err := s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
			_, err := tx.bulk(ctx, setUse, rows)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EndIdleSessions implements compete.SessionStore.
func (s *Store) EndIdleSessions(ctx context.Context, lastUse, now time.Time) error {
	_, err := change(ctx, s.writer, `UPDATE sessions SET ended_at = $2
		WHERE ended_at IS NULL AND last_used_at <= $1 AND `+s.dialect.unindexed+`expires_at > $2`, compete.UTC(lastUse), compete.UTC(now))
	return err
}

// Revocations implements compete.SessionStore.
func (s *Store) Revocations(ctx context.Context, since time.Time) (compete.Revocations, error) {
	revoked := compete.Revocations{DisabledUsers: map[string]bool{}, EndedSessions: map[string]bool{}, TokensBefore: map[string]time.Time{}}
	since = compete.UTC(since)
	disabled, err := list(ctx, s.reader, scanString, `SELECT id FROM users WHERE disabled_at IS NOT NULL`)
	if err != nil {
		return revoked, err
	}
	ended, err := list(ctx, s.reader, scanString, `SELECT id FROM sessions WHERE ended_at > $1`, since)
	if err != nil {
		return revoked, err
	}
	void, err := list(ctx, s.reader, scanVoidTokens, `SELECT id, tokens_valid_after FROM users WHERE tokens_valid_after > $1`, since)
	for _, id := range disabled {
		revoked.DisabledUsers[id] = true
	}
	for _, id := range ended {
		revoked.EndedSessions[id] = true
	}
	for _, v := range void {
		revoked.TokensBefore[v.userID] = v.before
	}
	return revoked, err
}

// TokensValidAfter implements compete.SessionStore.
func (s *Store) TokensValidAfter(ctx context.Context, userID, sessionID string) (time.Time, error) {
	switch {
	case !compete.ValidID(userID), sessionID != "" && !compete.ValidID(sessionID):
		return time.Time{}, compete.ErrUnauthorized
	case sessionID != "":
		_, err := one(ctx, s.reader, compete.ErrUnauthorized, scanString,
			`SELECT id FROM sessions WHERE id = $1 AND user_id = $2 AND ended_at IS NULL`, sessionID, userID)
		return time.Time{}, err
	}
	after, err := one(ctx, s.reader, compete.ErrUnauthorized, scanOptionalTime, `SELECT tokens_valid_after FROM users WHERE id = $1`, userID)
	if err != nil || after == nil {
		return time.Time{}, err
	}
	return *after, nil
}

func scanOptionalTime(row scanner) (t *time.Time, err error) { err = row.Scan(&t); return t, err }

type voidTokens struct {
	userID string
	before time.Time
}

func scanVoidTokens(row scanner) (v voidTokens, err error) {
	err = row.Scan(&v.userID, &v.before)
	return v, err
}
