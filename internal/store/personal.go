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

// PersonalReviews implements compete.PersonalDataStore.
func (s *Store) PersonalReviews(
	ctx context.Context, f compete.PersonalReviewFilter, cursor compete.Cursor, limit int,
) (compete.Page[compete.PersonalReview], error) {
	var st statement
	st.Add(`SELECT v.registration_id, v.reviewer_id, v.score, v.note, v.created_at, v.updated_at, c.id, c.title
		FROM reviews v JOIN registrations r ON r.id = v.registration_id JOIN competitions c ON c.id = r.competition_id`)
	if f.ReviewerID != "" {
		st.Add(` WHERE v.reviewer_id = %s`, f.ReviewerID)
	} else {
		// Whoever withdraws before a decision can apply again, to the same reviewers.
		st.Add(` WHERE r.user_id = %s AND r.status <> 'APPLIED'
			AND (r.status <> 'CANCELLED' OR r.blocked OR c.status = 'CANCELLED' OR c.reg_deadline <= %s)`,
			f.ApplicantID, compete.UTC(f.Now))
	}
	if !cursor.IsZero() {
		st.Add(` AND (v.created_at, v.registration_id) < (%s, %s)`, cursor.Time(), cursor.ID)
	}
	st.Add(` ORDER BY v.created_at DESC, v.registration_id DESC LIMIT %s`, limit+1)
	reviews, err := sqldb.List(ctx, s.reader, func(row sqldb.Row) (r compete.PersonalReview, err error) {
		err = row.Scan(&r.RegistrationID, &r.Reviewer.ID, &r.Score, &r.Note, &r.CreatedAt, &r.UpdatedAt,
			&r.CompetitionID, &r.CompetitionTitle)
		return r, err
	}, st.Text(), st.Args()...)
	return page(reviews, limit, "reviews", func(r compete.PersonalReview) (int64, string) {
		return r.CreatedAt.UnixMicro(), r.RegistrationID
	}), err
}

// ReportsBy implements compete.PersonalDataStore.
func (s *Store) ReportsBy(
	ctx context.Context, userID string, cursor compete.Cursor, limit int,
) (compete.Page[compete.Report], error) {
	var st statement
	st.Add(selectReports+`p.reporter_id = %s`, userID)
	return s.reportPage(ctx, &st, cursor, limit)
}
