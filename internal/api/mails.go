package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// ForgotPasswordRequest requests a password reset link.
type ForgotPasswordRequest struct {
	Email string `json:"email" format:"email" example:"ada@example.com"`
}

// TransformSchema documents the limits.
func (ForgotPasswordRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "email", 0, compete.MaxEmailLength)
	return s
}

// ResetPasswordRequest uses a password reset link.
type ResetPasswordRequest struct {
	Token    string `json:"token" doc:"The token from the link in the email." example:"2kq0Yb3n3rB6xYqU9y1Jx5m1n1mPq0e2eQxw0b4Zk1s"`
	Password string `json:"password" doc:"8 to 256 bytes." example:"a new, longer password"`
}

// TransformSchema documents the limits.
func (ResetPasswordRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "password", compete.MinPasswordLength, compete.MaxPasswordLength)
	return s
}

// ConfirmEmailRequest uses a link that verifies an address.
type ConfirmEmailRequest struct {
	Token    string           `json:"token" doc:"The token from the link in the email." example:"2kq0Yb3n3rB6xYqU9y1Jx5m1n1mPq0e2eQxw0b4Zk1s"`
	Password optional[string] `json:"password,omitzero" doc:"A new password for the account. Required without an access token of the account, and not allowed with one." example:"a new, longer password"`
}

// TransformSchema documents the limits.
func (ConfirmEmailRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "password", compete.MinPasswordLength, compete.MaxPasswordLength)
	return s
}

// ChangeEmailRequest requests a link that changes the account's address.
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
		method: http.MethodPost, path: "/api/auth/password/forgot", id: "forgotPassword", tag: tagAccounts, setup: true,
		status:  http.StatusAccepted,
		summary: "Request a password reset link",
		description: "The response is the same whether or not an account has this address, and takes the same time. " +
			"An address gets at most one such email per minute and five per hour; further requests have no effect. " +
			"The link works once, within one hour.",
		request: ForgotPasswordRequest{}, errors: []*compete.Error{compete.ErrTooManyRequests, compete.ErrMailOff},
	}, a.forgotPassword)
	handle(a, route{
		method: http.MethodPost, path: "/api/auth/password/reset", id: "resetPassword", tag: tagAccounts, setup: true,
		status:  http.StatusNoContent,
		summary: "Reset a password with a link",
		description: "Ends all sessions of the account and confirms its email address. If the password is " +
			"rejected, the link still works.",
		request: ResetPasswordRequest{}, errors: []*compete.Error{compete.ErrLinkVoid},
	}, a.resetPassword)
	handle(a, route{
		method: http.MethodPost, path: "/api/auth/email/confirm", id: "confirmEmail", tag: tagAccounts,
		summary: "Confirm an email address with a link",
		description: "Confirms the account's current address, or the new one requested with changeEmail. Returns the " +
			"account. The link alone isn't enough, because someone else may have signed up with the address: send " +
			"the account's own access token in Authorization, or a new `password`, which ends all " +
			"sessions and tokens of the account. A new address requires the access token, because it may have " +
			"been mistyped.",
		request: ConfirmEmailRequest{}, errors: []*compete.Error{
			compete.ErrLinkVoid, compete.ErrOtherAccount,
			compete.ErrEmailTaken,
		},
	}, a.confirmEmail)
	handle(a, route{
		method: http.MethodPost, path: "/api/users/me/email/verify", id: "verifyEmail", tag: tagAccounts,
		access: loggedIn, status: http.StatusAccepted,
		summary:     "Request a link to confirm my email address",
		description: "At most one such email per minute and five per hour. The link works once, within 48 hours.",
		errors:      []*compete.Error{compete.ErrAlreadyVerified, compete.ErrLinkTooSoon, compete.ErrMailOff},
	}, a.verifyEmail)
	handle(a, route{
		method: http.MethodPost, path: "/api/users/me/email", id: "changeEmail", tag: tagAccounts, access: loggedIn,
		status:  http.StatusAccepted,
		summary: "Request a link to change my email address",
		description: "Takes a token that's at most 15 minutes old. We email the link to the new address; it works " +
			"once, within 24 hours. Until then the account keeps its current address. If another account uses the " +
			"new address, the response is the same and that account's owner is notified instead.",
		request: ChangeEmailRequest{}, errors: []*compete.Error{
			compete.ErrReauthenticate, compete.ErrLinkTooSoon,
			compete.ErrTooManyGuesses, compete.ErrMailOff,
		},
	}, a.changeEmail)
}

func (a *api) forgotPassword(ctx context.Context, in *JSONBody) (*accepted, error) {
	var request ForgotPasswordRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	return &accepted{}, a.Accounts.RequestPasswordReset(ctx, request.Email)
}

func (a *api) resetPassword(ctx context.Context, in *JSONBody) (*accepted, error) {
	var request ResetPasswordRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	_, err := a.Accounts.ResetPassword(ctx, request.Token, request.Password)
	return &accepted{}, err
}

func (a *api) confirmEmail(ctx context.Context, in *JSONBody) (*userAnswer, error) {
	var request ConfirmEmailRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	var password string
	if p := request.Password.pointer(); p != nil {
		password = *p
	}
	user, err := a.Accounts.ConfirmEmail(ctx, actor(ctx), request.Token, password)
	if err != nil {
		return nil, err
	}
	return &userAnswer{newUser(&user)}, nil
}

func (a *api) verifyEmail(ctx context.Context, _ *noInput) (*accepted, error) {
	return &accepted{}, a.Accounts.RequestVerification(ctx, actor(ctx))
}

func (a *api) changeEmail(ctx context.Context, in *JSONBody) (*accepted, error) {
	var request ChangeEmailRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	return &accepted{}, a.Accounts.RequestEmailChange(ctx, actor(ctx), request.Email, request.CurrentPassword)
}
