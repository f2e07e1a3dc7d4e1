package server

import (
	"errors"
	"net/http"
)

// The probes for supervisors and load balancers, on every endpoint. They bypass the handlers, and are only logged at
// debug level.
const (
	livePattern  = "/livez"  // whether the process responds at all: restart it if this fails
	readyPattern = "/readyz" // whether to send it requests; fails while a dependency is unavailable and during shutdown
)

// handler returns the handler for a request at an endpoint, and whether it is a probe.
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
	_, _ = w.Write([]byte(text + "\n")) // the probe may have disconnected
}
