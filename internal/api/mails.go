package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"minicompete/internal/compete"
)

// ForgotPasswordRequest asks for a link that sets a new password.
type ForgotPasswordRequest struct {
	Email string `json:"email" format:"email" example:"ada@example.com"`
}

// TransformSchema documents the limits.
func (ForgotPasswordRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "email", 0, compete.MaxEmailLength)
	return s
}

// ResetPasswordRequest uses such a link.
type ResetPasswordRequest struct {
	Token    string `json:"token" doc:"From the link in the mail." example:"2kq0Yb3n3rB6xYqU9y1Jx5m1n1mPq0e2eQxw0b4Zk1s"`
	Password string `json:"password" doc:"8 to 72 bytes." example:"a new, longer password"`
}

// TransformSchema documents the limits.
func (ResetPasswordRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "password", compete.MinPasswordLength, compete.MaxPasswordLength)
	return s
}

// ConfirmEmailRequest uses a link that shows that an address is its user's.
type ConfirmEmailRequest struct {
	Token string `json:"token" doc:"From the link in the mail." example:"2kq0Yb3n3rB6xYqU9y1Jx5m1n1mPq0e2eQxw0b4Zk1s"`
}

// ChangeEmailRequest asks for a link that gives the account another address.
type ChangeEmailRequest struct {
	Email           string `json:"email" format:"email" example:"ada@lovelace.example"`
	CurrentPassword string `json:"currentPassword" example:"correct horse battery"`
}

// TransformSchema documents the limits.
func (ChangeEmailRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "email", 0, compete.MaxEmailLength)
	return s
}

// accepted is an answer without content.
type accepted struct{}

func (a *api) registerMails() {
	handle(a, route{
		method: http.MethodPost, path: "/api/auth/password/forgot", id: "forgotPassword", tag: tagAccounts, status: http.StatusAccepted,
		summary:     "Ask for a link that sets a new password",
		description: "The answer is the same, after the same work, whether or not an account has this address. At most one such mail a minute and five an hour go to an address; more requests change nothing. The link works once, for one hour.",
		request:     ForgotPasswordRequest{}, errors: []*compete.Error{compete.ErrMailOff},
	}, a.forgotPassword)
	handle(a, route{
		method: http.MethodPost, path: "/api/auth/password/reset", id: "resetPassword", tag: tagAccounts, status: http.StatusNoContent,
		summary:     "Set a new password by a link",
		description: "Ends all sessions of the account, and confirms its address: the mail was read. A password that is refused leaves the link as it is.",
		request:     ResetPasswordRequest{}, errors: []*compete.Error{compete.ErrLinkVoid, compete.ErrBusy},
	}, a.resetPassword)
	handle(a, route{
		method: http.MethodPost, path: "/api/auth/email/confirm", id: "confirmEmail", tag: tagAccounts,
		summary:     "Confirm an address by a link",
		description: "The address of the account, or the one that it is to have instead (see changeEmail). Answers the account.",
		request:     ConfirmEmailRequest{}, errors: []*compete.Error{compete.ErrLinkVoid, compete.ErrEmailTaken},
	}, a.confirmEmail)
	handle(a, route{
		method: http.MethodPost, path: "/api/users/me/email/verify", id: "verifyEmail", tag: tagAccounts, access: loggedIn, status: http.StatusAccepted,
		summary:     "Ask for a link that confirms my address",
		description: "At most one such mail a minute and five an hour. The link works once, for 48 hours.",
		errors:      []*compete.Error{compete.ErrAlreadyVerified, compete.ErrLinkTooSoon, compete.ErrMailOff},
	}, a.verifyEmail)
	handle(a, route{
		method: http.MethodPost, path: "/api/users/me/email", id: "changeEmail", tag: tagAccounts, access: loggedIn, status: http.StatusAccepted,
		summary:     "Ask for a link that gives my account another address",
		description: "It goes to that address, works once, for 24 hours, and the account keeps its address until then. The answer is the same if the address is another account's, whose owner is told instead.",
		request:     ChangeEmailRequest{}, errors: []*compete.Error{compete.ErrLinkTooSoon, compete.ErrMailOff, compete.ErrBusy},
	}, a.changeEmail)
}

func (a *api) forgotPassword(ctx context.Context, in *JSONBody) (*accepted, error) {
	var request ForgotPasswordRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	return &accepted{}, a.Service.RequestPasswordReset(ctx, request.Email)
}

func (a *api) resetPassword(ctx context.Context, in *JSONBody) (*accepted, error) {
	var request ResetPasswordRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	_, err := a.Service.ResetPassword(ctx, request.Token, request.Password)
	return &accepted{}, err
}

func (a *api) confirmEmail(ctx context.Context, in *JSONBody) (*userAnswer, error) {
	var request ConfirmEmailRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	user, err := a.Service.ConfirmEmail(ctx, request.Token)
	if err != nil {
		return nil, err
	}
	return &userAnswer{newUser(&user)}, nil
}

func (a *api) verifyEmail(ctx context.Context, _ *noInput) (*accepted, error) {
	return &accepted{}, a.Service.RequestVerification(ctx, actor(ctx))
}

func (a *api) changeEmail(ctx context.Context, in *JSONBody) (*accepted, error) {
	var request ChangeEmailRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	return &accepted{}, a.Service.RequestEmailChange(ctx, actor(ctx), request.Email, request.CurrentPassword)
}
