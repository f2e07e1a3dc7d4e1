package server

import (
	"errors"
	"net/http"
)

// The probes of supervisors and load balancers, on every endpoint. They need no handler's help, and are logged at debug
// level alone.
const (
	livePattern  = "/livez"  // the process serves at all: restart it when this fails
	readyPattern = "/readyz" // send it requests; not while what it needs is away, nor while it stops
)

// handler is what answers a request at an endpoint, and whether that is a probe.
func (s *Server) handler(e Endpoint, r *http.Request) (handler http.Handler, probe bool) {
	switch r.URL.Path {
	case livePattern:
		return http.HandlerFunc(s.live), true
	case readyPattern:
		return http.HandlerFunc(s.ready), true
	}
	return e.Handler, false
}

func (*Server) live(w http.ResponseWriter, r *http.Request) { answerProbe(w, r, livePattern, nil) }

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	var err error
	switch {
	case s.stopping.Load():
		err = errors.New("stopping")
	case s.config.Ready != nil:
		err = s.config.Ready(r.Context())
	}
	answerProbe(w, r, readyPattern, err)
}

func answerProbe(w http.ResponseWriter, r *http.Request, pattern string, err error) {
	r.Pattern = pattern
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	text := "ok"
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	case err != nil:
		h.Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		text = err.Error()
	}
	_, _ = w.Write([]byte(text + "\n")) // a probe that is gone needs no answer
}
