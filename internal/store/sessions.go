package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.SessionStore = (*Store)(nil)

// CreateSession implements compete.SessionStore. The lock makes it wait for whoever is ending all logins.
func (s *Store) CreateSession(ctx context.Context, session compete.Session) error {
	session.LastUsedAt = session.CreatedAt
	kind := compete.ViaPage
	if session.TokenHash == "" {
		kind = compete.ViaAPI
	}
	err := s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		ended, err := sqldb.List(ctx, tx, sqldb.ScanOptionalTime,
			`SELECT u.tokens_valid_after FROM users u WHERE u.id = $1 {lock u}`, session.UserID)
		if err != nil {
			return err
		}
		if len(ended) > 0 && !sameTime(ended[0], session.LoginsEndedAt) {
			return compete.ErrUnauthorized
		}
		if _, err := sqldb.Change(ctx, tx, insertSession, newSessionRow.Values(&session)...); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{
			At: session.CreatedAt, Action: compete.AuditLogin, ActorID: session.UserID, SubjectID: session.ID,
			After: compete.AuditFields("kind", kind),
		})
	})
	if sqldb.ViolationOf(err) == sqldb.ForeignKeyViolation {
		return fmt.Errorf("%w: %w", compete.ErrUnauthorized, err)
	}
	return err
}

// sameTime compares times as they are stored; nil is no time.
func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return compete.UTC(*a).Equal(compete.UTC(*b))
}

// SessionByTokenHash implements compete.SessionStore.
func (s *Store) SessionByTokenHash(
	ctx context.Context, tokenHash string, now time.Time,
) (compete.Session, compete.User, error) {
	if !storable(tokenHash) {
		return compete.Session{}, compete.User{}, compete.ErrUnauthorized
	}
	session := compete.Session{TokenHash: tokenHash}
	user, err := sqldb.One(ctx, s.reader, compete.ErrUnauthorized,
		sqldb.ScanWith(scanUser, sessionRow.Fields(&session)...),
		sessionByTokenHash, tokenHash, compete.UTC(now))
	if err != nil {
		return compete.Session{}, compete.User{}, err
	}
	return usedSession(session), user, nil
}

// sessionRow are the columns of a session that are shown; queries use the alias s.
var (
	sessionRow = sqldb.Columns[compete.Session]{
		{Name: "id", Field: func(s *compete.Session) any { return &s.ID }},
		{Name: "user_id", Field: func(s *compete.Session) any { return &s.UserID }},
		{Name: "created_at", Field: func(s *compete.Session) any { return &s.CreatedAt }},
		{Name: "expires_at", Field: func(s *compete.Session) any { return &s.ExpiresAt }},
		{Name: "device", Field: func(s *compete.Session) any { return &s.Device }},
		{Name: "network", Field: func(s *compete.Session) any { return &s.Network }},
		{Read: "s.token_hash IS NULL", Field: func(s *compete.Session) any { return &s.API }},
		// NULL in rows inserted by external tools.
		{Name: "last_used_at", Field: func(s *compete.Session) any { return sqldb.Optional(&s.LastUsedAt) }},
	}
	sessionColumns = sessionRow.Select("s")
	newSessionRow  = slices.Concat(sessionRow, sqldb.Columns[compete.Session]{
		{Name: "token_hash", Field: func(s *compete.Session) any { return sqldb.Optional(&s.TokenHash) }},
		{Name: "ended_at", Field: func(s *compete.Session) any { return &s.EndedAt }},
	})
)

var (
	insertSession      = newSessionRow.Insert("sessions")
	sessionByTokenHash = `SELECT ` + userColumns + `, ` + sessionColumns + ` FROM sessions s
		JOIN users u ON u.id = s.user_id
		WHERE s.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2`
)

func scanSession(row sqldb.Row) (compete.Session, error) {
	session, err := sessionRow.Scan(row)
	return usedSession(session), err
}

// usedSession sets the last use to the creation if no later use is known.
func usedSession(s compete.Session) compete.Session {
	if s.LastUsedAt.IsZero() {
		s.LastUsedAt = s.CreatedAt
	}
	return s
}

// EndSession implements compete.SessionStore. For an ended or unknown session, it does nothing.
func (s *Store) EndSession(ctx context.Context, id string, now time.Time) error {
	if !compete.ValidID(id) {
		return nil
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		ended, err := sqldb.List(ctx, tx, sqldb.ScanString,
			`UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING user_id`,
			id, compete.UTC(now))
		if err != nil || len(ended) == 0 {
			return err
		}
		return tx.record(ctx,
			compete.AuditRecord{At: now, Action: compete.AuditLogout, UserID: ended[0], SubjectID: id})
	})
}

