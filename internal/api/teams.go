package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// TeamRequest is the team that somebody wants to be in.
type TeamRequest struct {
	Name string `json:"name,omitempty" doc:"The name of a new team, whose captain you are. No other team of the competition has it, whatever the case." example:"The Gophers"`
	Code string `json:"code,omitempty" doc:"The code of the team to join. Its members see it." example:"59-K7QFM2XP"`
}

// oneOf says what an object must have: to be in no team, it's left out.
func (TeamRequest) oneOf() string { return "a name or a code" }

// TransformSchema documents the limits.
func (TeamRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "name", 0, compete.MaxTeamName)
	return s
}

func (t *TeamRequest) choice() compete.TeamChoice {
	if t == nil {
		return compete.TeamChoice{}
	}
	return compete.TeamChoice{Name: t.Name, Code: compete.TeamCode(t.Code)}
}

// newTeamRequest is nil for no team.
func newTeamRequest(c compete.TeamChoice) *TeamRequest {
	if c.IsZero() {
		return nil
	}
	return &TeamRequest{Name: c.Name, Code: string(c.Code)}
}

// ChangedTeam is the team that a registration is moved to.
type ChangedTeam struct {
	ID   string `json:"id,omitempty" format:"uuid" doc:"For the organizer and admins, who need no code." example:"018f6b1e-4444-7d0a-9b3e-5a1f0c2d4e6f"`
	Name string `json:"name,omitempty" doc:"The name of a new team." example:"The Gophers"`
	Code string `json:"code,omitempty" doc:"The code of the team to join." example:"59-K7QFM2XP"`
}

// oneOf says what an object must have: null takes somebody out of their team.
func (ChangedTeam) oneOf() string { return "a name, a code or an ID" }

// TransformSchema documents the limits.
func (ChangedTeam) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "name", 0, compete.MaxTeamName)
	return s
}

func (t *ChangedTeam) change(set bool) compete.Optional[compete.TeamChange] {
	change := compete.Optional[compete.TeamChange]{Set: set}
	if t != nil {
		change.Value = compete.TeamChange{
			TeamChoice: compete.TeamChoice{Name: t.Name, Code: compete.TeamCode(t.Code)}, ID: t.ID,
		}
	}
	return change
}

// TeamSummary is a row of the list of teams.
type TeamSummary struct {
	ID         string                     `json:"id" format:"uuid" example:"018f6b1e-4444-7d0a-9b3e-5a1f0c2d4e6f"`
	Name       string                     `json:"name" example:"The Gophers"`
	Captain    Participant                `json:"captain"`
	DivisionID string                     `json:"divisionId,omitempty" format:"uuid" doc:"The division, if the competition has divisions." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	Size       int                        `json:"size" doc:"How many members it has." example:"3"`
	Complete   bool                       `json:"complete" doc:"Whether it has enough members." example:"true"`
	Status     compete.RegistrationStatus `json:"status" doc:"That of the captain's registration. Where a seat is for a team, that of the team." example:"CONFIRMED"`
	CreatedAt  time.Time                  `json:"createdAt" example:"2026-04-01T09:00:00.013Z"`
}

// Team is a team as its members and staff see it.
type Team struct {
	ID            string       `json:"id" format:"uuid" example:"018f6b1e-4444-7d0a-9b3e-5a1f0c2d4e6f"`
	CompetitionID string       `json:"competitionId" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	Name          string       `json:"name" example:"The Gophers"`
	Code          string       `json:"code" doc:"What people need to join. The captain can renew it." example:"59-K7QFM2XP"`
	CaptainID     string       `json:"captainId" format:"uuid" doc:"The captain's user ID." example:"018f6b1e-2222-7d0a-9b3e-5a1f0c2d4e6f"`
	Complete      bool         `json:"complete" doc:"Whether it has enough members." example:"true"`
	Members       []TeamMember `json:"members" doc:"The captain first, then in order of arrival."`
	CreatedAt     time.Time    `json:"createdAt" example:"2026-04-01T09:00:00.013Z"`
}

