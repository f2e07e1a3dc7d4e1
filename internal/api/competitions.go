package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"minicompete/internal/compete"
)

const tagCompetitions = "Competitions"

// The values of query parameters, documented from the domain's own lists.
type (
	sortParam  string
	phaseParam string
	tagsParam  string
)

// Schema documents the orders of a list.
func (sortParam) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Default: string(compete.SortNewest),
		Enum:        []any{string(compete.SortNewest), string(compete.SortDeadline), string(compete.SortFilling)},
		Description: "The order: newest first, soonest deadline first, or most seats taken in the last hour first (updated every minute).",
	}
}

// Schema documents the phases.
func (phaseParam) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: "Return only competitions in this phase."}
	for _, phase := range compete.Phases {
		s.Enum = append(s.Enum, string(phase))
	}
	return s
}

// list splits a comma-separated parameter; empty elements are left out.
func (t tagsParam) list() []string {
	return slices.DeleteFunc(strings.Split(string(t), ","), func(tag string) bool { return strings.TrimSpace(tag) == "" })
}

// SearchParams narrow and order a list of competitions.
type SearchParams struct {
	Search string     `query:"search" doc:"Words in the title, description or tags. The last one can be incomplete." example:"hack"`
	Tags   tagsParam  `query:"tags" doc:"Tags, separated by commas. A competition matches if it has any of them." example:"go,beginners"`
	Phase  phaseParam `query:"phase"`
	Sort   sortParam  `query:"sort"`
}

func (p *SearchParams) filter(limit pageSize) compete.CompetitionFilter {
	return compete.CompetitionFilter{
		Search: p.Search, Tags: p.Tags.list(), Phase: compete.Phase(p.Phase), Sort: compete.Sort(p.Sort), Limit: int(limit),
	}
}

type listCompetitionsInput struct {
	SearchParams
	PageParams
}

type createCompetitionInput struct {
	IdempotencyKey
	JSONBody
}

// CompetitionInput names a competition.
type CompetitionInput struct {
	ID string `path:"id" doc:"The competition's ID."`
}

type updateCompetitionInput struct {
	CompetitionInput
	IfMatch string `header:"If-Match" doc:"Required: the ETag of the version you're changing, or * for any version." example:"\"3\""`
	JSONBody
}

type competitionAnswer struct {
	ETag     string `header:"ETag" doc:"A strong tag derived from the version. Send it in If-Match."`
	Location string `header:"Location" doc:"The URL of the new competition."`
	Replayed string `header:"Idempotency-Replayed" doc:"true if this repeats the response to an earlier request with the same Idempotency-Key."`
	Body     Competition
}

func (a *api) registerCompetitions() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions", id: "listCompetitions", tag: tagCompetitions, holdsSeats: true,
		summary:     "List competitions",
		description: "Without 'phase', returns published competitions whose registration deadline hasn't passed, including full ones.",
	}, a.listCompetitions)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions", id: "createCompetition", tag: tagCompetitions, access: loggedIn,
		status: http.StatusCreated, holdsSeats: true,
		summary: "Create a competition", description: "For organizers. The competition is published immediately unless you send status DRAFT.",
		request: CreateCompetitionRequest{}, errors: []*compete.Error{compete.ErrForbidden, compete.ErrIdempotencyKeyReused},
	}, a.createCompetition)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/my-competitions", id: "listMyCompetitions", tag: tagCompetitions,
		access: loggedIn, holdsSeats: true,
		summary: "List my competitions", description: "For organizers. All your competitions, including drafts.",
		errors: []*compete.Error{compete.ErrForbidden},
	}, a.listMyCompetitions)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}", id: "getCompetition", tag: tagCompetitions, holdsSeats: true,
		summary: "Get a competition", description: "Only the organizer and admins can see a draft.",
		errors: []*compete.Error{compete.ErrCompetitionMissing},
	}, a.getCompetition)
	handle(a, route{
		method: http.MethodPatch, path: "/api/competitions/{id}", id: "updateCompetition", tag: tagCompetitions, access: loggedIn, holdsSeats: true,
		summary: "Update a competition", description: "For its organizer. Fields you leave out stay unchanged. Raising the capacity promotes people from the waitlist.",
		request: UpdateCompetitionRequest{},
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrCompetitionMissing, compete.ErrCapacityBelowHeld, compete.ErrCompetitionCancelled,
			compete.ErrAlreadyPublished, compete.ErrVersionMismatch, compete.ErrVersionRequired, compete.ErrBusy,
		},
	}, a.updateCompetition)
	handle(a, route{
		method: http.MethodDelete, path: "/api/competitions/{id}", id: "deleteDraft", tag: tagCompetitions, access: loggedIn,
		status:  http.StatusNoContent,
		summary: "Delete a draft", description: "For the competition's organizer. A published competition can't be deleted, only cancelled.",
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing, compete.ErrNotDraft},
	}, a.deleteDraft)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/cancel", id: "cancelCompetition", tag: tagCompetitions, access: loggedIn, holdsSeats: true,
		summary: "Cancel a competition", description: "For its organizer. Everyone registered is notified. Cancelling again has no effect.",
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing, compete.ErrBusy},
	}, a.cancelCompetition)
}

