package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
	"github.com/minicompete/minicompete/internal/web/pages"
	"github.com/minicompete/minicompete/internal/web/static"
	"github.com/minicompete/minicompete/internal/web/ui"
)

// ownHeader is set on every page, partial page and redirect made by this program. The script ignores other responses:
// they come from a proxy or a Wi-Fi log-in page.
const ownHeader = "Mini-Compete"

// handler creates the response to a request, or fails. Errors are rendered in one place, app.page.
type handler func(r *http.Request, v *visit) (response, error)

// response writes a response.
type response func(v *visit) error

var (
	errNoSuchPage = &compete.Error{
		Kind: compete.KindNotFound, Code: "page_not_found",
		Detail: "It may have moved, or there's a typo in the address.",
	}
	errCrossOrigin = &compete.Error{
		Kind: compete.KindForbidden, Code: "cross_origin",
		Detail: "This form was sent from another site. Open the page on this site and try again.",
	}
	errPanicked = errors.New("the page panicked") // already logged by package server
	errBadForm  = &compete.Error{
		Kind: compete.KindUnreadable, Code: "unreadable",
		Detail: "We couldn't read the form. Go back and try again.",
	}
)

// maxForm bounds a posted form: the longest description, percent-encoded, and the other fields.
const maxForm = 512 << 10

// page adapts a handler to net/http.
func (a *app) page(handle handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := int64(maxForm)
		if bringsFile(r) { // a handler that needs the file reads it itself
			limit = maxCoverForm
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		v, err := a.open(w, r)
		if err == nil && r.Method == http.MethodPost {
			if r.ParseForm() != nil {
				err = errBadForm
			}
		}
		var answer response
		if err == nil {
			answer, err = handle(r, v)
		}
		if err == nil {
			err = answer(v)
		}
		if err != nil {
			a.fail(v, err)
		}
	})
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// show renders a page or a part of one. It renders everything before sending the first byte, so that a failure can
// still become an error page.
func show(status int, component templ.Component) response {
	return func(v *visit) error {
		buf := buffers.Get().(*bytes.Buffer)
		defer buffers.Put(buf)
		buf.Reset()
		if err := component.Render(ui.WithViewerZone(v.r.Context(), v.zone()), buf); err != nil {
			return err
		}
		h := v.w.Header()
		h.Set(ownHeader, "1")
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Add("Vary", "Cookie, HX-Request, Accept-Encoding")
		switch {
		case v.secretPage:
			h.Set("Cache-Control", "no-store")
		case v.r.Method == http.MethodPost:
			// A refused form: "back" only shows it again if the browser may store it. Logging out clears the store, and
			// no response contains a password.
			h.Set("Cache-Control", "private, no-cache")
		case v.actor.LoggedIn():
			h.Set("Cache-Control", "no-store") // nothing about an account stays in a shared machine's cache
		default:
			h.Set("Cache-Control", "no-cache")
		}
		send(v, status, buf)
		return nil
	}
}

// worthCompressing is the minimum size for compressing a page, in bytes.
const worthCompressing = 1400

// pageCompression is gzip's level for pages. The fastest level makes a list of 50 people with its chart heavier than
// the 120 KiB that a page may weigh with all it loads.
const pageCompression = 5

var gzipWriters = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, pageCompression) // the level is valid
	return w
}}

// send writes a rendered page, compressed if that pays and the client accepts it. Write errors are ignored, since the
// client is gone.
func send(v *visit, status int, page *bytes.Buffer) {
	h := v.w.Header()
	if page.Len() >= worthCompressing && static.Accepts(v.r.Header.Get("Accept-Encoding"), "gzip") {
		packed := buffers.Get().(*bytes.Buffer)
		defer buffers.Put(packed)
		packed.Reset()
		zw := gzipWriters.Get().(*gzip.Writer)
		defer gzipWriters.Put(zw)
		zw.Reset(packed)
		_, _ = zw.Write(page.Bytes()) // a bytes.Buffer never fails
		_ = zw.Close()
		h.Set("Content-Encoding", "gzip")
		page = packed
	}
	h.Set("Content-Length", strconv.Itoa(page.Len()))
	v.w.WriteHeader(status)
	_, _ = v.w.Write(page.Bytes())
}

// redirect redirects after a post. htmx is told to load the full page.
func redirect(path string) response {
	return func(v *visit) error {
		if v.partial() {
			v.w.Header().Set("HX-Redirect", path)
			return nothing(v)
		}
		own(v.w.Header())
		//nolint:gosec // handlers redirect to paths of this site: see localPath
		http.Redirect(v.w, v.r, path, http.StatusSeeOther)
		return nil
	}
}

