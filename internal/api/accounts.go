package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
)

// User is an account as its owner and admins see it.
type User struct {
	ID            string       `json:"id" format:"uuid" example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`
	Name          string       `json:"name" example:"Ada Lovelace"`
	Email         string       `json:"email" format:"email" example:"ada@example.com"`
	Role          compete.Role `json:"role" enum:"PARTICIPANT,ORGANIZER,ADMIN" example:"PARTICIPANT"`
	Disabled      bool         `json:"disabled" doc:"Whether an admin has disabled the account." example:"false"`
	EmailVerified bool         `json:"emailVerified" doc:"Whether the user has confirmed the address through a link we emailed." example:"true"`
	Reminders     bool         `json:"reminders" doc:"Whether the user gets reminders of competitions that start soon." example:"true"`
	TimeZone      string       `json:"timeZone,omitempty" doc:"IANA name of the zone in which messages show times beside the venue's. Left out if unknown, and for admins." example:"Europe/London"`
	CreatedAt     time.Time    `json:"createdAt" example:"2026-03-01T09:00:00Z"`
	UpdatedAt     time.Time    `json:"updatedAt" example:"2026-03-01T09:00:00Z"`

	DisabledReason *string `json:"disabledReason,omitempty" doc:"Why the account is disabled. Only admins see it, for disabled accounts." example:"Sold seats of free competitions."`
	ReasonShown    *bool   `json:"disabledReasonShown,omitempty" doc:"Whether the user sees the reason when trying to log in. Only admins see it, for disabled accounts." example:"true"`
}

// Login is a token and its account.
type Login struct {
	Token string `json:"token" doc:"A JWT. Send it as 'Authorization: Bearer …'." example:"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x"`
	User  User   `json:"user"`
}

// SignUpRequest creates an account.
type SignUpRequest struct {
	Name     string       `json:"name" example:"Ada Lovelace"`
	Email    string       `json:"email" format:"email" doc:"Unique, ignoring case." example:"ada@example.com"`
	Password string       `json:"password" doc:"8 to 256 bytes." example:"correct horse battery"`
	Role     compete.Role `json:"role" enum:"PARTICIPANT,ORGANIZER" example:"PARTICIPANT"`
}

// TransformSchema documents the limits.
func (SignUpRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "name", 1, compete.MaxNameLength)
	limitText(s, "email", 0, compete.MaxEmailLength)
	limitText(s, "password", compete.MinPasswordLength, compete.MaxPasswordLength)
	return s
}

// LogInRequest asks for a token.
type LogInRequest struct {
	Email    string           `json:"email" example:"participant1@minicompete.com"`
	Password string           `json:"password" example:"password123"`
	Code     optional[string] `json:"code,omitzero" doc:"Only for accounts with a second factor: the six digits that the authenticator app shows now, or an unused recovery code." example:"492039"`
}

// ConfirmRequest reauthenticates the caller.
type ConfirmRequest struct {
	Password string           `json:"password" example:"password123"`
	Code     optional[string] `json:"code,omitzero" doc:"Only for accounts with a second factor, as for logIn." example:"492039"`
}

// ProfileRequest changes the caller's account; omitted fields stay unchanged.
type ProfileRequest struct {
	Name            optional[string] `json:"name,omitzero" example:"Ada King"`
	Password        optional[string] `json:"password,omitzero" doc:"The new password, 8 to 256 bytes. Setting it ends all other sessions." example:"a new, longer password"`
	CurrentPassword optional[string] `json:"currentPassword,omitzero" doc:"Required to set a new password." example:"correct horse battery"`
	Reminders       optional[bool]   `json:"reminders,omitzero" doc:"Whether to get reminders of competitions that start soon." example:"false"`
	TimeZone        optional[string] `json:"timeZone,omitzero" doc:"IANA name of the zone in which messages show times beside the venue's. Empty to use that of your browser." example:"Europe/London"`
}

// TransformSchema documents the limits.
func (ProfileRequest) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	limitText(s, "name", 1, compete.MaxNameLength)
	limitText(s, "password", compete.MinPasswordLength, compete.MaxPasswordLength)
	return s
}

func (r *ProfileRequest) change() compete.ProfileChange {
	return compete.ProfileChange{
		Name: r.Name.pointer(), Password: r.Password.pointer(),
		CurrentPassword: r.CurrentPassword.pointer(), Reminders: r.Reminders.pointer(), TimeZone: r.TimeZone.pointer(),
	}
}

type loginAnswer struct{ Body Login }

type userAnswer struct{ Body User }

type noInput struct{}

const tagAccounts = "Accounts"

