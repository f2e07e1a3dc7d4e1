package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
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

// decode decodes a JSON object into the struct that v points to. One answer reports all unknown fields, values of the
// wrong type, and the errors from check (nil: no check), which runs after the readable fields are set.
func decode(body []byte, v any, check func() error) error {
	if trimmed := bytes.TrimLeft(body, jsonSpace); len(trimmed) == 0 || trimmed[0] != '{' {
		return errNotAnObject
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return explain(body, reflect.ValueOf(v).Elem(), check)
	}
	if rest := body[decoder.InputOffset():]; len(bytes.Trim(rest, jsonSpace)) > 0 || !utf8.Valid(body) {
		return errMalformedJSON
	}
	return nil
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

// explain finds every field of a body that doesn't fit the struct, and sets those that do.
func explain(body []byte, request reflect.Value, check func() error) error {
	var sent map[string]json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &sent) != nil {
		return errMalformedJSON
	}
	request.SetZero() // what was decoded before the first error is decoded again
	var wrong []compete.FieldError
	for name, value := range sent {
		field, proper := fieldByJSONName(request, name)
		if !field.IsValid() {
			wrong = append(wrong, compete.FieldError{Field: shorten(name), Message: "is not a known field"})
		} else if err := unmarshalStrictly(value, field.Addr().Interface()); err != nil {
			field.SetZero()
			wrong = append(wrong, compete.FieldError{Field: proper, Message: expectation(field.Type(), err)})
		}
	}
	if len(wrong) == 0 {
		return errMalformedJSON
	}
	slices.SortFunc(wrong, func(a, b compete.FieldError) int { return strings.Compare(a.Field, b.Field) })
	if check == nil {
		return compete.Invalid(wrong...)
	}
	return alsoWrong(wrong, check())
}

// alsoWrong adds the domain's errors about fields not reported yet. A missing permission is reported instead of all
// others.
func alsoWrong(wrong []compete.FieldError, err error) error {
	if err == nil {
		return compete.Invalid(wrong...)
	}
	refusal := compete.AsError(err)
	if refusal.Kind != compete.KindInvalid {
		return err
	}
	for _, field := range refusal.Fields {
		if !slices.ContainsFunc(wrong, func(w compete.FieldError) bool { return w.Field == field.Field }) {
			wrong = append(wrong, field)
		}
	}
	return compete.Invalid(wrong...)
}

// fieldByJSONName finds a field of the request and its exact name; the zero Value if there is none.
func fieldByJSONName(request reflect.Value, name string) (field reflect.Value, proper string) {
	for _, visible := range reflect.VisibleFields(request.Type()) {
		tag, _, _ := strings.Cut(visible.Tag.Get("json"), ",")
		if tag != "" && strings.EqualFold(tag, name) {
			return request.FieldByIndex(visible.Index), tag
		}
	}
	return reflect.Value{}, ""
}

// shorten keeps a problem document small, however long a submitted field name is.
func shorten(name string) string {
	const longest = 64
	if runes := []rune(name); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return name
}

// expectation describes the values that a field of the given type accepts.
func expectation(t reflect.Type, err error) string {
	var refused *notNullError
	if errors.As(err, &refused) {
		return "must not be null"
	}
	if errors.Is(err, errNoTeamNamed) {
		return "must have " + err.Error()
	}
	if o, ok := reflect.New(t).Interface().(interface{ valueType() reflect.Type }); ok {
		t = o.valueType()
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "must be an RFC 3339 time, such as 2026-05-01T12:00:00Z"
	case t.Kind() == reflect.String:
		return "must be a string"
	case t.Kind() == reflect.Bool:
		return "must be true or false"
	case t.Kind() == reflect.Int:
		return "must be a whole number"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		return "must be a list of strings"
	case t.Kind() == reflect.Slice:
		return "must be a list of objects with the documented fields"
	case t.Kind() == reflect.Map:
		return "must be an object"
	case t.Kind() == reflect.Struct:
		return "must be an object with the documented fields"
	}
	return fmt.Sprintf("must be a JSON value that fits a Go %s", t.Kind())
}
