package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
)

// maxBody is the largest request body, in bytes.
const maxBody = 1 << 20

// JSONBody is the raw JSON body of a request: the handler decodes it, so that one answer reports every bad field, and
// the hash of an idempotency key covers every byte. It is valid until the handler returns.
type JSONBody struct {
	RawBody []byte `contentType:"application/json"`
}

// The errors for requests that can't be read.
var (
	errMalformedJSON = &compete.Error{
		Kind: compete.KindUnreadable, Code: "malformed_json",
		Detail: "The body isn't valid UTF-8 JSON. Send one JSON object.",
	}
	errNotAnObject = &compete.Error{
		Kind: compete.KindUnreadable, Code: "malformed_json",
		Detail: "The body must be one JSON object, such as {}.",
	}
	errMalformedQuery = &compete.Error{
		Kind: compete.KindUnreadable, Code: "malformed_query",
		Detail: "The query string is invalid. Percent-encode everything except letters and digits, as %XX.",
	}
	errUnreadableBody = &compete.Error{
		Kind: compete.KindUnreadable, Code: "unreadable_body",
		Detail: "The body was incomplete or malformed. Send the request again.",
	}
	errBodyTooLarge = problem.New(http.StatusRequestEntityTooLarge, "body_too_large", "The body must be at most 1 MiB.")
	errBodyTooSlow  = problem.New(http.StatusRequestTimeout, "request_timeout",
		"The body didn't arrive in time. Send the request again.")
	errNotJSON = problem.New(http.StatusUnsupportedMediaType, "unsupported_media_type",
		"Send the body as JSON, with Content-Type: application/json.")
)

// checkContentType refuses a body whose Content-Type isn't JSON. Without the header, JSON is assumed.
func checkContentType(ctx huma.Context) error {
	claim := ctx.Header("Content-Type")
	if claim == "" || claim == "application/json" {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(claim)
	if err != nil || mediaType != "application/json" && mediaType != "application/merge-patch+json" {
		return errNotJSON
	}
	return nil
}

// checkQuery refuses a malformed query string; Huma would treat its parameters as missing.
func checkQuery(ctx huma.Context) error {
	query := ctx.URL().RawQuery
	if strings.ContainsAny(query, "%;") {
		if _, err := url.ParseQuery(query); err != nil {
			return errMalformedQuery
		}
	}
	return nil
}

// jsonSpace is the white space allowed around a JSON value: less than Go's definition.
const jsonSpace = " \t\r\n"

// decode decodes a JSON object into the struct that v points to. One answer reports all unknown and repeated fields,
// values of the wrong type, and the errors from check (nil: no check), which runs after the readable fields are set.
func decode(body []byte, v any, check func() error) error {
	body = bytes.Trim(body, jsonSpace)
	if len(body) == 0 || body[0] != '{' {
		return errNotAnObject
	}
	err := json.Unmarshal(body, v)
	var malformed *json.SyntaxError
	if errors.As(err, &malformed) || !utf8.Valid(body) {
		return errMalformedJSON
	}
	request := reflect.ValueOf(v).Elem()
	wrong := misfits{namesOnly: err == nil}
	wrong.look("", body, request.Type())
	switch {
	case len(wrong.found) == 0 && err == nil:
		return nil
	case len(wrong.found) == 0:
		return errMalformedJSON
	case check == nil:
		return compete.Invalid(wrong.found...)
	}
	setReadable(request, body, wrong.found)
	return alsoWrong(wrong.found, check())
}

// setReadable sets what can be read of a request with these errors.
func setReadable(request reflect.Value, body []byte, wrong []compete.FieldError) {
	request.SetZero() // Go's decoder stopped at some error, and took fields by names that aren't theirs
	fields := fieldsOf(request.Type())
	for name, value := range members(body) {
		if field, known := fields[string(name)]; known {
			_ = json.Unmarshal(value, request.FieldByIndex(field.index).Addr().Interface()) // it's among the errors
		}
	}
	for _, w := range wrong {
		if field, known := fields[w.Field]; known {
			request.FieldByIndex(field.index).SetZero()
		}
	}
}

// empty reports whether a body has no content: nothing, or an empty JSON object.
func empty(body []byte) bool {
	body = bytes.Trim(body, jsonSpace)
	return len(body) == 0 || string(body) == "{}"
}

// decodeEmpty accepts the body of a request without content.
func decodeEmpty(body []byte) error {
	if empty(body) {
		return nil
	}
	return decode(body, &struct{}{}, nil)
}

// alsoWrong adds the domain's errors about fields of which nothing is reported yet. A missing permission is reported
// instead of all others.
func alsoWrong(wrong []compete.FieldError, err error) error {
	if err == nil {
		return compete.Invalid(wrong...)
	}
	refusal := compete.AsError(err)
	if refusal.Kind != compete.KindInvalid {
		return err
	}
	for _, field := range refusal.Fields {
		if !slices.ContainsFunc(wrong, func(w compete.FieldError) bool { return related(w.Field, field.Field) }) {
			wrong = append(wrong, field)
		}
	}
	return compete.Invalid(wrong...)
}