func (a *api) registerAccounts() {
	handle(a, route{
		method: http.MethodPost, path: "/api/auth/signup", id: "signUp", tag: tagAccounts, setup: true,
		status:  http.StatusCreated,
		summary: "Sign up",
		description: "Creates an account as a participant or an organizer. Only an admin can make someone an admin. " +
			"Where organizers need an admin's approval, `ORGANIZER` creates a participant with a request; where " +
			"people can't sign up as organizers, it's rejected.",
		request: SignUpRequest{},
		errors:  []*compete.Error{compete.ErrEmailTaken, compete.ErrTooManyRequests},
	}, a.signUp)
	handle(a, route{
		method: http.MethodPost, path: "/api/auth/login", id: "logIn", tag: tagAccounts, setup: true,
		summary: "Log in",
		description: "An unknown email and a wrong password get the same response in the same time. If the account " +
			"has a second factor and there's no `code`, the response to the right password is " +
			"`second_factor_required`: ask for a code and send the request again with it. An account whose only " +
			"second factor is a passkey takes a recovery code here.",
		request: LogInRequest{}, errors: []*compete.Error{
			compete.ErrBadCredentials, compete.ErrSecondFactor, compete.ErrWrongCode, compete.ErrAccountDisabled,
			compete.ErrDemoAccount, compete.ErrTooManyRequests, compete.ErrTooManyGuesses,
		},
	}, a.logIn)
	handle(a, route{
		method: http.MethodPost, path: "/api/auth/confirm", id: "confirmLogin", tag: tagAccounts,
		access: loggedIn, setup: true,
		summary: "Confirm that it's me",
		description: "Changing a password, an email address or a second factor takes a token that's at most 15 " +
			"minutes old, and so does what admins change about the site, other accounts and other people's " +
			"competitions. An older one gets `reauthentication_required`. This makes a new token. The session of the " +
			"old token ends, so use the new one from then on.",
		request: ConfirmRequest{},
		errors:  []*compete.Error{compete.ErrSecondFactor, compete.ErrTooManyGuesses},
	}, a.confirmLogin)
	handle(a, route{
		method: http.MethodGet, path: "/api/auth/me", id: "me", tag: tagAccounts, access: loggedIn, setup: true,
		summary: "Get my account", description: "Returns the account that the token belongs to.",
	}, a.me)
	handle(a, route{
		method: http.MethodPatch, path: "/api/users/me", id: "updateMe", tag: tagAccounts, access: loggedIn,
		summary: "Update my account",
		description: "Fields you leave out stay unchanged. Setting a new password requires the current one and a " +
			"token that's at most 15 minutes old, and ends all other sessions.",
		request: ProfileRequest{},
		errors:  []*compete.Error{compete.ErrReauthenticate, compete.ErrTooManyGuesses},
	}, a.updateMe)
	a.registerPrivacy()
}

func (a *api) signUp(ctx context.Context, in *JSONBody) (*loginAnswer, error) {
	var request SignUpRequest
	if err := decode(in.RawBody, &request, func() error { return compete.SignUp(request).Check() }); err != nil {
		return nil, err
	}
	user, err := a.Accounts.SignUp(ctx, compete.SignUp(request))
	if err != nil {
		return nil, err
	}
	return a.login(ctx, &user)
}

func (a *api) logIn(ctx context.Context, in *JSONBody) (*loginAnswer, error) {
	var request LogInRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	user, err := a.Logins.LogIn(ctx, request.Email, request.Password, request.Code.Value)
	if err != nil {
		return nil, err
	}
	return a.login(ctx, &user)
}

func (a *api) login(ctx context.Context, user *compete.User) (*loginAnswer, error) {
	compete.Enter(ctx, compete.ViaAPI, compete.Actor{UserID: user.ID, Role: user.Role})
	a.Logins.NoteLogin(ctx, *user, false)
	token, err := a.Auth.IssueToken(ctx, *user)
	if err != nil {
		return nil, err
	}
	return &loginAnswer{Login{Token: token, User: newUser(user)}}, nil
}

// confirmLogin replaces the caller's session. A token without a session stays valid, since it can't be told from others
// of its user.
func (a *api) confirmLogin(ctx context.Context, in *JSONBody) (*loginAnswer, error) {
	var request ConfirmRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	user, err := a.Logins.Confirm(ctx, actor(ctx), request.Password, request.Code.Value)
	if err != nil {
		return nil, err
	}
	answer, err := a.login(ctx, &user)
	if err == nil && actor(ctx).SessionID != "" {
		err = a.Auth.End(ctx, actor(ctx))
	}
	return answer, err
}

func (a *api) me(ctx context.Context, _ *noInput) (*userAnswer, error) {
	user, err := a.Accounts.Me(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	return &userAnswer{newUser(&user)}, nil
}

func (a *api) updateMe(ctx context.Context, in *JSONBody) (*userAnswer, error) {
	var request ProfileRequest
	if err := decode(in.RawBody, &request, func() error { return request.change().Check() }); err != nil {
		return nil, err
	}
	user, err := a.Accounts.UpdateProfile(ctx, actor(ctx), request.change())
	if err != nil {
		return nil, err
	}
	return &userAnswer{newUser(&user)}, nil
}

// newAdminsUser returns an account with the fields that only admins see.
func newAdminsUser(u *compete.User) User {
	user := newUser(u)
	user.TimeZone = ""
	if u.DisabledAt != nil {
		user.DisabledReason, user.ReasonShown = &u.DisabledReason.Text, &u.DisabledReason.Shown
	}
	return user
}

func newUser(u *compete.User) User {
	return User{
		ID: u.ID, Name: u.Name, Email: u.Email, Role: u.Role, Disabled: u.DisabledAt != nil,
		EmailVerified: u.VerifiedAt != nil, Reminders: u.RemindersOffAt == nil, TimeZone: u.Zone.Name,
		CreatedAt: u.CreatedAt.UTC(), UpdatedAt: u.UpdatedAt.UTC(),
	}
}
