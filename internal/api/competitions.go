package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

const tagCompetitions = "Competitions"

// Query parameters whose values are documented from the domain's own lists.
type (
	sortParam  string
	phaseParam string
	tagsParam  string
)

// Schema documents the sort orders.
func (sortParam) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Default: string(compete.SortNewest),
		Enum: []any{string(compete.SortNewest), string(compete.SortDeadline), string(compete.SortFilling)},
		Description: "The order: newest first, soonest deadline first, or most seats taken in the last hour " +
			"first (updated every minute).",
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

// list splits a comma-separated parameter and omits empty elements.
func (t tagsParam) list() []string {
	return slices.DeleteFunc(strings.Split(string(t), ","),
		func(tag string) bool { return strings.TrimSpace(tag) == "" })
}

// SearchParams filter and order a list of competitions.
type SearchParams struct {
	Search string     `query:"search" doc:"Words in the title, description or tags. The last one can be incomplete." example:"hack"`
	Tags   tagsParam  `query:"tags" doc:"Tags, separated by commas. A competition matches if it has any of them." example:"go,beginners"`
	Phase  phaseParam `query:"phase"`
	Sort   sortParam  `query:"sort"`
}

func (p *SearchParams) filter(limit pageSize) compete.CompetitionFilter {
	return compete.CompetitionFilter{
		Search: p.Search, Tags: p.Tags.list(), Phase: compete.Phase(p.Phase), Sort: compete.Sort(p.Sort),
		Limit: int(limit),
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

// CompetitionInput identifies a competition.
type CompetitionInput struct {
	ID string `path:"id" doc:"The competition's ID."`
}

type updateCompetitionInput struct {
	CompetitionInput
	IfMatch string `header:"If-Match" doc:"Required: the ETag of the version you're changing, or * for any version." example:"\"3\""`
	JSONBody
}

type transferInput struct {
	CompetitionInput
	JSONBody
}

// TransferRequest identifies the new organizer of a competition; exactly one field is set.
type TransferRequest struct {
	OrganizerID string `json:"organizerId,omitempty" format:"uuid" doc:"The account's ID. It must be an organizer or admin." example:"018f6b1e-0000-7d0a-9b3e-5a1f0c2d4e6f"`
	Email       string `json:"email,omitempty" format:"email" doc:"The account's email address. It must be an organizer or admin." example:"grace@example.com"`
}

type competitionAnswer struct {
	ETag     string `header:"ETag" doc:"A strong tag derived from the version. Send it in If-Match."`
	Location string `header:"Location" doc:"The URL of the new competition."`
	Replayed string `header:"Idempotency-Replayed" doc:"true if this repeats the response to an earlier request with the same Idempotency-Key."`
	Body     Competition
}

func (a *api) registerCompetitions() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions", id: "listCompetitions",
		tag: tagCompetitions, holdsSeats: true,
		summary: "List competitions",
		description: "Without 'phase', returns published competitions whose registration deadline hasn't " +
			"passed, including full ones.",
	}, a.listCompetitions)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions", id: "createCompetition",
		tag: tagCompetitions, access: loggedIn,
		status: http.StatusCreated, holdsSeats: true,
		summary: "Create a competition",
		description: "For organizers and admins. The competition is published immediately " +
			"unless you send status DRAFT.",
		request: CreateCompetitionRequest{},
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrEmailUnverified, compete.ErrIdempotencyKeyReused,
			compete.ErrQuotaUsed,
		},
	}, a.createCompetition)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/my-competitions", id: "listMyCompetitions",
		tag:    tagCompetitions,
		access: loggedIn, holdsSeats: true,
		summary:     "List my competitions",
		description: "For organizers and admins. All competitions you organize, including drafts.",
		errors:      []*compete.Error{compete.ErrForbidden},
	}, a.listMyCompetitions)
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}", id: "getCompetition",
		tag: tagCompetitions, holdsSeats: true,
		summary: "Get a competition", description: "Only the organizer and admins can see a draft.",
		errors: []*compete.Error{compete.ErrCompetitionMissing},
	}, a.getCompetition)
	handle(a, route{
		method: http.MethodPatch, path: "/api/competitions/{id}", id: "updateCompetition", tag: tagCompetitions,
		access: loggedIn, holdsSeats: true,
		summary: "Update a competition",
		description: "For its organizer and admins. Fields you leave out stay unchanged. Raising the capacity " +
			"promotes people from the waitlist.",
		request: UpdateCompetitionRequest{},
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrEmailUnverified, compete.ErrUnpublished,
			compete.ErrCompetitionMissing, compete.ErrCapacityBelowHeld, compete.ErrDivisionNotEmpty,
			compete.ErrDivisionsTooLate, compete.ErrAdmissionFixed, compete.ErrTeamsFixed, compete.ErrListFrozen,
			compete.ErrCompetitionCancelled,
			compete.ErrAlreadyPublished, compete.ErrVersionMismatch, compete.ErrVersionRequired, compete.ErrQuotaUsed,
		},
	}, a.updateCompetition)
	handle(a, route{
		method: http.MethodDelete, path: "/api/competitions/{id}", id: "deleteDraft",
		tag: tagCompetitions, access: loggedIn,
		status:      http.StatusNoContent,
		summary:     "Delete a draft",
		description: "For the competition's organizer. A published competition can't be deleted, only cancelled.",
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrCompetitionMissing,
			compete.ErrNotDraft,
		},
	}, a.deleteDraft)
	a.registerCompetitionActions()
}