// EndTokens implements compete.SessionStore.
func (s *Store) EndTokens(ctx context.Context, userID string, before time.Time) error {
	if !compete.ValidID(userID) {
		return nil
	}
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if err := tx.endTokens(ctx, userID, compete.UTC(before)); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{Action: compete.AuditTokensEnded, UserID: userID})
	})
}

var setUse = sqldb.NewBulk("id uuid, at time", `UPDATE sessions SET last_used_at = v.at {from}
	WHERE sessions.id = v.id AND (sessions.last_used_at IS NULL OR sessions.last_used_at < v.at)`)

// SessionsUsed implements compete.SessionStore. It writes pages, so as not to block the one writer.
func (s *Store) SessionsUsed(ctx context.Context, at map[string]time.Time) error {
	// sorted, so that replicas don't deadlock
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(at)), cleanUpPage) {
		rows := make([][]any, len(ids))
		for i, id := range ids {
			rows[i] = []any{id, compete.UTC(at[id])}
		}
		err := s.Transact(ctx, func(ctx context.Context, tx Tx) error {
			_, err := tx.Bulk(ctx, setUse, rows)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EndIdleSessions implements compete.SessionStore. It ends them in pages, so as not to block the one writer.
func (s *Store) EndIdleSessions(ctx context.Context, lastUse, now time.Time) error {
	for n := cleanUpPage; n == cleanUpPage; {
		err := s.Transact(ctx, func(ctx context.Context, tx Tx) error {
			ended, err := sqldb.List(ctx, tx, sqldb.ScanPair, `UPDATE sessions SET ended_at = $2
				WHERE ended_at IS NULL AND id IN (SELECT s.id FROM sessions s WHERE s.ended_at IS NULL
					AND s.last_used_at <= $1 AND {+s.expires_at} > $2 LIMIT $3)
				RETURNING id, user_id`, compete.UTC(lastUse), compete.UTC(now), cleanUpPage)
			if err != nil {
				return err
			}
			n = len(ended)
			records := make([]compete.AuditRecord, n)
			for i, session := range ended {
				records[i] = compete.AuditRecord{
					At: now, Action: compete.AuditIdleEnded, Via: compete.ViaJob, SubjectID: session[0],
					UserID: session[1],
				}
			}
			return tx.recordAll(ctx, records)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Revocations implements compete.SessionStore.
func (s *Store) Revocations(ctx context.Context, since time.Time) (compete.Revocations, error) {
	revoked := compete.Revocations{
		DisabledUsers: map[string]bool{}, ErasedUsers: map[string]bool{}, EndedSessions: map[string]bool{},
		TokensBefore: map[string]time.Time{},
	}
	since = compete.UTC(since)
	// Placeholder accounts never had a login, and may be as many as the registrations of the largest competition. The
	// time passes them by in the index.
	disabled, err := sqldb.List(ctx, s.reader, sqldb.ScanPair,
		`SELECT id, CASE WHEN erased_at IS NULL THEN '' ELSE 'erased' END FROM users
			WHERE disabled_at > $1 AND NOT nobody`, nobodiesDisabledAt)
	if err != nil {
		return revoked, err
	}
	ended, err := sqldb.List(ctx, s.reader, sqldb.ScanString, `SELECT id FROM sessions WHERE ended_at > $1`, since)
	if err != nil {
		return revoked, err
	}
	void, err := sqldb.List(ctx, s.reader, scanVoidTokens,
		`SELECT id, tokens_valid_after FROM users WHERE tokens_valid_after > $1`, since)
	for _, user := range disabled {
		if id, erased := user[0], user[1]; erased != "" {
			revoked.ErasedUsers[id] = true
		} else {
			revoked.DisabledUsers[id] = true
		}
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
		_, err := sqldb.One(ctx, s.reader, compete.ErrUnauthorized, sqldb.ScanString,
			`SELECT id FROM sessions WHERE id = $1 AND user_id = $2 AND ended_at IS NULL`, sessionID, userID)
		return time.Time{}, err
	}
	after, err := sqldb.One(ctx, s.reader, compete.ErrUnauthorized, sqldb.ScanOptionalTime,
		`SELECT tokens_valid_after FROM users WHERE id = $1`, userID)
	if err != nil || after == nil {
		return time.Time{}, err
	}
	return *after, nil
}

type voidTokens struct {
	userID string
	before time.Time
}

func scanVoidTokens(row sqldb.Row) (v voidTokens, err error) {
	err = row.Scan(&v.userID, &v.before)
	return v, err
}
