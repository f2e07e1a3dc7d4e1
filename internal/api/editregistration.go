package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/minicompete/minicompete/internal/compete"
)

type editRegistrationInput struct {
	RegistrationInput
	JSONBody
}

// EditRegistrationRequest changes what was filled in with a registration.
type EditRegistrationRequest struct {
	Answers optional[compete.Answers] `json:"answers,omitzero" doc:"Answers to change, by question; null removes one. Answers that you leave out stay." example:"{\"q1-1\":\"M\"}"`

	Team    optional[*ChangedTeam] `json:"team,omitzero" doc:"The team to be in: the one with a code, a new one with a name, or for the organizer and admins the one with an ID; null takes it out of its team. Where a seat is for a team, the registration gets the status of its new team."`
	Looking optional[bool]         `json:"lookingForTeam,omitzero" doc:"Whether captains can find the person on the competition's board." example:"true"`

	DivisionID optional[string] `json:"divisionId,omitzero" format:"uuid" doc:"Another division of the competition: a new place in the order of arrival there. Where all seats are taken, that's the end of its waitlist, and a seat held elsewhere is given up." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
}

// check refuses an empty object for a team: only null takes somebody out of their team.
func (r *EditRegistrationRequest) check() error {
	if t := r.Team.Value; t != nil && *t == (ChangedTeam{}) {
		return compete.Invalid(compete.FieldError{
			Field: "team", Message: "must have a name, a code or an ID, or be null",
		})
	}
	return nil
}

func (a *api) registerEdits() {
	handle(a, route{
		method: http.MethodPatch, path: "/api/registrations/{id}", id: "editRegistration", tag: tagRegistrations,
		access: loggedIn, holdsSeats: true,
		summary: "Edit a registration",
		description: "Changes `answers`: for its owner until the competition's `answersUntil`, or else its " +
			"registration deadline, and for the competition's organizer and admins. Returns all answers, if some " +
			"were sent. `divisionId` moves it to another division: for its owner while registration is open, and for " +
			"the organizer and admins until the start. The seat that it held goes to the next person who waits for " +
			"it. With review, whoever holds a seat keeps one or isn't moved, and everyone else applies there. Moving " +
			"it to the division that it's in has no effect. `team` and `lookingForTeam` are for competitions with " +
			"teams: for its owner while registration is open, and for the organizer and admins until the start. All " +
			"of it is saved together, or nothing if a part is refused. Without answers, required ones that are " +
			"missing don't matter.",
		request: EditRegistrationRequest{},
		errors: []*compete.Error{
			compete.ErrReauthenticate, compete.ErrRegistrationGone, compete.ErrRegistrationCancelled,
			compete.ErrApplicationRejected, compete.ErrAnswersClosed, compete.ErrOfferExpired,
			compete.ErrNoTeams, compete.ErrTeamMissing, compete.ErrTeamFull, compete.ErrTeamClosed,
			compete.ErrTeamNameTaken, compete.ErrTeamDivision, compete.ErrTeamRequired,
			compete.ErrCaptainMustHandOver, compete.ErrForbidden, compete.ErrTooManyGuesses,
			compete.ErrDivisionFull, compete.ErrCompetitionFull, compete.ErrRegistrationClosed,
			compete.ErrRegistrationNotOpen, compete.ErrCompetitionCancelled, compete.ErrCompetitionStarted,
		},
	}, a.editRegistration)
}

func (a *api) editRegistration(ctx context.Context, in *editRegistrationInput) (*registrationAnswer, error) {
	var request EditRegistrationRequest
	if err := cmp.Or(decode(in.RawBody, &request, request.check), request.check()); err != nil {
		return nil, err
	}
	edited, err := a.Registrations.Change(ctx, compete.ChangeCommand{
		Actor: actor(ctx), RegistrationID: in.ID,
		Answers: request.Answers.Optional, DivisionID: request.DivisionID.Optional,
		Team: request.Team.Value.change(request.Team.Set), Looking: request.Looking.Optional,
	})
	if err != nil {
		return nil, err
	}
	body := newRegistration(&edited.Registration, &edited.Competition, a.Clock())
	body.Answers = edited.Answers
	return &registrationAnswer{body}, nil
}
