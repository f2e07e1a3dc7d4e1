package store

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.LoginStore = (*Store)(nil)

// Sessions implements compete.LoginStore.
func (s *Store) Sessions(
	ctx context.Context, userID string, now time.Time, cursor compete.Cursor, limit int,
) (compete.Page[compete.Session], error) {
	if !compete.ValidID(userID) {
		return compete.Page[compete.Session]{}, nil
	}
	var st statement
	st.Add(`SELECT `+sessionColumns+
		` FROM sessions s WHERE s.user_id = %s AND s.ended_at IS NULL AND s.expires_at > %s`,
		userID, compete.UTC(now))
	if !cursor.IsZero() {
		st.Add(` AND (s.created_at, s.id) < (%s, %s)`, cursor.Time(), cursor.ID)
	}
	st.Add(` ORDER BY s.created_at DESC, s.id DESC LIMIT %s`, limit+1)
	sessions, err := sqldb.List(ctx, s.reader, scanSession, st.Text(), st.Args()...)
	return page(sessions, limit, "sessions",
		func(s compete.Session) (int64, string) { return s.CreatedAt.UnixMicro(), s.ID }), err
}

// EndSessionOf implements compete.LoginStore.
func (s *Store) EndSessionOf(ctx context.Context, userID, id string, now time.Time) error {
	if !compete.ValidID(userID) || !compete.ValidID(id) {
		return compete.ErrSessionMissing
	}
	n, err := s.changeRecorded(ctx, compete.AuditRecord{
		At: now, Action: compete.AuditLogout, UserID: userID, SubjectID: id,
	},
		`UPDATE sessions SET ended_at = coalesce(ended_at, $3) WHERE id = $1 AND user_id = $2`, id,
		userID, compete.UTC(now))
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
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditLogoutOthers, UserID: userID,
		}); err != nil {
			return err
		}
		if keepSessionID == "" {
			return tx.endSessions(ctx, userID, "", now)
		}
		return tx.endLogins(ctx, userID, keepSessionID, now)
	})
}

// EndLogins implements compete.LoginStore.
func (s *Store) EndLogins(ctx context.Context, userID string, now time.Time) error {
	if !compete.ValidID(userID) {
		return nil
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.record(ctx, compete.AuditRecord{
			At: now, Action: compete.AuditAllEnded,
			UserID: userID,
		}); err != nil {
			return err
		}
		return tx.endLogins(ctx, userID, "", compete.UTC(now))
	})
}

// NoteLogin implements compete.LoginStore.
func (s *Store) NoteLogin(ctx context.Context, userID, device, network string, now time.Time) (known bool, err error) {
	if !compete.ValidID(userID) {
		return true, nil
	}
	var again bool
	known, err = sqldb.One(ctx, s.reader, compete.ErrUserMissing,
		sqldb.ScanWith(func(row sqldb.Row) (seen bool, err error) { err = row.Scan(&seen); return seen, err }, &again),
		`SELECT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.device = $2
			AND s.network = $3), u.logged_in_at IS NOT NULL
		FROM users u WHERE u.id = $1`, userID, device, network)
	if err != nil || again {
		return known, err
	}
	_, err = sqldb.Change(ctx, s.writer,
		`UPDATE users SET logged_in_at = $2 WHERE id = $1 AND logged_in_at IS NULL`, userID, compete.UTC(now))
	return true, err
}

// KnowsNetwork implements compete.LoginStore.
func (s *Store) KnowsNetwork(ctx context.Context, userID, network string) (bool, error) {
	if !compete.ValidID(userID) {
		return false, nil
	}
	return sqldb.One(ctx, s.reader, compete.ErrUserMissing, sqldb.ScanBool,
		`SELECT EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = $1 AND s.network = $2)`, userID, network)
}

// NoteGuessing implements compete.LoginStore. Most calls only read, to spare the one writer.
func (s *Store) NoteGuessing(ctx context.Context, m compete.Message, after time.Time) error {
	if !compete.ValidID(m.UserID) {
		return nil
	}
	after = compete.UTC(after)
	due, err := sqldb.One(ctx, s.reader, compete.ErrUserMissing, sqldb.ScanBool,
		`SELECT guessing_noted_at IS NULL OR guessing_noted_at <= $2 FROM users WHERE id = $1`, m.UserID, after)
	if err != nil || !due {
		return err
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `UPDATE users SET guessing_noted_at = $2 WHERE id = $1
			AND (guessing_noted_at IS NULL
			OR guessing_noted_at <= $3)`,
			m.UserID, compete.UTC(m.SentAt), after)
		if err != nil || n == 0 {
			return err
		}
		return s.saveMessage(ctx, tx, m)
	})
}
