package problem_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/minicompete/minicompete/internal/compete"
	"github.com/minicompete/minicompete/internal/problem"
)

func TestStatusOfEveryKind(t *testing.T) {
	want := map[compete.Kind]int{
		compete.KindInternal: 500, compete.KindInvalid: 422, compete.KindUnauthorized: 401, compete.KindForbidden: 403,
		compete.KindNotFound: 404, compete.KindConflict: 409, compete.KindPreconditionFailed: 412,
		compete.KindPreconditionRequired: 428, compete.KindUnavailable: 503, compete.KindTooManyRequests: 429,
		compete.KindUnreadable: 400,
	}
	for kind := compete.KindInternal; kind <= compete.KindUnreadable; kind++ {
		status, known := want[kind]
		if !known {
			t.Errorf("kind %d has no expectation here", kind)
		}
		if got := problem.Status(kind); got != status {
			t.Errorf("Status(%d) = %d, want %d", kind, got, status)
		}
	}
}

func TestWrite(t *testing.T) {
	cases := []struct {
		name   string
		err    error
		status int
		header map[string]string
		body   string
	}{
		{
			"wrapped domain error", fmt.Errorf("register: %w", compete.ErrCompetitionFull), 409,
			map[string]string{"Retry-After": ""},
			`"code":"competition_full"`,
		},
		{"retry advice is rounded up", &compete.Error{
			Kind: compete.KindUnavailable, Code: "busy",
			RetryAfter: 1500 * time.Millisecond,
		}, 503, map[string]string{"Retry-After": "2"}, `"status":503`},
		{
			"how to log in", compete.ErrUnauthorized, 401,
			map[string]string{"WWW-Authenticate": "Bearer"},
			`"title":"Unauthorized"`,
		},
		{
			"fields", compete.Invalid(compete.FieldError{Field: "title", Message: "is required"}), 422, nil,
			`"errors":[{"field":"title","message":"is required"}]`,
		},
		{
			"a problem stays itself",
			fmt.Errorf("wrapped: %w", problem.New(415, "unsupported_media_type", "Send JSON.")),
			415, nil, `"detail":"Send JSON."`,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			problem.Write(w, c.err)
			if w.Code != c.status || w.Header().Get("Content-Type") != problem.ContentType {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Header().Get("Content-Type"), c.status, problem.ContentType)
			}
			for name, want := range c.header {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("body %s lacks %s", w.Body, c.body)
			}
		})
	}
}

func TestUnknownErrorIsBland(t *testing.T) {
	w := httptest.NewRecorder()
	problem.Write(w, errors.New(`pq: duplicate key value violates "users_email_key"`))
	if w.Code != 500 || strings.Contains(w.Body.String(), "users_email_key") {
		t.Errorf("got %d %s, want a 500 that says nothing about its cause", w.Code, w.Body)
	}
}
