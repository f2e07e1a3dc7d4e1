package server

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// follow starts the span of a request and returns the request's context with it; the span is nil if tracing is off.
func (s *Server) follow(r *http.Request, id string, quiet bool) (context.Context, trace.Span) {
	ctx := r.Context()
	if s.config.Tracer == nil || quiet {
		return ctx, nil
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		semconv.HTTPRequestMethodKey.String(r.Method), semconv.URLPath(r.URL.Path), attribute.String("request_id", id))}
	caller := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(),
		propagation.HeaderCarrier(r.Header)))
	switch peer, err := netip.ParseAddrPort(r.RemoteAddr); {
	case !caller.IsValid():
	case err == nil && contains(s.config.TrustedProxies, peer.Addr()):
		ctx = trace.ContextWithRemoteSpanContext(ctx, caller)
	default: // don't trust a client's trace: it could decide what is sampled
		options = append(options, trace.WithLinks(trace.Link{SpanContext: caller}))
	}
	return s.config.Tracer.Start(ctx, r.Method, options...)
}

// end names the span after the request's route, and ends it.
func end(span trace.Span, r *http.Request, status int) {
	if span == nil {
		return
	}
	if _, path, found := strings.Cut(r.Pattern, " "); found || r.Pattern != "/" {
		if !found {
			path = r.Pattern
		}
		span.SetName(r.Method + " " + path)
		span.SetAttributes(semconv.HTTPRoute(path))
	}
	span.SetAttributes(semconv.HTTPResponseStatusCode(status))
	if status >= http.StatusInternalServerError || status == 0 {
		span.SetStatus(codes.Error, http.StatusText(status))
	}
	span.End()
}