// nothing is a response without a page: htmx changes nothing.
func nothing(v *visit) error {
	own(v.w.Header())
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}

// own marks a response without a page as this program's.
func own(h http.Header) {
	h.Set(ownHeader, "1")
	h.Set("Cache-Control", "no-store")
}

// redirectWith redirects and leaves a message for the next page.
func redirectWith(flash, path string) response {
	return func(v *visit) error {
		v.setFlash(flash)
		return redirect(path)(v)
	}
}

// fail renders an error, without needing database or session.
func (a *app) fail(v *visit, err error) {
	e := compete.AsError(err)
	ended := e.Kind == compete.KindInternal && cutShort(v.r.Context(), err)
	if ended {
		e = compete.ErrDatabase // nothing else takes that long
	}
	if errors.Is(e, errBadForm) { // it may have ended early or come too slowly, which also ends the request's context
		v.r = v.r.WithContext(context.WithoutCancel(v.r.Context()))
	}
	switch {
	case e.Kind == compete.KindInternal:
		a.Log.ErrorContext(v.r.Context(), "page failed", "method", v.r.Method, "path", v.r.URL.Path, "error", err)
	case e.Kind == compete.KindUnavailable && !ended && err.Error() != e.Error():
		// It has a cause, such as a driver's error.
		a.Log.WarnContext(v.r.Context(), "page could not be served", "method", v.r.Method, "path", v.r.URL.Path,
			"error", err)
	}
	if e.Kind == compete.KindUnauthorized {
		_ = redirect(v.loginPath())(v) // a redirect can't fail
		return
	}
	switch {
	case errors.Is(e, compete.ErrFactorSetup):
		_ = redirect(securityPath)(v)
	case errors.Is(e, compete.ErrReauthenticate):
		a.askAgain(v)
	default:
		a.showError(v, e)
	}
}

// cutShort reports whether the end of the request's context caused the error: its deadline passed, or the client left.
func cutShort(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}

func (a *app) showError(v *visit, e *compete.Error) {
	if errors.Is(v.r.Context().Err(), context.DeadlineExceeded) { // a page isn't rendered in a context that has ended
		v.r = v.r.WithContext(context.WithoutCancel(v.r.Context()))
	}
	v.retryAfter(e)
	status := problem.Status(e.Kind)
	p := v.problem(status, e)
	component := pages.Error(v.problemPage(p), p)
	if v.partial() {
		// A partial page failed: show the error at the top of the requesting page, and change nothing else.
		v.w.Header().Set("HX-Reswap", "none")
		component = ui.ToastSwap(ui.Notice{Tone: ui.ToneBad, Text: strings.TrimSpace(p.Text + " " + p.Support())})
	}
	if err := show(status, component)(v); err != nil && !errors.Is(err, v.r.Context().Err()) {
		a.Log.ErrorContext(v.r.Context(), "error page failed", "error", err)
	}
}

// retryAfter sets when to retry, if the error says so.
func (v *visit) retryAfter(e *compete.Error) {
	problem.Wait(v.w.Header(), e.RetryAfter, e.Quota)
}

func (v *visit) problemPage(p pages.Problem) ui.Page {
	page := v.page(p.Title, "")
	page.Viewer, page.Error = nil, true
	return page
}

// plainText returns an error's text for people, since some of the domain's messages address programs.
func plainText(e *compete.Error) string {
	switch {
	case e.Kind == compete.KindInternal:
		return "It's our fault, not yours, and it has been logged. Nothing was lost. Try again in a moment."
	case errors.Is(e, compete.ErrDatabase):
		return "We can't reach our database right now. Nothing was lost. Try again in a moment."
	case e.Kind == compete.KindInvalid:
		return firstField(e)
	}
	return e.Detail
}

func (v *visit) problem(status int, e *compete.Error) pages.Problem {
	p := pages.Problem{Status: status, Text: plainText(e)}
	if status >= http.StatusInternalServerError && v.r.Method == http.MethodGet {
		p.Again = v.r.URL.RequestURI()
	}
	if status == http.StatusInternalServerError {
		p.RequestID = v.w.Header().Get("X-Request-Id")
	}
	switch status {
	case http.StatusNotFound:
		p.Title = "Page not found"
	case http.StatusForbidden:
		p.Title = "You don't have access"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		p.Title = "One moment, please"
	case http.StatusInternalServerError:
		p.Title = "Something went wrong"
	default:
		p.Title = "That didn't work"
	}
	return p
}
