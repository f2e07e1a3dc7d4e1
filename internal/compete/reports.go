package compete

import (
	"context"
	"strings"
)

// ReportsConfig lists the dependencies of NewReports.
type ReportsConfig struct {
	Runtime
	Store        ReportStore
	Competitions *Competitions
	Throttle     *Throttle
}

// Reports lets people report competitions, and admins answer.
type Reports struct{ config ReportsConfig }

// NewReports creates the service. It panics if a dependency is missing.
func NewReports(c ReportsConfig) *Reports {
	mustBeComplete(c)
	return &Reports{c}
}

// Add reports a publicly visible competition to the admins. The actor may be a visitor. Errors: Invalid,
// ErrCompetitionMissing, ErrAlreadyReported, ErrTooManyRequests.
func (s *Reports) Add(ctx context.Context, a Actor, competitionID string, n NewReport) error {
	n.Details = strings.TrimSpace(n.Details)
	if err := n.Check(); err != nil {
		return err
	}
	c, err := s.config.Competitions.Get(ctx, Actor{}, competitionID)
	if err != nil {
		return err
	}
	if err := s.config.Throttle.limited(ctx, s.config.Throttle.Limits.Reports); err != nil {
		return err
	}
	report := Report{
		ID: s.config.NewID(), Competition: c.Summary(), Reason: n.Reason, Details: n.Details,
		CreatedAt: s.config.now(), Status: ReportOpen,
	}
	if a.LoggedIn() {
		report.Reporter = &Participant{ID: a.UserID}
	}
	return s.config.Store.AddReport(ctx, report)
}

// List lists reports, newest first, for admins. Of f, it uses Status, CompetitionID and Limit.
func (s *Reports) List(ctx context.Context, a Actor, f ReportFilter, cursor string) (Page[Report], error) {
	if err := require(a, RoleAdmin); err != nil {
		return Page[Report]{}, err
	}
	var v validation
	switch f.Status {
	case "":
		f.Status = ReportOpen
	case ReportOpen, ReportResolved, ReportDismissed:
	default:
		v.add("status", "must be OPEN, RESOLVED or DISMISSED")
	}
	var err error
	if f.Cursor, f.Limit, err = listing(v, "reports", cursor, f.Limit); err != nil {
		return Page[Report]{}, err
	}
	return s.config.Store.Reports(ctx, f)
}

// Answer resolves or dismisses a report, for admins. A new answer replaces an earlier one. Errors: Invalid,
// ErrReportMissing.
func (s *Reports) Answer(ctx context.Context, a Actor, id string, answer ReportAnswer) (Report, error) {
	if err := s.AnswerAll(ctx, a, []string{id}, answer); err != nil {
		return Report{}, err
	}
	return s.config.Store.Report(ctx, id)
}

// AnswerAll answers several reports, all or none.
func (s *Reports) AnswerAll(ctx context.Context, a Actor, ids []string, answer ReportAnswer) error {
	if err := s.config.requireFresh(a, RoleAdmin); err != nil {
		return err
	}
	if answer.Note != nil {
		note := strings.TrimSpace(*answer.Note)
		answer.Note = &note
	}
	if err := answer.Check(); err != nil {
		return err
	}
	return s.config.Store.AnswerReports(ctx, ids, answer, a.UserID, s.config.now())
}

// Competitions lists the competitions with open reports, most reports first, for admins.
func (s *Reports) Competitions(ctx context.Context, a Actor, limit int) ([]ReportedCompetition, error) {
	if err := require(a, RoleAdmin); err != nil {
		return nil, err
	}
	return s.config.Store.ReportedCompetitions(ctx, limit)
}

// CountOpen counts the open reports, up to most, for admins.
func (s *Reports) CountOpen(ctx context.Context, a Actor, most int) (int, error) {
	if err := require(a, RoleAdmin); err != nil {
		return 0, err
	}
	return s.config.Store.OpenReports(ctx, most)
}
