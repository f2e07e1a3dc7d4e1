package store

import (
	"context"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

// Applications implements compete.ApplicationStore.
func (s *Store) Applications(
	ctx context.Context, competitionID string, f compete.ApplicationFilter,
) (compete.Page[compete.Application], error) {
	var none compete.Page[compete.Application]
	if !compete.ValidID(competitionID) || !storable(f.Search) {
		return none, nil
	}
	among, err := s.candidates(ctx, f.Search)
	if err != nil {
		return none, err
	}
	if f.Undecided && f.Status == "" {
		f.Status = compete.RegistrationApplied // the only ones that may be
	}
	var st statement
	st.Add(`SELECT ` + registrationColumns + `, ` + participantColumns + `, 0, coalesce(d.decision, ''),
		coalesce(s.reviews, 0), coalesce(s.average, 0), coalesce(m.score, 0), coalesce(m.note, ''),
		` + answersIf(f.Asked) + `, ` + teamIf(f.Teams) + ` FROM `)
	if f.RegistrationID == "" && f.Status == "" && among.all && f.Sort != compete.ApplicationsByScore && !drafted(f) {
		st.applied(f)
		st.Add(` WHERE r.id IN (SELECT a.id FROM (`)
		// A page of each, since those with a seat may be many more.
		for i, status := range compete.DecidableStatuses {
			if f.Status = status; i > 0 {
				st.Add(` UNION ALL `)
			}
			st.Add(`SELECT a.id, a.seq FROM (SELECT r.id, r.seq FROM `)
			st.applications(s.db, competitionID, f, among)
			st.Add(`) a`)
		}
		st.Add(`) a ORDER BY a.seq LIMIT %s) ORDER BY r.seq`, f.Limit+1)
	} else {
		st.applications(s.db, competitionID, f, among)
	}
	found, err := sqldb.List(ctx, s.reader.Unprepared(), scanApplication, st.Text(), st.Args()...)
	return page(found, f.Limit, f.Sort.List(), func(a compete.Application) (int64, string) {
		if f.Sort == compete.ApplicationsByScore {
			return int64(a.Average), a.ID
		}
		return a.Seq, a.ID
	}), err
}

// drafted reports whether a list only has applications with a draft.
func drafted(f compete.ApplicationFilter) bool { return f.Drafts || f.Decision != "" }

// applied adds the registrations r, with what is joined to them: the score s, user u, draft d, and the reviewer's
// review m.
func (s *statement) applied(f compete.ApplicationFilter) {
	const scores = ` LEFT JOIN review_scores s ON s.registration_id = r.id`
	const drafts = ` LEFT JOIN decisions d ON d.registration_id = r.id AND d.seq = r.seq`
	switch {
	case f.Sort == compete.ApplicationsByScore:
		s.Add(`review_scores s JOIN registrations r ON r.id = s.registration_id` + drafts)
	case drafted(f):
		s.Add(`decisions d CROSS JOIN registrations r` + scores)
	default:
		s.Add(`registrations r` + drafts + scores)
	}
	s.Add(` JOIN users u ON u.id = r.user_id
		LEFT JOIN reviews m ON m.registration_id = r.id AND m.reviewer_id = %s`, optionalID(f.ReviewerID))
}

// applications adds what follows the columns in the query of a page, in its order.
func (s *statement) applications(db *sqldb.DB, competitionID string, f compete.ApplicationFilter, among candidates) {
	s.among(db, among)
	s.applied(f)
	seq := `r.seq`
	switch {
	case f.Sort == compete.ApplicationsByScore:
		s.Add(` WHERE s.competition_id = %s`, competitionID)
	case drafted(f):
		seq = `d.seq`
		s.Add(` WHERE d.competition_id = %s AND r.id = d.registration_id AND r.seq = d.seq`, competitionID)
	case f.DivisionID != "", f.TeamID != "": // without the index of the competition, since theirs is better
		s.Add(` WHERE {+r.competition_id} = %s`, competitionID)
	default:
		s.Add(` WHERE r.competition_id = %s`, competitionID)
	}
	s.is(`r.user_id`, among)
	s.deciding(f)
	s.containing(f.Search)
	switch {
	case f.Sort == compete.ApplicationsByScore && !f.Cursor.IsZero():
		s.Add(` AND (s.average, s.registration_id) < (%s, %s)`, min(max(f.Cursor.Key, 0), maxAverage), f.Cursor.ID)
	case !f.Cursor.IsZero():
		s.Add(` AND `+seq+` > %s`, f.Cursor.Key)
	}
	if f.Sort == compete.ApplicationsByScore {
		s.Add(` ORDER BY s.average DESC, s.registration_id DESC LIMIT %s`, f.Limit+1)
	} else {
		s.Add(` ORDER BY `+seq+` LIMIT %s`, f.Limit+1)
	}
}

// maxAverage is more than any average of scores, in hundredths. Averages are bounded because PostgreSQL refuses numbers
// beyond its column, which only a forged cursor has.
const maxAverage = 1_000

// deciding adds the conditions of a list of applications on a registration r, its draft d, and the reviewer's review m.
func (s *statement) deciding(f compete.ApplicationFilter) {
	switch {
	case f.RegistrationID != "":
		s.Add(` AND r.id = %s`, f.RegistrationID)
	case f.Status != "":
		s.Add(` AND NOT r.follows AND r.status = %s`, string(f.Status)) // those go along with their captain's
	default:
		s.Add(` AND NOT r.follows AND ` + decidable)
	}
	switch {
	case f.TeamID != "":
		s.Add(` AND r.team_id = %s`, f.TeamID)
		if f.DivisionID != "" {
			s.Add(` AND {+r.division_id} = %s`, f.DivisionID)
		}
	case f.DivisionID != "":
		s.Add(` AND r.division_id = %s`, f.DivisionID)
	}
	if f.Decision != "" {
		s.Add(` AND d.decision = %s`, string(f.Decision))
	}
	if f.Drafts && f.Sort == compete.ApplicationsByScore {
		s.Add(` AND d.decision IS NOT NULL`)
	}
	if f.Undecided {
		s.Add(` AND r.status = 'APPLIED' AND d.decision IS NULL`)
	}
	if f.Unscored {
		s.Add(` AND m.score IS NULL`)
	}
}

// Unscored implements compete.ApplicationStore. A reviewer's own reviews are mostly few beside the applications, and
// are looked up among them; those of someone who has scored for years may be more, and then it's the other way around.
func (s *Store) Unscored(ctx context.Context, competitionID, reviewerID string) (int, error) {
	of := ` r.competition_id = $1 AND NOT r.follows AND ` + decidable
	all, err := sqldb.One(ctx, s.reader, compete.ErrCompetitionMissing, sqldb.ScanInt, `SELECT
		(SELECT count(*) FROM registrations r WHERE`+of+`) FROM competitions c WHERE c.id = $1`, competitionID)
	if err != nil || all == 0 {
		return 0, err
	}
	more, err := sqldb.List(ctx, s.reader, sqldb.ScanInt,
		`SELECT 1 FROM reviews m WHERE m.reviewer_id = $1 LIMIT 1 OFFSET $2`, reviewerID, all)
	if err != nil {
		return 0, err
	}
	if len(more) > 0 {
		return sqldb.One(ctx, s.reader, nil, sqldb.ScanInt, `SELECT count(*) FROM registrations r WHERE`+of+`
			AND NOT EXISTS (SELECT 1 FROM reviews m WHERE m.registration_id = r.id AND m.reviewer_id = $2`+lookedUp,
			competitionID, reviewerID)
	}
	mine, err := sqldb.One(ctx, s.reader, nil, sqldb.ScanInt, `SELECT count(*) FROM reviews m
		{match registrations r: r.id = m.registration_id} WHERE m.reviewer_id = $2 AND`+of, competitionID, reviewerID)
	return max(all-mine, 0), err // more may have been applied for and scored since they were counted
}

func scanApplication(row sqldb.Row) (a compete.Application, err error) {
	var answers storedAnswers
	var team string
	a.ParticipantRegistration, err = sqldb.ScanWith(scanParticipantRegistration, &a.Decision, &a.Reviews, &a.Average,
		&a.Mine, &a.MyNote, &answers, &team)(row)
	a.Answers, a.Team = compete.Answers(answers), team
	return a, err
}

// SaveReview implements compete.ApplicationStore.
func (s *Store) SaveReview(ctx context.Context, r compete.Review, applicantID string) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		if _, err := sqldb.Change(ctx, tx, `INSERT INTO reviews (registration_id, reviewer_id, score, note, created_at,
				updated_at) VALUES ($1, $2, $3, $4, $5, $5)
			ON CONFLICT (registration_id, reviewer_id) DO UPDATE SET score = excluded.score, note = excluded.note,
				updated_at = excluded.updated_at`,
			r.RegistrationID, r.Reviewer.ID, r.Score, r.Note, r.UpdatedAt); err != nil {
			return err
		}
		if err := tx.averageReviews(ctx, r.RegistrationID, r.CompetitionID); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{
			At: r.UpdatedAt, Action: compete.AuditReviewed, UserID: applicantID, CompetitionID: r.CompetitionID,
			SubjectID: r.RegistrationID, After: compete.AuditFields("score", r.Score),
		})
	})
}

