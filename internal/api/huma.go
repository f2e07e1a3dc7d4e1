package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
)

// jsonOnly is Huma's API that always answers in JSON, whatever is requested: there is no other format, and clients that
// request HTML by default are served too.
type jsonOnly struct{ huma.API }

// Negotiate chooses JSON.
func (jsonOnly) Negotiate(string) (string, error) { return mediaJSON, nil }

type jsonBuffer struct {
	bytes.Buffer
	encoder *json.Encoder
}

var jsonBuffers = sync.Pool{New: func() any {
	b := &jsonBuffer{}
	b.encoder = json.NewEncoder(&b.Buffer)
	b.encoder.SetEscapeHTML(false)
	return b
}}

// marshal writes v as JSON, in one write. It ignores a disconnected client, for which Huma would panic.
func marshal(w io.Writer, v any) error {
	b := jsonBuffers.Get().(*jsonBuffer)
	defer func() {
		if b.Cap() <= 64<<10 {
			b.Reset()
			jsonBuffers.Put(b)
		}
	}()
	if err := b.encoder.Encode(v); err != nil {
		return err
	}
	_, _ = w.Write(b.Bytes())
	return nil
}

// Huma is set up through package variables. By default, its own errors repeat the submitted values, and it documents
// every list as one that may be null.
func init() {
	huma.DefaultArrayNullable = false
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
		noBody := errNotAnObject
		if ctx.Operation().MaxBodyBytes > maxBody { // accepts a picture
			noBody = compete.ErrCoverUnreadable
		}
		return requestProblem(status, errs, noBody)
	}
	huma.NewError = func(status int, _ string, errs ...error) huma.StatusError {
		return requestProblem(status, errs, errNotAnObject)
	}
}

// requestProblem returns the problem for a request that Huma couldn't read. A missing body gives noBody.
func requestProblem(status int, errs []error, noBody *compete.Error) *problem.Problem {
	var fields []compete.FieldError
	for _, err := range errs {
		var detail *huma.ErrorDetail
		var tooLarge *http.MaxBytesError
		var network net.Error
		switch {
		case errors.As(err, &detail):
			_, name, _ := strings.Cut(detail.Location, ".") // "query.limit"
			fields = append(fields, compete.FieldError{Field: name, Message: inOurWords(detail.Message)})
		case errors.As(err, &tooLarge):
			if tooLarge.Limit > maxBody {
				return errCoverBodyTooLarge
			}
			return errBodyTooLarge
		case errors.As(err, &network) && network.Timeout():
			return errBodyTooSlow
		default:
			return problem.From(errUnreadableBody)
		}
	}
	switch {
	case len(fields) > 0:
		return problem.From(compete.Invalid(fields...))
	case status == http.StatusRequestTimeout:
		return errBodyTooSlow
	case status == http.StatusBadRequest:
		return problem.From(noBody)
	}
	return problem.From(internalError)
}

// inOurWords rewrites Huma's messages about parameters in the domain's style.
func inOurWords(message string) string {
	if message == "invalid integer" {
		return "must be a whole number"
	}
	if least, ok := strings.CutPrefix(message, "expected number >= "); ok {
		return "must be at least " + least
	}
	if most, ok := strings.CutPrefix(message, "expected number <= "); ok {
		return "must be at most " + most
	}
	if values, ok := strings.CutPrefix(message, "expected value to be one of "); ok {
		return "must be one of " + strings.Trim(values, `"`)
	}
	if expected, ok := strings.CutPrefix(message, "expected "); ok {
		return "must be " + expected
	}
	return message
}