// TeamMember is a member of a team.
type TeamMember struct {
	RegistrationID string                     `json:"registrationId" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	UserID         string                     `json:"userId" format:"uuid" example:"018f6b1e-2222-7d0a-9b3e-5a1f0c2d4e6f"`
	Name           string                     `json:"name" example:"Ada Lovelace"`
	Captain        bool                       `json:"captain" example:"true"`
	Status         compete.RegistrationStatus `json:"status" example:"CONFIRMED"`
	Missing        []string                   `json:"missing" doc:"Required questions that aren't answered." example:"[\"T-shirt size\"]"`
}

func newTeam(v *compete.TeamView) Team {
	body := Team{
		ID: v.ID, CompetitionID: v.CompetitionID, Name: v.Name, Code: string(v.Code), CaptainID: v.CaptainID,
		Complete: v.Complete(), Members: make([]TeamMember, len(v.Members)), CreatedAt: v.CreatedAt.UTC(),
	}
	for i := range v.Members {
		m := &v.Members[i]
		missing := m.Missing
		if missing == nil {
			missing = []string{}
		}
		body.Members[i] = TeamMember{
			RegistrationID: m.ID, UserID: m.UserID, Name: m.Participant.Name, Captain: m.Captain, Status: m.Status,
			Missing: missing,
		}
	}
	return body
}

// TeamInput identifies a team.
type TeamInput struct {
	ID string `path:"id" doc:"The team's ID."`
}

type teamActionInput struct {
	TeamInput
	JSONBody
}

// TeamChangeRequest is another name of a team.
type TeamChangeRequest struct {
	Name string `json:"name" doc:"No other team of the competition has it, whatever the case." example:"The Gophers"`
}

// TransformSchema documents the limits.
func (TeamChangeRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "name", 1, compete.MaxTeamName)
	return s
}

// CaptainRequest names the new captain of a team.
type CaptainRequest struct {
	UserID string `json:"userId" format:"uuid" doc:"The user ID of a member." example:"018f6b1e-2222-7d0a-9b3e-5a1f0c2d4e6f"`
}

type memberInput struct {
	TeamInput
	UserID string `path:"userId" doc:"The member's user ID."`
}

type seekersInput struct {
	TeamInput
	PageParams
}

// Seeker is somebody who looks for a team, as captains see them.
type Seeker struct {
	RegistrationID string `json:"registrationId" format:"uuid" example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
	Name           string `json:"name" example:"Ada Lovelace"`
	DivisionID     string `json:"divisionId,omitempty" format:"uuid" doc:"The division, if the competition has divisions." example:"018f6b1e-3333-7d0a-9b3e-5a1f0c2d4e6f"`
	Invited        bool   `json:"invited" doc:"Whether the team has invited them, with its current code." example:"false"`
	CanJoin        bool   `json:"canJoin" doc:"false if the person is in another division than the team." example:"true"`
}

// InvitationRequest names the person to invite.
type InvitationRequest struct {
	RegistrationID string `json:"registrationId" format:"uuid" doc:"Of somebody who is looking for a team." example:"018f6b1e-1111-7d0a-9b3e-5a1f0c2d4e6f"`
}

type listTeamsInput struct {
	CompetitionInput
	PageParams
	Search     string `query:"search" doc:"Return only teams whose name begins with this, whatever the case."`
	Incomplete bool   `query:"incomplete" doc:"Return only teams with too few members."`
}

type teamAnswer struct{ Body Team }

const tagTeams = "Teams"

