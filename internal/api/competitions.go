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
		Description: "newest first, soonest deadline first, or most seats taken in the last hour first (refreshed each minute).",
	}
}

// Schema documents the phases.
func (phaseParam) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: "Only competitions in this phase."}
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
	Search string     `query:"search" doc:"Words in title, description or tags; the last one may be the beginning of a word." example:"hack"`
	Tags   tagsParam  `query:"tags" doc:"Tags, separated by commas; any of them matches." example:"go,beginners"`
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
	ID string `path:"id" doc:"The competition's id."`
}

type updateCompetitionInput struct {
	CompetitionInput
	IfMatch string `header:"If-Match" doc:"The ETag of the version that is changed, or * for any. Required." example:"\"3\""`
	JSONBody
}

type transferInput struct {
	CompetitionInput
	JSONBody
}

// TransferRequest names the new organizer of a competition, by one of the two.
type TransferRequest struct {
	OrganizerID string `json:"organizerId,omitempty" format:"uuid" doc:"The id of the organizer's or admin's account." example:"018f6b1e-0000-7d0a-9b3e-5a1f0c2d4e6f"`
	Email       string `json:"email,omitempty" format:"email" doc:"The email address of the organizer's or admin's account." example:"grace@example.com"`
}

type competitionAnswer struct {
	ETag     string `header:"ETag" doc:"Strong, made of the version alone: what If-Match takes."`
	Location string `header:"Location" doc:"The address of a new competition."`
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the answer to an earlier request with the same Idempotency-Key."`
	Body     Competition
}

func (a *api) registerCompetitions() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions", id: "listCompetitions", tag: tagCompetitions, holdsSeats: true,
		summary:     "List competitions",
		description: "Without 'phase': the published ones whose registration deadline has not passed, full ones too.",
	}, a.listCompetitions)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions", id: "createCompetition", tag: tagCompetitions, access: loggedIn,
		status: http.StatusCreated, holdsSeats: true,
		summary: "Open a competition", description: "For organizers and admins. It is published at once unless it is sent with status DRAFT.",
		request: CreateCompetitionRequest{}, errors: []*compete.Error{compete.ErrForbidden, compete.ErrIdempotencyKeyReused},
	}, a.createCompetition)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/my-competitions", id: "listMyCompetitions", tag: tagCompetitions,
		access: loggedIn, holdsSeats: true,
		summary: "List my competitions", description: "For organizers and admins: every competition that the caller organizes, drafts too.",
		errors: []*compete.Error{compete.ErrForbidden},
	}, a.listMyCompetitions)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}", id: "getCompetition", tag: tagCompetitions, holdsSeats: true,
		summary: "Read a competition", description: "A draft is found by its organizer and admins alone.",
		errors: []*compete.Error{compete.ErrCompetitionMissing},
	}, a.getCompetition)
	handle(a, route{
		method: http.MethodPatch, path: "/api/competitions/{id}", id: "updateCompetition", tag: tagCompetitions, access: loggedIn, holdsSeats: true,
		summary: "Change a competition", description: "For its organizer and admins. What is left out stays as it is. Raising the capacity promotes from the waitlist.",
		request: UpdateCompetitionRequest{},
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrUnpublished, compete.ErrCompetitionMissing, compete.ErrCapacityBelowHeld, compete.ErrCompetitionCancelled,
			compete.ErrAlreadyPublished, compete.ErrVersionMismatch, compete.ErrVersionRequired, compete.ErrBusy,
		},
	}, a.updateCompetition)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/cancel", id: "cancelCompetition", tag: tagCompetitions, access: loggedIn, holdsSeats: true,
		summary: "Cancel a competition", description: "For its organizer and admins. Everybody registered is told. Cancelling it again changes nothing.",
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing, compete.ErrBusy},
	}, a.cancelCompetition)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/unpublish", id: "unpublishCompetition", tag: tagCompetitions, access: loggedIn, holdsSeats: true,
		summary: "Unpublish a competition",
		description: "For admins. It becomes a draft that only its organizer and admins find. Registrations are kept, but nobody is admitted, promoted or " +
			"reminded until an admin publishes it again, by a change of its status. Unpublishing a draft changes nothing.",
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing, compete.ErrCompetitionCancelled, compete.ErrBusy},
	}, a.unpublishCompetition)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/transfer", id: "transferCompetition", tag: tagCompetitions, access: loggedIn, holdsSeats: true,
		summary: "Transfer a competition",
		description: "For admins. Gives a competition to another organizer, named by organizerId or email. Registrations, seats and waitlist stay as they are. " +
			"If it was paused because its organizer's account was disabled, it goes on.",
		request: TransferRequest{},
		errors:  []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing, compete.ErrOrganizerRegistered, compete.ErrBusy},
	}, a.transferCompetition)
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
	c, err := a.Service.ManagedCompetition(ctx, actor(ctx), id)
	if err != nil {
		return err
	}
	_, err = c.Apply(change, a.Service.Clock())
	return err
}

func (a *api) cancelCompetition(ctx context.Context, in *CompetitionInput) (*competitionAnswer, error) {
	c, err := a.Service.CancelCompetition(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(&c), nil
}

func (a *api) unpublishCompetition(ctx context.Context, in *CompetitionInput) (*competitionAnswer, error) {
	c, err := a.Service.UnpublishCompetition(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(&c), nil
}

func (a *api) transferCompetition(ctx context.Context, in *transferInput) (*competitionAnswer, error) {
	var request TransferRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	c, err := a.Service.TransferCompetition(ctx, actor(ctx), in.ID, request.OrganizerID, request.Email)
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