// DeleteReview implements compete.ApplicationStore.
func (s *Store) DeleteReview(ctx context.Context, r compete.Review, applicantID string) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		deleted, err := sqldb.List(ctx, tx, sqldb.ScanInt, `DELETE FROM reviews
			WHERE registration_id = $1 AND reviewer_id = $2 RETURNING score`, r.RegistrationID, r.Reviewer.ID)
		if err != nil || len(deleted) == 0 {
			return err
		}
		if err := tx.averageReviews(ctx, r.RegistrationID, r.CompetitionID); err != nil {
			return err
		}
		return tx.record(ctx, compete.AuditRecord{
			At: r.UpdatedAt, Action: compete.AuditReviewDeleted, UserID: applicantID, CompetitionID: r.CompetitionID,
			SubjectID: r.RegistrationID, Before: compete.AuditFields("score", deleted[0]),
		})
	})
}

// averageReviews computes the score of an application anew. The row is locked first, so that of two reviewers at the
// same moment the second counts both reviews. What nobody reviews any more has no row, as if nobody ever had.
func (t Tx) averageReviews(ctx context.Context, registrationID, competitionID string) error {
	if _, err := sqldb.Change(ctx, t, `INSERT INTO review_scores (registration_id, competition_id, reviews, average)
		VALUES ($1, $2, 0, 0) ON CONFLICT (registration_id) DO UPDATE SET reviews = review_scores.reviews`,
		registrationID, competitionID); err != nil {
		return err
	}
	if _, err := sqldb.Change(ctx, t, `UPDATE review_scores SET
		reviews = (SELECT count(*) FROM reviews v WHERE v.registration_id = $1),
		average = (SELECT coalesce(sum(v.score) * 100 / count(*), 0) FROM reviews v WHERE v.registration_id = $1)
		WHERE registration_id = $1`, registrationID); err != nil {
		return err
	}
	_, err := sqldb.Change(ctx, t, `DELETE FROM review_scores WHERE registration_id = $1 AND reviews = 0`,
		registrationID)
	return err
}

