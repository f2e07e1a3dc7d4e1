package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// RegistrationState is a user's place in a competition.
type RegistrationState struct {
	compete.RegistrationState
	UserID    string     `json:"userId" format:"uuid" example:"018f6b1e-2222-7d0a-9b3e-5a1f0c2d4e6f"`
	Seats     int        `json:"seats" doc:"How many seats it holds: 1 if PENDING, CONFIRMED or OFFERED, else 0. Where a seat is for a team, only that of the captain holds it." example:"1"`
	ConfirmBy *time.Time `json:"confirmBy,omitempty" doc:"Until when the offered seat can be accepted or declined. Present only while OFFERED." example:"2026-04-03T09:00:00Z"`
	Position  int        `json:"position,omitempty" doc:"The place on the waitlist, or on that of the division, starting at 1. Present only while waitlisted. Members of a team that waits as a whole have the team's place, in lists of their own registrations." example:"3"`
	Reason    string     `json:"reason,omitempty" doc:"Why the organizer removed the person, as shown to them." example:"Registered twice."`
	Blocked   bool       `json:"blocked,omitempty" doc:"true if the person can't register for this competition again." example:"false"`
}

// Registration is a registration as its owner sees it.
type Registration struct {
	RegistrationState
	Answers     compete.Answers    `json:"answers,omitempty" doc:"Your answers, by question. Left out if there are none, and in the response to registering." example:"{\"q1-1\":\"M\"}"`
	Competition CompetitionSummary `json:"competition"`
}

// ParticipantRegistration is a registration as the competition's organizer sees it.
type ParticipantRegistration struct {
	RegistrationState
	Answers compete.Answers `json:"answers,omitempty" doc:"The person's answers, by question. Left out if there are none." example:"{\"q1-1\":\"M\"}"`

	Team string      `json:"team,omitempty" doc:"The name of the team, if the person is in one." example:"The Gophers"`
	Note string      `json:"note,omitempty" doc:"The organizer's internal note on the removal. The person finds it only in the export of their own data." example:"See email of 3 April."`
	User Participant `json:"user"`
}

// Participant is a registered person.
type Participant struct {
	ID       string `json:"id" format:"uuid" example:"018f6b1e-2222-7d0a-9b3e-5a1f0c2d4e6f"`
	Name     string `json:"name" example:"Ada Lovelace"`
	Email    string `json:"email" format:"email" doc:"Empty if the account was deleted." example:"ada@example.com"`
	Deleted  bool   `json:"deleted,omitempty" doc:"true if the account was deleted. The registration stays, cancelled and anonymous." example:"false"`
	Disabled bool   `json:"disabled,omitempty" doc:"true if the account is disabled: it keeps its seats, but is skipped on waitlists and gets no messages." example:"false"`
}

// RegisterRequest is what a participant fills in. A plain competition takes nothing.
type RegisterRequest struct {
	DivisionID string `json:"divisionId,omitempty" format:"uuid" doc:"The division to register in, if the competition has divisions." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	AccessCode string `json:"accessCode,omitempty" doc:"The organizer's access code, if the competition needs one." example:"MAPLE-2026"`

	Team    *TeamRequest    `json:"team,omitempty" doc:"The team to create or to join, if the competition has teams. Whoever joins a team takes its division."`
	Looking bool            `json:"lookingForTeam,omitempty" doc:"Whether captains can find you on the competition's board and invite you." default:"false" example:"false"`
	Answers compete.Answers `json:"answers,omitempty" doc:"Answers to the competition's questions, by their IDs. If there are none, and no division or team, what you prepared counts." example:"{\"q1-1\":\"M\"}"`
}

func (r *RegisterRequest) entry() compete.Entry {
	return compete.Entry{
		DivisionID: r.DivisionID, Team: r.Team.choice(), LookingForTeam: r.Looking,
		AccessCode: compete.AccessCode(r.AccessCode), Answers: r.Answers,
	}
}

// entryOf decodes the body of a registration. Most have none, and cost nothing here.
func entryOf(body []byte) (compete.Entry, error) {
	if empty(body) {
		return compete.Entry{}, nil
	}
	var request RegisterRequest
	err := decode(body, &request, nil)
	return request.entry(), err
}

type addInput struct {
	CompetitionInput
	IdempotencyKey
	JSONBody
}

// AddRequest adds a person to a competition.
type AddRequest struct {
	Email      string          `json:"email" format:"email" doc:"The person's address. An unknown one gets an account." example:"ada@example.com"`
	Name       string          `json:"name,omitempty" doc:"The name of a new account. Ignored if the address has one." example:"Ada Lovelace"`
	DivisionID string          `json:"divisionId,omitempty" format:"uuid" doc:"The division to register in, if the competition has divisions." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	Team       *TeamRequest    `json:"team,omitempty" doc:"The team to create or to join, if the competition has teams."`
	Looking    bool            `json:"lookingForTeam,omitempty" doc:"Whether captains can find the person on the competition's board." default:"false" example:"false"`
	Answers    compete.Answers `json:"answers,omitempty" doc:"Answers to the competition's questions. Leave them out to let the person answer later." example:"{\"q1-1\":\"M\"}"`

	OverCapacity bool `json:"overCapacity,omitempty" doc:"If no seat is free, raise the capacity by one for this person. Without it, they join the waitlist. Refused where the capacity is as large as possible." default:"false" example:"false"`
}

