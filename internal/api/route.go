package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
)

// access is who may call a route. The services of compete check roles; the API only checks that the caller is logged
// in.
type access int

const (
	everybody access = iota // the token is optional, but an invalid one is refused
	loggedIn
)

// route is one row of the route table: the data for the router and the OpenAPI document.
type route struct {
	method, path string
	id           string // operation id
	tag          string
	summary      string
	description  string
	access       access
	status       int  // on success; zero means 200
	setup        bool // also for accounts that first have to set up a second factor
	holdsSeats   bool
	request      any              // a zero value of the JSON request body; nil if there is none
	optionalBody bool             // the body may be omitted
	upload       int64            // maximum size of an uploaded file, in bytes; zero if there is none
	produces     []content        // formats that the handler writes itself; empty if the output type defines it
	paged        bool             // it returns a page of a list: its input contains PageParams, which handle finds
	errors       []*compete.Error // in addition to those implied by the rest of the row
}

// handle adds a route. Errors from the handler become problem documents.
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

// refusal converts a handler's error to a problem, and logs what only the operator may see.
func (a *api) refusal(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil && !errors.Is(err, compete.ErrDatabase) &&
		(errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
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

// middleware runs before a route's handler: it checks the caller and the body's media type, and sets caching headers.
func (a *api) middleware(r route) huma.Middlewares {
	cacheControl := []string{"no-store"} // shared: net/http only reads it
	if r.holdsSeats {
		cacheControl = []string{"no-cache"}
	}
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		_, w := humago.Unwrap(ctx)
		w.Header()["Cache-Control"] = cacheControl
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

// refuse responds with a problem without calling the handler.
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

// actor returns the request's actor; the zero Actor for a visitor.
func actor(ctx context.Context) compete.Actor {
	who, _ := ctx.Value(actorKey{}).(compete.Actor)
	return who
}

// caller authenticates the request. A token must be valid even if none is required, so that clients learn that they are
// not logged in.
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
