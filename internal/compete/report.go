package compete

import (
	"context"
	"slices"
	"time"
)

// ReportReason is the reason for reporting a competition.
type ReportReason string

// The reasons to report a competition.
const (
	ReportSpam      ReportReason = "SPAM"
	ReportFraud     ReportReason = "FRAUD"
	ReportOffensive ReportReason = "OFFENSIVE"
	ReportIllegal   ReportReason = "ILLEGAL"
	ReportOther     ReportReason = "OTHER" // explained in the details
)

// ReportReasons lists all reasons, in the order of the form.
var ReportReasons = []ReportReason{ReportSpam, ReportFraud, ReportOffensive, ReportIllegal, ReportOther}

// ReportStatus is the state of a report: OPEN → RESOLVED or DISMISSED.
type ReportStatus string

// The states of a report.
const (
	ReportOpen      ReportStatus = "OPEN"
	ReportResolved  ReportStatus = "RESOLVED"  // action was taken
	ReportDismissed ReportStatus = "DISMISSED" // no action was needed
)

// Report is a complaint about a competition.
type Report struct {
	ID          string
	Competition Competition  // its Summary
	Reporter    *Participant // nil for a visitor, or if the account was deleted
	Reason      ReportReason
	Details     string // plain text
	CreatedAt   time.Time
	Status      ReportStatus

	// The following is set once the report is answered.
	Note       string       // shown only to admins
	AnsweredBy *Participant // nil if the account was deleted
	AnsweredAt *time.Time
}

// NewReport is the input of Reports.Add.
type NewReport struct {
	Reason  ReportReason
	Details string // required with ReportOther
}

// Check reports every bad field.
func (n NewReport) Check() error {
	var v validation
	if !slices.Contains(ReportReasons, n.Reason) {
		v.add("reason", "must be SPAM, FRAUD, OFFENSIVE, ILLEGAL or OTHER")
	}
	shortest := 0
	if n.Reason == ReportOther {
		shortest = 1
	}
	v.length("details", n.Details, shortest, MaxReportDetails)
	return v.err()
}

// ReportAnswer is an admin's answer to a report.
type ReportAnswer struct {
	Status ReportStatus // ReportResolved or ReportDismissed
	Note   *string      // nil leaves it unchanged
}

// Check reports every bad field.
func (a ReportAnswer) Check() error {
	var v validation
	if a.Status != ReportResolved && a.Status != ReportDismissed {
		v.add("status", "must be RESOLVED or DISMISSED")
	}
	if a.Note != nil {
		v.length("note", *a.Note, 0, MaxReportNote)
	}
	return v.err()
}

// ReportFilter selects the reports to list, newest first.
type ReportFilter struct {
	Status        ReportStatus // empty means ReportOpen
	CompetitionID string       // empty means all competitions
	Cursor        Cursor
	Limit         int
}

// ReportedCompetition is a competition with open reports.
type ReportedCompetition struct {
	Competition Competition // its Summary
	Reports     int         // number of open ones
}

// ReportStore stores reports.
type ReportStore interface {
	// AddReport stores an open report. Errors: ErrAlreadyReported if the reporter already has an open report of the
	// competition, ErrUnauthorized if the reporter's account or the competition doesn't exist (any more).
	AddReport(ctx context.Context, r Report) error
	// Reports lists the reports that match the filter, newest first.
	Reports(ctx context.Context, f ReportFilter) (Page[Report], error)
	// Report reads one report. It fails with ErrReportMissing.
	Report(ctx context.Context, id string) (Report, error)
	// AnswerReports answers all of the reports or none: it fails with ErrReportMissing if one of them doesn't exist.
	AnswerReports(ctx context.Context, ids []string, answer ReportAnswer, adminID string, now time.Time) error
	// ReportedCompetitions lists competitions with open reports, most reports first.
	ReportedCompetitions(ctx context.Context, limit int) ([]ReportedCompetition, error)
	// OpenReports counts the open reports, up to most.
	OpenReports(ctx context.Context, most int) (int, error)
}