// TransformSchema documents the limits.
func (AddRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "email", 0, compete.MaxEmailLength)
	limitText(s, "name", 0, compete.MaxNameLength)
	return s
}

func (r *AddRequest) addition() compete.Addition {
	return compete.Addition{
		Email: r.Email, Name: r.Name, Entry: compete.Entry{
			DivisionID: r.DivisionID, Team: r.Team.choice(), LookingForTeam: r.Looking, Answers: r.Answers,
		},
		OverCapacity: r.OverCapacity,
	}
}

// EmptyRequest is the body of a request without parameters.
type EmptyRequest struct{}

type registerInput struct {
	CompetitionInput
	IdempotencyKey
	JSONBody
}

type registerAnswer struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true if this repeats the response to an earlier request with the same Idempotency-Key."`
	Body     Registration
}

// newRegisterAnswer renders an outcome as of the registration, not now: a replay is byte-for-byte identical.
func newRegisterAnswer(outcome *compete.RegistrationOutcome) *registerAnswer {
	r := &outcome.Registration
	return &registerAnswer{
		Replayed: replayed(outcome.Replayed), Body: newRegistration(r, &outcome.Competition, r.UpdatedAt),
	}
}

// RegistrationInput identifies a registration.
type RegistrationInput struct {
	ID string `path:"id" doc:"The registration's ID."`
}

type answerOfferInput struct {
	RegistrationInput
	JSONBody
}

type removeInput struct {
	RegistrationInput
	JSONBody
}

// RemoveRequest contains the options of organizers and admins removing somebody. It has no effect on the caller's own
// registration.
type RemoveRequest struct {
	Reason string         `json:"reason,omitempty" doc:"Shown to the person." example:"Registered twice."`
	Note   string         `json:"note,omitempty" doc:"For the competition's organizer and admins. The person finds it only in the export of their own data." example:"See email of 3 April."`
	Notify optional[bool] `json:"notify,omitzero" doc:"Whether to send the person a message." example:"true"`
	Block  bool           `json:"block,omitempty" doc:"Whether to block the person from registering for this competition again." default:"false" example:"false"`
}

// TransformSchema documents the limits.
func (RemoveRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "reason", 0, compete.MaxRemovalReason)
	limitText(s, "note", 0, compete.MaxRemovalNote)
	s.Properties["notify"].Default = true
	return s
}

func (r *RemoveRequest) removal() compete.Removal {
	return compete.Removal{Reason: r.Reason, Note: r.Note, Blocked: r.Block}
}

type registrationAnswer struct{ Body Registration }

type unblockAnswer struct{ Body RegistrationState }

type statusParam string

// Schema documents the states.
func (statusParam) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "Return only registrations with this status.", Enum: []any{
		string(compete.RegistrationPending), string(compete.RegistrationConfirmed), string(compete.RegistrationOffered),
		string(compete.RegistrationApplied), string(compete.RegistrationWaitlisted),
		string(compete.RegistrationRejected), string(compete.RegistrationCancelled),
	}}
}

const tagRegistrations = "Registrations"