func (a *api) listCompetitions(ctx context.Context, in *listCompetitionsInput) (*listOf[Competition], error) {
	page, err := a.Service.ListCompetitions(ctx, in.filter(in.Limit), in.Cursor)
	if err != nil {
		return nil, err
	}
	return newList(&in.PageParams, page, a.competitionNow), nil
}

func (a *api) listMyCompetitions(ctx context.Context, in *listCompetitionsInput) (*listOf[Competition], error) {
	page, err := a.Service.MyCompetitions(ctx, actor(ctx), in.filter(in.Limit), in.Cursor)
	if err != nil {
		return nil, err
	}
	return newList(&in.PageParams, page, a.competitionNow), nil
}

func (a *api) createCompetition(ctx context.Context, in *createCompetitionInput) (*competitionAnswer, error) {
	var request CreateCompetitionRequest
	if err := decode(in.RawBody, &request, func() error { return compete.NewCompetition(request).Check(a.Service.Clock()) }); err != nil {
		return nil, err
	}
	idempotency, err := in.request(in.RawBody)
	if err != nil {
		return nil, err
	}
	c, again, err := a.Service.CreateCompetition(ctx, actor(ctx), compete.NewCompetition(request), idempotency)
	if err != nil {
		return nil, err
	}
	return &competitionAnswer{
		ETag: etag(&c), Location: "/api/competitions/" + c.ID, Replayed: replayed(again),
		Body: newCompetition(&c, c.UpdatedAt), // not now: a replay is the same to the byte
	}, nil
}

func (a *api) getCompetition(ctx context.Context, in *CompetitionInput) (*competitionAnswer, error) {
	c, err := a.Service.Competition(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(&c), nil
}

func (a *api) updateCompetition(ctx context.Context, in *updateCompetitionInput) (*competitionAnswer, error) {
	version, err := a.versionToChange(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	var request UpdateCompetitionRequest
	if err := decode(in.RawBody, &request, func() error { return a.checkChange(ctx, in.ID, request.change()) }); err != nil {
		return nil, err
	}
	c, err := a.Service.UpdateCompetition(ctx, actor(ctx), in.ID, version, request.change())
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(&c), nil
}

// checkChange tells what is wrong with a change to the competition as it is now.
func (a *api) checkChange(ctx context.Context, id string, change compete.CompetitionChange) error {
	c, err := a.Service.OwnCompetition(ctx, actor(ctx), id)
	if err != nil {
		return err
	}
	_, err = c.Apply(change, a.Service.Clock())
	return err
}

func (a *api) deleteDraft(ctx context.Context, in *CompetitionInput) (*accepted, error) {
	if err := a.Service.DeleteDraft(ctx, actor(ctx), in.ID); err != nil {
		return nil, err
	}
	return &accepted{}, nil
}

func (a *api) cancelCompetition(ctx context.Context, in *CompetitionInput) (*competitionAnswer, error) {
	c, err := a.Service.CancelCompetition(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(&c), nil
}

func (a *api) answerCompetition(c *compete.Competition) *competitionAnswer {
	return &competitionAnswer{ETag: etag(c), Body: a.competitionNow(c)}
}

func (a *api) competitionNow(c *compete.Competition) Competition {
	return newCompetition(c, a.Service.Clock())
}