func (a *api) registerTeams() {
	handle(a, route{
		method: http.MethodGet, path: "/api/competitions/{id}/teams", id: "listTeams", tag: tagTeams, access: loggedIn,
		summary:     "List the teams of a competition",
		description: "For its organizer and admins, in the order in which they were created.",
		errors:      []*compete.Error{compete.ErrForbidden, compete.ErrCompetitionMissing},
	}, a.listTeams)
	handle(a, route{
		method: http.MethodGet, path: "/api/teams/{id}", id: "getTeam", tag: tagTeams, access: loggedIn,
		summary:     "Get a team",
		description: "For its members, the competition's organizer and admins.",
		errors:      []*compete.Error{compete.ErrTeamGone},
	}, a.getTeam)
	handle(a, route{
		method: http.MethodPatch, path: "/api/teams/{id}", id: "renameTeam", tag: tagTeams, access: loggedIn,
		summary: "Rename a team",
		description: "For its captain until `answersUntil` (by default the registration deadline), and for the " +
			"competition's organizer and admins at any time. The code and links stay as they are.",
		request: TeamChangeRequest{},
		errors: []*compete.Error{
			compete.ErrTeamGone, compete.ErrCaptainOnly, compete.ErrTeamNameTaken, compete.ErrTeamNameFixed,
			compete.ErrReauthenticate, compete.ErrCompetitionCancelled,
		},
	}, a.renameTeam)
	handle(a, route{
		method: http.MethodPost, path: "/api/teams/{id}/code", id: "renewTeamCode", tag: tagTeams, access: loggedIn,
		summary:     "Renew the code of a team",
		description: "For its captain, the competition's organizer and admins. Earlier codes no longer work.",
		request:     EmptyRequest{}, optionalBody: true,
		errors: []*compete.Error{
			compete.ErrTeamGone, compete.ErrCaptainOnly, compete.ErrReauthenticate, compete.ErrCompetitionCancelled,
		},
	}, a.renewTeamCode)
	handle(a, route{
		method: http.MethodPost, path: "/api/teams/{id}/captain", id: "handOverTeam", tag: tagTeams, access: loggedIn,
		summary: "Make another member captain",
		description: "For its captain, the competition's organizer and admins. Where a seat is for a team, the seat " +
			"or place in line moves to the registration of the new captain.",
		request: CaptainRequest{},
		errors: []*compete.Error{
			compete.ErrTeamGone, compete.ErrCaptainOnly, compete.ErrTeamMemberMissing, compete.ErrPersonDisabled,
			compete.ErrReauthenticate, compete.ErrCompetitionCancelled,
		},
	}, a.handOverTeam)
	handle(a, route{
		method: http.MethodDelete, path: "/api/teams/{id}/members/{userId}", id: "removeTeamMember", tag: tagTeams,
		access: loggedIn, status: http.StatusNoContent,
		summary: "Remove a member from a team",
		description: "For its captain until the start, the competition's organizer and admins. Where a seat is for a " +
			"team, this cancels the registration. Otherwise the person keeps their seat. The team gets another code, " +
			"since the person knows the one it had. Members can remove themselves, in the same way; a captain, only " +
			"when alone. The code stays, then.",
		errors: []*compete.Error{
			compete.ErrTeamGone, compete.ErrCaptainOnly, compete.ErrTeamMemberMissing, compete.ErrReauthenticate,
			compete.ErrCaptainMustHandOver, compete.ErrCompetitionStarted, compete.ErrCompetitionCancelled,
			compete.ErrTeamClosed, compete.ErrApplicationRejected,
		},
	}, a.removeTeamMember)
	a.registerBoard()
}

func (a *api) registerBoard() {
	handle(a, route{
		method: http.MethodGet, path: "/api/teams/{id}/seekers", id: "listSeekers", tag: tagTeams, access: loggedIn,
		summary: "List people looking for a team",
		description: "For the team's captain, the competition's organizer and admins: those who registered with " +
			"`lookingForTeam` and are in no team, in order of arrival.",
		errors: []*compete.Error{
			compete.ErrTeamGone, compete.ErrCaptainOnly, compete.ErrCompetitionCancelled,
		},
	}, a.listSeekers)
	handle(a, route{
		method: http.MethodPost, path: "/api/teams/{id}/invitations", id: "inviteToTeam", tag: tagTeams,
		access: loggedIn, status: http.StatusNoContent,
		summary: "Invite someone to a team",
		description: "For the team's captain, the competition's organizer and admins. Sends somebody who is looking " +
			"for a team a message with the link to join. Whoever was invited with the team's current code gets no " +
			"second one. There is nothing to decline: people join with the code, or stop looking for a team.",
		request: InvitationRequest{},
		errors: []*compete.Error{
			compete.ErrTeamGone, compete.ErrCaptainOnly, compete.ErrNotLooking, compete.ErrTeamDivision,
			compete.ErrTeamFull, compete.ErrTeamClosed, compete.ErrRegistrationClosed, compete.ErrRegistrationNotOpen,
			compete.ErrReauthenticate, compete.ErrCompetitionCancelled, compete.ErrQuotaUsed,
		},
	}, a.inviteToTeam)
}

