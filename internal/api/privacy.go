package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/takeout"
)

// DeleteAccountRequest confirms the deletion of the caller's account.
type DeleteAccountRequest struct {
	Password string `json:"password" doc:"Your current password." example:"correct horse battery"`
}

// exportAnswer has a Body that writes the export.
type exportAnswer struct {
	Body func(huma.Context)
}

type userInput struct {
	ID string `path:"id" doc:"The user's ID."`
}

func (a *api) registerPrivacy() {
	handle(a, route{
		method: http.MethodGet, path: "/api/users/me/export", id: "exportMe", tag: tagAccounts, access: loggedIn,
		summary: "Download my data", description: "Returns everything that's stored about you as one JSON file.",
		produces: []content{contentJSON[takeout.PersonalData]()},
	}, a.exportMe)
	handle(a, route{
		method: http.MethodDelete, path: "/api/users/me", id: "deleteMe", tag: tagAccounts, access: loggedIn,
		status:  http.StatusNoContent,
		summary: "Delete my account",
		description: "Deletes your account for good. Your registrations are cancelled (`ERASED`) and become " +
			"anonymous, and seats pass on to the waitlist. Everything else about you is deleted within minutes: " +
			"logins, messages, drafts. Competitions of yours that are over stay, under \"Deleted account\". If the " +
			"account has a second factor, it takes a token that's at most 15 minutes old.",
		request: DeleteAccountRequest{},
		errors: []*compete.Error{
			compete.ErrReauthenticate, compete.ErrTooManyGuesses,
			compete.ErrOrganizesCompetitions, compete.ErrLastAdmin,
		},
	}, a.deleteMe)
	handle(a, route{
		method: http.MethodDelete, path: "/api/admin/users/{id}", id: "deleteUser", tag: tagAdmin, access: loggedIn,
		status:  http.StatusNoContent,
		summary: "Delete an account",
		description: "For admins, when someone asks you to. Has the same effect as if they deleted it. You can't " +
			"delete your own account this way.",
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrUserMissing,
			compete.ErrOwnAccount, compete.ErrOrganizesCompetitions,
		},
	}, a.deleteUser)
}

func (a *api) exportMe(ctx context.Context, _ *noInput) (*exportAnswer, error) {
	data, err := a.Takeout.Export(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	return &exportAnswer{func(hc huma.Context) {
		request, response := humago.Unwrap(hc)
		takeout.Send(response, request, a.Logger, data)
	}}, nil
}

func (a *api) deleteMe(ctx context.Context, in *JSONBody) (*accepted, error) {
	var request DeleteAccountRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	return &accepted{}, a.Erasure.DeleteAccount(ctx, actor(ctx), request.Password)
}

func (a *api) deleteUser(ctx context.Context, in *userInput) (*accepted, error) {
	return &accepted{}, a.Erasure.DeleteUser(ctx, actor(ctx), in.ID)
}
