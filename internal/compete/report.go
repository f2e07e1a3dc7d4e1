package compete

import (
	"context"
	"slices"
	"time"
)

// ReportReason says what is wrong with a competition.
type ReportReason string

// The reasons to report a competition.
const (
	ReportSpam      ReportReason = "SPAM"
	ReportFraud     ReportReason = "FRAUD"
	ReportOffensive ReportReason = "OFFENSIVE"
	ReportIllegal   ReportReason = "ILLEGAL"
	ReportOther     ReportReason = "OTHER" // the details say what
)

// ReportReasons are all reasons, in the order of the form.
var ReportReasons = []ReportReason{ReportSpam, ReportFraud, ReportOffensive, ReportIllegal, ReportOther}

// ReportStatus is the state of a report: OPEN → RESOLVED or DISMISSED.
type ReportStatus string

// The states of a report.
const (
	ReportOpen      ReportStatus = "OPEN"
	ReportResolved  ReportStatus = "RESOLVED"  // something was done
	ReportDismissed ReportStatus = "DISMISSED" // nothing had to be done
)

// Report says that something is wrong with a competition.
type Report struct {
	ID          string
	Competition Competition  // its Summary
	Reporter    *Participant // nil: a visitor, or somebody whose account is gone
	Reason      ReportReason
	Details     string // as plain text
	CreatedAt   time.Time
	Status      ReportStatus

	// What follows belongs to a report that was answered.
	Note       string       // for admins alone
	AnsweredBy *Participant // nil when the account is gone
	AnsweredAt *time.Time
}

// NewReport is the input of Reports.Add.
type NewReport struct {
	Reason  ReportReason
	Details string // needed with ReportOther
}

// Check names every bad field.
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

// ReportAnswer is what an admin makes of a report.
type ReportAnswer struct {
	Status ReportStatus // ReportResolved or ReportDismissed
	Note   *string      // nil leaves it as it is
}

// Check names every bad field.
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

// ReportFilter says which reports to list, newest first.
type ReportFilter struct {
	Status        ReportStatus // empty means ReportOpen
	CompetitionID string       // empty: of all competitions
	Cursor        Cursor
	Limit         int
}

// ReportedCompetition is a competition with open reports.
type ReportedCompetition struct {
	Competition Competition // its Summary
	Reports     int         // open ones
}

// ReportStore keeps reports.
type ReportStore interface {
	// AddReport stores an open one. Errors: ErrAlreadyReported when its reporter has another open one of the
	// competition, ErrUnauthorized when the reporter's account or the competition does not exist (any more).
	AddReport(ctx context.Context, r Report) error
	// Reports lists by filter, newest first.
	Reports(ctx context.Context, f ReportFilter) (Page[Report], error)
	// Report fails with ErrReportMissing.
	Report(ctx context.Context, id string) (Report, error)
	// AnswerReports answers all of them, or none: it fails with ErrReportMissing when one of them does not exist.
	AnswerReports(ctx context.Context, ids []string, answer ReportAnswer, adminID string, now time.Time) error
	// ReportedCompetitions lists those with open reports, most reports first.
	ReportedCompetitions(ctx context.Context, limit int) ([]ReportedCompetition, error)
	// OpenReports counts.
	OpenReports(ctx context.Context) (int, error)
}