func (a *api) listSeekers(ctx context.Context, in *seekersInput) (*listOf[Seeker], error) {
	_, page, err := a.Teams.Board(ctx, actor(ctx), in.ID, in.Cursor, int(in.Limit))
	if err != nil {
		return nil, err
	}
	return newList(&in.PageParams, page, func(s *compete.Seeker) Seeker {
		return Seeker{
			RegistrationID: s.ID, Name: s.Participant.Name, DivisionID: s.DivisionID, Invited: s.Invited,
			CanJoin: !s.Apart,
		}
	}), nil
}

func (a *api) inviteToTeam(ctx context.Context, in *teamActionInput) (*accepted, error) {
	var request InvitationRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	if err := a.Teams.Invite(ctx, actor(ctx), in.ID, request.RegistrationID); err != nil {
		return nil, err
	}
	return &accepted{}, nil
}

func (a *api) listTeams(ctx context.Context, in *listTeamsInput) (*listOf[TeamSummary], error) {
	c, err := a.Competitions.Get(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	least := 0
	if c.Team != nil {
		least = c.Team.Min
	}
	filter := compete.TeamFilter{Search: in.Search, Limit: int(in.Limit)}
	if in.Incomplete {
		filter.Below = least
	}
	page, err := a.Teams.List(ctx, actor(ctx), in.ID, in.Cursor, filter)
	if err != nil {
		return nil, err
	}
	return newList(&in.PageParams, page, func(t *compete.TeamSummary) TeamSummary {
		return TeamSummary{
			ID: t.ID, Name: t.Name, Captain: newParticipant(&t.Captain), DivisionID: t.DivisionID, Size: t.Size,
			Complete: t.Size >= least, Status: t.Status, CreatedAt: t.CreatedAt.UTC(),
		}
	}), nil
}

func (a *api) getTeam(ctx context.Context, in *TeamInput) (*teamAnswer, error) {
	view, err := a.Teams.Get(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &teamAnswer{newTeam(&view)}, nil
}

func (a *api) renewTeamCode(ctx context.Context, in *teamActionInput) (*teamAnswer, error) {
	if err := decodeEmpty(in.RawBody); err != nil {
		return nil, err
	}
	view, err := a.Teams.RenewCode(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &teamAnswer{newTeam(&view)}, nil
}

func (a *api) renameTeam(ctx context.Context, in *teamActionInput) (*teamAnswer, error) {
	var request TeamChangeRequest
	if err := decode(in.RawBody, &request, func() error { return compete.CheckTeamName(request.Name) }); err != nil {
		return nil, err
	}
	view, err := a.Teams.Rename(ctx, actor(ctx), in.ID, request.Name)
	if err != nil {
		return nil, err
	}
	return &teamAnswer{newTeam(&view)}, nil
}

func (a *api) handOverTeam(ctx context.Context, in *teamActionInput) (*teamAnswer, error) {
	var request CaptainRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	view, err := a.Teams.HandOver(ctx, actor(ctx), in.ID, request.UserID)
	if err != nil {
		return nil, err
	}
	return &teamAnswer{newTeam(&view)}, nil
}

func (a *api) removeTeamMember(ctx context.Context, in *memberInput) (*accepted, error) {
	if _, err := a.Teams.Remove(ctx, actor(ctx), in.ID, in.UserID); err != nil {
		return nil, err
	}
	return &accepted{}, nil
}
