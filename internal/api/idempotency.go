package api

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/minicompete/minicompete/internal/compete"
)

// IdempotencyKey is the header that makes a request safe to repeat.
type IdempotencyKey struct {
	Key string `header:"Idempotency-Key" doc:"8 to 255 visible ASCII characters; use a new key for each new request. For 24 hours, the same key with the same request returns the first response again. With a different request it is rejected." example:"018f6b1e-7c4b-7d0a-9b3e-5a1f0c2d4e6f"`

	sent         int // number of such headers, including empty ones
	method, path string
}

// Resolve records the request's method and path, for its hash. The path is the same on every listener.
func (k *IdempotencyKey) Resolve(ctx huma.Context) []error {
	request, _ := humago.Unwrap(ctx)
	if k.sent = len(request.Header["Idempotency-Key"]); k.sent > 0 {
		k.method, k.path = ctx.Method(), ctx.URL().Path
	}
	return nil
}

var errManyKeys = compete.Invalid(compete.FieldError{Field: "Idempotency-Key", Message: "must be sent only once"})

// request returns the key with the hash of method, path and raw body, where an empty object is the same as no body; the
// zero value if no key was sent. An invalid key is refused, since its client believes that it can safely repeat the
// request.
func (k *IdempotencyKey) request(body []byte) (compete.Idempotency, error) {
	switch {
	case k.sent == 0:
		return compete.Idempotency{}, nil
	case k.sent > 1:
		return compete.Idempotency{}, errManyKeys
	}
	if err := compete.ParseIdempotencyKey(k.Key); err != nil {
		return compete.Idempotency{}, err
	}
	if empty(body) {
		body = nil
	}
	return compete.IdempotencyOf(k.Key, k.method, k.path, body), nil
}

// withoutCode returns a JSON object without its access code and the code of a team, which must not go into the hash of
// a request. Anything else is returned as it is.
func withoutCode(body []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields["accessCode"] == nil && fields["team"] == nil {
		return body
	}
	delete(fields, "accessCode")
	var team map[string]json.RawMessage
	if json.Unmarshal(fields["team"], &team) == nil && team["code"] != nil {
		delete(fields, "team")
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return rest
}

// replayed returns the value of Idempotency-Replayed; empty omits the header.
func replayed(yes bool) string {
	if yes {
		return "true"
	}
	return ""
}
