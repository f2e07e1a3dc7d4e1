package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// FailedJob is a background job that ran out of attempts.
type FailedJob struct {
	ID        string          `json:"id" format:"uuid" example:"018f6b1e-4444-7d0a-9b3e-5a1f0c2d4e6f"`
	JobID     int64           `json:"jobId" doc:"The job's ID in the queue." example:"4711"`
	Queue     string          `json:"queue" example:"registration"`
	Kind      string          `json:"kind" example:"notify"`
	Payload   json.RawMessage `json:"payload" doc:"The job's input."`
	Error     string          `json:"error" doc:"The error of the last attempt." example:"the mail server rejected the recipient"`
	Attempts  int             `json:"attempts" example:"3"`
	FailedAt  time.Time       `json:"failedAt" example:"2026-04-01T09:00:07Z"`
	RetriedAt *time.Time      `json:"retriedAt" doc:"When the job was retried; null if it wasn't." example:"2026-04-01T09:30:00Z"`
}

// UpdateUserRequest holds an admin's changes to an account; omitted fields stay unchanged.
type UpdateUserRequest struct {
	Role     optional[compete.Role] `json:"role,omitzero" enum:"PARTICIPANT,ORGANIZER,ADMIN" example:"ORGANIZER"`
	Disabled optional[bool]         `json:"disabled,omitzero" doc:"true disables the account and ends its sessions; false enables it again." example:"true"`

	DisabledReason optional[string] `json:"disabledReason,omitzero" doc:"Why the account is disabled, for admins. It's dropped when the account is enabled again." example:"Sold seats of free competitions."`
	ReasonShown    optional[bool]   `json:"disabledReasonShown,omitzero" doc:"Whether the user sees the reason when trying to log in." example:"true"`
}

// TransformSchema documents the limits.
func (UpdateUserRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "disabledReason", 0, compete.MaxDisabledReason)
	return s
}

type failedJobInput struct {
	ID string `path:"id" doc:"The failed job's ID."`
}

type failedJobAnswer struct{ Body FailedJob }

type listUsersInput struct {
	Search string `query:"search" doc:"Words in the name or email. Part of a word is enough; case and accents don't matter." example:"ada"`
	PageParams
}

type updateUserInput struct {
	ID string `path:"id" doc:"The user's ID."`
	JSONBody
}

const tagAdmin = "Administration"

func (a *api) registerAdmin() {
	handle(a, route{
		method: http.MethodGet, path: "/api/admin/failed-jobs", id: "listFailedJobs", tag: tagAdmin, access: loggedIn,
		summary: "List failed jobs", description: "For admins. Jobs that have used up their attempts, newest first.",
		errors: []*compete.Error{compete.ErrForbidden},
	}, a.listFailedJobs)
	handle(a, route{
		method: http.MethodPost, path: "/api/admin/failed-jobs/{id}/retry", id: "retryFailedJob",
		tag: tagAdmin, access: loggedIn,
		summary: "Retry a failed job",
		description: "For admins. You can retry each failed job once. If it fails again, it " +
			"appears as a new failed job.",
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrFailedJobMissing,
			compete.ErrFailedJobRetried,
		},
	}, a.retryFailedJob)
	handle(a, route{
		method: http.MethodGet, path: "/api/admin/users", id: "listUsers", tag: tagAdmin, access: loggedIn,
		summary: "List accounts", description: "For admins, newest first.",
		errors: []*compete.Error{compete.ErrForbidden},
	}, a.listUsers)
	handle(a, route{
		method: http.MethodPatch, path: "/api/admin/users/{id}", id: "updateUser", tag: tagAdmin, access: loggedIn,
		summary: "Update an account", description: "For admins. You can't change your own account.",
		request: UpdateUserRequest{}, errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate,
			compete.ErrUserMissing, compete.ErrOwnAccount,
		},
	}, a.updateUser)
	handle(a, route{
		method: http.MethodPost, path: "/api/admin/users/{id}/end-sessions", id: "endUserSessions",
		tag: tagAdmin, access: loggedIn,
		status:  http.StatusNoContent,
		summary: "End all sessions of an account",
		description: "For admins. Logs the account out everywhere and revokes its tokens, within " +
			"seconds. It can log in again.",
		errors: []*compete.Error{compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrUserMissing},
	}, a.endUserSessions)
	a.registerOrganizerRequests()
	a.registerReports()
}

func (a *api) listFailedJobs(ctx context.Context, in *PageParams) (*listOf[FailedJob], error) {
	page, err := a.FailedJobs.List(ctx, actor(ctx), in.Cursor, int(in.Limit))
	if err != nil {
		return nil, err
	}
	return newList(in, page, newFailedJob), nil
}

func (a *api) retryFailedJob(ctx context.Context, in *failedJobInput) (*failedJobAnswer, error) {
	job, err := a.FailedJobs.Retry(ctx, actor(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &failedJobAnswer{newFailedJob(&job)}, nil
}

func newFailedJob(j *compete.FailedJob) FailedJob {
	return FailedJob{
		ID: j.ID, JobID: j.JobID, Queue: j.Queue, Kind: j.Kind, Payload: j.Payload, Error: j.Error,
		Attempts: j.Attempts,
		FailedAt: j.FailedAt.UTC(), RetriedAt: utc(j.RetriedAt),
	}
}

func (a *api) listUsers(ctx context.Context, in *listUsersInput) (*listOf[User], error) {
	page, err := a.Administration.Users(ctx, actor(ctx), in.Search, in.Cursor, int(in.Limit))
	if err != nil {
		return nil, err
	}
	return newList(&in.PageParams, page, newAdminsUser), nil
}

func (a *api) endUserSessions(ctx context.Context, in *userInput) (*accepted, error) {
	return &accepted{}, a.Administration.EndSessions(ctx, actor(ctx), in.ID)
}

func (a *api) updateUser(ctx context.Context, in *updateUserInput) (*userAnswer, error) {
	var request UpdateUserRequest
	change := func() compete.UserChange {
		return compete.UserChange{
			Role: request.Role.pointer(), Disabled: request.Disabled.pointer(),
			DisabledReason: request.DisabledReason.pointer(), ReasonShown: request.ReasonShown.pointer(),
		}
	}
	if err := decode(in.RawBody, &request, func() error { return change().Check() }); err != nil {
		return nil, err
	}
	user, err := a.Administration.UpdateUser(ctx, actor(ctx), in.ID, change())
	if err != nil {
		return nil, err
	}
	return &userAnswer{newAdminsUser(&user)}, nil
}
