package api

import (
	"context"
	"net/http"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// Session is a login of the caller's account.
type Session struct {
	ID         string    `json:"id" format:"uuid" example:"018f6b1e-5555-7d0a-9b3e-5a1f0c2d4e6f"`
	Device     string    `json:"device" doc:"The device that logged in, according to its user agent. Empty if unknown." example:"Chrome on Android"`
	Address    string    `json:"address" doc:"Where it logged in from: an IPv4 address, or the /64 network of an IPv6 address. Empty if unknown." example:"203.0.113.7"`
	Kind       string    `json:"kind" enum:"page,api" doc:"Whether it's a login on the pages or an API token." example:"api"`
	Current    bool      `json:"current" doc:"Whether it's the session of this request." example:"true"`
	CreatedAt  time.Time `json:"createdAt" example:"2026-03-01T09:00:00Z"`
	LastUsedAt time.Time `json:"lastUsedAt" doc:"Accurate to about five minutes." example:"2026-03-01T09:40:00Z"`
	ExpiresAt  time.Time `json:"expiresAt" doc:"When it ends at the latest." example:"2026-03-02T09:00:00Z"`
}

type sessionInput struct {
	ID string `path:"id" doc:"The session's ID."`
}

const tagSessions = "Sessions"

func (a *api) registerSessions() {
	handle(a, route{
		method: http.MethodPost, path: "/api/auth/logout", id: "logOut", tag: tagSessions, access: loggedIn,
		setup: true, status: http.StatusNoContent,
		summary: "Log out",
		description: "Ends the session and its token, on every replica within two seconds. A token issued elsewhere, " +
			"without a `sid`, doesn't belong to a session; all such tokens of the account issued so far end together.",
	}, a.logOut)
	handle(a, route{
		method: http.MethodGet, path: "/api/users/me/sessions", id: "listSessions", tag: tagSessions, access: loggedIn,
		summary: "List my sessions",
		description: "Where your account is logged in, newest login first. Tokens issued elsewhere, " +
			"without a `sid`, aren't sessions.",
	}, a.listSessions)
	handle(a, route{
		method: http.MethodDelete, path: "/api/users/me/sessions/{id}", id: "endSession", tag: tagSessions,
		access: loggedIn, status: http.StatusNoContent,
		summary:     "End a session",
		description: "Ending it again has no effect. You can end the session of this request, too.",
		errors:      []*compete.Error{compete.ErrSessionMissing},
	}, a.endSession)
	handle(a, route{
		method: http.MethodDelete, path: "/api/users/me/sessions", id: "endOtherSessions", tag: tagSessions,
		access: loggedIn, status: http.StatusNoContent,
		summary: "End all other sessions",
		description: "Keeps the session of this request. Tokens issued elsewhere so far, without a `sid`, end too, " +
			"unless this request uses one.",
	}, a.endOtherSessions)
}

func (a *api) logOut(ctx context.Context, _ *noInput) (*accepted, error) {
	return &accepted{}, a.Auth.End(ctx, actor(ctx))
}

func (a *api) listSessions(ctx context.Context, in *PageParams) (*listOf[Session], error) {
	page, err := a.Logins.Sessions(ctx, actor(ctx), in.Cursor, int(in.Limit))
	if err != nil {
		return nil, err
	}
	return newList(in, page, func(s *compete.Session) Session { return newSession(s, actor(ctx)) }), nil
}

func (a *api) endSession(ctx context.Context, in *sessionInput) (*accepted, error) {
	return &accepted{}, a.Logins.EndSession(ctx, actor(ctx), in.ID)
}

func (a *api) endOtherSessions(ctx context.Context, _ *noInput) (*accepted, error) {
	return &accepted{}, a.Logins.EndOtherSessions(ctx, actor(ctx))
}

func newSession(s *compete.Session, who compete.Actor) Session {
	kind := "page"
	if s.API {
		kind = "api"
	}
	return Session{
		ID: s.ID, Device: s.Device, Address: s.Network, Kind: kind, Current: s.ID == who.SessionID,
		CreatedAt: s.CreatedAt.UTC(), LastUsedAt: s.LastUsedAt.UTC(), ExpiresAt: s.ExpiresAt.UTC(),
	}
}
