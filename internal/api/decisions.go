package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// DecisionItem is a decision about one registration.
type DecisionItem struct {
	RegistrationID string                      `json:"registrationId" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	Decision       optional[*compete.Decision] `json:"decision" nullable:"true" enum:"ADMIT,WAITLIST,REJECT" doc:"null deletes the draft." example:"ADMIT"`
}

// DecisionsRequest is a list of decisions.
type DecisionsRequest struct {
	Items []DecisionItem `json:"items"`
}

// TransformSchema documents the limits.
func (DecisionsRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Properties["items"].MinItems, s.Properties["items"].MaxItems = new(1), new(compete.MaxDecisionItems)
	return s
}

func (r *DecisionsRequest) items() []compete.DecisionItem {
	items := make([]compete.DecisionItem, len(r.Items))
	for i, item := range r.Items {
		items[i].RegistrationID = item.RegistrationID
		items[i].Undecided = !item.Decision.Set
		if decision := item.Decision.Value; decision != nil {
			items[i].Decision = cmp.Or(*decision, "?") // only null deletes a draft
		}
	}
	return items
}

type decideInput struct {
	CompetitionInput
	JSONBody
}

type releaseInput struct {
	CompetitionInput
	JSONBody
}

// DecisionCounts are the drafts that would be released now, and what they are weighed against.
type DecisionCounts struct {
	Undecided int `json:"undecided" doc:"Applications without a draft." example:"12"`
	Admit     int `json:"admit" example:"80"`
	Waitlist  int `json:"waitlist" example:"30"`
	Reject    int `json:"reject" example:"45"`
	SeatsLeft int `json:"seatsLeft" doc:"Capacity minus seats held." example:"100"`
	Beyond    int `json:"beyond" doc:"How many more people are to be admitted than seats are left. A release requires 0." example:"0"`
}

// DivisionCounts are the people to be admitted to a division, and the seats left there.
type DivisionCounts struct {
	ID        string `json:"id" format:"uuid" example:"018f6b1e-7777-7d0a-9b3e-5a1f0c2d4e6f"`
	Name      string `json:"name" example:"Long distance"`
	Admit     int    `json:"admit" example:"20"`
	SeatsLeft int    `json:"seatsLeft" example:"25"`
	Beyond    int    `json:"beyond" doc:"How many more people are to be admitted to it than seats are left there. A release requires 0." example:"0"`
}

// Release is the release of all drafts at a moment.
type Release struct {
	ID         string     `json:"id" format:"uuid" example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	StartedAt  time.Time  `json:"startedAt" example:"2026-05-02T08:00:00Z"`
	FinishedAt *time.Time `json:"finishedAt" nullable:"true" doc:"null while it's under way." example:"2026-05-02T08:00:03Z"`
	Total      int        `json:"total" doc:"Drafts at its start." example:"155"`
	Done       int        `json:"done" doc:"Drafts that have been dealt with: the sum of the counts below." example:"155"`
	Admitted   int        `json:"admitted" example:"80"`
	Waitlisted int        `json:"waitlisted" example:"30"`
	Rejected   int        `json:"rejected" example:"44"`
	Unseated   int        `json:"unseated" doc:"Drafts that remain, because the last seat was taken in the meantime." example:"0"`
	Failed     bool       `json:"failed" doc:"It stopped because of a technical failure. Releasing again goes on with it." example:"false"`
	Dropped    int        `json:"dropped" doc:"Drafts that no longer applied, such as those about people who had cancelled." example:"1"`
}

// DecisionState says how far deciding is.
type DecisionState struct {
	Counts    DecisionCounts   `json:"counts"`
	Divisions []DivisionCounts `json:"divisions" doc:"In order; empty without divisions."`
	Release   *Release         `json:"release" doc:"The latest release; null if there never was one."`
}

