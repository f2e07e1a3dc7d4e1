package store

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.PersonalDataStore = (*Store)(nil)

// EverySession implements compete.PersonalDataStore.
func (s *Store) EverySession(
	ctx context.Context, userID string, cursor compete.Cursor, limit int,
) (compete.Page[compete.Session], error) {
	var ended *time.Time
	var st statement
	st.Add(`SELECT `+sessionColumns+`, s.ended_at FROM sessions s WHERE s.user_id = %s`, userID)
	if !cursor.IsZero() {
		st.Add(` AND (s.created_at, s.id) < (%s, %s)`, cursor.Time(), cursor.ID)
	}
	st.Add(` ORDER BY s.created_at DESC, s.id DESC LIMIT %s`, limit+1)
	sessions, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (compete.Session, error) {
		session, err := sqldb.ScanWith(scanSession, &ended)(row)
		session.EndedAt = ended
		return session, err
	}, st.Text(), st.Args()...)
	return page(sessions, limit, "sessions",
		func(s compete.Session) (int64, string) { return s.CreatedAt.UnixMicro(), s.ID }), err
}

// LinksOf implements compete.PersonalDataStore.
func (s *Store) LinksOf(ctx context.Context, userID string) ([]compete.Link, error) {
	links, err := sqldb.List(ctx, s.reader, scanLink,
		`SELECT `+linkColumns+` FROM account_links l WHERE l.user_id = $1 ORDER BY l.created_at DESC, l.id DESC`,
		userID)
	for i := range links {
		links[i].TokenHash = ""
	}
	return links, err
}

// OrganizerRequestOf implements compete.PersonalDataStore.
func (s *Store) OrganizerRequestOf(ctx context.Context, userID string) (*time.Time, error) {
	return sqldb.One(ctx, s.reader, nil, sqldb.ScanOptionalTime,
		`SELECT requested_at FROM organizer_requests WHERE user_id = $1`, userID)
}

// ReportsBy implements compete.PersonalDataStore.
func (s *Store) ReportsBy(
	ctx context.Context, userID string, cursor compete.Cursor, limit int,
) (compete.Page[compete.Report], error) {
	var st statement
	st.Add(selectReports+`p.reporter_id = %s`, userID)
	return s.reportPage(ctx, &st, cursor, limit)
}
