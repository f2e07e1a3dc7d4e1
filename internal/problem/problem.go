// Package problem turns a compete.Error into an HTTP response. It contains the only table from kinds to statuses, used
// by the API and the pages, and the problem document (RFC 9457) sent by the API.
//
// It knows no routes and renders no pages.
package problem

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
)

// ContentType is the media type of a problem document.
const ContentType = "application/problem+json"

// Problem is a problem document. Code is stable; Title and Detail are for people. It never repeats a value from the
// request.
type Problem struct {
	Type   string       `json:"type" doc:"Always about:blank. Use 'code' to tell problems apart." example:"about:blank"`
	Title  string       `json:"title" doc:"The name of the status." example:"Conflict"`
	Status int          `json:"status" doc:"The HTTP status." example:"409"`
	Code   string       `json:"code" doc:"A stable code for programs to act on." example:"competition_full"`
	Detail string       `json:"detail" doc:"What happened and what to do about it, for people to read." example:"All seats are taken, and this competition has no waitlist."`
	Errors []FieldError `json:"errors,omitempty" doc:"One entry per invalid field, parameter or header."`

	retryAfter time.Duration
	quota      int
}

// FieldError describes an error in one field, parameter or header of a request.
type FieldError struct {
	Field   string `json:"field" doc:"The name of the field, parameter or header." example:"regDeadline"`
	Message string `json:"message" doc:"What it must be." example:"must be in the future"`
}

// Status returns the HTTP status of a kind of error.
func Status(kind compete.Kind) int {
	switch kind {
	case compete.KindInvalid:
		return http.StatusUnprocessableEntity
	case compete.KindUnauthorized:
		return http.StatusUnauthorized
	case compete.KindForbidden:
		return http.StatusForbidden
	case compete.KindNotFound:
		return http.StatusNotFound
	case compete.KindConflict:
		return http.StatusConflict
	case compete.KindPreconditionFailed:
		return http.StatusPreconditionFailed
	case compete.KindPreconditionRequired:
		return http.StatusPreconditionRequired
	case compete.KindUnavailable:
		return http.StatusServiceUnavailable
	case compete.KindTooManyRequests:
		return http.StatusTooManyRequests
	case compete.KindUnreadable:
		return http.StatusBadRequest
	case compete.KindInternal:
	}
	return http.StatusInternalServerError
}

// New creates a problem of HTTP itself, unknown to the domain, such as an unknown route or a body that is too large.
func New(status int, code, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// From converts any error into a problem: a *Problem in its chain is returned as it is, a *compete.Error is converted
// by its kind, and anything else becomes a generic 500.
func From(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	e := compete.AsError(err)
	p = New(Status(e.Kind), e.Code, e.Detail)
	p.retryAfter, p.quota = e.RetryAfter, e.Quota
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, FieldError(f))
	}
	return p
}

// Error implements error, so that a handler can return a Problem.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type, whatever was negotiated.
func (p *Problem) ContentType(string) string { return ContentType }

// GetHeaders returns the headers that belong to the problem: those of Wait, and for a 401 how to log in.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	Wait(h, p.retryAfter, p.quota)
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// Wait sets Retry-After in whole seconds if there is a time to wait, and the RateLimit headers
// (draft-ietf-httpapi-ratelimit-headers-07) if a limit with that quota is the reason.
func Wait(h http.Header, d time.Duration, quota int) {
	if d <= 0 {
		return
	}
	seconds := strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
	h.Set("Retry-After", seconds)
	if quota > 0 {
		h.Set("RateLimit-Limit", strconv.Itoa(quota))
		h.Set("RateLimit-Remaining", "0")
		h.Set("RateLimit-Reset", seconds)
	}
}

// Write responds with err's problem document.
func Write(w http.ResponseWriter, err error) {
	p := From(err)
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client may be gone, and nobody else needs the error
}