// ReviewsOf implements compete.ApplicationStore.
func (s *Store) ReviewsOf(ctx context.Context, registrationIDs ...string) ([]compete.Review, error) {
	return sqldb.List(ctx, s.reader, func(row sqldb.Row) (r compete.Review, err error) {
		err = row.Scan(&r.RegistrationID, &r.Reviewer.ID, &r.Reviewer.Name, &r.Score, &r.Note, &r.CreatedAt,
			&r.UpdatedAt)
		return r, err
	}, `SELECT v.registration_id, v.reviewer_id, u.name, v.score, v.note, v.created_at, v.updated_at
		FROM reviews v JOIN users u ON u.id = v.reviewer_id WHERE v.registration_id {any $1 uuid}
		ORDER BY v.created_at, v.reviewer_id`, s.db.Array(registrationIDs))
}

// StartedUndecided implements compete.ApplicationStore.
func (s *Store) StartedUndecided(ctx context.Context, now time.Time, limit int) ([]compete.Competition, error) {
	return sqldb.List(ctx, s.reader, scanCompetition, `SELECT `+summaryColumns+fromCompetitions+`
		WHERE c.admission <> 'FIRST_COME' AND c.undecided_told_at IS NULL AND c.drawn_at IS NULL AND c.start_date <= $1
			AND {+c.status} = 'PUBLISHED'
		ORDER BY c.start_date LIMIT $2`, compete.UTC(now), limit)
}

// ToldUndecided implements compete.ApplicationStore.
func (s *Store) ToldUndecided(ctx context.Context, competitionID string, m *compete.Message, now time.Time) error {
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		n, err := sqldb.Change(ctx, tx, `UPDATE competitions SET undecided_told_at = $2
			WHERE id = $1 AND undecided_told_at IS NULL`, competitionID, compete.UTC(now))
		if err != nil || n == 0 || m == nil {
			return err
		}
		return s.saveMessage(ctx, tx, *m)
	})
}
