package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/sheet"
)

// AuditEntry is one record of the audit log.
type AuditEntry struct {
	ID          string          `json:"id" format:"uuid" doc:"In order of time." example:"018f6b1e-7777-7d0a-9b3e-5a1f0c2d4e6f"`
	At          time.Time       `json:"at" example:"2026-04-01T09:00:00Z"`
	Action      string          `json:"action" doc:"What was done, as noun.verb." example:"account.role"`
	Actor       *Organizer      `json:"actor" doc:"Who did it, with their name today. null if nobody was logged in, and for the command line and jobs. The name is empty if the account is gone."`
	User        *Organizer      `json:"user" doc:"Whose account it's about; null if it's the actor's own, or no account."`
	Competition *AuditedContest `json:"competition" doc:"The competition it belongs to; null if none. The title is empty if it was deleted."`
	SubjectID   string          `json:"subjectId" doc:"The ID of the registration, session, job or whatever else the first word of the action names. Empty if that's the account, competition or site itself." example:""`
	Before      json.RawMessage `json:"before" doc:"The values before, by name; null if there are none. Long or personal text is left out." example:"{\"role\":\"PARTICIPANT\"}"`
	After       json.RawMessage `json:"after" doc:"The values after, likewise." example:"{\"role\":\"ORGANIZER\"}"`
	Via         compete.Via     `json:"via" enum:"page,api,cli,job" doc:"Whether it came from a page, the API, the command line or the program itself." example:"page"`
	Address     string          `json:"address" doc:"The IP address it came from. Organizers see their own only. Empty if unknown, or erased with the account." example:"203.0.113.7"`
	RequestID   string          `json:"requestId" doc:"The X-Request-Id of the request." example:"018f6b1e-8888-7d0a-9b3e-5a1f0c2d4e6f"`
}

// AuditedContest is a competition in the audit log.
type AuditedContest struct {
	ID    string `json:"id" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	Title string `json:"title" example:"Spring Hackathon"`
}

// AuditParams are the parameters of both logs.
type AuditParams struct {
	Action string    `query:"action" doc:"Only this action, such as session.refused."`
	Person string    `query:"person" doc:"Only what the account with this ID did, or what was done to it."`
	From   time.Time `query:"from" doc:"Only from this time on."`
	Until  time.Time `query:"until" doc:"Only before this time."`
	PageParams
	Accept string `header:"Accept" hidden:"true"`
}

func (f *AuditParams) filter() compete.AuditFilter {
	return compete.AuditFilter{
		Action: compete.AuditAction(f.Action), PersonID: f.Person, From: f.From, Until: f.Until,
		Limit: int(f.Limit),
	}
}

type auditInput struct {
	AuditParams
	Competition string `query:"competition" doc:"Only what belongs to the competition with this ID."`
}

type competitionAuditInput struct {
	CompetitionInput
	AuditParams
}

// auditAnswer has a Body that writes JSON or CSV.
type auditAnswer struct {
	Body func(huma.Context)
}

var auditContent = []content{
	contentJSON[[]AuditEntry](),
	contentText(mediaCSV,
		"id,at,action,actorId,actor,userId,user,competitionId,competition,subjectId,"+
			"before,after,via,address,requestId\r\n"),
}

const aboutAudit = " Every change and every login is recorded with its change, and records can't be changed. Newest " +
	"first. With 'Accept: text/csv', returns all pages as one CSV file and ignores 'limit'."

func (a *api) registerAudit() {
	handle(a, route{
		method: http.MethodGet, path: "/api/admin/audit", id: "listAudit", tag: tagAdmin, access: loggedIn,
		summary: "Read the audit log", description: "For admins." + aboutAudit,
		produces: auditContent, errors: []*compete.Error{compete.ErrForbidden},
	}, func(ctx context.Context, in *auditInput) (*auditAnswer, error) {
		filter := in.filter()
		filter.CompetitionID = in.Competition
		return a.audit(ctx, &in.AuditParams, filter)
	})
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/audit", id: "listCompetitionAudit",
		tag: tagCompetitions, access: loggedIn,
		summary: "Read a competition's audit log", description: "For the competition's organizer and admins. " +
			"Only admins see who prepared a registration." + aboutAudit,
		produces: auditContent, errors: []*compete.Error{compete.ErrCompetitionMissing},
	}, func(ctx context.Context, in *competitionAuditInput) (*auditAnswer, error) {
		filter := in.filter()
		filter.CompetitionID = in.ID
		return a.audit(ctx, &in.AuditParams, filter)
	})
}

func (a *api) audit(ctx context.Context, in *AuditParams, filter compete.AuditFilter) (*auditAnswer, error) {
	if prefersCSV(in.Accept) {
		parts, err := a.AuditLog.Every(ctx, actor(ctx), filter)
		if err != nil {
			return nil, err
		}
		return &auditAnswer{func(hc huma.Context) {
			hc.AppendHeader("Vary", "Accept") // in addition to that of CORS
			request, response := humago.Unwrap(hc)
			sheet.SendAudit(response, request, a.Logger, sheet.AuditName("", a.Clock()), "", parts)
		}}, nil
	}
	page, err := a.AuditLog.List(ctx, actor(ctx), filter, in.Cursor)
	if err != nil {
		return nil, err
	}
	list := newList(&in.PageParams, page, newAuditEntry)
	return &auditAnswer{func(hc huma.Context) { writeList(hc, list) }}, nil
}

func newAuditEntry(e *compete.AuditEntry) AuditEntry {
	entry := AuditEntry{
		ID: e.ID, At: e.At.UTC(), Action: string(e.Action), SubjectID: e.SubjectID, Before: e.Before, After: e.After,
		Via: e.Via, Address: e.Address, RequestID: e.RequestID,
	}
	if e.ActorID != "" {
		entry.Actor = &Organizer{ID: e.ActorID, Name: e.ActorName}
	}
	if e.UserID != "" {
		entry.User = &Organizer{ID: e.UserID, Name: e.UserName}
	}
	if e.CompetitionID != "" {
		entry.Competition = &AuditedContest{ID: e.CompetitionID, Title: e.CompetitionTitle}
	}
	return entry
}
