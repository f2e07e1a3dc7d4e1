package api

import (
	"context"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// Factors are the second factors of an account.
type Factors struct {
	AuthenticatorApp bool      `json:"authenticatorApp" doc:"Whether an authenticator app is set up." example:"true"`
	Passkeys         []Passkey `json:"passkeys" doc:"Oldest first."`
	RecoveryCodes    int       `json:"recoveryCodes" doc:"How many recovery codes are unused." example:"9"`
	Required         bool      `json:"required" doc:"Whether the account's role needs a second factor." example:"false"`
}

// Passkey is a passkey of the caller's account.
type Passkey struct {
	ID         string     `json:"id" format:"uuid" example:"018f6b1e-6666-7d0a-9b3e-5a1f0c2d4e6f"`
	Name       string     `json:"name" doc:"Chosen by its owner." example:"My phone"`
	CreatedAt  time.Time  `json:"createdAt" example:"2026-03-01T09:00:00Z"`
	LastUsedAt *time.Time `json:"lastUsedAt" doc:"Null if it was never used." example:"2026-03-01T09:40:00Z"`
}

// StartedApp is an authenticator app that isn't confirmed yet.
type StartedApp struct {
	Secret string `json:"secret" doc:"The key to type into the app, in base32." example:"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"`
	URI    string `json:"uri" doc:"The same as a URI, for a QR code." example:"otpauth://totp/Mini%20Compete:ada@example.com?issuer=Mini%20Compete&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"`
}

// ConfirmAppRequest proves that an authenticator app works.
type ConfirmAppRequest struct {
	Code string `json:"code" doc:"The six digits the app shows now." example:"492039"`
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	RecoveryCodes []string `json:"recoveryCodes" doc:"Each logs in once in place of another second factor. They aren't shown again. Empty if the account keeps those it has." example:"k3ph77-xqma2d-v5rutb-q2c4we"`
}

type (
	factorsAnswer    struct{ Body Factors }
	startedAppAnswer struct{ Body StartedApp }
	codesAnswer      struct{ Body RecoveryCodes }
	passkeyInput     struct {
		ID string `path:"id" doc:"The passkey's ID."`
	}
)

const tagFactors = "Second factors"

func (a *api) registerFactors() {
	handle(a, route{
		method: http.MethodGet, path: "/api/users/me/factors", id: "getFactors", tag: tagFactors,
		access: loggedIn, setup: true,
		summary:     "Get my second factors",
		description: "Passkeys are added on the pages: creating one takes a browser.",
	}, a.getFactors)
	handle(a, route{
		method: http.MethodPost, path: "/api/users/me/factors/app", id: "startApp", tag: tagFactors,
		access: loggedIn, setup: true,
		summary: "Set up an authenticator app",
		description: "Makes a key for the app (TOTP, RFC 6238: SHA-1, six digits, 30 seconds). It has no effect " +
			"until you confirm it with a code. Calling it again makes another key. Takes a token " +
			"that's at most 15 minutes old.",
		errors: []*compete.Error{compete.ErrReauthenticate, compete.ErrFactorExists},
	}, a.startApp)
	handle(a, route{
		method: http.MethodPost, path: "/api/users/me/factors/app/confirm", id: "confirmApp", tag: tagFactors,
		access: loggedIn, setup: true,
		summary: "Confirm the authenticator app",
		description: "From then on, logging in with the password takes a code as well. Returns recovery codes if " +
			"it's the account's first second factor. Takes a token that's at most 15 minutes old.",
		request: ConfirmAppRequest{}, errors: []*compete.Error{
			compete.ErrReauthenticate, compete.ErrFactorMissing,
			compete.ErrTooManyGuesses,
		},
	}, a.confirmApp)
	handle(a, route{
		method: http.MethodDelete, path: "/api/users/me/factors/app", id: "removeApp", tag: tagFactors,
		access: loggedIn, status: http.StatusNoContent,
		summary: "Turn the authenticator app off", description: "Takes a token that's at most 15 minutes old.",
		errors: []*compete.Error{compete.ErrReauthenticate, compete.ErrFactorMissing, compete.ErrFactorNeeded},
	}, a.removeApp)
	handle(a, route{
		method: http.MethodDelete, path: "/api/users/me/factors/passkeys/{id}", id: "removePasskey", tag: tagFactors,
		access: loggedIn, status: http.StatusNoContent,
		summary: "Remove a passkey", description: "Takes a token that's at most 15 minutes old.",
		errors: []*compete.Error{compete.ErrReauthenticate, compete.ErrFactorMissing, compete.ErrFactorNeeded},
	}, a.removePasskey)
	handle(a, route{
		method: http.MethodPost, path: "/api/users/me/factors/recovery-codes", id: "newRecoveryCodes",
		tag: tagFactors, access: loggedIn,
		summary:     "Make new recovery codes",
		description: "All earlier codes stop working. Takes a token that's at most 15 minutes old.",
		errors:      []*compete.Error{compete.ErrReauthenticate, compete.ErrFactorMissing},
	}, a.newRecoveryCodes)
	handle(a, route{
		method: http.MethodDelete, path: "/api/admin/users/{id}/factors", id: "resetUserFactors", tag: tagAdmin,
		access: loggedIn, status: http.StatusNoContent,
		summary: "Reset an account's second factors",
		description: "For admins, when someone has lost their authenticator app, passkeys and recovery codes. Make " +
			"sure that it's really them who asks: from then on, the password alone logs in. The owner gets a message.",
		errors: []*compete.Error{
			compete.ErrForbidden, compete.ErrReauthenticate, compete.ErrUserMissing,
			compete.ErrFactorMissing,
		},
	}, a.resetUserFactors)
}

func (a *api) getFactors(ctx context.Context, _ *noInput) (*factorsAnswer, error) {
	f, required, err := a.SecondFactors.Mine(ctx, actor(ctx))
	if err != nil {
		return nil, err
	}
	answer := Factors{
		AuthenticatorApp: f.App != nil, Passkeys: make([]Passkey, len(f.Passkeys)),
		RecoveryCodes: f.RecoveryCodes, Required: required,
	}
	for i, p := range f.Passkeys {
		answer.Passkeys[i] = Passkey{
			ID: p.ID, Name: p.Name, CreatedAt: p.CreatedAt.UTC(),
			LastUsedAt: utc(p.LastUsedAt),
		}
	}
	return &factorsAnswer{answer}, nil
}

func (a *api) startApp(ctx context.Context, _ *noInput) (*startedAppAnswer, error) {
	app, err := a.SecondFactors.StartApp(ctx, actor(ctx))
	return &startedAppAnswer{StartedApp(app)}, err
}

func (a *api) confirmApp(ctx context.Context, in *JSONBody) (*codesAnswer, error) {
	var request ConfirmAppRequest
	if err := decode(in.RawBody, &request, nil); err != nil {
		return nil, err
	}
	codes, err := a.SecondFactors.ConfirmApp(ctx, actor(ctx), request.Code)
	return newCodes(codes), err
}

func newCodes(codes []string) *codesAnswer {
	return &codesAnswer{RecoveryCodes{append([]string{}, codes...)}}
}

func (a *api) removeApp(ctx context.Context, _ *noInput) (*accepted, error) {
	return &accepted{}, a.SecondFactors.RemoveApp(ctx, actor(ctx))
}

func (a *api) removePasskey(ctx context.Context, in *passkeyInput) (*accepted, error) {
	return &accepted{}, a.SecondFactors.RemovePasskey(ctx, actor(ctx), in.ID)
}

func (a *api) newRecoveryCodes(ctx context.Context, _ *noInput) (*codesAnswer, error) {
	codes, err := a.SecondFactors.NewRecoveryCodes(ctx, actor(ctx))
	return newCodes(codes), err
}

func (a *api) resetUserFactors(ctx context.Context, in *userInput) (*accepted, error) {
	return &accepted{}, a.SecondFactors.Reset(ctx, actor(ctx), in.ID)
}
