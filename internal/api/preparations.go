package api

import (
	"context"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
)

// Preparation is what a participant filled in before registration opens.
type Preparation struct {
	RegisterRequest
	Ready     bool                 `json:"ready" doc:"Whether a press would be accepted with it, as far as the competition's questions are known now." example:"true"`
	NeedsCode bool                 `json:"needsAccessCode,omitempty" doc:"true if the press needs the competition's access code, because you didn't send it here, or it changed since then." example:"false"`
	Errors    []problem.FieldError `json:"errors,omitempty" doc:"What would be refused, because the competition or the team changed since then."`
	UpdatedAt time.Time            `json:"updatedAt" example:"2026-03-31T18:00:00Z"`
}

type prepareInput struct {
	CompetitionInput
	JSONBody
}

type preparationAnswer struct{ Body Preparation }

func (a *api) registerPreparations() {
	prepare := route{
		method: http.MethodPut, path: "/api/competitions/{id}/preparation", id: "prepare", tag: tagRegistrations,
		access:  loggedIn,
		summary: "Prepare a registration",
		description: "Saves what you would send to register. Then register without a body, at the opening: what you " +
			"saved counts, and is checked again. `accessCode` is checked now and never returned; as long as the " +
			"organizer doesn't change it, the press doesn't need it. Without it, one that you sent earlier counts. " +
			"A team whose code you save must exist already.",
		request: RegisterRequest{},
		errors: []*compete.Error{
			compete.ErrOwnCompetition, compete.ErrBlocked, compete.ErrRejectedBefore, compete.ErrEmailUnverified,
			compete.ErrCompetitionMissing,
			compete.ErrAlreadyRegistered, compete.ErrRegistrationClosed, compete.ErrCompetitionCancelled,
			compete.ErrTeamMissing, compete.ErrAccessCodeWrong, compete.ErrTooManyGuesses,
		},
	}
	handle(a, prepare, a.prepare)
	read := route{
		method: http.MethodGet, path: prepare.path, id: "getPreparation", tag: tagRegistrations, access: loggedIn,
		summary: "Get what I prepared", description: "Says whether it would be accepted now.",
		errors: []*compete.Error{compete.ErrCompetitionMissing, compete.ErrPreparationMissing},
	}
	handle(a, read, a.getPreparation)
	handle(a, route{
		method: http.MethodDelete, path: prepare.path, id: "deletePreparation", tag: tagRegistrations, access: loggedIn,
		status:  http.StatusNoContent,
		summary: "Delete what I prepared",
		description: "Deleting nothing is fine. A preparation no longer counts once you've registered, and is " +
			"deleted within a day.",
		errors: []*compete.Error{compete.ErrCompetitionMissing},
	}, a.deletePreparation)
}

func (a *api) prepare(ctx context.Context, in *prepareInput) (*preparationAnswer, error) {
	entry, err := entryOf(in.RawBody)
	if err != nil {
		return nil, err
	}
	p, err := a.Registrations.Prepare(ctx, actor(ctx), in.ID, entry)
	if err != nil {
		return nil, err
	}
	return &preparationAnswer{newPreparation(&p)}, nil
}

func (a *api) getPreparation(ctx context.Context, in *CompetitionInput) (*preparationAnswer, error) {
	p, err := a.Registrations.Prepared(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &preparationAnswer{newPreparation(&p)}, nil
}

func (a *api) deletePreparation(ctx context.Context, in *CompetitionInput) (*accepted, error) {
	if err := a.Registrations.Unprepare(ctx, actor(ctx), in.ID); err != nil {
		return nil, err
	}
	return &accepted{}, nil
}

func newPreparation(p *compete.Preparation) Preparation {
	body := Preparation{
		RegisterRequest: RegisterRequest{
			DivisionID: p.Entry.DivisionID, Team: newTeamRequest(p.Entry.Team), Looking: p.Entry.LookingForTeam,
			Answers: p.Entry.Answers,
		},
		Ready: p.Ready(), NeedsCode: p.NeedsCode, UpdatedAt: p.UpdatedAt,
	}
	for _, f := range p.Problems {
		body.Errors = append(body.Errors, problem.FieldError(f))
	}
	return body
}