func (a *api) registerCompetitionActions() {
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/cancel", id: "cancelCompetition", tag: tagCompetitions,
		access: loggedIn, holdsSeats: true,
		summary:     "Cancel a competition",
		description: "For its organizer and admins. Everyone registered is notified. Cancelling again has no effect.",
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrCompetitionMissing,
			compete.ErrQuotaUsed,
		},
	}, a.cancelCompetition)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/unpublish", id: "unpublishCompetition",
		tag: tagCompetitions, access: loggedIn, holdsSeats: true,
		summary: "Unpublish a competition",
		description: "For admins. Makes it a draft that only its organizer and admins can see. Registrations are " +
			"kept, but nobody can register or is promoted or reminded until an admin publishes it again by updating " +
			"its status. Unpublishing a draft has no effect.",
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrCompetitionMissing,
			compete.ErrCompetitionCancelled,
		},
	}, a.unpublishCompetition)
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/transfer", id: "transferCompetition",
		tag: tagCompetitions, access: loggedIn, holdsSeats: true,
		summary: "Transfer a competition",
		description: "For admins. Makes another account its organizer. Send either organizerId or email. " +
			"Registrations, seats and the waitlist stay as they are. If the competition was paused because its " +
			"organizer's account was disabled, it resumes.",
		request: TransferRequest{},
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrCompetitionMissing,
			compete.ErrOrganizerRegistered,
		},
	}, a.transferCompetition)
}

func (a *api) listCompetitions(ctx context.Context, in *listCompetitionsInput) (*listOf[Competition], error) {
	page, err := a.Competitions.List(ctx, in.filter(in.Limit), in.Cursor)
	if err != nil {
		return nil, err
	}
	return newList(&in.PageParams, page, a.competitionNow), nil
}

func (a *api) listMyCompetitions(ctx context.Context, in *listCompetitionsInput) (*listOf[Competition], error) {
	page, err := a.Competitions.Mine(ctx, actor(ctx), in.filter(in.Limit), in.Cursor)
	if err != nil {
		return nil, err
	}
	return newList(&in.PageParams, page, a.competitionNow), nil
}

func (a *api) createCompetition(ctx context.Context, in *createCompetitionInput) (*competitionAnswer, error) {
	var request CreateCompetitionRequest
	if err := decode(in.RawBody, &request, func() error { return request.competition().Check(a.Clock()) }); err != nil {
		return nil, err
	}
	body := in.RawBody
	if request.AccessCode != "" {
		body = withoutCode(body)
	}
	idempotency, err := in.request(body)
	if err != nil {
		return nil, err
	}
	c, again, err := a.Competitions.Create(ctx, actor(ctx), request.competition(), idempotency)
	if err != nil {
		return nil, err
	}
	return &competitionAnswer{
		ETag: etag(&c), Location: "/api/competitions/" + c.ID, Replayed: replayed(again),
		Body: newCompetition(&c, c.UpdatedAt), // not now: a replay is byte-for-byte identical
	}, nil
}

func (a *api) getCompetition(ctx context.Context, in *CompetitionInput) (*competitionAnswer, error) {
	c, err := a.Competitions.Get(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(ctx, &c), nil
}

func (a *api) updateCompetition(ctx context.Context, in *updateCompetitionInput) (*competitionAnswer, error) {
	version, err := a.versionToChange(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, err
	}
	var request UpdateCompetitionRequest
	if err := decode(in.RawBody, &request,
		func() error { return a.checkChange(ctx, in.ID, request.change()) }); err != nil {
		return nil, err
	}
	c, err := a.Competitions.Update(ctx, actor(ctx), in.ID, version, request.change())
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(ctx, &c), nil
}

// checkChange validates a change against the current competition.
func (a *api) checkChange(ctx context.Context, id string, change compete.CompetitionChange) error {
	c, err := a.Competitions.Managed(ctx, actor(ctx), id)
	if err != nil {
		return err
	}
	_, err = c.Apply(change, a.Clock())
	return err
}

func (a *api) deleteDraft(ctx context.Context, in *CompetitionInput) (*accepted, error) {
	if err := a.Competitions.DeleteDraft(ctx, actor(ctx), in.ID); err != nil {
		return nil, err
	}
	return &accepted{}, nil
}

func (a *api) cancelCompetition(ctx context.Context, in *CompetitionInput) (*competitionAnswer, error) {
	c, err := a.Competitions.Cancel(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(ctx, &c), nil
}

func (a *api) unpublishCompetition(ctx context.Context, in *CompetitionInput) (*competitionAnswer, error) {
	c, err := a.Competitions.Unpublish(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(ctx, &c), nil
}

func (a *api) transferCompetition(ctx context.Context, in *transferInput) (*competitionAnswer, error) {
	var request TransferRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	c, err := a.Competitions.Transfer(ctx, actor(ctx), in.ID, request.OrganizerID, request.Email)
	if err != nil {
		return nil, err
	}
	return a.answerCompetition(ctx, &c), nil
}

func (a *api) answerCompetition(ctx context.Context, c *compete.Competition) *competitionAnswer {
	answer := &competitionAnswer{ETag: etag(c), Body: a.competitionNow(c)}
	answer.Body.AccessCode = string(a.Competitions.AccessCode(ctx, actor(ctx), c))
	return answer
}

func (a *api) competitionNow(c *compete.Competition) Competition {
	return newCompetition(c, a.Clock())
}