func (a *api) registerRegistrations() {
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/register", id: "register", tag: tagRegistrations,
		access: loggedIn,
		status: http.StatusCreated, holdsSeats: true,
		summary: "Register for a competition",
		description: "For everyone except the competition's own organizer. You get a seat (PENDING, confirmed a " +
			"moment later) or, if all are taken, a place on the waitlist. If the competition's admission is REVIEW " +
			"or LOTTERY, you apply (APPLIED), and the organizer or a draw decides. A competition with divisions " +
			"needs `divisionId`. With an Idempotency-Key, it's safe to retry.",
		request: RegisterRequest{}, optionalBody: true,
		errors: []*compete.Error{
			compete.ErrOwnCompetition, compete.ErrBlocked, compete.ErrRejectedBefore, compete.ErrEmailUnverified,
			compete.ErrCompetitionMissing,
			compete.ErrCompetitionFull, compete.ErrDivisionFull, compete.ErrAlreadyRegistered,
			compete.ErrRegistrationClosed, compete.ErrRegistrationNotOpen, compete.ErrCompetitionCancelled,
			compete.ErrAccessCodeRequired, compete.ErrAccessCodeWrong, compete.ErrTooManyGuesses,
			compete.ErrTeamMissing, compete.ErrTeamFull, compete.ErrTeamClosed, compete.ErrTeamNameTaken,
			compete.ErrIdempotencyKeyReused,
		},
	}, a.register)
	a.registerEdits()
	handle(a, route{
		method: http.MethodPost, path: "/api/competitions/{id}/registrations", id: "addRegistration",
		tag: tagRegistrations, access: loggedIn,
		status: http.StatusCreated, holdsSeats: true,
		summary: "Add a person to a competition",
		description: "For the competition's organizer and admins, until the competition starts: also before the " +
			"opening, after the deadline, and without an access code. The person gets a seat or, if all are taken, a " +
			"place on the waitlist. With overCapacity, the capacity is raised by one instead, also that of a " +
			"division. They get the same messages as if they had registered. An unknown address gets an account and " +
			"an email with a link to set its password. If the site sends no email, its operator can make that link.",
		request: AddRequest{},
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrOwnCompetition, compete.ErrBlocked,
			compete.ErrCompetitionMissing, compete.ErrNotPublished, compete.ErrCompetitionCancelled,
			compete.ErrCompetitionStarted, compete.ErrCompetitionFull, compete.ErrDivisionFull,
			compete.ErrCapacityLimit, compete.ErrAlreadyRegistered,
			compete.ErrTeamMissing, compete.ErrTeamFull, compete.ErrTeamClosed, compete.ErrTeamNameTaken,
			compete.ErrPersonDisabled, compete.ErrIdempotencyKeyReused, compete.ErrQuotaUsed,
		},
	}, a.addRegistration)
	handle(a, route{
		method: http.MethodDelete, path: "/api/registrations/{id}", id: "cancelRegistration", tag: tagRegistrations,
		access: loggedIn, holdsSeats: true,
		summary: "Cancel a registration",
		description: "For its owner until the competition starts, and for the competition's organizer and admins. A " +
			"freed seat goes to the next person on the waitlist. Organizers and admins who remove someone else can " +
			"send a body. Cancelling again has no effect.",
		request: RemoveRequest{}, optionalBody: true,
		errors: []*compete.Error{
			compete.ErrReauthenticate, compete.ErrRegistrationGone, compete.ErrCompetitionStarted,
			compete.ErrCaptainMustHandOver,
		},
	}, a.cancelRegistration)
	a.registerOffers()
	handle(a, route{
		method: http.MethodDelete, path: "/api/registrations/{id}/block", id: "unblockRegistration",
		tag: tagRegistrations, access: loggedIn,
		summary: "Unblock a removed person",
		description: "For the competition's organizer and admins. The person can register again; this doesn't " +
			"register them.",
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrRegistrationGone,
		},
	}, a.unblockRegistration)
	mine := route{
		method: http.MethodGet, path: "/api/users/me/registrations", id: "listMyRegistrations", tag: tagRegistrations,
		access: loggedIn, holdsSeats: true,
		summary: "List my registrations", description: "Your registrations, newest first, including cancelled ones.",
	}
	handle(a, mine, a.listMyRegistrations)
	mine.path, mine.id = "/api/competitions/registrations/my", "listMyRegistrationsByCompetitions"
	handle(a, mine, a.listMyRegistrations)
	a.registerPreparations()
	a.registerParticipants()
	a.registerAnswers()
	a.registerTeams()
}

func (a *api) registerOffers() {
	answer := route{
		method: http.MethodPost, path: "/api/registrations/{id}/accept", id: "acceptOffer", tag: tagRegistrations,
		access: loggedIn, holdsSeats: true,
		summary: "Accept an offered seat",
		description: "For the person who was offered it, until `confirmBy`. The seat is then theirs. Accepting again " +
			"has no effect.",
		request: EmptyRequest{}, optionalBody: true,
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrRegistrationGone, compete.ErrOfferExpired, compete.ErrNoOffer,
			compete.ErrCaptainOnly, compete.ErrCompetitionCancelled,
		},
	}
	handle(a, answer, a.acceptOffer)
	answer.path, answer.id, answer.summary = "/api/registrations/{id}/decline", "declineOffer",
		"Decline an offered seat"
	answer.description = "For the person who was offered it, until `confirmBy`. The seat goes to the next person on " +
		"the waitlist. Declining again has no effect."
	answer.errors = append(answer.errors, compete.ErrCaptainMustHandOver)
	handle(a, answer, a.declineOffer)
}

