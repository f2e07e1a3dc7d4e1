package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
)

// access says who a route is for. Roles are checked by the services of compete; the API checks that there is a caller
// at all.
type access int

const (
	everybody access = iota // a token is optional, but a bad one is refused
	loggedIn
)

// route is one row of the route table: what the router and the OpenAPI document need to know.
type route struct {
	method, path string
	id           string // operation id
	tag          string
	summary      string
	description  string
	access       access
	status       int  // of success; zero means 200
	setup        bool // also for who has to set up a second factor first
	holdsSeats   bool
	request      any              // a zero value of the JSON request body; nil when there is none
	optionalBody bool             // the body may be left out
	upload       int64            // the largest body, in bytes, of a route that takes a file; zero when it takes none
	produces     []content        // what the handler writes itself; empty: its output says it
	paged        bool             // it answers with a page of a list: its input has PageParams, which handle finds
	errors       []*compete.Error // beside those that the rest of the row implies
}

// handle adds a route. Errors of the handler become problem documents.
func handle[I, O any](a *api, r route, handler func(context.Context, *I) (*O, error)) {
	_, r.paged = any(new(I)).(interface {
		next(next compete.Cursor) string
	})
	op := a.operation(r)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.refusal(ctx, r.id, err)
		}
		return out, nil
	})
	a.documentBody(r)
}

// refusal makes the problem of a handler's error, and logs what only the operator may know.
func (a *api) refusal(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return problem.From(errTimedOut)
	}
	p := problem.From(err)
	switch {
	case p.Status == http.StatusInternalServerError:
		a.Logger.ErrorContext(ctx, "request failed", "operation", operation, "error", err)
	case p.Status == http.StatusServiceUnavailable && err.Error() != compete.AsError(err).Error():
		// It has a cause, such as a driver's error.
		a.Logger.WarnContext(ctx, "request could not be served", "operation", operation, "error", err)
	}
	return p
}

var errTimedOut = &compete.Error{
	Kind: compete.KindUnavailable, Code: "timed_out", RetryAfter: compete.ErrBusy.RetryAfter,
	Detail: "The request took too long. Try again in a moment; with an Idempotency-Key, that's safe.",
}

// middleware is what stands before a route's handler: who calls, what the answer may be kept for, and what the body
// claims to be.
func (a *api) middleware(r route) huma.Middlewares {
	cacheControl := "no-store"
	if r.holdsSeats {
		cacheControl = "no-cache"
	}
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		ctx.SetHeader("Cache-Control", cacheControl)
		actor, err := a.caller(ctx, r.access)
		compete.Enter(ctx.Context(), compete.ViaAPI, actor)
		if err == nil && !r.setup {
			err = a.SecondFactors.Check(ctx.Context(), actor)
		}
		if err == nil && r.request != nil {
			err = checkContentType(ctx)
		}
		if err == nil {
			err = checkQuery(ctx)
		}
		if err != nil {
			a.refuse(ctx, a.refusal(ctx.Context(), r.id, err))
			return
		}
		next(huma.WithValue(ctx, actorKey{}, actor))
	}}
}

// refuse answers with a problem before the handler is reached.
func (a *api) refuse(ctx huma.Context, err error) {
	p := problem.From(err)
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetHeader("Content-Type", problem.ContentType)
	ctx.SetStatus(p.Status)
	_ = marshal(ctx.BodyWriter(), p)
}

type actorKey struct{}

// actor is who makes the request; the zero Actor for a visitor.
func actor(ctx context.Context) compete.Actor {
	who, _ := ctx.Value(actorKey{}).(compete.Actor)
	return who
}

// caller finds who makes the request. A token that is sent must be good, also where none is needed: a client that
// believes it is logged in shall hear that it is not.
func (a *api) caller(ctx huma.Context, needed access) (compete.Actor, error) {
	header := ctx.Header("Authorization")
	if header == "" {
		if needed == everybody {
			return compete.Actor{}, nil
		}
		return compete.Actor{}, compete.ErrUnauthorized
	}
	scheme, token, _ := strings.Cut(header, " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return compete.Actor{}, compete.ErrUnauthorized
	}
	return a.Auth.Token(ctx.Context(), token)
}
