package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// Division is a part of a competition with its own seats and waitlist.
type Division struct {
	ID         string        `json:"id" format:"uuid" doc:"Stays the same when the division is renamed or moved in the list." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	Name       string        `json:"name" example:"Half marathon"`
	Capacity   int           `json:"capacity" example:"60"`
	SeatsLeft  int           `json:"seatsLeft" doc:"Capacity minus seats held in the division. A seat needs room in the competition too." example:"12"`
	Waitlisted int           `json:"waitlisted" doc:"How many people are waiting for a seat in the division." example:"0"`
	Phase      compete.Phase `json:"phase" enum:"draft,upcoming,open,waitlist,full,closed,cancelled" doc:"Where someone who chooses the division stands at the time of the response." example:"open"`
}

func newDivisions(c *compete.Competition, at time.Time) []Division {
	var divisions []Division
	for _, d := range c.Divisions {
		divisions = append(divisions, Division{
			ID: d.ID, Name: d.Name, Capacity: d.Capacity, SeatsLeft: d.SeatsLeft, Waitlisted: d.Waitlisted,
			Phase: c.PhaseIn(d.ID, at),
		})
	}
	return divisions
}

// NewDivision is a division in a request to create a competition.
type NewDivision struct {
	Name     string `json:"name" example:"Half marathon"`
	Capacity int    `json:"capacity" example:"60"`
}

// TransformSchema documents the limits.
func (NewDivision) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return limitDivision(s)
}

// ChangedDivision is a division in a request to change a competition.
type ChangedDivision struct {
	ID string `json:"id,omitempty" format:"uuid" doc:"Leave it out for a new division." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	NewDivision
}

// TransformSchema documents the limits.
func (ChangedDivision) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return limitDivision(s)
}

func limitDivision(s *huma.Schema) *huma.Schema {
	limitText(s, "name", 1, compete.MaxDivisionName)
	capacity := s.Properties["capacity"]
	capacity.Minimum, capacity.Maximum = bound(compete.MinCapacity), bound(compete.MaxCapacity)
	return s
}

func divisionContents(requests []NewDivision) []compete.DivisionContent {
	var contents []compete.DivisionContent
	for _, d := range requests {
		contents = append(contents, compete.DivisionContent{Name: d.Name, Capacity: d.Capacity})
	}
	return contents
}

// changedDivisions returns the change of a competition's divisions.
func changedDivisions(request optional[[]ChangedDivision]) compete.Optional[[]compete.DivisionContent] {
	change := compete.Optional[[]compete.DivisionContent]{Set: request.Set}
	for _, d := range request.Value {
		change.Value = append(change.Value, compete.DivisionContent{ID: d.ID, Name: d.Name, Capacity: d.Capacity})
	}
	return change
}

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
			"were sent. `divisionId` moves it to another division: for its owner while " +
			"registration is open, and for the organizer and admins until the start. The seat that it held goes to " +
			"the next person who " +
			"waits for it. With review, whoever holds a seat keeps one or isn't moved, and everyone else applies " +
			"there. Moving it to the division that it's in has no effect. " +
			"`team` and `lookingForTeam` are for competitions with teams: for its owner while registration is open, " +
			"and for the organizer and admins until the start. " +
			"All of it is saved together, or nothing if a part is refused. Without answers, required ones that are " +
			"missing don't matter.",
		request: EditRegistrationRequest{},
		errors: []*compete.Error{
			compete.ErrReauthenticate, compete.ErrRegistrationGone, compete.ErrRegistrationCancelled,
			compete.ErrApplicationRejected, compete.ErrAnswersClosed,
			compete.ErrNoTeams, compete.ErrTeamMissing, compete.ErrTeamFull, compete.ErrTeamClosed,
			compete.ErrTeamNameTaken, compete.ErrTeamDivision, compete.ErrTeamRequired,
			compete.ErrCaptainMustHandOver, compete.ErrForbidden, compete.ErrTooManyGuesses,
			compete.ErrDivisionFull, compete.ErrCompetitionFull, compete.ErrRegistrationClosed,
			compete.ErrRegistrationNotOpen, compete.ErrCompetitionCancelled, compete.ErrCompetitionStarted,
			compete.ErrBusy,
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