func (a *api) register(ctx context.Context, in *registerInput) (*registerAnswer, error) {
	entry, err := entryOf(in.RawBody)
	if err != nil {
		return nil, err
	}
	body := in.RawBody
	if entry.AccessCode != "" || entry.Team.Code != "" {
		body = withoutCode(body)
	}
	idempotency, err := in.request(body)
	if err != nil {
		return nil, err
	}
	outcome, err := a.Registrations.Register(ctx, actor(ctx), in.ID, entry, idempotency)
	if err != nil {
		return nil, err
	}
	return newRegisterAnswer(&outcome), nil
}

func (a *api) addRegistration(ctx context.Context, in *addInput) (*registerAnswer, error) {
	var request AddRequest
	if err := decode(in.RawBody, &request, func() error { return request.addition().Check() }); err != nil {
		return nil, err
	}
	idempotency, err := in.request(in.RawBody)
	if err != nil {
		return nil, err
	}
	outcome, err := a.Registrations.Add(ctx, actor(ctx), in.ID, request.addition(), idempotency)
	if err != nil {
		return nil, err
	}
	return newRegisterAnswer(&outcome), nil
}

func (a *api) cancelRegistration(ctx context.Context, in *removeInput) (*registrationAnswer, error) {
	var request RemoveRequest
	if !empty(in.RawBody) {
		if err := decode(in.RawBody, &request, func() error { return request.removal().Check() }); err != nil {
			return nil, err
		}
	}
	notify := !request.Notify.Set || request.Notify.Value
	outcome, err := a.Registrations.Remove(ctx, actor(ctx), in.ID, request.removal(), notify)
	if err != nil {
		return nil, err
	}
	return &registrationAnswer{newRegistration(&outcome.Registration, &outcome.Competition, a.Clock())}, nil
}

func (a *api) acceptOffer(ctx context.Context, in *answerOfferInput) (*registrationAnswer, error) {
	return a.answerOffer(ctx, in, true)
}

func (a *api) declineOffer(ctx context.Context, in *answerOfferInput) (*registrationAnswer, error) {
	return a.answerOffer(ctx, in, false)
}

func (a *api) answerOffer(ctx context.Context, in *answerOfferInput, accept bool) (*registrationAnswer, error) {
	if err := decodeEmpty(in.RawBody); err != nil {
		return nil, err
	}
	outcome, err := a.Registrations.AnswerOffer(ctx, actor(ctx), in.ID, accept)
	if err != nil {
		return nil, err
	}
	return &registrationAnswer{newRegistration(&outcome.Registration, &outcome.Competition, a.Clock())}, nil
}

func (a *api) unblockRegistration(ctx context.Context, in *RegistrationInput) (*unblockAnswer, error) {
	r, err := a.Registrations.Unblock(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &unblockAnswer{newRegistrationState(&r)}, nil
}

func (a *api) listMyRegistrations(ctx context.Context, in *PageParams) (*listOf[Registration], error) {
	page, err := a.Registrations.Mine(ctx, actor(ctx), in.Cursor, int(in.Limit))
	if err != nil {
		return nil, err
	}
	return newList(in, page, func(r *compete.MyRegistration) Registration {
		body := newRegistration(&r.Registration, &r.Competition, a.Clock())
		body.Answers = r.Answers
		return body
	}), nil
}

func newRegistration(r *compete.Registration, c *compete.Competition, at time.Time) Registration {
	return Registration{RegistrationState: newRegistrationState(r), Competition: newCompetitionSummary(c, at)}
}

func newRegistrationState(r *compete.Registration) RegistrationState {
	var confirmBy *time.Time
	if r.Status == compete.RegistrationOffered {
		confirmBy = utc(r.ConfirmBy)
	}
	return RegistrationState{
		Seats: r.Seats(), ConfirmBy: confirmBy,
		RegistrationState: r.RegistrationState, UserID: r.UserID, Position: r.Position,
		Reason: r.Removal.Reason, Blocked: r.Removal.Blocked,
	}
}