// Draft is a decision that hasn't been released yet.
type Draft struct {
	RegistrationID string                     `json:"registrationId" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	Seq            int64                      `json:"seq" example:"59"`
	Status         compete.RegistrationStatus `json:"status" enum:"APPLIED,WAITLISTED,REJECTED" doc:"Its status until the release." example:"APPLIED"`
	Decision       compete.Decision           `json:"decision" enum:"ADMIT,WAITLIST,REJECT" example:"ADMIT"`
	User           Participant                `json:"user"`
}

// Decisions is a page of drafts with the state of deciding.
type Decisions struct {
	DecisionState
	Items []Draft `json:"items" doc:"In order of arrival."`
}

type decisionParam string

// Schema documents the decisions.
func (decisionParam) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "Return only drafts with this decision.", Enum: []any{
		string(compete.DecisionAdmit), string(compete.DecisionWaitlist), string(compete.DecisionReject),
	}}
}

type decisionsInput struct {
	CompetitionInput
	Decision decisionParam `query:"decision"`
	PageParams
}

type decisionsAnswer struct {
	Link string `header:"Link" doc:"The next page, with rel=\"next\". Absent on the last page."`
	Body Decisions
}

type decisionStateAnswer struct{ Body DecisionState }

type releaseAnswer struct{ Body Release }

const tagApplications = "Applications"

func (a *api) registerDecisions() {
	deciding := []*compete.Error{
		compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrCompetitionMissing, compete.ErrNotReviewed,
		compete.ErrCompetitionCancelled, compete.ErrDecidingOver,
	}
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/decisions", id: "decide", tag: tagApplications,
		access:  loggedIn,
		summary: "Decide about applications",
		description: "For the competition's organizer and admins, until it starts. Decisions are drafts: nobody is " +
			"notified until they are released together. All are saved, or none. Anyone who has applied, is on the " +
			"waitlist or was rejected can be decided about; a decision that is their status already deletes the draft.",
		request: DecisionsRequest{},
		errors:  append(deciding, compete.ErrReleasing, compete.ErrRegistrationGone, compete.ErrNotDecidable),
	}, a.decide)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/decisions", id: "listDecisions", tag: tagApplications,
		access:  loggedIn,
		summary: "List decisions that aren't released",
		description: "For the competition's organizer and admins: a page of drafts in order of arrival, the counts " +
			"of all drafts against the seats, and how far the latest release is.",
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing},
	}, a.listDecisions)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/decisions/release", id: "releaseDecisions",
		tag: tagApplications, access: loggedIn, status: http.StatusAccepted,
		summary: "Release all decisions",
		description: "For the competition's organizer and admins. Every draft takes effect, in order of arrival, and " +
			"everyone gets one message. It happens in the background; `listDecisions` shows the progress. More " +
			"people than seats are left, in total or in a division, can't be admitted. While a release is under way, " +
			"this returns it; one that has failed goes on.",
		request: EmptyRequest{}, optionalBody: true,
		errors: append(deciding, compete.ErrNothingToRelease, compete.ErrAdmittedBeyond, compete.ErrReleasePaused),
	}, a.releaseDecisions)
}

func (a *api) decide(ctx context.Context, in *decideInput) (*decisionStateAnswer, error) {
	var request DecisionsRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	state, err := a.Applications.Decide(ctx, actor(ctx), in.ID, request.items())
	if err != nil {
		return nil, err
	}
	return &decisionStateAnswer{newDecisionState(state)}, nil
}

func (a *api) listDecisions(ctx context.Context, in *decisionsInput) (*decisionsAnswer, error) {
	page, err := a.Applications.List(ctx, actor(ctx), in.ID, in.Cursor, compete.ApplicationFilter{
		Drafts: true, Decision: compete.Decision(in.Decision), Limit: int(in.Limit),
	})
	if err != nil {
		return nil, err
	}
	state, err := a.Applications.State(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	list := newList(&in.PageParams, page, newDraft)
	return &decisionsAnswer{
		Link: list.Link, Body: Decisions{DecisionState: newDecisionState(state), Items: list.Body},
	}, nil
}

func (a *api) releaseDecisions(ctx context.Context, in *releaseInput) (*releaseAnswer, error) {
	if err := decodeEmpty(in.RawBody); err != nil {
		return nil, err
	}
	release, err := a.Applications.Release(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &releaseAnswer{*newRelease(&release)}, nil
}

func newDecisionState(s compete.DecisionState) DecisionState {
	c := s.Counts
	divisions := []DivisionCounts{}
	for _, d := range c.Divisions {
		divisions = append(divisions, DivisionCounts{
			ID: d.ID, Name: d.Name, Admit: d.Admit, SeatsLeft: d.SeatsLeft, Beyond: d.Beyond(),
		})
	}
	return DecisionState{
		Divisions: divisions,
		Counts: DecisionCounts{
			Undecided: c.Undecided, Admit: c.Admit, Waitlist: c.Waitlist, Reject: c.Reject, SeatsLeft: c.SeatsLeft,
			Beyond: c.Beyond(),
		},
		Release: newRelease(s.Release),
	}
}

func newRelease(r *compete.Release) *Release {
	if r == nil {
		return nil
	}
	return &Release{
		ID: r.ID, StartedAt: r.StartedAt.UTC(), FinishedAt: utc(r.FinishedAt), Total: r.Total, Done: r.Done(),
		Admitted: r.Admitted, Waitlisted: r.Waitlisted, Rejected: r.Rejected, Unseated: r.Unseated, Dropped: r.Dropped,
		Failed: r.Failed,
	}
}

func newDraft(a *compete.Application) Draft {
	return Draft{
		RegistrationID: a.ID, Seq: a.Seq, Status: a.Status, Decision: a.Decision, User: newParticipant(&a.Participant),
	}
}
