package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// ReportRequest says what is wrong with a competition.
type ReportRequest struct {
	Reason  compete.ReportReason `json:"reason" enum:"SPAM,FRAUD,OFFENSIVE,ILLEGAL,OTHER" example:"SPAM"`
	Details string               `json:"details,omitempty" doc:"More about it, as plain text. Required if reason is OTHER." example:"It only advertises a shop."`
}

// TransformSchema documents the limits.
func (ReportRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "details", 0, compete.MaxReportDetails)
	return s
}

// AnswerReportRequest is an admin's answer to a report.
type AnswerReportRequest struct {
	Status compete.ReportStatus `json:"status" enum:"RESOLVED,DISMISSED" doc:"RESOLVED if something was done, DISMISSED if nothing had to be." example:"RESOLVED"`
	Note   optional[string]     `json:"note,omitzero" doc:"A note for admins. If left out, it stays unchanged." example:"Unpublished, and wrote to the organizer."`
}

// TransformSchema documents the limits.
func (AnswerReportRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "note", 0, compete.MaxReportNote)
	return s
}

// Report is a complaint about a competition.
type Report struct {
	ID          string               `json:"id" format:"uuid" example:"018f6b1e-6666-7d0a-9b3e-5a1f0c2d4e6f"`
	Competition ReportedCompetition  `json:"competition"`
	Reporter    *Participant         `json:"reporter" doc:"Who reported it; null if they weren't logged in or their account was deleted."`
	Reason      compete.ReportReason `json:"reason" enum:"SPAM,FRAUD,OFFENSIVE,ILLEGAL,OTHER" example:"SPAM"`
	Details     string               `json:"details" doc:"Plain text." example:"It only advertises a shop."`
	CreatedAt   time.Time            `json:"createdAt" example:"2026-04-01T09:00:00Z"`
	Status      compete.ReportStatus `json:"status" enum:"OPEN,RESOLVED,DISMISSED" example:"OPEN"`
	Note        string               `json:"note" doc:"A note by an admin, for admins." example:""`
	AnsweredBy  *Participant         `json:"answeredBy" doc:"The admin who resolved or dismissed it; null while it's open."`
	AnsweredAt  *time.Time           `json:"answeredAt" doc:"When it was resolved or dismissed; null while it's open." example:"2026-04-01T10:00:00Z"`
}

// ReportedCompetition is the subject of a report.
type ReportedCompetition struct {
	ID        string                    `json:"id" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	Title     string                    `json:"title" example:"Spring Hackathon"`
	Status    compete.CompetitionStatus `json:"status" enum:"DRAFT,PUBLISHED,CANCELLED" doc:"DRAFT if an admin has unpublished it." example:"PUBLISHED"`
	Organizer Organizer                 `json:"organizer"`
}

type reportCompetitionInput struct {
	CompetitionInput
	JSONBody
}

type listReportsInput struct {
	Status      compete.ReportStatus `query:"status" enum:"OPEN,RESOLVED,DISMISSED" default:"OPEN" doc:"Only reports in this state."`
	Competition string               `query:"competition" doc:"Only reports of the competition with this ID."`
	PageParams
}

type answerReportInput struct {
	ID string `path:"id" doc:"The report's ID."`
	JSONBody
}

type reportAnswer struct{ Body Report }

func (a *api) registerReports() {
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/reports", id: "reportCompetition", tag: tagCompetitions,
		status:  http.StatusAccepted,
		summary: "Report a competition",
		description: "Tells the admins that something is wrong with a competition. You don't need an account; with a " +
			"token, admins see who you are. An account can have one open report of a competition.",
		request: ReportRequest{}, errors: []*compete.Error{
			compete.ErrCompetitionMissing, compete.ErrAlreadyReported,
			compete.ErrTooManyRequests,
		},
	}, a.reportCompetition)
	handle(a, route{
		method: http.MethodGet, path: "/api/admin/reports", id: "listReports", tag: tagAdmin, access: loggedIn,
		summary: "List reports of competitions", description: "For admins, newest first.",
		errors: []*compete.Error{compete.ErrForbidden},
	}, a.listReports)
	handle(a, route{
		method: http.MethodPatch, path: "/api/admin/reports/{id}", id: "answerReport", tag: tagAdmin, access: loggedIn,
		summary: "Resolve or dismiss a report",
		description: "For admins. Answering it again replaces the answer. What to do about the competition " +
			"or its organizer is up to you.",
		request: AnswerReportRequest{}, errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate,
			compete.ErrReportMissing,
		},
	}, a.answerReport)
}

func (a *api) reportCompetition(ctx context.Context, in *reportCompetitionInput) (*accepted, error) {
	var request ReportRequest
	if err := decode(in.RawBody, &request, func() error { return compete.NewReport(request).Check() }); err != nil {
		return nil, err
	}
	return &accepted{}, a.Reports.Add(ctx, actor(ctx), in.ID, compete.NewReport(request))
}

func (a *api) listReports(ctx context.Context, in *listReportsInput) (*listOf[Report], error) {
	f := compete.ReportFilter{Status: in.Status, CompetitionID: in.Competition, Limit: int(in.Limit)}
	page, err := a.Reports.List(ctx, actor(ctx), f, in.Cursor)
	if err != nil {
		return nil, err
	}
	return newList(&in.PageParams, page, newReport), nil
}

func (a *api) answerReport(ctx context.Context, in *answerReportInput) (*reportAnswer, error) {
	var request AnswerReportRequest
	change := func() compete.ReportAnswer {
		return compete.ReportAnswer{Status: request.Status, Note: request.Note.pointer()}
	}
	if err := decode(in.RawBody, &request, func() error { return change().Check() }); err != nil {
		return nil, err
	}
	report, err := a.Reports.Answer(ctx, actor(ctx), in.ID, change())
	if err != nil {
		return nil, err
	}
	return &reportAnswer{newReport(&report)}, nil
}

func newReport(r *compete.Report) Report {
	c := &r.Competition
	return Report{
		ID: r.ID, Competition: ReportedCompetition{
			ID: c.ID, Title: c.Title, Status: c.Status,
			Organizer: Organizer(c.Organizer),
		},
		Reporter: newAccount(r.Reporter), Reason: r.Reason, Details: r.Details, CreatedAt: r.CreatedAt.UTC(),
		Status: r.Status,
		Note:   r.Note, AnsweredBy: newAccount(r.AnsweredBy), AnsweredAt: utc(r.AnsweredAt),
	}
}

// newAccount returns nil if there is no account.
func newAccount(p *compete.Participant) *Participant {
	if p == nil {
		return nil
	}
	participant := newParticipant(p)
	return &participant
}
