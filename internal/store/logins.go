package store

import (
	"context"
	"time"

	"minicompete/internal/compete"
)

var _ compete.LoginStore = (*Store)(nil)

// Sessions implements compete.LoginStore.
func (s *Store) Sessions(ctx context.Context, userID string, now time.Time, cursor compete.Cursor, limit int) (compete.Page[compete.Session], error) {
	if !compete.ValidID(userID) {
		return compete.Page[compete.Session]{}, nil
	}
	var st statement
	st.add(`SELECT `+sessionColumns+` FROM sessions s WHERE s.user_id = %s AND s.ended_at IS NULL AND s.expires_at > %s`, userID, compete.UTC(now))
	if !cursor.IsZero() {
		st.add(` AND (s.created_at, s.id) < (%s, %s)`, cursorTime(cursor), cursor.ID)
	}
	st.add(` ORDER BY s.created_at DESC, s.id DESC LIMIT %s`, limit+1)
	sessions, err := list(ctx, s.reader, scanSession, st.text.String(), st.args...)
	return page(sessions, limit, "sessions", func(s compete.Session) (int64, string) { return s.CreatedAt.UnixMicro(), s.ID }), err
}

// EndSessionOf implements compete.LoginStore.
func (s *Store) EndSessionOf(ctx context.Context, userID, id string, now time.Time) error {
	if !compete.ValidID(userID) || !compete.ValidID(id) {
		return compete.ErrSessionMissing
	}
	n, err := change(ctx, s.writer, `UPDATE sessions SET ended_at = coalesce(ended_at, $3) WHERE id = $1 AND user_id = $2`, id, userID, compete.UTC(now))
	if err == nil && n == 0 {
		err = compete.ErrSessionMissing
	}
	return err
}

// EndOtherSessions implements compete.LoginStore.
func (s *Store) EndOtherSessions(ctx context.Context, userID, keepSessionID string, now time.Time) error {
	if !compete.ValidID(userID) {
		return nil
	}
	now = compete.UTC(now)
	return s.Transact(ctx, func(ctx context.Context, tx *Tx) error {
		if keepSessionID == "" {
			return tx.endSessions(ctx, userID, "", now)
		}
		return tx.endLogins(ctx, userID, keepSessionID, now)
	})
}

// NoteLogin implements compete.LoginStore.
func (s *Store) NoteLogin(ctx context.Context, userID, device, network string, now time.Time) (known bool, err error) {
	if !compete.ValidID(userID) {
		return true, nil
	}
	var again bool
	known, err = one(ctx, s.reader, compete.ErrUserMissing, scanWith(func(row scanner) (seen bool, err error) { err = row.Scan(&seen); return seen, err }, &again),
		`SELECT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.device = $2 AND s.network = $3), u.logged_in_at IS NOT NULL
		FROM users u WHERE u.id = $1`, userID, device, network)
	if err != nil || again {
		return known, err
	}
	_, err = change(ctx, s.writer, `UPDATE users SET logged_in_at = $2 WHERE id = $1 AND logged_in_at IS NULL`, userID, compete.UTC(now))
	return true, err
}
