package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sqldb"
)

var _ compete.ReportStore = (*Store)(nil)

// Aliases: p for reports, b for the reporter, a for the admin who answered.
var (
	reportRow = sqldb.Columns[compete.Report]{
		{Name: "id", Field: func(r *compete.Report) any { return &r.ID }},
		{Name: "reason", Field: func(r *compete.Report) any { return &r.Reason }},
		{Name: "details", Field: func(r *compete.Report) any { return &r.Details }},
		{Name: "created_at", Field: func(r *compete.Report) any { return &r.CreatedAt }},
		{Name: "status", Field: func(r *compete.Report) any { return &r.Status }},
		{Name: "note", Field: func(r *compete.Report) any { return &r.Note }},
		{Name: "answered_at", Field: func(r *compete.Report) any { return &r.AnsweredAt }},
	}
	insertReport  = reportRow.Insert("reports", "competition_id", "reporter_id")
	selectReports = `SELECT ` + summaryColumns + `, ` + reportRow.Select("p") + `, ` +
		accountColumns("b") + `, ` + accountColumns("a") + fromCompetitions +
		`JOIN reports p ON p.competition_id = c.id
		LEFT JOIN users b ON b.id = p.reporter_id LEFT JOIN users a ON a.id = p.answered_by WHERE `
)

// account is a user that may be missing.
type account struct {
	id, name, email *string
	erased          bool
}

// accountColumns is what fields are scanned from, of the users that a query calls alias.
func accountColumns(alias string) string {
	return strings.ReplaceAll(`u.id, u.name, u.email, u.erased_at IS NOT NULL`, "u.", alias+".")
}

func (a *account) fields() []any { return []any{&a.id, &a.name, &a.email, &a.erased} }

func (a *account) participant() *compete.Participant {
	if a.id == nil {
		return nil
	}
	p := compete.Participant{ID: *a.id, Name: *a.name, Email: *a.email, Erased: a.erased}
	if p.Erased {
		p.Email = ""
	}
	return &p
}

func scanReport(row sqldb.Row) (r compete.Report, err error) {
	var reporter, admin account
	r.Competition, err = sqldb.ScanWith(scanCompetition,
		slices.Concat(reportRow.Fields(&r), reporter.fields(), admin.fields())...)(row)
	r.Reporter, r.AnsweredBy = reporter.participant(), admin.participant()
	return r, err
}

// AddReport implements compete.ReportStore.
func (s *Store) AddReport(ctx context.Context, r compete.Report) error {
	var reporter any
	if r.Reporter != nil {
		reporter = r.Reporter.ID
	}
	record := compete.AuditRecord{ // without the competition: its organizer must not learn who reported it
		At: r.CreatedAt, Action: compete.AuditReported, SubjectID: r.ID,
		After: compete.AuditFields("competitionId", r.Competition.ID, "reason", r.Reason),
	}
	_, err := s.changeRecorded(ctx, record, insertReport, append(reportRow.Values(&r), r.Competition.ID, reporter)...)
	switch sqldb.ViolationOf(err) {
	case sqldb.UniqueViolation: // not the id, which is the primary key: so reporter and competition
		return fmt.Errorf("%w: %w", compete.ErrAlreadyReported, err)
	case sqldb.ForeignKeyViolation:
		return fmt.Errorf("%w: %w", compete.ErrUnauthorized, err)
	default:
		return err
	}
}

// Reports implements compete.ReportStore.
func (s *Store) Reports(ctx context.Context, f compete.ReportFilter) (compete.Page[compete.Report], error) {
	if f.CompetitionID != "" && !compete.ValidID(f.CompetitionID) {
		return compete.Page[compete.Report]{}, nil
	}
	var st statement
	st.Add(selectReports+`p.status = %s`, string(f.Status))
	if f.CompetitionID != "" {
		st.Add(` AND p.competition_id = %s`, f.CompetitionID)
	}
	return s.reportPage(ctx, &st, f.Cursor, f.Limit)
}

// reportPage reads a page of the selected reports, newest first.
func (s *Store) reportPage(
	ctx context.Context, st *statement, cursor compete.Cursor, limit int,
) (compete.Page[compete.Report], error) {
	if !cursor.IsZero() {
		st.Add(` AND (p.created_at, p.id) < (%s, %s)`, cursor.Time(), cursor.ID)
	}
	st.Add(` ORDER BY p.created_at DESC, p.id DESC`)
	st.upToPage(limit)
	reports, err := sqldb.List(ctx, s.reader, scanReport, st.Text(), st.Args()...)
	return page(reports, limit, "reports",
		func(r compete.Report) (int64, string) { return r.CreatedAt.UnixMicro(), r.ID }), err
}

// Report implements compete.ReportStore.
func (s *Store) Report(ctx context.Context, id string) (compete.Report, error) {
	if !compete.ValidID(id) {
		return compete.Report{}, compete.ErrReportMissing
	}
	return sqldb.One(ctx, s.reader, compete.ErrReportMissing, scanReport, selectReports+`p.id = $1`, id)
}

// AnswerReports implements compete.ReportStore.
func (s *Store) AnswerReports(
	ctx context.Context, ids []string, answer compete.ReportAnswer, adminID string, now time.Time,
) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	return s.Transact(ctx, func(ctx context.Context, tx Tx) error {
		found, err := sqldb.List(ctx, tx, sqldb.ScanPair,
			`SELECT p.competition_id, p.id FROM reports p WHERE p.id {any $1 uuid}`, s.db.Array(validIDs(ids)))
		if err != nil {
			return err
		}
		if len(found) < len(ids) {
			return compete.ErrReportMissing
		}
		// In a fixed order, so that concurrent admins don't deadlock: an answer also changes the competition's count.
		slices.SortFunc(found, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
		for _, of := range found {
			competitionID, id := of[0], of[1]
			if _, err := sqldb.Change(ctx, tx, `UPDATE reports SET status = $2, note = coalesce($3, note),
				answered_by = $4, answered_at = $5 WHERE id = $1`,
				id, string(answer.Status), answer.Note, adminID, compete.UTC(now)); err != nil {
				return err
			}
			if err := tx.record(ctx, compete.AuditRecord{
				At: now, Action: compete.AuditReportAnswered, ActorID: adminID, SubjectID: id,
				After: compete.AuditFields("competitionId", competitionID, "status", answer.Status),
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

// ReportedCompetitions implements compete.ReportStore.
func (s *Store) ReportedCompetitions(ctx context.Context, limit int) ([]compete.ReportedCompetition, error) {
	return sqldb.List(ctx, s.reader, func(row sqldb.Row) (r compete.ReportedCompetition, err error) {
		r.Competition, err = sqldb.ScanWith(scanCompetition, &r.Reports)(row)
		return r, err
	}, `SELECT `+summaryColumns+`, p.open`+fromCompetitions+`JOIN (
			SELECT n.competition_id, n.open FROM reported n ORDER BY n.open DESC, n.competition_id`+atMost(limit)+`
		) p ON p.competition_id = c.id ORDER BY p.open DESC, c.id`)
}

// OpenReports implements compete.ReportStore.
func (s *Store) OpenReports(ctx context.Context, most int) (int, error) {
	return sqldb.One(ctx, s.reader, nil, sqldb.ScanInt, `SELECT count(*) FROM (
		SELECT 1 FROM reports p WHERE p.status = 'OPEN' LIMIT $1) p`, most)
}
