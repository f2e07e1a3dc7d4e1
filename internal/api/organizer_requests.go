package api

import (
	"context"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// OrganizerRequest is a new user's request to become an organizer.
type OrganizerRequest struct {
	ID          string    `json:"id" format:"uuid" example:"018f6b1e-5555-7d0a-9b3e-5a1f0c2d4e6f"`
	User        User      `json:"user" doc:"The account of the person who wants to create competitions."`
	RequestedAt time.Time `json:"requestedAt" example:"2026-04-01T09:00:00Z"`
}

type organizerRequestInput struct {
	ID string `path:"id" doc:"The request's ID."`
}

type organizerRequestAnswer struct{ Body OrganizerRequest }

func (a *api) registerOrganizerRequests() {
	handle(a, route{
		method: http.MethodGet, path: "/api/admin/organizer-requests", id: "listOrganizerRequests",
		tag: tagAdmin, access: loggedIn,
		summary: "List organizer requests",
		description: "For admins. People who signed up as organizers while that required an admin's approval " +
			"(ORGANIZER_SIGNUP=approval) and are waiting for an answer, oldest first.",
		errors: []*compete.Error{compete.ErrForbidden},
	}, a.listOrganizerRequests)
	for _, answer := range []struct {
		path, id, summary, description string
		approve                        bool
	}{
		{
			"approve", "approveOrganizerRequest", "Approve an organizer request",
			"For admins. The account becomes an organizer, and its owner gets a message. Its sessions end, " +
				"so they have to log in again.", true,
		},
		{
			"decline", "declineOrganizerRequest", "Decline an organizer request",
			"For admins. The account stays a participant, and its owner gets a message.", false,
		},
	} {
		handle(a, route{
			method: http.MethodPost, path: "/api/admin/organizer-requests/{id}/" + answer.path, id: answer.id,
			tag: tagAdmin, access: loggedIn,
			summary: answer.summary, description: answer.description,
			errors: []*compete.Error{compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrRequestMissing},
		}, func(ctx context.Context, in *organizerRequestInput) (*organizerRequestAnswer, error) {
			request, err := a.Administration.AnswerOrganizerRequest(ctx, actor(ctx), in.ID, answer.approve)
			if err != nil {
				return nil, err
			}
			return &organizerRequestAnswer{newOrganizerRequest(&request)}, nil
		})
	}
}

func (a *api) listOrganizerRequests(ctx context.Context, in *PageParams) (*listOf[OrganizerRequest], error) {
	page, err := a.Administration.OrganizerRequests(ctx, actor(ctx), in.Cursor, int(in.Limit))
	if err != nil {
		return nil, err
	}
	return newList(in, page, newOrganizerRequest), nil
}

func newOrganizerRequest(r *compete.OrganizerRequest) OrganizerRequest {
	return OrganizerRequest{ID: r.ID, User: newAdminsUser(&r.User), RequestedAt: r.RequestedAt.UTC()}
}
